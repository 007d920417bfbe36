"""What a function's log shows: the ledger's detail, a bounded sample, and a sentence."""

from collections.abc import Sequence
from datetime import datetime

from opspilot.analysis.failure_lines import denials, read_failure_lines, refusals_in_words
from opspilot.analysis.logs.diff import PatternChange, compare_logs
from opspilot.analysis.report_lines import RunStatistics, is_platform_line, read_report_lines
from opspilot.domain.evidence import LogDetail, PatternChangeDetail
from opspilot.domain.model import Json
from opspilot.domain.telemetry import LogLine, LogLines
from opspilot.domain.wording import clock, number, plural

_MOST_PATTERNS = 20
_SAMPLE_INCIDENT = 200
_SAMPLE_BASELINE = 50
_LONGEST_LINE = 2_000
_LONGEST_QUOTE = 80


def log_detail(baseline: LogLines, incident: LogLines) -> tuple[LogDetail, Json]:
    """What the log of the incident window shows against the baseline's.

    Returns:
        The detail, and the snapshot: {"incident": [[iso, stream, line], ...], "baseline": [...]},
        a bounded sample in which lines that say something come before routine ones.
    """
    before, during = read_report_lines(baseline.lines), read_report_lines(incident.lines)
    earlier, refused = (read_failure_lines(lines.lines) for lines in (baseline, incident))
    patterns = _patterns(baseline, incident, (before, during))
    detail = LogDetail(
        lines_baseline=len(baseline.lines),
        lines_incident=len(incident.lines),
        invocations=len(during.durations_ms),
        timeouts=len(during.timed_out),
        timeouts_baseline=len(before.timed_out),
        timeout_seconds=during.timeout_seconds or before.timeout_seconds,
        first_timeout=during.first_timeout,
        out_of_memory=len(during.killed),
        out_of_memory_baseline=len(before.killed),
        errors=dict(during.errors),
        errors_baseline=dict(before.errors),
        duration_p50_ms=during.duration_quantile(0.5),
        duration_max_ms=during.duration_quantile(1.0),
        memory_size_mb=during.memory_size_mb or before.memory_size_mb,
        memory_used_max_mb=during.memory_used_max_mb,
        cold_starts=during.cold_starts,
        cold_starts_baseline=before.cold_starts,
        versions=_versions(before, during),
        billed_ms=during.billed_ms,
        init_max_ms=max(during.init_ms, default=None),
        stacks=dict(during.stacks),
        init_failures=refused.init_failures,
        init_failures_baseline=earlier.init_failures,
        exits=len(refused.exits - during.killed),
        exits_baseline=len(earlier.exits - before.killed),
        denied=denials(earlier, refused),
        throttle_errors=dict(refused.throttles),
        throttle_errors_baseline=dict(earlier.throttles),
        conditional_failures=refused.conditions,
        conditional_failures_baseline=earlier.conditions,
        patterns=patterns,
    )
    return detail, _sample(baseline, incident, patterns)


def log_sentence(resource_name: str, detail: LogDetail) -> str:
    """The finding in one sentence; every number is in `detail`."""
    subject = f"Log of {resource_name}"
    if not detail.lines_incident and not detail.lines_baseline:
        return f"{subject}: no lines, neither in the incident window nor before it."
    if not detail.lines_incident:
        return (
            f"{subject}: no lines in the incident window"
            f" ({plural(detail.lines_baseline, 'line')} before it)."
        )
    told = (_timeouts(detail), _memory(detail), _starts(detail), _errors(detail))
    said = [part for part in told if part]
    said += refusals_in_words(detail.denied, detail.throttle_errors)
    said.extend(_patterns_in_words(detail))
    if not said:
        read = plural(detail.lines_incident, "line")
        return f"{subject}: nothing stands out in {read} of the incident window."
    return f"{subject}: {'; '.join(said)}."


def _timeouts(detail: LogDetail) -> str:
    if not detail.timeouts:
        return ""
    limit = f" after {detail.timeout_seconds:g} s" if detail.timeout_seconds else ""
    of = f" of {number(detail.invocations)}" if detail.invocations >= detail.timeouts else ""
    since = f", first at {clock(detail.first_timeout)}" if detail.first_timeout else ""
    noun = "invocation" if (detail.invocations or detail.timeouts) == 1 else "invocations"
    before = number(detail.timeouts_baseline)
    return f"{number(detail.timeouts)}{of} {noun} timed out{limit}{since} ({before} before)"


