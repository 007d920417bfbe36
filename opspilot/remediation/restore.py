"""Ways through a setting: a longer timeout, more memory."""

import re
from datetime import datetime, timedelta
from math import ceil

from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.workload import FunctionConfiguration, FunctionVersion
from opspilot.remediation.actions import publish_memory, set_memory, set_timeout
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.way import Closed, Way
from opspilot.remediation.ways_in import aliases_of

API_GATEWAY_SECONDS = 29
"""API Gateway gives an integration up after this long; a longer timeout behind it helps nobody."""

_MARGIN = 1.25
_AFTER_ONSET = timedelta(minutes=2)


def raise_timeout_above(caller: Resource, callee: Resource, ledger: Ledger) -> Way | Closed:
    """Raise a caller's timeout above what its callee takes now."""
    configuration = ledger.configuration(caller)
    if configuration is None:
        return Closed(f"the timeout of {caller.name} could not be read")
    slowest = _slowest_ms(callee, ledger)
    if slowest is None:
        return Closed(f"how long {callee.name} takes now is not known")
    seconds = ceil(_MARGIN * (slowest[1] + _own_ms(caller, ledger)) / 1_000.0)
    return _timeout(
        caller,
        configuration,
        seconds,
        f"{callee.name} takes up to {slowest[1] / 1_000.0:.3g} s now, {caller.name} waits"
        f" {configuration.timeout_seconds} s for it",
        (slowest[0],),
        ledger,
    )


def restore_timeout(function: Resource, onset: datetime | None, ledger: Ledger) -> Way | Closed:
    """Give a function the timeout back that it had, or twice what it has."""
    configuration = ledger.configuration(function)
    if configuration is None:
        return Closed(f"the timeout of {function.name} could not be read")
    now = configuration.timeout_seconds
    lowered = _lowered(function, "timeout_seconds", now, onset, ledger)
    if lowered:
        why = f"the timeout was lowered from {lowered[1]} s to {now} s"
        return _timeout(function, configuration, lowered[1], why, (lowered[0],), ledger)
    why = f"invocations are cut off at {now} s"
    return _timeout(function, configuration, 2 * now, why, (), ledger)


def restore_memory(
    function: Resource,
    onset: datetime | None,
    ledger: Ledger,
    *,
    because: str = "invocations are killed",
) -> Way | Closed:
    """Give a function the memory back that it had, or twice what it has.

    Behind an alias that takes a new version: the memory of $LATEST reaches nobody there.
    """
    configuration = ledger.configuration(function)
    if configuration is None:
        return Closed(f"the memory of {function.name} could not be read")
    aliases = aliases_of(function, ledger)
    if len(aliases) > 1:
        return Closed(f"{function.name} is called through several: {', '.join(aliases)}")
    if aliases:
        lowered = _lowered(function, "memory_mb", configuration.memory_mb, onset, ledger)
        return _publish_memory(configuration, aliases[0], because, lowered)
    now = configuration.memory_mb
    if now >= set_memory.MOST_MB:
        return Closed(f"{function.name} has {now} MB, the most that Lambda gives")
    lowered = _lowered(function, "memory_mb", now, onset, ledger)
    wanted = min(lowered[1] if lowered else 2 * now, set_memory.MOST_MB)
    return Way(
        set_memory.instruction(function, wanted),
        f"Raise the memory of {function.name} from {now} MB to {wanted} MB",
        f"{because} at {now} MB",
        (lowered[0],) if lowered else (),
    )


