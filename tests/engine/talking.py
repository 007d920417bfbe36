"""Conversations on the small account: the same graph, with a model that says what it is told to."""

from dataclasses import replace
from pathlib import Path

from opspilot.adapters.memory import ScriptedModel
from opspilot.adapters.memory.model import Script
from opspilot.bootstrap import Place, Ports, assemble
from opspilot.domain.account import Account
from opspilot.domain.conversation import Text, ToolUse, Turn
from opspilot.domain.identity import Actor
from opspilot.domain.model import Json
from opspilot.ports.model import LanguageModel
from opspilot.ports.store import Store
from tests.engine.account import ACCOUNT_ID, REGION
from tests.engine.scene import ROSA, Scene, diagnosed_scene

INCIDENT = "INC-0001"
GATHERED = 43
"""Entries that the investigation of the small account leaves in the ledger."""
NEXT = f"E{GATHERED + 1}"
"""The first entry that a conversation adds."""


def use(tool: str, number: int = 1, **given: Json) -> ToolUse:
    """The model asks for a tool."""
    return ToolUse(id=f"use-{number}", name=tool, input=given)


def with_model(stage: Scene, model: LanguageModel, store: Store | None = None) -> Scene:
    """The same store and account, under a graph whose model is this one."""
    one = stage.account
    ports = Ports(one, one, one, one, one, one, one, model, one, one)
    known = Account(account_id=ACCOUNT_ID, region=REGION, embedded=True)
    place = Place(known, stage.folder, ports, stage.clock)
    kept = store or stage.store
    return replace(stage, store=kept, bench=assemble(stage.bench.settings, place, kept))


def talking(folder: Path, *script: Script) -> Scene:
    """A diagnosed incident, and a model that will give these answers."""
    return with_model(diagnosed_scene(folder), ScriptedModel(script))


def asked(
    stage: Scene, question: str = "What happened?", *, actor: Actor = ROSA, conversation: str = ""
) -> Turn:
    """A question, answered by the worker; the turn as it then stands."""
    turn = stage.bench.chats.ask(INCIDENT, question, actor=actor, conversation_id=conversation)
    stage.work(lambda: stored(stage, turn).ended)
    return stored(stage, turn)


def stored(stage: Scene, turn: Turn) -> Turn:
    """The turn as stored."""
    return stage.bench.conversations.turn(turn.conversation_id, turn.number)


def answer(turn: Turn) -> str:
    """The words of the model's last message."""
    return "\n".join(b.text for b in turn.messages[-1].blocks if isinstance(b, Text))
