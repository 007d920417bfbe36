"""What was read around a function, and why it speaks against a cause: stores, doors, the account.

As in `calm`: a rule answers only where the evidence was read and is calm.
"""

from opspilot.diagnosis.calm import Place, Reason, Rule, calm, whole_log
from opspilot.diagnosis.capacity import throttled_indexes
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.families import Family, told
from opspilot.diagnosis.symptoms import failing
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number, plural, quantity

_ROOMY = 0.7
_THROTTLES = ("dynamodb.read_throttles", "dynamodb.write_throttles")
_INDEX_THROTTLES = ("dynamodb.index_read_throttles", "dynamodb.index_write_throttles")
_SEVERAL = 2


def _none_of(case: Case, table: Resource, *signals: str) -> tuple[str, ...]:
    """Entries that say that none of what these signals count happened; empty where not known.

    CloudWatch has no datapoint of a refusal that never happened; that the table's traffic was told
    says that its metrics arrive.
    """
    read = [case.entries.metrics.get((table.arn, signal)) for signal in signals]
    traffic = [
        one
        for signal in ("dynamodb.reads", "dynamodb.writes")
        if (one := case.metric(table, signal)) and one.detail.points
    ]
    if not traffic or not read or not all(read):
        return ()
    shown = [one for one in read if one]
    if any(
        one.detail.anomalous or one.detail.total_incident or one.evidence.status != "complete"
        for one in shown
    ):
        return ()
    return tuple(one.id for one in (*shown, *traffic))


def _unthrottled(text: str) -> Rule:
    def rule(at: Place) -> Reason | None:
        case, table = at.case, at.resource
        # An index that refuses holds its table up, which then counts the refusals or does not.
        ids = () if throttled_indexes(case, table) else _none_of(case, table, *_THROTTLES)
        return Reason(text.format(table.name), ids) if ids else None

    return rule


table_served_all = _unthrottled("no request to {} was throttled")
no_key_is_hot = _unthrottled("no request to {} was throttled: no key asks for too much")
nothing_lags = _unthrottled("no request to {} was throttled")


def indexes_served_all(at: Place) -> Reason | None:
    """None of its indexes refused anything."""
    case, table = at.case, at.resource
    described = case.table(table)
    if described is None:
        return None
    names = [one.name for one in described.detail.indexes]
    if not names:
        return Reason(f"{table.name} has no index", (described.id,))
    signals = [f"{signal}:{name}" for name in names for signal in _INDEX_THROTTLES]
    ids = _none_of(case, table, *signals)
    return Reason(f"no request to an index of {table.name} was throttled", ids) if ids else None


def conditions_held(at: Place) -> Reason | None:
    """No conditional write was refused, or no more than before."""
    case, table = at.case, at.resource
    usual = calm(case, table, "dynamodb.conditional_failures")
    if usual:
        counted = number(usual.detail.total_incident or 0.0)
        text = f"refused conditional writes to {table.name} did not rise ({counted} in all)"
        return Reason(text, (usual.id,))
    ids = _none_of(case, table, "dynamodb.conditional_failures")
    return Reason(f"no conditional write to {table.name} was refused", ids) if ids else None


def consumers_digest(at: Place) -> Reason | None:
    """Whoever works off a queue fails no more than before."""
    case, queue = at.case, at.resource
    consumers = case.consumers_of(queue)
    read = [one for each in consumers if (one := calm(case, each, "lambda.errors"))]
    if not consumers or len(read) < len(consumers) or set(consumers) & set(failing(case)):
        return None
    names = ", ".join(one.name for one in consumers)
    text = f"{names}, which works off {queue.name}, fails no more than before"
    return Reason(text, tuple(one.id for one in read))


def hidden_long_enough(at: Place) -> Reason | None:
    """Messages stay hidden for as long as their consumers may take."""
    case, queue = at.case, at.resource
    shown = case.queue(queue)
    consumers = case.consumers_of(queue)
    read = [one for each in consumers if (one := case.configuration(each))]
    if shown is None or not consumers or len(read) < len(consumers):
        return None
    hidden = shown.detail.visibility_timeout_seconds
    longest = max(one.detail.timeout_seconds for one in read)
    if hidden < longest:
        return None
    text = f"{queue.name} hides a message for {number(hidden)} s"
    text += f", and its consumer may take {number(longest)} s"
    return Reason(text, (shown.id, *(one.id for one in read)))


