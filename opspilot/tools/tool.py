"""A tool: its name, its arguments, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict

from opspilot.domain.conversation import Turn
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.model import Json, Model
from opspilot.engine.lookups import CHAT, Lookups
from opspilot.engine.plan import Plans
from opspilot.engine.steps import Scope
from opspilot.ports.clock import Clock

Effect = Literal["read", "propose"]
"""What a tool does at most; there is no third."""

Status = Literal["success", "no_data", "failed", "pending"]
"""How a tool ended; "pending" has not: it is asked again in a moment."""


class Arguments(BaseModel):
    """Base of every tool's arguments: closed, so that a made-up argument is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(Model):
    """What a tool gave.

    Attributes:
        summary: One sentence for people.
        content: For the model: findings, ids, a few figures. Text that somebody else wrote stands
            under keys that begin with `quoted`.
        evidence: Ledger entries that it filed or showed.
        plan_id: The plan that it led to.
    """

    status: Status = "success"
    summary: str
    content: dict[str, Json]
    evidence: tuple[str, ...] = ()
    plan_id: str | None = None


@dataclass(frozen=True)
class Context:
    """What a tool may use.

    Attributes:
        turn: On whose behalf it runs.
        use_id: Id of the tool use that is being answered.
        conversation_number: Of its conversation, within the incident.
    """

    incident: Incident
    turn: Turn
    use_id: str
    conversation_number: int
    scope: Scope
    lookups: Lookups
    plans: Plans
    clock: Clock

    @property
    def origin(self) -> str:
        """How the ledger names who asked: "chat/1.3"."""
        return f"{CHAT}{self.conversation_number}.{self.turn.number}"

    def ledger(self) -> list[Evidence]:
        """The entries of the newest pass, and what conversations filed, in order of arrival."""
        store = self.scope.store
        current = store.investigation(self.incident.id)
        number = f"{current.number}/" if current else CHAT
        return [
            item
            for item in store.evidence(self.incident.id)
            if item.task.startswith((number, CHAT))
        ]


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Tool(Generic[A]):
    """One tool.

    Attributes:
        title: For people, "Metric findings".
        description: For the model: what it gives and when to call it.
    """

    name: str
    title: str
    description: str
    arguments: type[A]
    run: Callable[[A, Context], Outcome]
    effect: Effect = "read"

    def schema(self) -> dict[str, Json]:
        """JSON schema of the arguments, without pydantic's titles."""
        return _plain(self.arguments.model_json_schema())

    def call(self, given: Json, context: Context) -> Outcome:
        """Run it on arguments as a model wrote them.

        Raises:
            ValidationError: They do not fit the schema.
            InputError: They fit, but name what is not there.
        """
        return self.run(self.arguments.model_validate(given), context)


class AnyTool(Protocol):
    """A tool, whatever its arguments."""

    @property
    def name(self) -> str:
        """As the model calls it."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    @property
    def description(self) -> str:
        """For the model."""
        ...

    @property
    def effect(self) -> Effect:
        """What it does at most."""
        ...

    def schema(self) -> dict[str, Json]:
        """See `Tool.schema`."""
        ...

    def call(self, given: Json, context: Context) -> Outcome:
        """See `Tool.call`."""
        ...


def _plain(schema: Json) -> dict[str, Json]:
    cleaned = _without_titles(schema)
    cleaned.setdefault("properties", {})
    return cleaned


def _without_titles(schema: Json) -> dict[str, Json]:
    """A schema's `title` is pydantic's echo of a name; the docstring is not for the model."""
    return {
        key: _cleaned(key, value)
        for key, value in cast("dict[str, Json]", schema).items()
        if not (key in ("title", "description") and schema.get("type") == "object")
        and not (key == "title" and isinstance(value, str))
    }


def _cleaned(key: str, value: Json) -> Json:
    if key == "properties":
        return {name: _without_titles(one) for name, one in value.items()}
    return _without_titles(value) if isinstance(value, dict) else value
