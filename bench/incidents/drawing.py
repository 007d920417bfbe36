"""Draws a case: a scenario's world for one seed, with its own sizes, traffic, times and names."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.incidents.names import Renaming, drawn_names
from bench.incidents.problems import BenchmarkError
from bench.incidents.scenario import Between, BuildSpec, Event, OneOf, Range, Scenario
from bench.incidents.truth import Truth
from bench.workloads import WORKLOADS
from opspilot.embedded import fleet as parts
from opspilot.embedded.changes import kinds
from opspilot.embedded.fleet import Build, Failure, Fleet, LogLine, PlannedChange
from opspilot.embedded.origin import Origin

REGIONS = ("eu-west-1", "us-east-1", "eu-central-1", "ap-southeast-2")
_FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
_DAYS = 240
_STEP_GAP_S = 1.0
_REFERENCE = re.compile(r"\$([a-z][a-z0-9_]*)|\$\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Case:
    """One scenario drawn for one seed.

    Attributes:
        zero: Account time of the scenario's zero; `opened` when the incident is opened.
        times: Account time of each event that has a name.
        truth: With drawn values in place; its names are still the workload's own.
        fleet: As it stands in the world, renamed.
    """

    scenario: Scenario
    seed: int
    origin: Origin
    fleet: Fleet
    renaming: Renaming
    zero: float
    opened: float
    times: Mapping[str, float]
    truth: Truth
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Name and seed."""
        return f"{self.scenario.name}@{self.seed}"


def draw(scenario: Scenario, seed: int, number: int = 0) -> Case:
    """The case of a scenario for a seed; the same arguments give the same case.

    Args:
        scenario: As declared.
        seed: Chooses everything that the scenario leaves open.
        number: Of the case in its run; makes its account id its own.

    Raises:
        BenchmarkError: The scenario names a workload, build, function or value that there is not.
    """

    # A stream of its own for each purpose: taking an event out changes nothing else.
    def stream(purpose: str) -> random.Random:
        return random.Random(f"{scenario.name}/{seed}/{purpose}")

    place, times = stream("place"), stream("times")
    region = place.choice(REGIONS)
    account = f"{1000 + place.randrange(8000)}{number % 100_000_000:08d}"
    values = {name: _drawn(one, stream(f"value {name}")) for name, one in scenario.draw.items()}
    known = _Known(scenario, values, {"{region}": region, "{account}": account})
    opened = _opening_time(times)
    zero = opened - _in(scenario.open.after_minutes, times) * 60.0
    timed = [(event, zero + _in(event.at, times) * 60.0) for event in scenario.events]
    fleet = _built(known, _varied(known.workload, scenario, stream("world")))
    fleet = replace(fleet, history=_history(known, fleet, timed, opened))
    renaming = drawn_names(fleet, stream("names"))
    return Case(
        scenario=scenario,
        seed=seed,
        origin=Origin(place.randrange(1, 2**31), opened, fleet.name, account, region),
        fleet=renaming.over(fleet),
        renaming=renaming,
        zero=zero,
        opened=opened,
        times={event.name: at for event, at in timed if event.name},
        truth=Truth.model_validate(known.resolved(scenario.truth.model_dump(by_alias=True))),
        values=values,
    )


