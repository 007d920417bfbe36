"""The log of each function, incident against baseline: patterns that are new, gone, up or down."""

from collections.abc import Sequence

import streamlit as st

from app import tables
from app.components.evidence import definitions
from app.markup import Html, show
from opspilot.domain.evidence import Evidence, LogDetail, PatternChangeDetail
from opspilot.domain.wording import milliseconds, number, plural

_MOST_SHOWN = 12
_LEAST_P = 0.0001


def logs_tab(evidence: Sequence[Evidence]) -> None:
    """One section for each log that was read."""
    read = [(item, item.detail) for item in evidence if isinstance(item.detail, LogDetail)]
    if not read:
        st.caption("No log was read in this investigation.")
        return
    for item, detail in read:
        _log(item, detail)


def _log(item: Evidence, detail: LogDetail) -> None:
    with st.container(border=True, key=f"log-{item.id}"):
        st.text(f"{item.id}  {item.finding}")
        left, right = st.columns([1, 3], gap="medium")
        with left:
            show(_figures(detail))
        with right:
            _patterns(item.id, detail.patterns)


def _figures(detail: LogDetail) -> Html:
    facts: list[tuple[str, Html | str]] = [
        ("Lines, before", number(detail.lines_baseline)),
        ("Lines, incident", number(detail.lines_incident)),
        ("Invocations", number(detail.invocations)),
        ("Time-outs", f"{number(detail.timeouts)}, before {number(detail.timeouts_baseline)}"),
        ("Cold starts", number(detail.cold_starts)),
    ]
    if detail.duration_p50_ms is not None:
        facts.append(("Duration p50", milliseconds(detail.duration_p50_ms)))
    if detail.duration_max_ms is not None:
        facts.append(("Longest", milliseconds(detail.duration_max_ms)))
    if detail.memory_size_mb and detail.memory_used_max_mb:
        facts.append(("Memory", f"{detail.memory_used_max_mb} of {detail.memory_size_mb} MB"))
    facts += [(f"Error {name}", number(count)) for name, count in detail.errors.items()]
    return definitions(facts)


def _patterns(evidence_id: str, patterns: Sequence[PatternChangeDetail]) -> None:
    tables.table(
        [
            {
                "change": one.change,
                "before": one.baseline_count,
                "incident": one.incident_count,
                "p": p_words(one.p_value),
                "pattern": one.pattern,
            }
            for one in patterns
        ],
        key=f"patterns-{evidence_id}",
        widths={"change": 70, "before": 70, "incident": 70, "p": 110},
        empty="No pattern changed its rate.",
    )
    for index, one in enumerate(patterns[:_MOST_SHOWN]):
        if one.examples:
            label = f"Examples of pattern {index + 1} ({plural(len(one.examples), 'line')})"
            with st.expander(label, key=f"examples-{evidence_id}-{index}"):
                st.code("\n".join(one.examples), language=None, wrap_lines=True)


def p_words(value: float) -> str:
    """A p-value as people can read it."""
    return "below 0.0001" if value < _LEAST_P else f"{value:.2g}"
