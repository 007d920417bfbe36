"""What the rules concluded: the verdict, and the hypotheses with their arguments."""

from collections.abc import Sequence

from opspilot.domain.hypothesis import Argument, Hypothesis, Verdict
from opspilot.domain.model import Json
from opspilot.domain.wording import share
from opspilot.tools.tool import Arguments, Context, Outcome, Tool

_MOST = 6
_MOST_ARGUMENTS = 6


class NoArguments(Arguments):
    """Nothing to choose."""


def _verdict(given: NoArguments, context: Context) -> Outcome:  # noqa: ARG001 - a tool's shape
    verdict = _drawn(context)
    if verdict is None:
        return _none(context)
    cause, first, impact = verdict.cause, verdict.first_failure, verdict.impact
    content: dict[str, Json] = {
        "status": verdict.status,
        "confidence": share(verdict.confidence),
        "cause": _box(cause.summary, cause.evidence, cause.onset) if cause else None,
        "cause_class": cause.cause_class if cause else None,
        "cause_resource": cause.resource.name if cause else None,
        "first_failure": _box(first.summary, first.evidence, first.at) if first else None,
        "impact": _box(impact.summary, impact.evidence, None) if impact else None,
        "next_query": verdict.next_query or None,
    }
    cited = tuple(
        dict.fromkeys(
            one for box in (cause, first, impact) if box is not None for one in box.evidence
        )
    )
    summary = f"{verdict.status.replace('_', ' ')}: {cause.summary}" if cause else verdict.status
    return Outcome(summary=summary.replace("_", " "), content=content, evidence=cited)


def _hypotheses(given: NoArguments, context: Context) -> Outcome:  # noqa: ARG001 - as above
    verdict = _drawn(context)
    if verdict is None:
        return _none(context)
    told = [_told(one) for one in verdict.hypotheses[:_MOST]]
    others = verdict.hypotheses[_MOST:]
    return Outcome(
        status="success" if told else "no_data",
        summary=f"{len(verdict.hypotheses)} hypotheses were weighed",
        content={
            "count": len(verdict.hypotheses),
            "hypotheses": told,
            "others_in_short": [_in_short(one) for one in others],
        },
    )


def _drawn(context: Context) -> Verdict | None:
    current = context.scope.store.investigation(context.incident.id)
    return current.verdict if current else None


def _none(context: Context) -> Outcome:
    status = context.incident.status
    content: dict[str, Json] = {
        "verdict": None,
        "incident_status": status,
        "hint": "There is no verdict before the incident was investigated; a person starts that.",
    }
    return Outcome(status="no_data", summary="There is no verdict yet.", content=content)


def _box(summary: str, evidence: Sequence[str], at: object) -> Json:
    return {
        "summary": summary,
        "evidence": list(evidence),
        "at": str(at) if at else None,
    }


def _told(one: Hypothesis) -> Json:
    return {
        "cause_class": one.cause_class,
        "resource": one.resource.name,
        "status": one.status,
        "confidence": share(one.confidence),
        "capped_because": one.cap or None,
        "summary": one.summary,
        "for": _arguments(one.arguments_for),
        "against": _arguments(one.arguments_against),
        "missing": [argument.text for argument in one.missing[:_MOST_ARGUMENTS]],
        "ruled_out_because": one.ruled_out_because or None,
    }


def _in_short(one: Hypothesis) -> Json:
    """Of the many that were excluded at a glance: what, and the one reason why not."""
    cited = dict.fromkeys(each for line in one.arguments_against for each in line.evidence)
    return {
        "cause_class": one.cause_class,
        "resource": one.resource.name,
        "status": one.status,
        "ruled_out_because": one.ruled_out_because or None,
        "evidence": list(cited)[:_MOST_ARGUMENTS],
    }


def _arguments(arguments: Sequence[Argument]) -> Json:
    return [
        {"text": one.text, "evidence": list(one.evidence)} for one in arguments[:_MOST_ARGUMENTS]
    ]


VERDICT = Tool(
    name="verdict",
    title="Verdict",
    description=(
        "The verdict that rules drew from the evidence: cause, first failure and impact, each with "
        "the entries it rests on. It is not yours to change; you may point at what speaks against "
        "it."
    ),
    arguments=NoArguments,
    run=_verdict,
)

LIST_HYPOTHESES = Tool(
    name="list_hypotheses",
    title="Hypotheses",
    description=(
        "Every explanation that was weighed, with the arguments for, against and missing, and why "
        "it was ruled out."
    ),
    arguments=NoArguments,
    run=_hypotheses,
)
