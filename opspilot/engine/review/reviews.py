"""The post-mortem of an incident: the saved one, or a draft; saving is a person's command."""

from collections.abc import Mapping
from dataclasses import dataclass

from opspilot.domain.commands import Command
from opspilot.domain.identity import SYSTEM, Actor
from opspilot.domain.postmortem import PostMortem
from opspilot.engine.commands import Desk
from opspilot.engine.ledger import ledger_of
from opspilot.engine.redaction import redact_text
from opspilot.engine.review.draft import SECTIONS, Record, draft
from opspilot.errors import Conflict, InputError
from opspilot.ports.store import Changeset

_MOST_CHARACTERS = 100_000


@dataclass(frozen=True)
class Reviews:
    """Drafts, reads and saves post-mortems."""

    desk: Desk

    def current(self, incident_id: str) -> PostMortem:
        """As last saved; version 0 is a draft that nobody has saved yet.

        Raises:
            NotFound: There is no such incident.
        """
        return self.desk.store.postmortem(incident_id) or self.draft(incident_id)

    def draft(self, incident_id: str) -> PostMortem:
        """Drafted from the record as it stands now; nothing is stored.

        Raises:
            NotFound: There is no such incident.
        """
        store = self.desk.store
        incident = store.incident(incident_id)
        investigation = store.investigation(incident_id)
        evidence = store.evidence(incident_id)
        record = Record(
            incident=incident,
            investigation=investigation,
            evidence=ledger_of(evidence, investigation.number) if investigation else evidence,
            plans=store.plans(incident_id),
            audit=store.entries(incident_id, limit=10_000),
        )
        return PostMortem(
            incident_id=incident_id,
            title=f"{incident.id}: {incident.title}",
            sections=draft(record),
            edited_by=SYSTEM,
            edited_at=self.desk.clock.now(),
        )

    def save(
        self, incident_id: str, *, sections: Mapping[str, str], version: int, actor: Actor
    ) -> PostMortem:
        """Keep an edited post-mortem.

        Args:
            incident_id: Whose review it is.
            sections: Heading to Markdown; headings that are left out keep what they say.
            version: The version that was edited; 0 for a draft.
            actor: Who saves it.

        Raises:
            NotFound: There is no such incident.
            NotAllowed: The actor is no responder.
            InputError: A heading is unknown, or the text is too long.
            Conflict: Somebody saved another version meanwhile; nothing was overwritten.
        """
        self.desk.store.incident(incident_id)
        self.desk.require(actor, Command.SAVE_POSTMORTEM, chain=incident_id, subject=incident_id)
        unknown = sorted(set(sections) - set(SECTIONS))
        if unknown:
            known = ", ".join(SECTIONS)
            raise InputError(
                f"a post-mortem has no section {unknown[0]!r}", hint=f"It has {known}."
            )
        if sum(map(len, sections.values())) > _MOST_CHARACTERS:
            raise InputError(
                f"the post-mortem is longer than {_MOST_CHARACTERS:,} characters",
                hint="Link to long material instead of pasting it.",
            )
        current = self.current(incident_id)
        if current.version != version:
            raise Conflict(
                f"{current.edited_by.name} saved version {current.version} of this post-mortem "
                f"while you edited version {version}; nothing was overwritten",
                hint="Copy your text, reload, and put it in again.",
            )
        edited = {
            heading: redact_text(sections.get(heading, current.sections.get(heading, "")))
            for heading in SECTIONS
        }
        kept = current.model_copy(
            update={
                "sections": edited,
                "edited_by": actor,
                "edited_at": self.desk.clock.now(),
            }
        )
        changed = [name for name in SECTIONS if edited[name] != current.sections.get(name)]
        entry = self.desk.journal.entry(
            incident_id,
            actor,
            "postmortem.saved",
            incident_id,
            input={"version": version, "sections": changed},
            result={"version": version + 1},
        )
        self.desk.store.commit(Changeset(puts=(kept,), audit=(entry,)))
        return self.current(incident_id)
