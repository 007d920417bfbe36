"""The lines of a log as bars on the time axis of the charts above, errors and warnings apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.explore_figures import SELECTING, shades
from app.palette import Palette
from app.plotting import Figure, Piece, band, escaped, frame, iso, note, rule, value_axis
from app.rows import Marked
from opspilot.domain.window import Window
from opspilot.domain.wording import plural, share
from opspilot.engine.explore_bars import Bar

_HEIGHT = 150


def volume_chart(
    bars: Sequence[Bar],
    bin_seconds: int,
    changes: Sequence[Marked],
    *,
    title: str,
    baseline: Window,
    window: Window,
    palette: Palette,
    missing: Sequence[Window] = (),
) -> Figure:
    """Lines of a log over time; a bar of another width than the bins is drawn at its rate.

    Args:
        bars: What was counted.
        bin_seconds: The time that the value axis is in.
        changes: Ruled across, as above.
        title: What is counted; escaped here.
        baseline: Shaded; `window` likewise.
        window: The time under suspicion.
        palette: The reader's colours.
        missing: Times of which nothing was read: shaded and named, never drawn as zero.
    """
    top = max((_scaled(bar, bar.lines, bin_seconds) for bar in bars), default=0.0) * 1.12 or 1.0
    layout = frame(
        palette,
        height=_HEIGHT,
        foot_axis="y",
        window=(max(baseline.start, window.start - window.length), window.end),
        margin_top=30,
    )
    return {
        "data": _traces(bars, bin_seconds, palette),
        "layout": {
            **layout,
            "barmode": "stack",
            "yaxis": value_axis(palette, (0.0, 1.0), "", top),
            "shapes": [
                *shades(baseline, window, palette),
                *(band(one.start, one.end, _unknown(palette)) for one in missing),
                *(rule(one.change.at, palette.change) for one in changes),
            ],
            "annotations": _notes(bars, title, missing, palette),
            **SELECTING,
        },
    }


def per_words(seconds: int) -> str:
    """The width of a bin in words: "30 s", "5 min", "3 h"."""
    for size, unit in ((3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _unknown(palette: Palette) -> str:
    return palette.faint(palette.waiting, 0.14)


def _scaled(bar: Bar, lines: int, bin_seconds: int) -> float:
    seconds = (bar.end - bar.start).total_seconds()
    return lines if abs(seconds - bin_seconds) < 1 else lines * bin_seconds / seconds


def _traces(bars: Sequence[Bar], bin_seconds: int, palette: Palette) -> list[Piece]:
    """One trace a tone, lowest first, so that errors stand on the foot of the axis."""
    tones = (
        ("errors", palette.breach, [bar.errors for bar in bars]),
        ("warnings", palette.waiting, [bar.warnings for bar in bars]),
        (
            "other lines",
            palette.faint(palette.observed, 0.65),
            [bar.lines - bar.errors - bar.warnings for bar in bars],
        ),
    )
    shown = [tone for tone in tones if any(tone[2]) or tone[0] == "other lines"]
    return [_trace(name, colour, counts, bars, bin_seconds) for name, colour, counts in shown]


def _trace(
    name: str, colour: str, counts: Sequence[int], bars: Sequence[Bar], bin_seconds: int
) -> Piece:
    return {
        "type": "bar",
        "name": name,
        "x": iso([_middle(bar) for bar in bars]),
        "y": [_scaled(bar, count, bin_seconds) for bar, count in zip(bars, counts, strict=True)],
        "customdata": [[count, _span(bar)] for bar, count in zip(bars, counts, strict=True)],
        "width": [(bar.end - bar.start) / timedelta(milliseconds=1) * 0.9 for bar in bars],
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": f"%{{customdata[0]:,}} {name}, %{{customdata[1]}}<extra></extra>",
        "yaxis": "y",
        "showlegend": False,
    }


def _middle(bar: Bar) -> datetime:
    return bar.start + (bar.end - bar.start) / 2


def _span(bar: Bar) -> str:
    return f"{bar.start:%H:%M:%S} to {bar.end:%H:%M:%S}"


def _notes(
    bars: Sequence[Bar], title: str, missing: Sequence[Window], palette: Palette
) -> list[Piece]:
    errors, warnings = sum(bar.errors for bar in bars), sum(bar.warnings for bar in bars)
    parts = [f"<b>{escaped(title)}</b>"]
    for count, word, mark, colour in (
        (errors, "error", "▲", palette.breach),
        (warnings, "warning", "◇", palette.waiting),
    ):
        if count:
            said = f"{mark} {plural(count, word)}"
            parts.append(f'<span style="color:{colour}">{said}</span>')
    if missing:
        lacking = sum((one.length for one in missing), timedelta(0))
        counted = sum((bar.end - bar.start for bar in bars), timedelta(0))
        said = f"▨ {share(lacking / (lacking + counted))} of the time not read"
        parts.append(f'<span style="color:{palette.waiting}">{said}</span>')
    return [note("   ".join(parts), palette.text, x=0.0, y=1, lift=4)]


__all__ = ["per_words", "volume_chart"]
