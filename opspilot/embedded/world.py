"""The world: a workload, its seed and every change since, durable through the journal.

A command is checked by applying it, journalled, and only then kept: what the journal holds has
happened, whether or not the answer arrived. Replaying the journal gives the same world, ids
included.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from opspilot.embedded import changes
from opspilot.embedded.alarm_book import AlarmBook
from opspilot.embedded.changes import Params, Stamp
from opspilot.embedded.configuration import Configuration, Timeline
from opspilot.embedded.custom_metrics import CustomMetrics
from opspilot.embedded.errors import AwsError, EmbeddedError, FaultRefused
from opspilot.embedded.events import ApiEvent, Caller, event_id
from opspilot.embedded.faults import FAULTS
from opspilot.embedded.faults.fault import Fault
from opspilot.embedded.fleet import Build, Fleet, PlannedChange
from opspilot.embedded.journal import Journal, Record
from opspilot.embedded.origin import Origin
from opspilot.embedded.restore import restoring_changes
from opspilot.embedded.schedule import Due, Schedule, asked, planned_from, planned_json, settled
from opspilot.embedded.seeding import initial_configuration
from opspilot.embedded.trail import Change, Place, Trace, alarm_trace_of, trace_of
from opspilot.embedded.workloads import WORKLOADS


class World:
    """Configuration, faults, alarms and events. Not thread-safe: callers hold a lock."""

    def __init__(
        self,
        origin: Origin,
        journal: Journal | None = None,
        *,
        fleet: Fleet | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        """A new world, or with a journal that has records the world that it tells of.

        `fleet` and `faults` stand in for those shipped under the origin's workload.
        """
        self.origin = origin
        self.fleet: Fleet = fleet or WORKLOADS[origin.workload]
        shipped = FAULTS if faults is None else faults
        self.faults: Mapping[str, Fault] = {
            name: fault for name, fault in shipped.items() if fault.workload == self.fleet.name
        }
        self.builds: Mapping[str, Build] = dict(self.fleet.builds)
        for fault in self.faults.values():
            self.builds = {**self.builds, **fault.builds}
        self.events: list[ApiEvent] = []
        self.active_faults: dict[str, float] = {}
        self.alarms = AlarmBook(self.fleet.alarms, origin)
        self.custom_metrics = CustomMetrics()
        self._sequence = 0
        self._schedule = Schedule()
        self._place = Place(origin.account_id, origin.region)
        self._journal: Journal | None = None
        self.timeline = Timeline(initial_configuration(self.fleet, origin))
        for number, planned in enumerate(self.fleet.history):
            self._make(planned, origin.epoch - planned.age_s, f"h{number}")
        self.seeded = self.timeline.current
        for record in journal.records[1:] if journal else ():
            self._replay(record)
        self._journal = journal

    @classmethod
    def open(
        cls,
        path: Path,
        fresh: Origin,
        *,
        seed: int | None = None,
        fleet: Fleet | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> World:
        """The world of a journal file; `fresh` begins one where there is none.

        Raises:
            EmbeddedError: the file holds a world with another seed than the one asked for.
        """
        journal = Journal(path)
        if not journal.records:
            journal.append(fresh.to_json())
        origin = Origin.from_json(journal.records[0])
        if seed is not None and seed != origin.seed:
            journal.close()
            raise EmbeddedError(
                f"the state folder holds a world with seed {origin.seed}, not {seed}: choose "
                "another folder or leave the seed out"
            )
        return cls(origin, journal, fleet=fleet, faults=faults)

    @property
    def is_new(self) -> bool:
        """Whether nothing has been journalled yet but its beginning."""
        return self._sequence == 0

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()

    # -- commands ---------------------------------------------------------------------------------

    def change(self, kind: str, params: Params, caller: Caller, now: float) -> Configuration:
        """Make a change of configuration; raises AwsError when it is refused.

        A refused change leaves an event, as on AWS, and nothing else.
        """
        record: dict[str, object] = {
            "kind": "change",
            "at": self._next_time(now),
            "change": kind,
            "params": dict(params),
            "caller": caller.to_json(),
        }
        try:
            changes.apply(kind, self.timeline.current, params, self._stamp(record))
        except AwsError as refused:
            record["error"] = [refused.code, refused.message]
            self._commit(record)
            raise
        self._commit(record)
        return self.timeline.current

    def inject(self, name: str, now: float) -> float:
        """Inject a fault; returns when it began.

        Raises:
            FaultRefused: unknown, or active already.
        """
        if name not in self.faults:
            known = ", ".join(sorted(self.faults)) or "none"
            raise FaultRefused(f"there is no fault {name!r}; there are: {known}")
        if name in self.active_faults:
            raise FaultRefused(f"the fault {name!r} is active already: reset first")
        at = self._next_time(now)
        steps = [planned_json(step) for step in self.faults[name].steps]
        self._commit({"kind": "inject", "at": at, "fault": name, "steps": steps})
        return at

    def reset(self, now: float) -> list[str]:
        """Restore the seeded configuration; returns the faults that were active."""
        at = self._next_time(now)
        active = sorted(self.active_faults)
        changed = restoring_changes(self.timeline.current, self.seeded, self.fleet.history)
        steps = [planned_json(step) for step in changed]
        if active or steps:
            self._commit({"kind": "reset", "at": at, "steps": steps})
        return active

    def catch_up(self, now: float) -> None:
        """Make the planned changes whose time has come; one that AWS refuses leaves its event."""
        for due in self._schedule.due(now):
            at = max(due.at, self.timeline.newest_at)
            try:
                self._make(due.planned, at, due.sequence)
            except AwsError as refused:
                caller, why = Caller(due.planned.user), (refused.code, refused.message)
                self._note(due.planned.kind, due.planned.params, caller, at, due.sequence, why)

    def change_alarms(
        self, action: str, params: Mapping[str, object], caller: Caller, now: float
    ) -> None:
        """Keep a change of alarms: action put, delete or state with its parameters."""
        record = {"kind": f"alarm.{action}", "at": now, "caller": caller.to_json(), **params}
        self._commit(record)

    def put_metrics(self, namespace: str, data: list[Mapping[str, object]], now: float) -> None:
        """Keep published samples: name, dimensions, time, values."""
        self._commit({"kind": "metrics.put", "at": now, "namespace": namespace, "data": data})

    # -- replay -----------------------------------------------------------------------------------

    def _commit(self, record: Record) -> None:
        if self._journal is not None:
            self._journal.append(record)
        self._replay(record)

    def _replay(self, record: Record) -> None:
        self._sequence += 1
        kind = str(record["kind"])
        at = float(cast("float", record["at"]))
        self.catch_up(at)
        if kind == "change":
            self._replay_change(record, at)
        elif kind in ("inject", "reset"):
            self._replay_steps(record, at, kind)
        elif kind == "metrics.put":
            self.custom_metrics.replay(record, at)
        else:
            self.alarms.replay(kind, record, at)
            self._note_alarm(kind, record, at)

    def _replay_change(self, record: Record, at: float) -> None:
        caller = Caller.from_json(cast("Mapping[str, str]", record["caller"]))
        params = cast("Params", record["params"])
        kind = str(record["change"])
        error = cast("list[str] | None", record.get("error"))
        if error is not None:
            self._note(kind, params, caller, at, f"{self._sequence}", (error[0], error[1]))
            return
        self._apply(kind, params, caller, Stamp(at, self.origin.seed, f"{self._sequence}"))

    def _replay_steps(self, record: Record, at: float, kind: str) -> None:
        if kind == "reset":
            self._schedule.clear()
            self.active_faults.clear()
        else:
            self.active_faults[str(record["fault"])] = at
        steps = cast("list[Mapping[str, object]]", record["steps"])
        for number, step in enumerate(steps):
            planned = planned_from(step)
            when = at + planned.after_s + number * 0.001
            self._schedule.add(Due(when, number, f"{self._sequence}.{number}", planned))
        self.catch_up(at + len(steps) * 0.001)

    def _make(self, planned: PlannedChange, at: float, sequence: str) -> None:
        current = self.timeline.current
        self._apply(
            planned.kind,
            asked(current, planned.params),
            Caller(planned.user),
            Stamp(at, self.origin.seed, sequence),
            settled(current, planned.params, at),
        )

    def _apply(
        self,
        kind: str,
        params: Params,
        caller: Caller,
        stamp: Stamp,
        state: Configuration | None = None,
    ) -> None:
        after = changes.apply(kind, state or self.timeline.current, params, stamp)
        self.timeline.append(stamp.at, after)
        self._note(kind, params, caller, stamp.at, stamp.sequence, None)

    def _note(
        self,
        kind: str,
        params: Params,
        caller: Caller,
        at: float,
        sequence: str,
        error: tuple[str, str] | None,
    ) -> None:
        if changes.is_condition(kind):
            return
        told = Change(kind, params, self.timeline.current, error is not None, self._place)
        self._keep(trace_of(told), caller, at, sequence, error)

    def _note_alarm(self, kind: str, record: Record, at: float) -> None:
        caller = Caller.from_json(cast("Mapping[str, str]", record["caller"]))
        trace = alarm_trace_of(kind, record, self._place)
        self._keep(trace, caller, at, f"{self._sequence}", None)

    def _keep(
        self,
        trace: Trace,
        caller: Caller,
        at: float,
        sequence: str,
        error: tuple[str, str] | None,
    ) -> None:
        self.events.append(
            ApiEvent(
                id=event_id(self.origin.seed, sequence),
                at=at,
                name=trace.name,
                source=trace.source,
                caller=caller,
                resources=trace.resources,
                request=trace.request,
                response=trace.response,
                error=error,
            )
        )

    def _stamp(self, record: Mapping[str, object]) -> Stamp:
        at = float(cast("float", record["at"]))
        return Stamp(at, self.origin.seed, f"{self._sequence + 1}")

    def _next_time(self, now: float) -> float:
        """When a command happens: now, but after everything before it, planned changes included."""
        self.catch_up(now)
        return max(now, self.timeline.newest_at + 0.001)
