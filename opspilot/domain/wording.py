"""Numbers and times in words: three significant digits, units, UTC.

Findings, verdicts and criteria are sentences that quote the ledger; they all speak through here, so
that one value never reads two ways.
"""

from datetime import datetime

_MS_PER_SECOND = 1_000.0
_MS_PER_MINUTE = 60_000.0
_THOUSAND = 1_000.0
_HUNDRED = 100.0
_NEARLY_ALL = 99.0
_MOST_BUT_NOT_ALL = 99.9


def _plain(value: float) -> str:
    """Three significant digits without an exponent or trailing zeros; thousands grouped."""
    if abs(value) >= _HUNDRED:
        return f"{round(value):,}"
    text = f"{value:.3g}"
    return f"{float(text):.6f}".rstrip("0").rstrip(".") if "e" in text else text


def number(value: float) -> str:
    """A bare number: "1,910", "0.25", "12"."""
    return f"{round(value):,}" if float(value).is_integer() else _plain(value)


def milliseconds(value: float) -> str:
    """A duration given in milliseconds: "310 ms", "4.1 s", "2.5 min"."""
    if abs(value) < _MS_PER_SECOND:
        return f"{_plain(value)} ms"
    if abs(value) < _MS_PER_MINUTE:
        return f"{_plain(value / _MS_PER_SECOND)} s"
    return f"{_plain(value / _MS_PER_MINUTE)} min"


def quantity(value: float, unit: str) -> str:
    """A value with its unit; "count" and the empty unit show none."""
    if unit == "ms":
        return milliseconds(value)
    if unit == "s":
        return milliseconds(value * _MS_PER_SECOND)
    if unit in ("count", ""):
        return number(value)
    return f"{_plain(value)} {unit}"


def share(value: float) -> str:
    """A share of one as a percentage: "0.8 %", "18 %"; what is not all is never "100 %"."""
    percent = value * _HUNDRED
    if percent >= _HUNDRED:
        return f"{percent:.0f} %"
    digits = 3 if percent > _NEARLY_ALL else 2
    return f"{min(float(f'{percent:.{digits}g}'), _MOST_BUT_NOT_ALL):g} %"


def clock(moment: datetime) -> str:
    """Time of day: "14:03 UTC", with seconds where there are any."""
    pattern = "%H:%M:%S UTC" if moment.second else "%H:%M UTC"
    return moment.strftime(pattern)


def plural(count: float, singular: str, several: str = "") -> str:
    """A count with its noun: "1 call", "1,910 calls"."""
    noun = singular if count == 1 else several or f"{singular}s"
    return f"{number(count)} {noun}"


__all__ = ["clock", "milliseconds", "number", "plural", "quantity", "share"]
