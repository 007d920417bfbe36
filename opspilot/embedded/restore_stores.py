"""The changes that lead tables, queues, mappings and roles back to what they were."""

from collections.abc import Iterator, Mapping

from opspilot.embedded.configuration import Configuration
from opspilot.embedded.stores import TableConfig

_Change = tuple[str, Mapping[str, object]]


def table_changes(now: Configuration, wanted: Configuration) -> Iterator[_Change]:
    """Billing and capacities."""
    for name, table in wanted.tables.items():
        if _capacity(now.tables[name]) != _capacity(table):
            yield "dynamodb.update_table", {"table": name, **_capacity(table)}


def _capacity(table: TableConfig) -> dict[str, object]:
    if table.billing == "on_demand":
        return {"billing": "on_demand"}
    return {
        "billing": table.billing,
        "read_capacity": table.read_capacity,
        "write_capacity": table.write_capacity,
        "indexes": {
            name: {"read_capacity": one.read_capacity, "write_capacity": one.write_capacity}
            for name, one in table.indexes.items()
        },
    }


def queue_changes(now: Configuration, wanted: Configuration) -> Iterator[_Change]:
    """Attributes."""
    for name, queue in wanted.queues.items():
        pairs = {
            "visibility_timeout_s": (
                now.queues[name].visibility_timeout_s,
                queue.visibility_timeout_s,
            ),
            "max_receives": (now.queues[name].max_receives, queue.max_receives),
            "retention_s": (now.queues[name].retention_s, queue.retention_s),
        }
        changed = {key: after for key, (before, after) in pairs.items() if before != after}
        if changed:
            yield "sqs.set_attributes", {"queue": name, **changed}


def mapping_changes(now: Configuration, wanted: Configuration) -> Iterator[_Change]:
    """Whether and how functions are fed."""
    for key, mapping in wanted.mappings.items():
        before = now.mappings[key]
        pairs = {
            "enabled": (before.enabled, mapping.enabled),
            "batch_size": (before.batch_size, mapping.batch_size),
            "maximum_retries": (before.maximum_retries, mapping.maximum_retries),
            "bisect_on_error": (before.bisect_on_error, mapping.bisect_on_error),
            "reports_item_failures": (before.reports_item_failures, mapping.reports_item_failures),
            "maximum_concurrency": (
                before.maximum_concurrency or 0,
                mapping.maximum_concurrency or 0,
            ),
        }
        changed = {name: after for name, (old, after) in pairs.items() if old != after}
        if changed:
            yield "lambda.update_mapping", {"id": key, **changed}


def role_changes(now: Configuration, wanted: Configuration) -> Iterator[_Change]:
    """Policies that deny go, policies that are gone come back."""
    by_role = {f.latest.role.rpartition("/")[2]: f.name for f in wanted.functions.values()}
    for name, role in now.roles.items():
        usual = wanted.roles.get(name)
        for policy in role.denied:
            if usual is None or policy not in usual.denied:
                yield "iam.delete_role_policy", {"function": by_role[name], "policy": policy}
        for policy in role.lost:
            if usual is None or policy not in usual.lost:
                yield "iam.attach_role_policy", {"function": by_role[name], "policy": policy}