def nothing_piles_up(at: Place) -> Reason | None:
    """Messages wait no longer than before."""
    case, queue = at.case, at.resource
    age, waiting = (calm(case, queue, signal) for signal in ("sqs.oldest_age", "sqs.visible"))
    if age is None or waiting is None or age.detail.peak_value is None:
        return None
    most = quantity(age.detail.peak_value, age.detail.unit)
    text = f"messages of {queue.name} wait no longer than before ({most} at most)"
    return Reason(text, (age.id, waiting.id))


def stream_is_kept_up_with(at: Place) -> Reason | None:
    """Nobody falls behind on a stream."""
    case, stream = at.case, at.resource
    places = [(one, "lambda.iterator_age") for one in case.consumers_of(stream)]
    read = [
        shown
        for one, signal in (*places, (stream, "stream.iterator_age"))
        if (shown := case.metric(one, signal))
    ]
    if not read or any(shown.detail.anomalous or not shown.detail.points for shown in read):
        return None
    text = f"nobody is further behind on {stream.name} than before"
    return Reason(text, tuple(shown.id for shown in read))


def _answers_as_before(signal: str, words: str) -> Rule:
    def rule(at: Place) -> Reason | None:
        case, api = at.case, at.resource
        shown = calm(case, api, signal)
        if shown is None:
            return None
        counted = number(shown.detail.total_incident or 0.0)
        return Reason(f"{words} of {api.name} did not rise ({counted} in all)", (shown.id,))

    return rule


serves_as_before = _answers_as_before("api.5xx", "5xx answers")
clients_as_before = _answers_as_before("api.4xx", "4xx answers")


def room_to_run(at: Place) -> Reason | None:
    """The account never ran near its limit, and turned nobody away."""
    case, account = at.case, at.resource
    limits, used = case.limits, calm(case, account, "account.concurrency")
    throttled = case.metric(account, "account.throttles")
    if limits is None or used is None or used.detail.peak_value is None:
        return None
    free = limits.detail.concurrent_executions - limits.detail.reserved
    if used.detail.peak_value >= _ROOMY * free or (throttled and throttled.detail.anomalous):
        return None
    text = f"the account ran up to {number(used.detail.peak_value)} executions at a time"
    return Reason(f"{text}, of {number(free)} that are not reserved", (used.id, limits.id))


def aws_is_well(at: Place) -> Reason | None:
    """No log tells of an AWS service's own errors."""
    case = at.case
    if any(told(log, Family.PROVIDER) for log in case.logs):
        return None
    logs = [log for one in case.functions if (log := whole_log(case, one))]
    if not logs:
        return None
    lines = plural(sum(log.detail.lines_incident for log in logs), "line")
    of = plural(len(logs), "log")
    text = f"no log tells of more errors of AWS itself than before, in {lines} of {of}"
    return Reason(text, tuple(log.id for log in logs))


def never_together(at: Place) -> Reason | None:
    """At most one function fails, of several that were asked."""
    case = at.case
    read = [one for each in case.functions if (one := case.metric(each, "lambda.errors"))]
    fails = failing(case)
    if len(read) < _SEVERAL or len(fails) >= _SEVERAL:
        return None
    only = f"only {fails[0].name} fails" if fails else "none fails"
    text = f"{only}, of {plural(len(read), 'function')} whose errors were read"
    return Reason(text, tuple(one.id for one in read))


def as_much_comes_in(at: Place) -> Reason | None:
    """As much comes in as before."""
    case, entry = at.case, at.resource
    shown = calm(case, entry, "api.count") or calm(case, entry, "lambda.invocations")
    if shown is None:
        return None
    return Reason(f"as much comes in at {entry.name} as before", (shown.id,))


__all__ = [
    "as_much_comes_in",
    "aws_is_well",
    "clients_as_before",
    "conditions_held",
    "consumers_digest",
    "hidden_long_enough",
    "indexes_served_all",
    "never_together",
    "no_key_is_hot",
    "nothing_lags",
    "nothing_piles_up",
    "room_to_run",
    "serves_as_before",
    "stream_is_kept_up_with",
    "table_served_all",
]
