"""What an alarm watches: its metric, those of its expressions, and whose they are; pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.signals import signals_of

_LAMBDA = "AWS/Lambda"
# Without a dimension these are the account's, and what they measure every function shares.
_SHARED = frozenset(
    {
        "ConcurrentExecutions",
        "UnreservedConcurrentExecutions",
        "ClaimedAccountConcurrency",
    }
)
# In SEARCH and in Metrics Insights alike: FunctionName="checkout", "FunctionName" = 'checkout'.
_CONDITION = re.compile(r"""["']?(\w+)["']?\s*=\s*(?:"([^"]+)"|'([^']+)')""")
_NAMESPACE = re.compile(r"AWS/\w+")


@dataclass(frozen=True)
class Watched:
    """One metric, or what an expression names.

    Attributes:
        metric: Empty where an expression names none.
        dimensions: Name to value.
    """

    namespace: str
    metric: str
    dimensions: Mapping[str, str]


def watched(item: Mapping[str, Any]) -> list[Watched]:
    """Everything that an alarm looks at: its metric, the metrics of its math, its searches."""
    found = [_metric(item)] if item.get("MetricName") else []
    for query in item.get("Metrics") or ():
        if "MetricStat" in query:
            found.append(_metric(query["MetricStat"]["Metric"]))
        elif query.get("Expression"):
            found += _named_in(str(query["Expression"]))
    return found


def concerns(item: Mapping[str, Any], resource: Resource) -> bool:
    """Whether an alarm is about this resource, one of its aliases, or what it shares."""
    return any(_is_about(one, resource) for one in watched(item))


def _is_about(one: Watched, resource: Resource) -> bool:
    if resource.kind is ResourceKind.ACCOUNT:
        return one.namespace == _LAMBDA and bool(one.metric) and not one.dimensions
    if resource.kind is ResourceKind.FUNCTION and one.namespace == _LAMBDA:
        named = {one.dimensions.get("FunctionName", ""), _function(one.dimensions.get("Resource"))}
        shared = not one.dimensions and one.metric in _SHARED
        return resource.name in named or shared
    return any(
        one.namespace == signal.namespace
        and one.dimensions.get(signal.dimension or "") == resource.identifier
        for signal in signals_of(resource)
    )


def _function(resource: str | None) -> str:
    """The function of a Resource dimension, `name:alias`."""
    return (resource or "").partition(":")[0]


def _metric(metric: Mapping[str, Any]) -> Watched:
    return Watched(
        namespace=str(metric.get("Namespace") or ""),
        metric=str(metric.get("MetricName") or ""),
        dimensions={
            str(each["Name"]): str(each["Value"]) for each in metric.get("Dimensions") or ()
        },
    )


def _named_in(expression: str) -> Iterator[Watched]:
    """What a search or a query names; one that compares nothing names nobody."""
    conditions = {
        found.group(1): found.group(2) or found.group(3)
        for found in _CONDITION.finditer(expression)
    }
    for namespace in sorted(set(_NAMESPACE.findall(expression))) if conditions else ():
        yield Watched(namespace, "", conditions)
