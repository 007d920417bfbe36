"""One record that a function cannot process blocks its shard: the batch is tried again for ever.

Mechanism: the iterator age rises while as much arrives as before and the consumer is neither slow
nor throttled; it fails on the same batch over and over, and its mapping neither splits the batch
nor gives it up.
"""

from collections.abc import Iterator

from opspilot.diagnosis.assessment import (
    FAIR,
    GOOD,
    LEAD_CAP,
    STRONG,
    WEAK,
    Assessment,
    Brief,
    Harm,
    Onset,
)
from opspilot.diagnosis.case import Case, Shown
from opspilot.diagnosis.change_search import release_known
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.levels import total
from opspilot.diagnosis.parsing import argue_parsing
from opspilot.diagnosis.symptoms import (
    earliest,
    failure_onset,
    failures,
    killed_for_memory,
    onset_of,
    timeouts,
)
from opspilot.diagnosis.untold import release_behind
from opspilot.domain.evidence import MetricDetail
from opspilot.domain.resource import Resource
from opspilot.domain.wording import quantity, share
from opspilot.domain.workload import EventSource

CAUSE_CLASS = "lambda.stream_poison_batch"
_PRIOR = -2.0
_CAP = 0.9
_BLIND_CAP = 0.8
_NEARLY_ALL = 0.8
_ELSEWHERE = (
    Family.DENIED,
    Family.EXPIRED,
    Family.INIT,
    Family.THROTTLED,
    Family.UNREACHABLE,
    Family.PROVIDER,
    Family.EXHAUSTED,
)


def assess(case: Case) -> Iterator[Assessment]:
    """Weigh it for each function that falls behind on a stream while it fails."""
    for stream in case.streams:
        for function in case.consumers_of(stream):
            behind = case.risen(function, "lambda.iterator_age") or case.risen(
                stream, "stream.iterator_age"
            )
            fails = failures(case, function)
            if behind and fails:
                yield _weigh(case, stream, function, behind, fails)


def _weigh(
    case: Case,
    stream: Resource,
    function: Resource,
    behind: Shown[MetricDetail],
    fails: Shown[MetricDetail],
) -> Assessment:
    brief = Brief(CAUSE_CLASS, function, _PRIOR)
    age = quantity(behind.detail.peak_value or 0.0, behind.detail.unit)
    brief.speaks_for(FAIR, f"{function.name} is up to {age} behind on {stream.name}", behind.id)
    brief.speaks_for(WEAK, f"{function.name} fails meanwhile", fails.id)
    _argue_arrivals(brief, case, stream)
    _argue_mapping(brief, case, stream, function)
    _argue_share(brief, case, stream, function, fails)
    in_logs = argue_parsing(brief, case, function)
    onset = _onset(case, function, behind)
    released = release_behind(case, function, onset) if onset else None
    if released:
        text = f"{function.name} was released shortly before: the fault may be its own"
        brief.speaks_against(STRONG, text, *released.ids)
    elif onset is None or not release_known(case, function, onset):
        brief.misses(f"whether {function.name} was released shortly before is not known")
        brief.cap(_BLIND_CAP, "whether the consumer was released is not known")
    if timeouts(case, function) or killed_for_memory(case, function):
        brief.cap(LEAD_CAP, "its failures are of time or memory: what records say is a lead")
    for family in _ELSEWHERE:
        log = case.log(function)
        other = told(log, family) if log else None
        if other and other.count > other.before:
            brief.speaks_against(GOOD, f"its errors are {family.value}", other.log.id)
            brief.cap(LEAD_CAP, "what its errors tell is no matter of what records say")
    brief.cap(_CAP, "the record itself was not read")
    return brief.assessment(
        f"A record of {stream.name} that {function.name} cannot process holds up the rest",
        onset,
        harm=[Harm(function, "errors"), Harm(function, "backlog"), Harm(stream, "backlog")],
        change_found=released is None and in_logs,
        in_metrics=True,
        in_logs=in_logs,
        failing=function,
    )


def _onset(case: Case, function: Resource, behind: Shown[MetricDetail]) -> Onset | None:
    """By its failures, which come before it falls behind."""
    failed, late = failure_onset(case, function), onset_of(behind, case.period)
    if failed and late:
        return failed if earliest(failed.at, late.at) == failed.at else late
    return failed or late


def _argue_arrivals(brief: Brief, case: Case, stream: Resource) -> None:
    arriving = case.metric(stream, "stream.incoming")
    if arriving is None:
        return
    if case.risen(stream, "stream.incoming"):
        brief.speaks_against(FAIR, f"more arrives on {stream.name} than before", arriving.id)
    else:
        brief.speaks_for(WEAK, f"no more arrives on {stream.name} than before", arriving.id)


def _argue_share(
    brief: Brief, case: Case, stream: Resource, function: Resource, fails: Shown[MetricDetail]
) -> None:
    """On the only shard nothing gets past a batch that fails each time and is never given up."""
    mapping = _mapping(case, stream, function)
    if mapping and not _is_endless(mapping[1]):
        return
    shown, calls = case.stream(stream), case.metric(function, "lambda.invocations")
    since = fails.detail.onset
    if shown is None or shown.detail.shards != 1 or calls is None or since is None:
        return
    ran, failed = total(calls, since), total(fails, since)
    if ran and failed is not None and failed < _NEARLY_ALL * ran:
        text = f"{share(1.0 - failed / ran)} of the batches of its only shard go through"
        brief.speaks_against(GOOD, text, fails.id, calls.id)


def _mapping(case: Case, stream: Resource, function: Resource) -> tuple[str, EventSource] | None:
    """(evidence id, mapping) that feeds a function from a stream; None where it was not read."""
    return next(
        (
            (identity, one)
            for identity, one in case.event_sources
            if one.source == stream and one.function == function
        ),
        None,
    )


def _is_endless(one: EventSource) -> bool:
    """Whether a batch that fails is tried again until its records expire."""
    return one.maximum_retries is None or one.maximum_retries < 0 or one.maximum_retries > 100


def _argue_mapping(brief: Brief, case: Case, stream: Resource, function: Resource) -> None:
    mapping = _mapping(case, stream, function)
    if mapping is None:
        brief.misses(f"how {function.name} is fed by {stream.name} was not read")
        return
    identity, one = mapping
    endless = _is_endless(one)
    if endless and not one.bisect_on_error and not one.reports_item_failures:
        text = "a batch that fails is tried again until it expires, and is not split"
        brief.speaks_for(FAIR, text, identity)
    elif not endless:
        brief.speaks_against(
            WEAK, f"a batch is given up after {one.maximum_retries} tries", identity
        )
