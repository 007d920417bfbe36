"""Checks scenarios without the product: whether what they inject really changes the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bench.incidents.drawing import Case, draw
from bench.incidents.measuring import failed, figures, is_well
from bench.incidents.problems import BenchmarkError
from bench.incidents.references import resource_of
from bench.incidents.scenario import Scenario
from opspilot.domain.signals import signal_named
from opspilot.embedded.account import Account
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.world import World


@dataclass(frozen=True)
class Effect:
    """What the injected trouble does, by the scenario's own measure of being well.

    Attributes:
        ill: Whether the world is ill when the incident is opened.
        well_without: Whether the same world without the trouble (decoys stay) is well.
        failures: Of each resource that is said to fail first: failed calls since zero with the
            trouble, and without.
    """

    ill: bool
    well_without: bool
    figures: dict[str, float | None]
    figures_without: dict[str, float | None]
    failures: dict[str, tuple[float, float]]


def account_of(case: Case) -> Account:
    """The case's account at the moment of opening, with no product on it."""
    world = World(case.origin, fleet=case.fleet, faults={})
    return Account(world, ManualClock(datetime.fromtimestamp(case.opened, UTC)))


def effect_of(scenario: Scenario, seed: int = 1) -> Effect | None:
    """What a fault does to its world; None for a scenario in which nothing is to be cured."""
    cure = scenario.truth.cure
    if cure is None:
        return None
    case = draw(scenario, seed)
    calm = draw(_without_trouble(scenario), seed)
    here, there = account_of(case), account_of(calm)
    return Effect(
        ill=not is_well(case, here, case.truth.cure or cure),
        well_without=is_well(calm, there, calm.truth.cure or cure),
        figures=figures(case, here, case.truth.cure or cure),
        figures_without=figures(calm, there, calm.truth.cure or cure),
        failures={
            one: (failed(case, here, one), failed(calm, there, one))
            for one in case.truth.failing_first
        },
    )


def _without_trouble(scenario: Scenario) -> Scenario:
    """The same scenario in which only the decoys happen."""
    decoys = [event for event in scenario.events if event.decoy]
    return scenario.model_copy(update={"events": decoys})


def check_references(scenario: Scenario, seed: int = 1) -> None:
    """Make sure that everything that the scenario and its truth name exists.

    Raises:
        BenchmarkError: Something does not; the message says what and in which file.
    """
    case = draw(scenario, seed)
    truth = case.truth
    named = [scenario.open.resource] if scenario.open.resource else []
    named += [where for cause in truth.causes for where in cause.components]
    named += [where for cause in truth.causes for pair in cause.also for where in pair.components]
    named += [one.of for one in truth.evidence]
    patterns = [*truth.actions.right, *truth.actions.forbidden]
    named += [one.of for one in patterns if one.of]
    named += truth.failing_first
    for reference in named:
        resource_of(case, reference)
    signals = [one.signal for one in truth.evidence if one.signal]
    signals += [scenario.open.signal] if scenario.open.signal else []
    for signal in signals:
        _check_signal(scenario, signal)
    _check_alarm(case)


def _check_signal(scenario: Scenario, signal: str) -> None:
    try:
        signal_named(signal)
    except KeyError as exc:
        raise BenchmarkError(f"{scenario.name}.yaml: there is no signal {signal!r}") from exc


def _check_alarm(case: Case) -> None:
    wanted = case.scenario.open.alarm
    names = {alarm.name for alarm in case.fleet.alarms}
    if wanted and case.renaming(wanted) not in names:
        raise BenchmarkError(f"{case.scenario.name}.yaml: open.alarm: there is no {wanted!r}")