class _Known:
    """A scenario with its drawn values; says what it names and there is not."""

    def __init__(
        self, scenario: Scenario, values: Mapping[str, Any], place: Mapping[str, str]
    ) -> None:
        self.scenario = scenario
        self._values = values
        self._place = place
        if scenario.workload not in WORKLOADS:
            raise self.wrong("workload", scenario.workload, WORKLOADS)
        self.workload = WORKLOADS[scenario.workload]

    def wrong(self, field: str, name: str, known: Any) -> BenchmarkError:
        """The error that a field names something that there is not."""
        there = ", ".join(sorted(known)[:12])
        return BenchmarkError(
            f"{self.scenario.name}.yaml: {field}: there is no {name!r}", f"There are: {there}."
        )

    def refused(self, field: str, exc: Exception) -> BenchmarkError:
        """The error that a field does not fit what it describes."""
        return BenchmarkError(f"{self.scenario.name}.yaml: {field}: {exc}")

    def resolved(self, value: Any) -> Any:
        """The value with `$name` replaced by what was drawn, at any depth."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self.resolved(key): self.resolved(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(one) for one in value]
        return value

    def here(self, value: Any) -> Any:
        """The value with `{region}` and `{account}` of this case, at any depth."""
        if isinstance(value, Mapping):
            return {key: self.here(one) for key, one in value.items()}
        if not isinstance(value, str):
            return value
        for placeholder, name in self._place.items():
            value = value.replace(placeholder, name)
        return value

    def _text(self, text: str) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole:
            return self._value(whole[1] or whole[2])
        return _REFERENCE.sub(lambda found: str(self._value(found[1] or found[2])), text)

    def _value(self, name: str) -> Any:
        if name not in self._values:
            raise self.wrong("draw", name, self._values)
        return self._values[name]


def _drawn(one: Between | OneOf, rng: random.Random) -> Any:
    if isinstance(one, OneOf):
        return rng.choice(one.one_of)
    low, high = one.between
    if isinstance(low, int) and isinstance(high, int):
        return rng.randint(low, high)
    return round(rng.uniform(low, high), 4)


def _in(span: Range, rng: random.Random) -> float:
    return span[0] if span[0] == span[1] else rng.uniform(*span)


def _opening_time(rng: random.Random) -> float:
    """Any day, any hour, any second: alerts come at night too."""
    day = _FIRST_DAY + timedelta(days=rng.randrange(_DAYS))
    return (day + timedelta(seconds=rng.randrange(86400))).timestamp()


def _varied(fleet: Fleet, scenario: Scenario, rng: random.Random) -> Fleet:
    """The workload with this case's traffic and speed."""
    usual = fleet.traffic
    traffic = replace(
        usual,
        per_minute=usual.per_minute * rng.uniform(0.5, 1.15),
        daily_amplitude=rng.uniform(0.2, 0.42),
        peak_hour_utc=rng.uniform(8.0, 21.0),
        weekend_factor=rng.uniform(0.65, 1.05),
        slow_noise=rng.uniform(0.03, 0.07),
        minute_noise=rng.uniform(0.03, 0.06),
        client_error_rate=usual.client_error_rate * rng.uniform(0.6, 1.6),
    )
    slower = rng.uniform(0.85, 1.2)
    if not scenario.scaled:
        return replace(fleet, traffic=traffic)
    builds = {
        name: replace(build, work_ms=build.work_ms * slower) for name, build in fleet.builds.items()
    }
    return replace(fleet, traffic=traffic, builds=builds)


def _built(known: _Known, fleet: Fleet) -> Fleet:
    """The workload with what the scenario declares: builds, settings, traffic."""
    scenario = known.scenario
    builds = dict(fleet.builds)
    for name, spec in scenario.builds.items():
        if spec.base not in builds:
            raise known.wrong(f"builds.{name}.from", spec.base, builds)
        builds[name] = _build(known, name, spec, builds[spec.base])
    changed: dict[str, Any] = {"builds": builds}
    for group in ("functions", "queues", "tables", "streams"):
        wanted: Mapping[str, Mapping[str, Any]] = getattr(scenario, group)
        if wanted:
            changed[group] = _overridden(known, group, getattr(fleet, group, ()), wanted)
    for single in ("traffic", "api"):
        fields: Mapping[str, Any] = getattr(scenario, single)
        if fields:
            changed[single] = _replaced(known, single, getattr(fleet, single), fields)
    if scenario.account_concurrency is not None:
        changed["account_concurrency"] = known.resolved(scenario.account_concurrency)
    return replace(fleet, **changed)


