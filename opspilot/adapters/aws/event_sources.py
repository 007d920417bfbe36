"""Event source mappings: what Lambda polls for functions, in our words; pure.

Source: EventSourceMappingConfiguration in botocore's Lambda model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from opspilot.adapters.aws.names import Place, from_arn
from opspilot.domain.workload import EventSource
from opspilot.errors import UnknownResource

_SWITCHED_OFF = frozenset({"Disabled", "Disabling", "Deleting"})


@dataclass(frozen=True)
class SourceMapping:
    """One mapping as Lambda lists it.

    Attributes:
        function_arn: With the alias or version, if any.
        settings: The rest of the item.
    """

    source_arn: str
    function_arn: str
    uuid: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def enabled(self) -> bool:
        """Whether it polls, or is about to; emulators may give no state."""
        return self.settings.get("State") not in _SWITCHED_OFF


def to_mappings(items: Sequence[Mapping[str, Any]]) -> tuple[SourceMapping, ...]:
    """The mappings of a listing, those that are switched off included."""
    return tuple(
        SourceMapping(
            str(item["EventSourceArn"]), str(item["FunctionArn"]), str(item.get("UUID") or ""), item
        )
        for item in items
        if item.get("EventSourceArn") and item.get("FunctionArn")
    )


def to_event_source(mapping: SourceMapping, place: Place) -> EventSource | None:
    """The mapping in domain terms; None for a source that OpsPilot does not read.

    That is a broker, or a queue of another account.
    """
    try:
        source = from_arn(mapping.source_arn, place).resource
        function = from_arn(mapping.function_arn, place)
    except UnknownResource:
        return None
    settings = mapping.settings
    scaling: Mapping[str, Any] = settings.get("ScalingConfig") or {}
    return EventSource(
        source=source,
        function=function.resource,
        qualifier=function.qualifier,
        enabled=mapping.enabled,
        state=str(settings.get("State") or ""),
        batch_size=_whole(settings.get("BatchSize")),
        maximum_concurrency=_whole(scaling.get("MaximumConcurrency")),
        bisect_on_error=bool(settings.get("BisectBatchOnFunctionError")),
        maximum_retries=_whole(settings.get("MaximumRetryAttempts")),
        reports_item_failures="ReportBatchItemFailures"
        in (settings.get("FunctionResponseTypes") or ()),
        last_modified=_moment(settings.get("LastModified")),
        last_result=str(settings.get("LastProcessingResult") or ""),
    )


def to_event_sources(mappings: Iterable[SourceMapping], place: Place) -> tuple[EventSource, ...]:
    """Those that OpsPilot reads, by source and function."""
    found = [one for one in (to_event_source(each, place) for each in mappings) if one]
    return tuple(sorted(found, key=lambda one: (one.source.arn, one.function.arn, one.qualifier)))


def _whole(value: object) -> int | None:
    return int(cast(int, value)) if value is not None else None


def _moment(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