def _memory(detail: LogDetail) -> str:
    if not detail.out_of_memory:
        return ""
    size = f" at {detail.memory_size_mb} MB" if detail.memory_size_mb else ""
    return f"{plural(detail.out_of_memory, 'invocation')} killed for memory{size}"


def _starts(detail: LogDetail) -> str:
    said: list[str] = []
    if detail.init_failures:
        failed = plural(detail.init_failures, "start")
        said.append(f"{failed} failed ({detail.init_failures_baseline} before)")
    if detail.exits:
        said.append(f"{plural(detail.exits, 'runtime')} exited ({detail.exits_baseline} before)")
    return "; ".join(said)


def _errors(detail: LogDetail) -> str:
    ranked = sorted(detail.errors.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(
        f"{number(count)} {name} ({number(detail.errors_baseline.get(name, 0))} before)"
        for name, count in ranked[:3]
    )


def _patterns_in_words(detail: LogDetail) -> list[str]:
    """The most telling new and more frequent pattern each, and how many more there are."""
    said: list[str] = []
    for kind, word in (("new", "new"), ("up", "more often")):
        found = [one for one in detail.patterns if one.change == kind]
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            first = found[0]
            text = first.pattern[:_LONGEST_QUOTE]
            said.append(f'{word}: "{text}" ({plural(first.incident_count, "line")}){more}')
    return said


def _patterns(
    baseline: LogLines, incident: LogLines, seen: tuple[RunStatistics, RunStatistics]
) -> tuple[PatternChangeDetail, ...]:
    """Changed patterns, by rate per invocation where both windows report invocations."""
    before, during = (
        [line for line in lines.lines if not is_platform_line(line.message)]
        for lines in (baseline, incident)
    )
    invocations = tuple(float(len(run.durations_ms)) for run in seen)
    seconds = tuple(_searched_seconds(lines) for lines in (baseline, incident))
    exposure = invocations if min(invocations) > 0 else seconds
    changes = compare_logs(
        [line.message for line in before],
        [line.message for line in during],
        exposure=(exposure[0], exposure[1]),
    )
    return tuple(_detail(change, during) for change in changes[:_MOST_PATTERNS])


def _detail(change: PatternChange, during: Sequence[LogLine]) -> PatternChangeDetail:
    first = None if change.first_seen is None else during[change.first_seen]
    return PatternChangeDetail(
        pattern=change.pattern,
        change=change.kind,
        baseline_count=change.baseline_count,
        incident_count=change.incident_count,
        p_value=float(f"{change.p_value:.6g}"),
        examples=tuple(example[:_LONGEST_LINE] for example in change.examples),
        first_seen=first.at if first else None,
    )


def _searched_seconds(lines: LogLines) -> float:
    if lines.covered_seconds is not None:
        return max(lines.covered_seconds, 1.0)
    end = lines.searched_until or lines.query.window.end
    return max((end - lines.query.window.start).total_seconds(), 1.0)


def _versions(before: RunStatistics, during: RunStatistics) -> dict[str, datetime]:
    return {**during.versions, **before.versions}


def _sample(
    baseline: LogLines, incident: LogLines, patterns: tuple[PatternChangeDetail, ...]
) -> Json:
    telling = {example for pattern in patterns for example in pattern.examples}
    return {
        "incident": _rows(incident, telling, _SAMPLE_INCIDENT),
        "baseline": _rows(baseline, telling, _SAMPLE_BASELINE),
    }


def _rows(lines: LogLines, telling: set[str], most: int) -> list[list[str]]:
    """At most this many lines, in order of time; telling ones win over routine ones."""
    ranked = sorted(
        range(len(lines.lines)),
        key=lambda at: (_rank(lines.lines[at].message, telling), at),
    )
    return [
        [line.at.isoformat(), line.stream, line.message[:_LONGEST_LINE]]
        for line in (lines.lines[at] for at in sorted(ranked[:most]))
    ]


def _rank(message: str, telling: set[str]) -> int:
    if message in telling:
        return 0
    if "Task timed out" in message or "signal: killed" in message or "ERROR" in message:
        return 1
    return 3 if is_platform_line(message) else 2
