"""Every tool: the table of contents, and the one way to run one."""

import json
import logging
from collections.abc import Sequence
from typing import cast

from pydantic import ValidationError

from opspilot.domain.conversation import ToolUse
from opspilot.domain.model import Json
from opspilot.engine.redaction import redact
from opspilot.errors import OpsPilotError, StoreError
from opspilot.ports.model import ToolSpec
from opspilot.tools.ledger import LIST_EVIDENCE, SHOW_EVIDENCE
from opspilot.tools.logs import LOG_PATTERNS, SEARCH_LOGS
from opspilot.tools.metrics import METRIC_FINDINGS
from opspilot.tools.plans import PROPOSE_PLAN, SHOW_PLAN
from opspilot.tools.surroundings import SHOW_CHANGES, SHOW_CONFIGURATION
from opspilot.tools.tool import AnyTool, Context, Outcome
from opspilot.tools.verdict import LIST_HYPOTHESES, VERDICT

logger = logging.getLogger(__name__)

CATALOG: tuple[AnyTool, ...] = (
    VERDICT,
    LIST_HYPOTHESES,
    LIST_EVIDENCE,
    SHOW_EVIDENCE,
    METRIC_FINDINGS,
    SEARCH_LOGS,
    LOG_PATTERNS,
    SHOW_CONFIGURATION,
    SHOW_CHANGES,
    SHOW_PLAN,
    PROPOSE_PLAN,
)
"""In the order in which the model and the connections page see them."""

MOST_BYTES = 8_000
"""Of one result, as JSON; what is longer is cut, and says so."""

_SHORTEST_TEXT = 200


def specs() -> tuple[ToolSpec, ...]:
    """The tools as a model sees them."""
    return tuple(
        ToolSpec(name=tool.name, description=tool.description, schema_=tool.schema())
        for tool in CATALOG
    )


def tool_named(name: str) -> AnyTool | None:
    """The tool of this name; None when a model made it up."""
    return next((tool for tool in CATALOG if tool.name == name), None)


def execute(use: ToolUse, context: Context) -> Outcome:
    """Run what a model asked for; whatever goes wrong is an answer to the model.

    Raises:
        StoreError: The record could not be kept: that is the worker's matter, not the model's.
    """
    tool = tool_named(use.name)
    if tool is None:
        return _failed(f"there is no tool of that name; there are {_names(CATALOG)}")
    try:
        outcome = tool.call(use.input, context)
    except ValidationError as error:
        return _failed(_explained(error, tool))
    except StoreError:
        raise
    except OpsPilotError as error:
        return _failed(f"{error.message} {error.hint}".strip())
    except Exception:  # the model must get an answer; the log has the rest
        logger.exception("tool=<%s> | failed unexpectedly", tool.name)
        return _failed("the tool failed in a way that OpsPilot does not know")
    return outcome.model_copy(update={"content": bounded(redact(outcome.content))})


def bounded(content: dict[str, Json], most: int = MOST_BYTES) -> dict[str, Json]:
    """The content within `most` bytes: long lists and texts are cut, and a note says so."""
    cut: dict[str, str] = {}
    while len(_json({**content, "cut": cut})) > most:
        name = max(content, key=lambda key: len(_json(content[key])))
        shorter = _shorter(content[name])
        if shorter is None:
            content = {key: value for key, value in content.items() if key != name}
            cut[name] = "left out: too long"
        else:
            content = {**content, name: shorter}
            cut[name] = "shortened"
    return {**content, "cut": cut} if cut else content


def _shorter(value: Json) -> Json | None:
    """About half of a list, a mapping or a text; None when there is nothing left to cut."""
    if isinstance(value, list):
        items = cast("list[Json]", value)
        return items[: len(items) // 2] if len(items) > 1 else None
    if isinstance(value, dict):
        pairs = list(cast("dict[str, Json]", value).items())
        return dict(pairs[: len(pairs) // 2]) if len(pairs) > 1 else None
    if isinstance(value, str) and len(value) > _SHORTEST_TEXT:
        return value[: len(value) // 2] + " ..."
    return None


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode()


def _failed(message: str) -> Outcome:
    return Outcome(status="failed", summary=message, content={"error": message})


def _names(tools: Sequence[AnyTool]) -> str:
    return ", ".join(tool.name for tool in tools)


def _explained(error: ValidationError, tool: AnyTool) -> str:
    """What is wrong with the arguments, and what is allowed; what was given is not repeated."""
    told: list[str] = []
    for problem in error.errors(include_input=False, include_url=False)[:5]:
        where = ".".join(str(part) for part in problem["loc"])[:60] or "the arguments"
        told.append(f"{where}: {problem['msg']}")
    allowed = ", ".join(tool.schema()["properties"]) or "none"
    return f"{tool.name} cannot use these arguments: {'; '.join(told)}. Arguments are: {allowed}."
