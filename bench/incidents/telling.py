"""A case in a few words, for the report: what was said, what is true, and what went wrong."""

from __future__ import annotations

from bench.incidents.drawing import Case
from bench.incidents.judging import Judge
from bench.incidents.playing import Investigated, Remedied
from bench.incidents.references import resource_of
from bench.incidents.remedying import curable, offences
from opspilot.domain.hypothesis import Cause, Hypothesis


def said(judge: Judge, found: Investigated) -> str:
    """The verdict."""
    verdict = found.verdict
    if verdict is None:
        return "no verdict"
    if verdict.cause is None:
        lead = judge.leads()[:1]
        led = f", lead {_words(lead[0])} {lead[0].confidence:.2f}" if lead else ""
        return f"{verdict.status}{led}"
    causes = " and ".join(map(_words, judge.named()))
    return f"{causes} ({verdict.status} {verdict.confidence:.2f})"


def truth(case: Case) -> str:
    """What was injected, under the world's names."""
    if case.truth.state != "fault":
        return case.truth.state
    return " and ".join(
        f"{cause.classes[0]} of {resource_of(case, cause.components[0]).name}"
        for cause in case.truth.causes
    )


def why(case: Case, judge: Judge, found: Investigated, remedied: Remedied) -> str:
    """What is wrong, worst first; empty when nothing is."""
    wrong: list[str] = []
    if not judge.right():
        wrong.append(f"said {said(judge, found)}; truth: {truth(case)}")
    if forbidden := offences(case, remedied):
        wrong.append(f"forbidden: {', '.join(forbidden)}")
    if curable(case) and not remedied.well_after:
        wrong.append(f"not cured: {_uncured(remedied)}")
    if judge.first_failure() is False:
        wrong.append(f"first failure: {_first_failure(case, found)}")
    if missing := judge.missing():
        wrong.append(f"evidence missing: {', '.join(missing)}")
    if standing := judge.rivals().standing:
        wrong.append(f"not ruled out: {', '.join(standing)}")
    if not remedied.sound:
        wrong.append("the audit trail does not verify")
    return "; ".join(wrong)


def _first_failure(case: Case, found: Investigated) -> str:
    told = found.verdict.first_failure if found.verdict else None
    true = " or ".join(resource_of(case, one).name for one in case.truth.failing_first)
    return f"said {told.resource.name if told else 'none'}, truth {true}"


def _words(one: Cause | Hypothesis) -> str:
    return f"{one.cause_class} of {one.resource.name}"


def _uncured(remedied: Remedied) -> str:
    if remedied.plan is None or remedied.why_none:
        return remedied.why_none or "no plan"
    did = ", ".join(one.summary for one in remedied.plan.actions)
    return f"{did} ({remedied.plan.status})"
