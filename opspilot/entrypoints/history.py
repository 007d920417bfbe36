"""Similar past incidents, as a JSON document and as lines for a person."""

from collections.abc import Iterator, Sequence

from opspilot.domain.fingerprint import SimilarIncident, Treatment
from opspilot.domain.wording import share
from opspilot.entrypoints.documents import Document


def history_document(similar: Sequence[SimilarIncident]) -> list[Document]:
    """What was alike, what was done, and whether it worked."""
    return [
        {
            "incident_id": one.fingerprint.incident_id,
            "title": one.fingerprint.title,
            "resource": one.fingerprint.resource.arn,
            "similarity": one.similarity,
            "shared": list(one.shared),
            "cause_class": one.fingerprint.cause_class,
            "outcome": one.fingerprint.outcome,
            "plans": [
                {**plan.model_dump(mode="json"), "worked": plan.worked}
                for plan in one.fingerprint.treatments
            ],
        }
        for one in similar
    ]


def history_lines(similar: Sequence[SimilarIncident]) -> list[str]:
    """A line for each, and one for each plan that was carried out."""
    return ["", "Similar before", *_lines(similar)] if similar else []


def _lines(similar: Sequence[SimilarIncident]) -> Iterator[str]:
    for one in similar:
        kept = one.fingerprint
        cause = kept.cause_class or "no cause named"
        yield f"  {kept.incident_id}  {share(one.similarity)} alike  {cause}  {kept.title}"
        if not kept.treatments:
            yield f"     nothing was changed; outcome: {kept.outcome or 'none'}"
        yield from (f"     {what_came_of(plan)}" for plan in kept.treatments)


def what_came_of(plan: Treatment) -> str:
    """What was done, and what the signal said."""
    done = "; ".join(summary.rstrip(".") for summary in plan.summaries)
    outcome = plan.outcome.replace("_", " ") if plan.outcome else "not measured"
    return f"{done}: {outcome}{', taken back later' if plan.undone else ''}"
