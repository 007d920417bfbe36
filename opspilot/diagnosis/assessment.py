"""How arguments become a confidence: summed log-likelihood ratios, a logistic, and caps by rule.

A weight is the natural logarithm of how much more often one would see this evidence if the
hypothesis were true than if it were not: 0.7 is twice, 1.6 five times, 2.3 ten times, 3.9 fifty
times. The prior is the log-odds before any evidence. The figures are judgement, written down once,
here and in the signatures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import exp
from typing import NamedTuple

from opspilot.diagnosis.calibration import calibrated
from opspilot.domain.hypothesis import Argument, Hypothesis
from opspilot.domain.resource import Resource

CEILING = 0.97
"""No rule is surer than this."""

CEILING_RULE = "no rule is surer than 97 %"

RULED_OUT = 0.02
"""What a contradicted hypothesis keeps."""

WEAK, FAIR, GOOD, STRONG = 0.7, 1.6, 2.3, 3.9
"""Twice, five times, ten times, fifty times likelier."""

LEAD_CAP = 0.45
"""Where the mechanism itself was not seen: a lead, never a cause, whatever changed nearby."""

ANY = "any"


@dataclass(frozen=True, slots=True)
class Onset:
    """When something began, with its half-width."""

    at: datetime
    uncertainty: timedelta

    @property
    def latest(self) -> datetime:
        """The latest moment at which it can have begun."""
        return self.at + self.uncertainty


class Harm(NamedTuple):
    """What is hurt, and how.

    Attributes:
        kind: "errors", "timeouts", "memory", "init", "throttles", "slow", "backlog", "rejections",
            or "any" for whatever it is.
    """

    resource: Resource
    kind: str = ANY

    def meets(self, other: "Harm") -> bool:
        """Whether the two are the same harm."""
        return self.resource == other.resource and (
            self.kind == other.kind or ANY in (self.kind, other.kind)
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """A hypothesis with the facts that the verdict's rules ask for.

    Attributes:
        change_found: A change of the cause's resource was found shortly before the onset.
        in_metrics: The mechanism shows in metrics; `in_logs` in logs.
        failing: Who fails by it; None when nobody does.
        harm: What it hurts at first hand; what passes on from there up the calls is not listed.
            Empty: whoever fails by it, else its resource, in whatever way.
        change: Identity of the change that started it; empty where none was found.
    """

    hypothesis: Hypothesis
    change_found: bool = False
    in_metrics: bool = False
    in_logs: bool = False
    failing: Resource | None = None
    harm: frozenset[Harm] = frozenset()
    change: str = ""

    @property
    def hurts(self) -> frozenset[Harm]:
        """What it hurts at first hand, never empty."""
        return self.harm or frozenset({Harm(self.failing or self.hypothesis.resource)})

    @property
    def ruled_out(self) -> bool:
        """Whether the evidence contradicts it."""
        return self.hypothesis.status == "ruled_out"

    @property
    def confidence(self) -> float:
        """Of the hypothesis."""
        return self.hypothesis.confidence

    def capped(self, at: float, rule: str) -> "Assessment":
        """The same, no surer than that; the rule, in words, stands with it where it bites."""
        if self.confidence <= at:
            return self
        hypothesis = self.hypothesis.model_copy(update={"confidence": at, "cap": rule})
        return replace(self, hypothesis=hypothesis)


@dataclass(slots=True)
class Brief:
    """Collects the arguments about one hypothesis and weighs them.

    Attributes:
        prior: Log-odds before the evidence, given that something is wrong at all.
    """

    cause_class: str
    resource: Resource
    prior: float
    pro: list[Argument] = field(default_factory=list[Argument])
    contra: list[Argument] = field(default_factory=list[Argument])
    lacking: list[Argument] = field(default_factory=list[Argument])
    caps: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    contradiction: str = ""

    def speaks_for(self, weight: float, text: str, *evidence: str) -> None:
        """An argument for."""
        self.pro.append(Argument(text=text, evidence=evidence, weight=weight))

    def speaks_against(self, weight: float, text: str, *evidence: str) -> None:
        """An argument against; its weight is given positive and counts negative."""
        self.contra.append(Argument(text=text, evidence=evidence, weight=-weight))

    def misses(self, text: str, *evidence: str) -> None:
        """What would tell more, and could not be read; `evidence` are the gaps that say so."""
        self.lacking.append(Argument(text=text, evidence=evidence))

    def cap(self, most: float, rule: str) -> None:
        """A rule that bounds the confidence, whatever the arguments say."""
        self.caps.append((most, rule))

    def rule_out(self, reason: str) -> None:
        """The evidence contradicts it; the first reason stays."""
        self.contradiction = self.contradiction or reason

    def hypothesis(
        self,
        summary: str,
        onset: datetime | None = None,
        uncertainty_seconds: float | None = None,
        *,
        setting: str = "",
    ) -> Hypothesis:
        """The hypothesis as weighed; `setting` names the one at fault, if one was singled out."""
        confidence, rule = self._confidence()
        return Hypothesis(
            cause_class=self.cause_class,
            resource=self.resource,
            summary=summary,
            arguments_for=tuple(sorted(self.pro, key=lambda one: -one.weight)),
            arguments_against=tuple(sorted(self.contra, key=lambda one: one.weight)),
            missing=tuple(self.lacking),
            confidence=round(confidence, 4),
            cap=rule,
            onset=onset,
            onset_uncertainty_seconds=uncertainty_seconds,
            setting=setting,
            status="ruled_out" if self.contradiction else "possible",
            ruled_out_because=self.contradiction,
        )

    def assessment(
        self,
        summary: str,
        onset: Onset | None,
        *,
        harm: Iterable[Harm],
        setting: str = "",
        change: str = "",
        change_found: bool = False,
        in_metrics: bool = False,
        in_logs: bool = False,
        failing: Resource | None = None,
        also: Iterable[Resource] = (),
    ) -> Assessment:
        """The hypothesis as weighed, with the facts that the verdict asks for."""
        hypothesis = self.hypothesis(
            summary,
            onset.at if onset else None,
            onset.uncertainty.total_seconds() if onset else None,
            setting=setting,
        )
        return Assessment(
            hypothesis.model_copy(update={"also": tuple(also)}),
            change_found=change_found,
            in_metrics=in_metrics,
            in_logs=in_logs,
            failing=failing,
            harm=frozenset(harm),
            change=change,
        )

    def _confidence(self) -> tuple[float, str]:
        """The calibrated logistic of the sum under the tightest cap, and the rule that bites."""
        total = self.prior + _sum(self.pro) + _sum(self.contra)
        raw = calibrated(1.0 / (1.0 + exp(-total)))
        if self.contradiction:
            return min(raw, RULED_OUT), ""
        most, rule = min(((CEILING, CEILING_RULE), *self.caps), key=lambda one: one[0])
        return (raw, "") if raw <= most else (most, rule)


def _sum(arguments: Sequence[Argument]) -> float:
    return sum(argument.weight for argument in arguments)
