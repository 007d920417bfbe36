"""Requests to services outside the account, and secrets that are no longer accepted there."""

from __future__ import annotations

import numpy as np

from opspilot.embedded.conditions import Expiry
from opspilot.embedded.fleet import CallService, Failure
from opspilot.embedded.simulator.steps import Outcome, Reached
from opspilot.embedded.simulator.traffic import Bools, Floats

_FRAMES = (
    'File "/var/task/app.py", line 74, in handler',
    'File "/opt/python/requests/sessions.py", line 589, in request',
)
_RETRY_S = 0.1


def call_service(reached: Reached, step: CallService) -> Outcome:
    """One request, tried again as often as the code does."""
    host = reached.variable(step.host) or step.host
    before, going = reached.before.copy(), np.ones(reached.rows.size, dtype=bool)
    why = np.full(reached.rows.size, -1, dtype=np.int16)
    found: list[Failure] = []
    for attempt in range(step.retries + 1):
        took, failed = _attempt(reached, step, host, attempt)
        before[going] += took[going]
        why[going] = -1
        for mask, failure in failed:
            if failure not in found:
                found.append(failure)
            why[going & mask] = found.index(failure)
        going &= why >= 0
        if not going.any() or attempt == step.retries:
            break
        before[going] += _RETRY_S * 2**attempt
    if not step.required:
        return Outcome(before)
    return Outcome(before, tuple((why == number, failure) for number, failure in enumerate(found)))


def _attempt(
    reached: Reached, step: CallService, host: str, attempt: int
) -> tuple[Floats, list[tuple[Bools, Failure]]]:
    """How long each request takes, and who gets which exception."""
    place = reached.place if attempt == 0 else f"{reached.place}~{attempt}"
    luck = reached.walk.normal(place)[reached.rows]
    took = step.latency_ms / 1000.0 * np.exp(0.28 * luck)
    expired = reached.state.conditions.expired.get(host)
    if expired is not None:
        return took, [(np.ones(took.size, dtype=bool), refused_secret(expired))]
    trouble = reached.state.conditions.services.get(host)
    if trouble is None:
        return took, []
    took = took + trouble.extra_ms / 1000.0 * np.exp(0.18 * luck)
    failures: list[tuple[Bools, Failure]] = []
    if trouble.failure_share > 0.0:
        chosen = reached.walk.uniform(f"{place}!service")[reached.rows] < trouble.failure_share
        message = trouble.failure_message.replace("{host}", host)
        failures.append((chosen, Failure(trouble.failure_type, message, _FRAMES)))
    if step.timeout_s is not None:
        late = took > step.timeout_s
        took = np.minimum(took, step.timeout_s)
        failures.append((late, _read_timeout(host, step.timeout_s)))
    return took, failures


def _read_timeout(host: str, seconds: float) -> Failure:
    return Failure(
        "ReadTimeout",
        f"HTTPSConnectionPool(host='{host}', port=443): Read timed out. (read timeout={seconds:g})",
        _FRAMES,
    )


def refused_secret(expired: Expiry) -> Failure:
    """What the code gets when its secret or certificate is no longer accepted."""
    return Failure(expired.type, expired.message, _FRAMES)
