"""The words of Lambda's read API, turned into ours; pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opspilot.domain.resource import Resource
from opspilot.domain.workload import (
    AccountLimits,
    FunctionAlias,
    FunctionConfiguration,
    FunctionVersion,
)

VERSIONS_KEPT = 50
_ENVIRONMENTS_KEPT = 10
_NAME = re.compile(r"[A-Za-z0-9_-]{2,64}")


@dataclass(frozen=True)
class Listed:
    """A function as the listing of all tells of it.

    Attributes:
        role: ARN of its execution role.
        dead_letter: ARN to which failed asynchronous events go; empty for none.
    """

    environment: dict[str, str]
    role: str = ""
    dead_letter: str = ""


def items_of(pages: Iterable[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
    """The items of all pages of a listing, kept under `key`."""
    return [item for page in pages for item in page.get(key) or ()]


def to_time(text: str) -> datetime | None:
    """Lambda's time format, "2026-03-04T12:00:20.123+0000"; None when there is none."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_versions(items: Sequence[Mapping[str, Any]]) -> tuple[FunctionVersion, ...]:
    """Published versions, newest first, without $LATEST; the newest with their environment."""
    published = [item for item in items if str(item.get("Version", "")).isdigit()]
    published.sort(key=lambda item: int(item["Version"]), reverse=True)
    found = [_to_version(item) for item in published]
    kept = [version for version in found if version is not None]
    bare = [one.model_copy(update={"environment": None}) for one in kept[_ENVIRONMENTS_KEPT:]]
    return (*kept[:_ENVIRONMENTS_KEPT], *bare)


def _to_version(item: Mapping[str, Any]) -> FunctionVersion | None:
    published_at = to_time(str(item.get("LastModified") or ""))
    if published_at is None:
        return None
    return FunctionVersion(
        version=str(item["Version"]),
        published_at=published_at,
        code_sha256=str(item.get("CodeSha256") or ""),
        memory_mb=int(item.get("MemorySize") or 128),
        timeout_seconds=int(item.get("Timeout") or 3),
        description=str(item.get("Description") or ""),
        environment=None if environment_error(item) else to_environment(item),
    )


def to_aliases(items: Sequence[Mapping[str, Any]]) -> tuple[FunctionAlias, ...]:
    """Aliases by name."""
    return tuple(
        FunctionAlias(
            name=str(item["Name"]),
            version=str(item["FunctionVersion"]),
            weights=to_weights(item),
            revision_id=str(item.get("RevisionId") or ""),
        )
        for item in sorted(items, key=lambda item: str(item["Name"]))
    )


def to_weights(alias: Mapping[str, Any]) -> dict[str, float]:
    """The extra versions of an alias with their share of the traffic."""
    routing: Mapping[str, Any] = alias.get("RoutingConfig") or {}
    weights: Mapping[str, Any] = routing.get("AdditionalVersionWeights") or {}
    return {str(version): float(weight) for version, weight in weights.items()}


def to_environment(item: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables of a function; values as the API gives them."""
    environment: Mapping[str, Any] = item.get("Environment") or {}
    variables: Mapping[str, Any] = environment.get("Variables") or {}
    return {str(name): str(value) for name, value in variables.items()}


def environment_error(item: Mapping[str, Any]) -> str:
    """Why Lambda shows no variables, "AccessDeniedException" without the key; empty if it does."""
    environment: Mapping[str, Any] = item.get("Environment") or {}
    error: Mapping[str, Any] = environment.get("Error") or {}
    return str(error.get("ErrorCode") or ("unknown" if error else ""))


def to_configuration(resource: Resource, item: Mapping[str, Any]) -> FunctionConfiguration:
    """The configuration of $LATEST, without versions, aliases and concurrency."""
    return FunctionConfiguration(
        resource=resource,
        runtime=str(item.get("Runtime") or ""),
        memory_mb=int(item.get("MemorySize") or 128),
        timeout_seconds=int(item.get("Timeout") or 3),
        environment=to_environment(item),
        environment_read=not environment_error(item),
        code_sha256=str(item.get("CodeSha256") or ""),
        revision_id=str(item.get("RevisionId") or ""),
        last_modified=to_time(str(item.get("LastModified") or "")),
        # Emulators may leave the states out; a function that answers without one is in use.
        state=str(item.get("State") or "Active"),
        update_status=str(item.get("LastUpdateStatus") or "Successful"),
        role=str(item.get("Role") or ""),
        dead_letter=to_dead_letter(item),
    )


def to_listed(items: Sequence[Mapping[str, Any]]) -> dict[str, Listed]:
    """Every function of a listing by name."""
    return {
        str(item["FunctionName"]): Listed(
            to_environment(item), str(item.get("Role") or ""), to_dead_letter(item)
        )
        for item in items
    }


def to_dead_letter(item: Mapping[str, Any]) -> str:
    """ARN of what takes the events that a function gives up; empty for none."""
    dead_letter: Mapping[str, Any] = item.get("DeadLetterConfig") or {}
    return str(dead_letter.get("TargetArn") or "")


def to_possible_name(value: str) -> str:
    """The function that an environment value may name; empty when it can be none.

    Most values are flags, levels, figures and addresses.
    """
    text = value.rpartition(":function:")[2].partition(":")[0]
    is_word = text.isupper() or text.isdigit() or text.lower() in ("true", "false", "none", "null")
    return text if _NAME.fullmatch(text) and not is_word else ""


def to_limits(resource: Resource, answer: Mapping[str, Any]) -> AccountLimits:
    """The limits of a GetAccountSettings answer."""
    limit: Mapping[str, Any] = answer.get("AccountLimit") or {}
    whole = int(limit.get("ConcurrentExecutions") or 0)
    unreserved = limit.get("UnreservedConcurrentExecutions")
    return AccountLimits(
        resource=resource,
        concurrent_executions=whole,
        unreserved=whole if unreserved is None else int(unreserved),
    )


def to_reserved(answer: Mapping[str, Any]) -> int | None:
    """Reserved concurrency; None when nothing is reserved, while 0 stops the function."""
    reserved = answer.get("ReservedConcurrentExecutions")
    return None if reserved is None else int(reserved)


def to_update_failure(item: Mapping[str, Any]) -> str:
    """Why the last update failed, in AWS's words."""
    code = str(item.get("LastUpdateStatusReasonCode") or "no code")
    return f"{code}: {item.get('LastUpdateStatusReason') or 'no reason given'}"