def _replaced(known: _Known, field: str, value: Any, changes: Mapping[str, Any]) -> Any:
    wanted = known.resolved(dict(changes))
    for name, one in wanted.items():
        current = getattr(value, name, None)
        if name == "environment" and isinstance(current, Mapping):
            wanted[name] = {**current, **one}
        elif isinstance(one, list):
            wanted[name] = tuple(one)
    try:
        return replace(value, **wanted)
    except TypeError as exc:
        raise known.refused(field, exc) from exc


def _overridden(
    known: _Known, group: str, specs: Any, wanted: Mapping[str, Mapping[str, Any]]
) -> tuple[Any, ...]:
    names = [spec.name for spec in specs]
    for name in wanted:
        if name not in names:
            raise known.wrong(group, name, names)
    return tuple(
        _replaced(known, f"{group}.{spec.name}", spec, wanted[spec.name])
        if spec.name in wanted
        else spec
        for spec in specs
    )


def _build(known: _Known, name: str, spec: BuildSpec, base: Build) -> Build:
    where = f"builds.{name}"
    changes: dict[str, Any] = {"name": name, **spec.settings}
    lines = base.lines if spec.lines is None else ()
    told = [*(spec.lines or []), *spec.more_lines]
    try:
        changes["lines"] = (*lines, *(LogLine(**known.resolved(one.model_dump())) for one in told))
        if spec.steps is not None:
            changes["steps"] = tuple(_step(known, where, one) for one in spec.steps)
        for field in ("failure", "init_failure"):
            if getattr(spec, field) is not None:
                changes[field] = _failure(known.resolved(getattr(spec, field)))
    except TypeError as exc:
        raise known.refused(where, exc) from exc
    built: Build = _replaced(known, where, base, changes)
    return built


def _failure(fields: Mapping[str, Any]) -> Failure:
    return Failure(**{**fields, "frames": tuple(fields.get("frames", ()))})


def _step(known: _Known, where: str, step: Mapping[str, Mapping[str, Any]]) -> Any:
    """A step by the name of its class in `opspilot.embedded.fleet`."""
    ((kind, fields),) = step.items()
    made = getattr(parts, kind, None)
    if not isinstance(made, type) or made not in getattr(parts.Step, "__args__", ()):
        raise known.wrong(f"{where}.steps", kind, [one.__name__ for one in parts.Step.__args__])
    return made(**known.resolved(dict(fields)))


def _history(
    known: _Known, fleet: Fleet, timed: list[tuple[Event, float]], opened: float
) -> tuple[PlannedChange, ...]:
    """What happened before the incident was opened: the workload's own past and the events."""
    happened = list(fleet.history)
    for event, at in timed:
        if at > opened:
            raise known.refused("events", ValueError("an event lies after the opening"))
        for number, step in enumerate(event.steps):
            happened.append(_planned(known, fleet, event, step, opened - at - number * _STEP_GAP_S))
    return tuple(sorted(happened, key=lambda one: -one.age_s))


def _planned(
    known: _Known, fleet: Fleet, event: Event, step: Mapping[str, Mapping[str, Any]], age_s: float
) -> PlannedChange:
    where = f"events.{event.name or 'at ' + str(event.at[0])}"
    if len(step) != 1:
        raise known.refused(where, ValueError("a step is one kind with its parameters"))
    ((kind, params),) = step.items()
    if kind not in kinds():
        raise known.wrong(where, kind, kinds())
    resolved = known.here(known.resolved(dict(params)))
    if "build" in resolved and resolved["build"] not in fleet.builds:
        raise known.wrong(where, str(resolved["build"]), fleet.builds)
    names = [spec.name for spec in fleet.functions]
    if "function" in resolved and resolved["function"] not in names:
        raise known.wrong(where, str(resolved["function"]), names)
    return PlannedChange(kind, resolved, event.user, max(age_s, 0.0))
