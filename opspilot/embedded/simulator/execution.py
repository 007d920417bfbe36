"""One group of invocations of one runtime: cold start, steps, timeout, memory, failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from opspilot.embedded.fleet import (
    CallService,
    Failure,
    Invoke,
    Put,
    Send,
    Step,
    TableCall,
    Work,
)
from opspilot.embedded.simulator import invocations, queues, services, streams, tables
from opspilot.embedded.simulator.cold_starts import cold_start_s
from opspilot.embedded.simulator.poison import indigestion
from opspilot.embedded.simulator.records import (
    ANSWERED,
    ERRED,
    EXITED,
    FAILED,
    KILLED,
    TIMED_OUT,
    CallBatch,
    Codes,
    Runtime,
)
from opspilot.embedded.simulator.steps import Outcome, Reached, key_error
from opspilot.embedded.simulator.traffic import Bools, Floats, Ints

if TYPE_CHECKING:
    from opspilot.embedded.simulator.walk import Walk

_FULL_CPU_MB = 1769
_RARE_SIGMAS = 4.6


@dataclass(frozen=True, slots=True)
class Answer:
    """What callers get: when, and ANSWERED, ERRED, THROTTLED or ABSENT."""

    end: Floats
    seen: Codes


def cpu_factor(memory_mb: int, reference_mb: int) -> float:
    """How much longer CPU work takes at this memory size than at the reference size."""
    return min(reference_mb, _FULL_CPU_MB) / min(memory_mb, _FULL_CPU_MB)


class Execution:
    """Runs a group; `run` may be called once."""

    def __init__(
        self, walk: Walk, place: str, runtime: Runtime, start: Floats, rows: Ints, epoch: int
    ) -> None:
        self._walk = walk
        self._place = place
        self._runtime = runtime
        self._build = runtime.build
        self._environment = runtime.version.environment
        self._state = walk.timeline.states[epoch]
        self._start = start
        self._rows = rows
        self._draws = walk.draws(place)
        self._end = np.empty(start.size)
        self._code = np.zeros(start.size, dtype=np.int16)
        self._failures: list[Failure] = []
        self._bounds: list[Floats] = []
        self._used: dict[str, int] = {}
        self._active = np.arange(start.size)

    def run(self) -> Answer:
        """Execute the steps of the build and record what happened."""
        luck = self._draws.cold[self._rows].astype(np.float64)
        begin = self._start + cold_start_s(
            self._walk, self._runtime, self._state, self._start, self._rows, luck
        )
        self._deadline = begin + self._runtime.version.timeout_s
        self._time = begin
        self._work = self._own_work()
        used = self._memory()
        self._mark(begin)
        self._initialise(used)
        for number, step in enumerate(self._build.steps):
            if not self._active.size:
                break
            self._do(step)
            if number == 0:
                self._fail_on_the_way()
        self._end[self._active] = self._time
        self._walk.record_call(
            CallBatch(
                self._runtime,
                self._place,
                self._rows,
                self._start,
                begin,
                self._end,
                self._code,
                tuple(self._failures),
                tuple(self._bounds),
                used if self._walk.detail else None,
            )
        )
        return Answer(self._end, np.where(self._code == 0, ANSWERED, ERRED).astype(np.int16))

    def _own_work(self) -> Floats:
        build = self._build
        cpu = cpu_factor(self._runtime.version.memory_mb, build.reference_memory_mb)
        factor = build.work_ms / 1000.0 * (1.0 - build.cpu_share + build.cpu_share * cpu)
        work = factor * np.exp(build.work_sigma * self._draws.normal[self._rows])
        work *= self._walk.load[self._rows]
        slow = self._draws.slow[self._rows] < build.slow_chance
        return np.where(slow, work * build.slow_factor, work)

    def _memory(self) -> Floats | None:
        """Peak memory; None when nobody asks and nobody can run out of it."""
        build = self._build
        largest = build.memory_mb * np.exp(_RARE_SIGMAS * build.memory_sigma)
        if not self._walk.detail and largest < self._runtime.version.memory_mb:
            return None
        luck = self._walk.normal(f"{self._place}:memory")
        spread = np.exp(build.memory_sigma * luck[self._rows])
        return build.memory_mb * spread

    def _initialise(self, used: Floats | None) -> None:
        missing = [v for v in self._build.required_variables if v not in self._environment]
        if self._build.init_failure is not None:
            # Lambda tries the initialisation once more within the invocation.
            again = self._build.init_ms / 1000.0 * (0.9 + 0.4 * self._draws.slow[self._rows])
            self._fail(None, np.minimum(self._time + again, self._deadline), self._init_failure)
        elif missing:
            self._fail(None, self._time + 0.002, key_error(missing[0]))
        elif used is not None:
            over = used > self._runtime.version.memory_mb
            if over.any():
                at = np.minimum(self._time + 0.6 * self._work, self._deadline)
                self._stop(over, at, KILLED)

    @property
    def _init_failure(self) -> Failure:
        failure = self._build.init_failure
        if failure is None:
            raise LookupError(f"{self._build.name} initialises well")
        return failure

    def _do(self, step: Step) -> None:
        """Execute a step for those still running; some may end in it."""
        if isinstance(step, Work):
            outcome = Outcome(self._time + self._work[self._active] * step.share)
        else:
            outcome = _reach(self._reached(_named(step)), step)
        for mask, why in outcome.failures:
            chosen = self._active if mask is None else self._active[mask]
            if chosen.size:
                self._code[chosen] = self._failure_code(why)
        self._mark(outcome.after)
        self._settle(outcome.after)

    def _reached(self, variable: str) -> Reached:
        """Who is at this step; a variable used twice makes two places."""
        used = self._used[variable] = self._used.get(variable, 0) + 1
        return Reached(
            self._walk,
            self._runtime,
            self._state,
            f"{self._place}/{variable}" if used == 1 else f"{self._place}/{variable}.{used}",
            self._rows[self._active],
            self._time,
            self._deadline[self._active],
        )

    def _settle(self, after: Floats) -> None:
        """Time out who is past the deadline, end who has failed, let the others go on."""
        deadline = self._deadline[self._active]
        late = after > deadline
        failed = self._code[self._active] >= FAILED
        over = late | failed
        if over.any():
            gone = self._active[over]
            self._end[gone] = np.where(late[over], deadline[over], after[over])
            self._code[gone] = np.where(late[over], TIMED_OUT, self._code[gone])
            self._active, after = self._active[~over], after[~over]
        self._time = after

    def _mark(self, after: Floats) -> None:
        if self._walk.detail:
            bound = np.full(self._start.size, np.nan)
            bound[self._active] = after
            self._bounds.append(bound)

    def _stop(self, mask: Bools, at: Floats, code: int) -> None:
        gone = self._active[mask]
        self._end[gone], self._code[gone] = at[mask], code
        self._active, self._time = self._active[~mask], self._time[~mask]

    def _fail(self, mask: Bools | None, at: Floats, failure: Failure) -> None:
        chosen = np.ones(self._active.size, dtype=bool) if mask is None else mask
        self._stop(chosen, at, self._failure_code(failure))

    def _failure_code(self, failure: Failure) -> int:
        if failure not in self._failures:
            self._failures.append(failure)
        return FAILED + self._failures.index(failure)

    def _fail_on_the_way(self) -> None:
        """What fails after the first step: code by chance, the process, a secret, a message."""
        build = self._build
        expired = self._state.conditions.expired.get(self._runtime.function)
        if expired is not None:
            self._fail(None, self._time, services.refused_secret(expired))
            return
        spoiled = self._walk.spoiled_at(self._place)
        if spoiled.size:
            self._fail_if(np.isin(self._rows[self._active], spoiled), indigestion(self._place))
        luck = self._draws.failure[self._rows[self._active]]
        self._fail_if(luck < build.failure_rate, build.failure)
        if build.exit_rate > 0.0:
            luck = self._draws.failure[self._rows[self._active]]
            reason = f"Runtime exited with error: {build.exit_reason}"
            self._fail_if(luck >= 1.0 - build.exit_rate, Failure(EXITED, reason))

    def _fail_if(self, unlucky: Bools, failure: Failure) -> None:
        if unlucky.any():
            self._fail(unlucky, self._time, failure)


def _named(step: Invoke | TableCall | Send | Put | CallService) -> str:
    return step.host if isinstance(step, CallService) else step.variable


def _reach(reached: Reached, step: Step) -> Outcome:
    if isinstance(step, Invoke):
        return invocations.invoke(reached, step)
    if isinstance(step, TableCall):
        return tables.use_table(reached, step)
    if isinstance(step, Send):
        return queues.send(reached, step)
    if isinstance(step, Put):
        return streams.put(reached, step)
    if isinstance(step, CallService):
        return services.call_service(reached, step)
    raise TypeError(f"{step} is no step that leaves the function")
