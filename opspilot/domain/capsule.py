"""A capsule: one file that holds all of an incident, and what replaying it brings to light."""

from typing import Literal

from pydantic import Field

from opspilot.domain.audit import AuditEntry
from opspilot.domain.audit_report import AuditReport
from opspilot.domain.conversation import Conversation, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation
from opspilot.domain.model import Instant, Model
from opspilot.domain.note import Note
from opspilot.domain.plan import Plan
from opspilot.domain.postmortem import PostMortem

FORMAT = "opspilot-capsule/1"
"""Name and number of the layout; the number is raised when an older reader would misread it."""

MemberName = Literal[
    "incident",
    "investigation",
    "evidence",
    "plans",
    "notes",
    "postmortem",
    "conversations",
    "turns",
    "audit",
]


class Member(Model):
    """One part of a capsule: so many lines that follow those of the part before.

    Attributes:
        size: Bytes of the lines, line ends included; `sha256` (hex) is of the same bytes.
    """

    name: MemberName
    lines: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(Model):
    """The first line of a capsule.

    Attributes:
        product_version: Of the OpsPilot that wrote it.
        rules_version: Of the rules that drew the verdict; empty without a verdict.
        exported_at: Wall time.
        members: In the order of their lines; each name once.
    """

    format: str
    product_version: str
    rules_version: str
    incident_id: str
    exported_at: Instant
    members: tuple[Member, ...]


class Capsule(Model):
    """What a capsule holds, once it was read and everything in it agrees.

    Attributes:
        investigation: The newest one.
        evidence: The whole ledger, earlier investigations and conversations included.
        audit: The incident's own chain.
        trail: The check of that chain against the signed checkpoints beside it.
        missing: Entries of the ledger that the chain names and the file does not hold: a store may
            let evidence expire.
        unbound: Entries whose detail the chain keeps no hash of; records of before it did.
    """

    manifest: Manifest
    incident: Incident
    investigation: Investigation | None = None
    evidence: tuple[Evidence, ...] = ()
    plans: tuple[Plan, ...] = ()
    notes: tuple[Note, ...] = ()
    postmortem: PostMortem | None = None
    conversations: tuple[Conversation, ...] = ()
    turns: tuple[Turn, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    trail: AuditReport
    missing: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()


class FindingChange(Model):
    """A finding whose numbers came out otherwise when its data was analysed again.

    Attributes:
        fields: "effect_size: 12.5, now 13.1".
    """

    evidence_id: str
    fields: tuple[str, ...]


class Replay(Model):
    """A verdict drawn once more from the data in a capsule.

    Attributes:
        outcome: "same" when verdict, order of hypotheses and every number (to six digits) agree.
        recorded: As it was drawn then; `again`: as it is drawn now.
        differences: Where the two verdicts part, in words.
        findings: Where the findings do.
        recomputed: Findings whose detail was computed again from their stored data.
        taken: Findings taken as they are, because their data is a sample or kept in an older form.
    """

    incident_id: str
    outcome: Literal["same", "differs"]
    rules_recorded: str
    rules_now: str
    product_recorded: str
    product_now: str
    recorded: Verdict
    again: Verdict
    differences: tuple[str, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    recomputed: int = 0
    taken: int = 0