def _publish_memory(
    configuration: FunctionConfiguration,
    name: str,
    because: str,
    lowered: tuple[str, int] | None,
) -> Way | Closed:
    """More memory for $LATEST, then a version of it behind the alias; `lowered` as `_lowered`."""
    function = configuration.resource
    alias = configuration.alias(name)
    version = configuration.version(alias.version) if alias else None
    if version is None:
        return Closed(f"what {function.name}:{name} points at could not be read")
    now = version.memory_mb
    if now >= set_memory.MOST_MB:
        return Closed(f"version {version.version} has {now} MB, the most that Lambda gives")
    if others := _unpublished(configuration, version):
        return Closed(
            f"$LATEST of {function.name} holds other {others} than version {version.version}, so a"
            " new version would release that as well"
        )
    before = lowered[1] if lowered and lowered[1] > now else 2 * now
    wanted = min(before, set_memory.MOST_MB)
    publish = publish_memory.instruction(function, name, wanted)
    raised = configuration.memory_mb == wanted
    return Way(
        publish if raised else set_memory.instruction(function, wanted),
        f"Publish {function.name} with {wanted} MB in place of {now} MB, move alias {name} to it",
        f"{because} at {now} MB, and callers of alias {name} meet a published version",
        (lowered[0],) if lowered else (),
        then=() if raised else (publish,),
    )


def _unpublished(configuration: FunctionConfiguration, version: FunctionVersion) -> str:
    """What of $LATEST, besides its memory, is not in a version; empty when nothing is."""
    differs = {
        "code": version.code_sha256 != configuration.code_sha256,
        "timeout": version.timeout_seconds != configuration.timeout_seconds,
        "variables": version.environment is not None
        and configuration.environment_read
        and version.environment != configuration.environment,
    }
    return ", ".join(name for name, yes in differs.items() if yes)


def _timeout(
    function: Resource,
    configuration: FunctionConfiguration,
    seconds: int,
    rationale: str,
    evidence: tuple[str, ...],
    ledger: Ledger,
) -> Way | Closed:
    if served := _served_by_alias(function, ledger):
        return Closed(served)
    if seconds <= configuration.timeout_seconds:
        return Closed(
            f"the timeout of {function.name} ({configuration.timeout_seconds} s) is long enough"
            " already"
        )
    most, limiter = _most_seconds(function, ledger)
    if seconds > most:
        return Closed(f"{function.name} would need {seconds} s, and {limiter} allows {most} s")
    return Way(
        set_timeout.instruction(function, seconds),
        f"Raise the timeout of {function.name} from {configuration.timeout_seconds} s to"
        f" {seconds} s",
        rationale,
        evidence,
    )


def _most_seconds(function: Resource, ledger: Ledger) -> tuple[int, str]:
    callers = ledger.topology().callers(function)
    if any(edge.caller.kind is ResourceKind.API for edge in callers):
        return API_GATEWAY_SECONDS, "API Gateway"
    return set_timeout.MOST_SECONDS, "Lambda"


def _served_by_alias(function: Resource, ledger: Ledger) -> str:
    """Why a setting of $LATEST would not reach its callers; empty when it does."""
    if aliases := aliases_of(function, ledger):
        return (
            f"{function.name} is called through {', '.join(aliases)}, whose published version keeps"
            " its own settings: a change would need a new version"
        )
    return ""


def _slowest_ms(function: Resource, ledger: Ledger) -> tuple[str, float] | None:
    """(evidence id, milliseconds) of the longest duration seen in the incident."""
    for signal in ("lambda.duration_max", "lambda.duration_p99"):
        found = ledger.metric(function, signal)
        if found and found[1].peak_value is not None:
            return found[0].id, found[1].peak_value
    return None


def _own_ms(function: Resource, ledger: Ledger) -> float:
    """How long a function usually takes; 0 when that is not known."""
    for signal in ("lambda.duration_p99", "lambda.duration_max", "lambda.duration_p50"):
        found = ledger.metric(function, signal)
        if found and found[1].baseline_value is not None:
            return found[1].baseline_value
    return 0.0


def _lowered(
    function: Resource, setting: str, now: int, onset: datetime | None, ledger: Ledger
) -> tuple[str, int] | None:
    """(evidence id, value before) of the newest change that lowered a setting to what it is."""
    until = onset + _AFTER_ONSET if onset else None
    for evidence, change in ledger.changes(function, until):
        before, after = (_whole(state.get(setting)) for state in (change.before, change.after))
        if before is not None and after == now and before > now:
            return evidence, before
    return None


def _whole(text: str | None) -> int | None:
    found = re.match(r"\d+", text or "")
    return int(found[0]) if found else None
