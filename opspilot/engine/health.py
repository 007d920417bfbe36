"""Judges how a function does from its configuration and an hour of metrics; pure."""

from collections.abc import Callable
from dataclasses import dataclass

from opspilot.domain.telemetry import MetricSeries
from opspilot.domain.trial import FunctionHealth, Health, HealthCheck
from opspilot.domain.window import Window
from opspilot.domain.wording import clock, milliseconds, plural, share
from opspilot.domain.workload import FunctionConfiguration

_WORST_FIRST: tuple[Health, ...] = ("bad", "unknown", "warning", "good")
_BAD_SHARE = 0.05
_NEAR_LIMIT = 0.8
_MS = 1000.0


@dataclass(frozen=True)
class Vitals:
    """What is judged; a series is None when metrics could not be read, and `unread` says why."""

    configuration: FunctionConfiguration
    invocations: MetricSeries | None
    errors: MetricSeries | None
    throttles: MetricSeries | None
    duration: MetricSeries | None
    unread: str = ""


def health_of(vitals: Vitals, window: Window) -> FunctionHealth:
    """Every check, worst first; the whole is as good as its worst part."""
    checks = [judge(vitals) for judge in _JUDGES]
    checks.sort(key=lambda check: _WORST_FIRST.index(check.health))
    return FunctionHealth(
        resource=vitals.configuration.resource,
        health=checks[0].health,
        checks=tuple(checks),
        since=window.start,
        until=window.end,
    )


def _state(vitals: Vitals) -> HealthCheck:
    state = vitals.configuration.state
    health: Health = "good" if state == "Active" else "bad" if state == "Failed" else "warning"
    waking = ": it wakes on its next invocation" if state == "Inactive" else ""
    return HealthCheck(name="state", health=health, finding=f"The state is {state}{waking}.")


def _update(vitals: Vitals) -> HealthCheck:
    configuration = vitals.configuration
    status = configuration.update_status
    at = configuration.last_modified
    when = f", {at:%d %b} {clock(at)}" if at else ""
    said: dict[str, tuple[Health, str]] = {
        "Successful": ("good", f"The last update is in force{when}."),
        "InProgress": ("warning", f"An update is still in progress{when}."),
        "Failed": ("bad", f"The last update failed{when}; the configuration before it runs."),
    }
    health, finding = said.get(status, ("unknown", f"The last update's status is {status}."))
    return HealthCheck(name="last update", health=health, finding=finding)


def _errors(vitals: Vitals) -> HealthCheck:
    total, failed = _sum(vitals.invocations), _sum(vitals.errors)
    if total is None or failed is None:
        return _unread("errors", vitals)
    if not total:
        return HealthCheck(
            name="errors", health="unknown", finding="It was not invoked in the last hour."
        )
    part = failed / total
    health: Health = "bad" if part > _BAD_SHARE else "warning" if failed else "good"
    counted = f"{failed:,.0f} of {plural(total, 'invocation')} failed in the last hour"
    return HealthCheck(name="errors", health=health, finding=f"{counted} ({share(part)}).")


def _throttles(vitals: Vitals) -> HealthCheck:
    refused = _sum(vitals.throttles)
    if refused is None:
        return _unread("throttles", vitals)
    reserved = vitals.configuration.reserved_concurrency
    if reserved == 0:
        return HealthCheck(
            name="throttles",
            health="bad",
            finding="Its reserved concurrency is 0: every invocation is refused.",
        )
    limit = f"; {reserved} concurrent ones are reserved" if reserved is not None else ""
    return HealthCheck(
        name="throttles",
        health="bad" if refused else "good",
        finding=f"{plural(refused, 'invocation')} refused in the last hour{limit}.",
    )


def _duration(vitals: Vitals) -> HealthCheck:
    series, seconds = vitals.duration, vitals.configuration.timeout_seconds
    if series is None or series.status in ("denied", "failed"):
        return _unread("duration", vitals)
    if not series.values:
        return HealthCheck(name="duration", health="unknown", finding="No duration was published.")
    worst = max(series.values)
    limit = seconds * _MS
    health: Health = (
        "bad" if worst >= limit else "warning" if worst >= _NEAR_LIMIT * limit else "good"
    )
    return HealthCheck(
        name="duration",
        health=health,
        finding=f"The highest p99 of a minute was {milliseconds(worst)}, "
        f"the timeout is {milliseconds(limit)}.",
    )


_JUDGES: tuple[Callable[[Vitals], HealthCheck], ...] = (
    _state,
    _update,
    _errors,
    _throttles,
    _duration,
)


def _unread(name: str, vitals: Vitals) -> HealthCheck:
    series = {"errors": vitals.errors, "throttles": vitals.throttles, "duration": vitals.duration}
    one = series[name]
    why = vitals.unread or (" ".join(one.messages) if one else "") or "no answer"
    return HealthCheck(name=name, health="unknown", finding=f"It could not be read: {why}.")


def _sum(series: MetricSeries | None) -> float | None:
    """The total; None where it could not be read whole, so that a part never passes for it."""
    if series is None or series.status != "complete":
        return None
    return sum(series.values)
