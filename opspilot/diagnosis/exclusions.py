"""The common suspicions that nothing speaks for, each with what was read that excludes it.

Hypotheses come from what stands out, so a board tells nothing of a cause that left no trace. Who is
called at night asks for it all the same: is it memory, a timeout, a release, the table, AWS? Once
the verdict stands, each such class that is not on the board is held against what was read of the
incident's own resource, of the named cause's, and of what is right beside them. Where that evidence
was read and is calm, the class is added as ruled out; where it was not read, nothing is said.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from opspilot.diagnosis import calm, calm_around
from opspilot.diagnosis.account import account_of
from opspilot.diagnosis.assessment import GOOD, Onset
from opspilot.diagnosis.calm import Place, Rule
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.harm import harmful
from opspilot.diagnosis.symptoms import entry_of
from opspilot.domain.hypothesis import Argument, Hypothesis, Verdict
from opspilot.domain.resource import Resource, ResourceKind

MOST = 15
"""So many are told at most, the most commonly suspected first: the list stays readable."""

_MOST_BESIDE = 4


class _Suspicion(NamedTuple):
    """A cause class, the kind of resource that it sits in, what it would say, and its rule."""

    cause_class: str
    kind: ResourceKind
    says: str
    rule: Rule


_F, _T, _Q, _S, _A, _WHOLE = (
    ResourceKind.FUNCTION,
    ResourceKind.TABLE,
    ResourceKind.QUEUE,
    ResourceKind.STREAM,
    ResourceKind.API,
    ResourceKind.ACCOUNT,
)

SUSPICIONS = (
    _Suspicion("lambda.out_of_memory", _F, "{} runs out of memory", calm.memory_sufficed),
    _Suspicion("lambda.timeout_too_small", _F, "{} runs into its timeout", calm.none_timed_out),
    _Suspicion("lambda.code_error_after_release", _F, "A release of {} fails", calm.code_is_well),
    _Suspicion("lambda.bad_environment", _F, "A variable of {} is wrong", calm.variables_are_well),
    _Suspicion("lambda.permission_denied", _F, "{} lacks a permission", calm.none_denied),
    _Suspicion(
        "lambda.throttled_by_reserved_concurrency",
        _F,
        "{} turns callers away",
        calm.never_throttled,
    ),
    _Suspicion("lambda.slow_dependency", _F, "{} became slow", calm.as_fast_as_before),
    _Suspicion(
        "dynamodb.table_throttled", _T, "{} has too little capacity", calm_around.table_served_all
    ),
    _Suspicion("provider_trouble", _WHOLE, "AWS itself is in trouble", calm_around.aws_is_well),
    _Suspicion(
        "api.integration_errors", _A, "{} answers 5xx by itself", calm_around.serves_as_before
    ),
    _Suspicion("downstream_failure", _F, "What {} calls outside fails", calm.others_answer),
    _Suspicion("dynamodb.hot_partition", _T, "One key of {} is hot", calm_around.no_key_is_hot),
    _Suspicion(
        "lambda.account_concurrency_exhausted",
        _WHOLE,
        "The account runs into its concurrency",
        calm_around.room_to_run,
    ),
    _Suspicion("sqs.poison_messages", _Q, "Messages of {} poison it", calm_around.consumers_digest),
    _Suspicion(
        "lambda.stream_poison_batch",
        _S,
        "A batch of {} is poison",
        calm_around.stream_is_kept_up_with,
    ),
    _Suspicion(
        "sqs.visibility_timeout_too_small",
        _Q,
        "{} shows messages again too early",
        calm_around.hidden_long_enough,
    ),
    _Suspicion("traffic_surge", _WHOLE, "Traffic rose", calm_around.as_much_comes_in),
    _Suspicion("traffic_drop", _WHOLE, "Less comes in", calm_around.as_much_comes_in),
    _Suspicion(
        "bad_deployment", _WHOLE, "One deployment broke several", calm_around.never_together
    ),
    _Suspicion("lambda.cold_start_surge", _F, "{} starts cold", calm.started_warm),
    _Suspicion("expired_credential", _F, "A credential of {} expired", calm.none_expired),
    _Suspicion("lambda.missing_dependency", _F, "{} cannot be initialised", calm.could_start),
    _Suspicion("api.integration_timeout", _A, "{} gives up waiting", calm_around.serves_as_before),
    _Suspicion(
        "api.client_errors", _A, "Clients of {} send what fails", calm_around.clients_as_before
    ),
    _Suspicion("sqs.backlog", _Q, "Messages of {} pile up", calm_around.nothing_piles_up),
    _Suspicion(
        "dynamodb.index_back_pressure",
        _T,
        "An index of {} holds it up",
        calm_around.indexes_served_all,
    ),
    _Suspicion(
        "dynamodb.conditional_check_storm",
        _T,
        "Writers contend for items of {}",
        calm_around.conditions_held,
    ),
    _Suspicion("dynamodb.capacity_lag", _T, "Capacity of {} lags", calm_around.nothing_lags),
    _Suspicion("lambda.retry_storm", _F, "{} is called again and again", calm.called_as_before),
    _Suspicion("lambda.async_backlog", _F, "Events of {} pile up", calm.events_on_time),
    _Suspicion("lambda.memory_too_small", _F, "{} has too little CPU", calm.as_fast_as_before),
)
"""The most commonly suspected first. A class that nothing can exclude is not among them."""


def excluded(case: Case, verdict: Verdict) -> tuple[Hypothesis, ...]:
    """Classes that are not on the verdict's board and that what was read excludes.

    Those of the kind of resource that the incident is about come first, then as in `SUSPICIONS`.
    """
    on_board = {one.cause_class for one in verdict.hypotheses}
    onset, own = _onset(case, verdict), {one.kind for one in _centre(case, verdict)}
    closest = sorted(SUSPICIONS, key=lambda one: one.kind is _F or one.kind not in own)
    found: list[Hypothesis] = []
    for one in closest:
        if one.cause_class not in on_board and len(found) < MOST:
            found += _entry(case, verdict, one, onset)
    return tuple(found)


def _entry(
    case: Case, verdict: Verdict, suspicion: _Suspicion, onset: Onset | None
) -> Iterator[Hypothesis]:
    """At most one: at the first place that the rule excludes it at; the others are named beside."""
    places = dict.fromkeys(_places(case, verdict, suspicion))
    calm_ones = [(one, why) for one in places if (why := suspicion.rule(Place(case, one, onset)))]
    if not calm_ones:
        return
    resource, reason = calm_ones[0]
    others = [one.name for one, _ in calm_ones[1:]]
    text = f"{reason.text}; ruled out for {', '.join(others)} as well" if others else reason.text
    ids = tuple(dict.fromkeys(identity for _, why in calm_ones for identity in why.ids))
    yield Hypothesis(
        cause_class=suspicion.cause_class,
        resource=resource,
        summary=suspicion.says.format(resource.name),
        arguments_against=(Argument(text=text, evidence=ids, weight=-GOOD),),
        confidence=0.0,
        status="ruled_out",
        ruled_out_because=text,
    )


def _centre(case: Case, verdict: Verdict) -> tuple[Resource, ...]:
    """The incident's own resource and those of the named causes."""
    return tuple(dict.fromkeys((case.incident.resource, *(one.resource for one in verdict.causes))))


