"""Drops what a model claims and the record does not bear out.

A sentence goes when it cites an entry that is not in the ledger, or names a plan that does not
exist, or holds a figure (a number, a time, a date) that stands neither in the ledger nor in a
tool's result of this conversation. What goes is kept beside the answer with its reason. Figures
that the person typed are no record. The check is about figures and citations; whether the words
between them are right is for the reader, which is why every figure leads to its entry.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opspilot.agent.figures import Figures, moments, numbers
from opspilot.domain.conversation import DroppedClaim, Message, Text, ToolResult, Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.plan import Plan

NOTHING_LEFT = "Nothing of the answer was borne out by the evidence; what was dropped is below."

_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[^\s])")
_POSITION = re.compile(r"^\s*(?:[-*+>#]\s*)*\(?\d{1,2}[.)]\s+")
_CITED = re.compile(r"(?<!\w)E(\d{1,9})(?:\s*[-\u2013]\s*E?(\d{1,9}))?(?!\w)")
_PLAN = re.compile(r"(?<!\w)INC-\d+-P\d+(?!\w)")
_NAMES = re.compile(r"(?<!\w)(?:arn:\S+|INC-\d+(?:-[PC]\d+)?|\S*://\S+)")


@dataclass(frozen=True)
class OnRecord:
    """What a claim may rest on."""

    evidence: frozenset[str]
    plans: frozenset[str]
    figures: Figures


def on_record(
    incident: Incident, evidence: Sequence[Evidence], plans: Sequence[Plan], turns: Sequence[Turn]
) -> OnRecord:
    """The ledger's findings and details, and what the tools of these turns gave.

    Snapshots do not count: among a thousand raw datapoints almost any number can be found.
    """
    figures = Figures()
    for item in evidence:
        figures.add_text(item.finding)
        figures.add(item.detail.model_dump(mode="json"))
        figures.add(item.window.model_dump(mode="json"))
    for turn in turns:
        for result in _results(turn.messages):
            figures.add(result.content)
    figures.add(incident.window.model_dump(mode="json"))
    figures.add(incident.baseline.model_dump(mode="json"))
    return OnRecord(
        frozenset(item.id for item in evidence), frozenset(plan.id for plan in plans), figures
    )


def checked(message: Message, known: OnRecord) -> tuple[Message, tuple[DroppedClaim, ...]]:
    """The message with only what is borne out, and what went."""
    blocks: list[object] = []
    dropped: list[DroppedClaim] = []
    for block in message.blocks:
        if not isinstance(block, Text):
            blocks.append(block)
            continue
        kept, gone = check(block.text, known)
        dropped += gone
        if kept.strip():
            blocks.append(Text(text=kept))
    if not blocks and dropped:
        blocks.append(Text(text=NOTHING_LEFT))
    return message.model_copy(update={"blocks": tuple(blocks)}), tuple(dropped)


def check(text: str, known: OnRecord) -> tuple[str, list[DroppedClaim]]:
    """The text without its unfounded sentences, and these with their reasons."""
    lines: list[str] = []
    dropped: list[DroppedClaim] = []
    for line in text.splitlines():
        kept: list[str] = []
        gone = 0
        head = _POSITION.match(line)
        position = head.group() if head else ""
        for sentence in _SENTENCE.split(line[len(position) :]):
            reason = unfounded(sentence, known)
            if reason:
                dropped.append(DroppedClaim(text=sentence.strip(), reason=reason))
                gone += 1
            else:
                kept.append(sentence)
        if not gone:
            lines.append(line)
        elif "".join(kept).strip(" -*#>|"):
            lines.append(position + " ".join(kept))
    return "\n".join(lines), dropped


def unfounded(sentence: str, known: OnRecord) -> str:
    """Why a sentence cannot stand; empty when it can."""
    return next(_faults(sentence, known), "")


def _faults(sentence: str, known: OnRecord) -> Iterator[str]:
    for number in (one for ids in _CITED.findall(sentence) for one in ids if one):
        if f"E{number}" not in known.evidence:
            yield f"cites E{number}, which is not in the ledger"
    for plan in _PLAN.findall(sentence):
        if plan not in known.plans:
            yield f"names {plan}, which does not exist"
    claim = _NAMES.sub(" ", _CITED.sub(" ", sentence))
    for date, time in moments(claim):
        if not known.figures.hold_moment(date, time):
            yield f"{' '.join(filter(None, (date, time)))} is a time that is not in the evidence"
    for figure in numbers(claim):
        if not known.figures.hold(figure):
            yield f"{figure.text} is a figure that is not in the evidence"


def _results(messages: Sequence[Message]) -> Iterator[ToolResult]:
    for message in messages:
        for block in message.blocks:
            if isinstance(block, ToolResult) and not block.failed:
                yield block
