"""Event source mappings: whether and how a function is fed from a queue or stream."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from opspilot.embedded.changes.checks import Params, Stamp, whole
from opspilot.embedded.configuration import Configuration
from opspilot.embedded.errors import AwsError
from opspilot.embedded.stores import MappingConfig

_FLAGS = ("enabled", "bisect_on_error", "reports_item_failures")


def mapping_of(state: Configuration, params: Params) -> MappingConfig:
    """The mapping that `id`, or `source` and `function`, name; AwsError when there is none."""
    for mapping in state.mappings.values():
        if params.get("id") == mapping.id:
            return mapping
        function = mapping.target.partition(":")[0]
        if (params.get("source"), params.get("function")) == (mapping.source, function):
            return mapping
    raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)


def _update_mapping(state: Configuration, params: Params, stamp: Stamp) -> Configuration:
    mapping = mapping_of(state, params)
    changed: dict[str, bool | int | None] = {
        flag: bool(params[flag]) for flag in _FLAGS if params.get(flag) is not None
    }
    for key in ("batch_size", "maximum_retries", "maximum_concurrency"):
        value = whole(params, key)
        if value is not None:
            changed[key] = value
    if changed.get("maximum_concurrency") == 0:
        changed["maximum_concurrency"] = None
    after = replace(mapping, modified=stamp.at, **cast("dict[str, bool]", changed))
    return state.with_mapping(after)


CHANGES = {"lambda.update_mapping": _update_mapping}