def _places(case: Case, verdict: Verdict, suspicion: _Suspicion) -> Iterator[Resource]:
    """Where a suspicion could sit: in the centre, else right beside it."""
    centre = _centre(case, verdict)
    if suspicion.kind is _WHOLE:
        whole = suspicion.cause_class not in ("traffic_surge", "traffic_drop")
        yield account_of(case) if whole else entry_of(case, case.incident.resource)
        return
    own = [one for one in centre if one.kind is suspicion.kind]
    yield from own
    if suspicion.kind is _F and own:
        return
    beside = [each for one in centre for each in _beside(case, one) if each.kind is suspicion.kind]
    yield from beside[:_MOST_BESIDE]


def _beside(case: Case, resource: Resource) -> Iterator[Resource]:
    """What a resource is made of or joined to: its functions, stores, sources and door."""
    yield from case.callees(resource)
    yield from case.consumers_of(resource)
    yield from case.users_of(resource)
    yield from case.tables_of(resource)
    yield from case.sources_of(resource)
    yield entry_of(case, resource)


def _onset(case: Case, verdict: Verdict) -> Onset | None:
    """When the trouble began; None where nothing is wrong."""
    standing = [one for one in verdict.hypotheses if one.status != "ruled_out"]
    for box in (verdict.cause, *standing[:1]):
        if box and box.onset:
            return Onset(box.onset, timedelta(seconds=box.onset_uncertainty_seconds or 0.0))
    if verdict.first_failure and verdict.first_failure.at:
        return Onset(verdict.first_failure.at, case.period)
    moments = [shown.detail.onset for shown in harmful(case) if shown.detail.onset]
    return Onset(min(moments), case.period) if moments else None


__all__ = ["MOST", "SUSPICIONS", "excluded"]
