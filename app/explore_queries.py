"""What the investigate page reads; answers of AWS are kept for a while, by what was asked."""

from collections.abc import Sequence

import streamlit as st

from app.wiring import LineCount, line_count, workbench
from opspilot.domain.resource import Resource
from opspilot.domain.window import Window
from opspilot.engine.explore import Asked, Explored
from opspilot.engine.explore_around import Surroundings
from opspilot.engine.explore_lines import MOST_COLLECTED, FoundLines
from opspilot.engine.explore_logs import LogView
from opspilot.engine.explore_suspects import Suspects
from opspilot.engine.explore_volume import Volume


def explored(asked: Sequence[Asked], window: Window, baseline: Window) -> tuple[Explored, ...]:
    """Series with what stands out in them, at most a minute old.

    Raises:
        InputError: They are too many.
        AwsError: AWS did not answer.
    """
    return _explored(tuple(one.model_dump_json() for one in asked), _json(window), _json(baseline))


def surroundings(resources: Sequence[Resource], span: Window) -> Surroundings:
    """Changes and alarms around resources.

    Raises:
        AwsError: AWS did not answer.
    """
    return _surroundings(tuple(one.arn for one in resources), _json(span))


def suspects(
    resources: Sequence[Resource],
    window: Window,
    baseline: Window,
    symptom: tuple[str, str, str] | None,
) -> Suspects:
    """What stands out most around resources.

    Raises:
        AwsError: AWS did not answer.
    """
    arns = tuple(one.arn for one in resources)
    return _suspects(arns, _json(window), _json(baseline), symptom)


def counted_lines(group: str, window: Window, baseline: Window) -> LineCount:
    """This session's count of the lines of a log; started when first asked for.

    Raises:
        AwsError: Nothing at all can be read.
    """
    return line_count(group, _json(window), _json(baseline))


def log_view(group: str, window: Window, baseline: Window, volume: Volume | None) -> LogView:
    """Findings and changed patterns of a log.

    Args:
        group: Full name of the log group.
        window: The time under suspicion.
        baseline: The time to compare with.
        volume: The counted lines; None when they could not be counted.

    Raises:
        AwsError: AWS did not answer.
    """
    return _log_view(group, _json(window), _json(baseline), volume is not None, volume)


def every_line(group: str, window: Window, pattern: str) -> FoundLines:
    """All raw lines that match, up to what one file holds; not kept.

    Raises:
        AwsError: AWS did not answer.
    """
    return workbench().explorer.collect(group, window, pattern, MOST_COLLECTED)


def found_lines(group: str, window: Window, pattern: str, limit: int) -> FoundLines:
    """One page of raw lines that match a filter pattern.

    Raises:
        AwsError: AWS did not answer.
    """
    return _found_lines(group, _json(window), pattern, limit)


def _json(window: Window) -> str:
    return window.model_dump_json()


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def _explored(asked: tuple[str, ...], window: str, baseline: str) -> tuple[Explored, ...]:
    return workbench().explorer.series(
        [Asked.model_validate_json(one) for one in asked],
        Window.model_validate_json(window),
        Window.model_validate_json(baseline),
    )


@st.cache_data(ttl=30, max_entries=32, show_spinner=False)
def _surroundings(arns: tuple[str, ...], span: str) -> Surroundings:
    return workbench().explorer.surroundings(
        [Resource(arn=arn) for arn in arns], Window.model_validate_json(span)
    )


@st.cache_data(ttl=60, max_entries=16, show_spinner=False)
def _suspects(
    arns: tuple[str, ...], window: str, baseline: str, symptom: tuple[str, str, str] | None
) -> Suspects:
    return workbench().explorer.suspects(
        [Resource(arn=arn) for arn in arns],
        Window.model_validate_json(window),
        Window.model_validate_json(baseline),
        symptom,
    )


@st.cache_data(ttl=300, max_entries=16, show_spinner=False)
def _log_view(
    group: str,
    window: str,
    baseline: str,
    counted: bool,  # noqa: ARG001 - a count that came makes another view
    _volume: Volume | None,
) -> LogView:
    return workbench().explorer.log(
        group,
        Window.model_validate_json(window),
        Window.model_validate_json(baseline),
        _volume,
    )


@st.cache_data(ttl=20, max_entries=16, show_spinner=False)
def _found_lines(group: str, window: str, pattern: str, limit: int) -> FoundLines:
    return workbench().explorer.find(group, Window.model_validate_json(window), pattern, limit)
