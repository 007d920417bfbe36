"""What a person reports: checked, and made measurable."""

from dataclasses import dataclass
from datetime import timedelta

from opspilot.domain.identity import Actor
from opspilot.domain.incident import Severity, Symptom
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import query_of, signals_of
from opspilot.domain.window import Window
from opspilot.engine.redaction import redact_text
from opspilot.errors import InputError

MOST_TITLE = 200
MOST_DESCRIPTION = 1_000


@dataclass(frozen=True)
class Report:
    """What a person says, checked."""

    resource: Resource
    window: Window
    baseline: timedelta
    actor: Actor
    title: str
    severity: Severity | None
    symptom: Symptom
    chosen: bool

    @property
    def words(self) -> str:
        """Title and description, for an incident that has its own."""
        return ". ".join(part for part in (self.title, self.symptom.summary) if part)


def must_fit(name: str, text: str, most: int) -> None:
    """Check the length of what a person typed.

    Raises:
        InputError: It is longer than is kept.
    """
    if len(text) > most:
        raise InputError(
            f"the {name} has {len(text):,} characters; at most {most:,} are kept",
            hint="Shorten it; more can be said in notes on the incident.",
        )


def symptom_of(resource: Resource, signal: str, description: str) -> Symptom:
    """What a person saw, as far as it was said.

    Raises:
        InputError: OpsPilot reads no such signal of the resource, or none at all.
    """
    if resource.kind is ResourceKind.OTHER:
        raise InputError(
            f"{resource.name} is of a kind that OpsPilot reads no signals of ({resource.service})",
            hint="Open the incident on a Lambda function, table, queue, stream or API.",
        )
    known = {one.name: one for one in signals_of(resource)}
    if signal and signal not in known:
        raise InputError(
            f"{signal!r} is no signal that OpsPilot reads of {resource.name}",
            hint=f"It reads: {', '.join(known)}.",
        )
    query = query_of(known[signal], resource) if signal else None
    return Symptom(query=query, summary=description)


def measurable(symptom: Symptom, resource: Resource) -> Symptom:
    """The symptom with a signal to measure it on, and without secrets."""
    said = redact_text(symptom.summary)
    signal = signals_of(resource)[0]
    query = symptom.query or query_of(signal, resource)
    named = next((one for one in signals_of(resource) if query_of(one, resource) == query), signal)
    return symptom.model_copy(
        update={"query": query, "summary": said or f"{named.title} of {resource.name}"}
    )
