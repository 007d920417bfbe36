"""Lambda's settings of asynchronous invocations, in our words; pure.

Source: FunctionEventInvokeConfig in botocore's Lambda model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from opspilot.domain.asynchronous import AsyncSettings

_LATEST = "$LATEST"
_QUALIFIER = 7
"""Place of the qualifier in arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER."""


def to_asynchronous(items: Sequence[Mapping[str, Any]]) -> tuple[AsyncSettings, ...]:
    """The settings of a function by qualifier, those of $LATEST first."""
    found = [_settings(item) for item in items]
    return tuple(sorted(found, key=lambda one: one.qualifier))


def of_latest(settings: Sequence[AsyncSettings]) -> AsyncSettings:
    """Those of $LATEST; a function without settings of its own has AWS's defaults."""
    return next((one for one in settings if not one.qualifier), AsyncSettings())


def _settings(item: Mapping[str, Any]) -> AsyncSettings:
    parts = str(item.get("FunctionArn") or "").split(":")
    qualifier = parts[_QUALIFIER] if len(parts) > _QUALIFIER else ""
    destinations: Mapping[str, Any] = item.get("DestinationConfig") or {}
    return AsyncSettings(
        qualifier="" if qualifier == _LATEST else qualifier,
        max_retries=_whole(item.get("MaximumRetryAttempts")),
        max_age_seconds=_whole(item.get("MaximumEventAgeInSeconds")),
        on_failure=_target(destinations.get("OnFailure")),
        on_success=_target(destinations.get("OnSuccess")),
    )


def _target(destination: Mapping[str, Any] | None) -> str:
    return str((destination or {}).get("Destination") or "")


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
