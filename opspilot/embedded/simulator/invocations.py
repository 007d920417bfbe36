"""Functions that call functions: and wait, and try again, or leave an event."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.fleet import Failure, Invoke
from opspilot.embedded.simulator.aws_calls import AwsCall, client_failure, pass_on
from opspilot.embedded.simulator.records import ABSENT, ANSWERED, ERRED
from opspilot.embedded.simulator.resolve import split_target
from opspilot.embedded.simulator.steps import Outcome, Reached, missing_variable
from opspilot.embedded.simulator.traffic import Bools

_INVOKE_S = 0.004
_RETRY_S = 0.05


def invoke(reached: Reached, step: Invoke) -> Outcome:
    """One call of the function that a variable names."""
    target = reached.variable(step.variable)
    if target is None:
        return missing_variable(reached, step.variable)
    name = split_target(target)[0]
    call = AwsCall(
        "lambda", "Invoke", "lambda:InvokeFunction", reached.arn("lambda", f"function:{name}")
    )
    passed = pass_on(reached, call, np.full(reached.before.size, _INVOKE_S / 2))
    if step.mode == "event":
        return _leave(reached, target, passed.outcome, passed.accepted)
    if passed.accepted.all():
        return _wait(reached, step, target)
    return _mixed(reached, step, target, passed.outcome, passed.accepted)


def _leave(reached: Reached, target: str, sent: Outcome, accepted: Bools) -> Outcome:
    """Lambda queues the event and answers 202, unless there is no such function."""
    after = sent.after + _INVOKE_S / 2
    if split_target(target)[0] not in reached.state.functions:
        return Outcome(after, ((None, _callee_failure(target, ABSENT)),))
    queued = accepted & (sent.after <= reached.deadline)
    if queued.any():
        reached.walk.hand_over(
            "event", reached.place, target, reached.rows[queued], sent.after[queued]
        )
    return Outcome(after, sent.failures)


def _mixed(reached: Reached, step: Invoke, target: str, sent: Outcome, accepted: Bools) -> Outcome:
    """The service refuses some callers; the others get through."""
    after, failures = sent.after + _INVOKE_S / 2, list(sent.failures)
    if accepted.any():
        inside = np.flatnonzero(accepted)
        rest = Reached(
            reached.walk,
            reached.runtime,
            reached.state,
            reached.place,
            reached.rows[inside],
            sent.after[inside] - _INVOKE_S / 2,
            reached.deadline[inside],
        )
        answer = _wait(rest, step, target)
        after[inside] = answer.after
        for mask, why in answer.failures:
            wide = np.zeros(accepted.size, dtype=bool)
            wide[inside if mask is None else inside[mask]] = True
            failures.append((wide, why))
    return Outcome(after, tuple(failures) if step.required else ())


def _wait(reached: Reached, step: Invoke, target: str) -> Outcome:
    """Call, wait, and call again at once as often as the code does."""
    answer = reached.walk.invoke(
        reached.place, target, reached.before + _INVOKE_S / 2, reached.rows
    )
    end, seen = answer.end.copy(), answer.seen.copy()
    for attempt in range(step.retries):
        pause = _RETRY_S * 2**attempt
        again = np.flatnonzero((seen != ANSWERED) & (end + pause < reached.deadline))
        if not again.size:
            break
        answer = reached.walk.invoke(
            f"{reached.place}~{attempt + 1}",
            target,
            end[again] + pause + _INVOKE_S,
            reached.rows[again],
        )
        end[again], seen[again] = answer.end, answer.seen
    failures: list[tuple[Bools | None, Failure]] = []
    if step.required:
        for code in np.unique(seen):
            if code != ANSWERED:
                failures.append((seen == code, _callee_failure(target, int(code))))
    return Outcome(end + _INVOKE_S / 2, tuple(failures))


def _callee_failure(target: str, seen: int) -> Failure:
    if seen == ERRED:
        return Failure(
            "DependencyError",
            f"{target} answered with FunctionError Unhandled",
            ('File "/var/task/app.py", line 61, in handler',),
        )
    if seen == ABSENT:
        return client_failure(
            "ResourceNotFoundException", "Invoke", f"Function not found: {target}"
        )
    return client_failure("TooManyRequestsException", "Invoke", "Rate Exceeded.")
