"""How a resource is configured, as the ledger keeps it and as one sentence says it."""

from opspilot.domain.evidence import (
    ConfigurationDetail,
    EvidenceDetail,
    LimitsDetail,
    QueueDetail,
    StreamDetail,
    TableDetail,
)
from opspilot.domain.wording import plural
from opspilot.domain.workload import (
    AccountLimits,
    Configuration,
    EventSource,
    FunctionConfiguration,
    QueueConfiguration,
    StreamConfiguration,
    TableConfiguration,
)


def configuration_detail(configuration: Configuration) -> EvidenceDetail:
    """The ledger's detail for a configuration."""
    match configuration:
        case FunctionConfiguration():
            return ConfigurationDetail(function=configuration)
        case TableConfiguration():
            return TableDetail(table=configuration)
        case QueueConfiguration():
            return QueueDetail(queue=configuration)
        case StreamConfiguration():
            return StreamDetail(stream=configuration)
        case AccountLimits():
            return LimitsDetail(limits=configuration)


def configuration_sentence(configuration: Configuration) -> str:
    """What stands in it, without what could not be read."""
    name = configuration.resource.name
    match configuration:
        case FunctionConfiguration():
            return f"{name}: {_function(configuration)}"
        case TableConfiguration():
            return f"{name}: {_table(configuration)}"
        case QueueConfiguration():
            return f"{name}: {_queue(configuration)}"
        case StreamConfiguration():
            return f"{name}: {_stream(configuration)}"
        case AccountLimits():
            return _limits(configuration)


def _function(function: FunctionConfiguration) -> str:
    said = [
        f"timeout {function.timeout_seconds} s",
        f"memory {function.memory_mb} MB",
        function.state,
    ]
    if function.reserved_concurrency is not None:
        said.append(f"reserved concurrency {function.reserved_concurrency}")
    if function.aliases:
        aliases = ", ".join(f"{alias.name} -> {alias.version}" for alias in function.aliases)
        said.append(f"alias {aliases}")
    said += [f"polls {_source(one, one.source.name)}" for one in function.event_sources]
    return ", ".join(said)


def _table(table: TableConfiguration) -> str:
    if table.billing == "on_demand":
        return f"on demand, {table.status}"
    said = [
        f"{table.read_capacity} read and {table.write_capacity} write units a second",
        table.status,
    ]
    said += [
        f"index {index.name} {index.read_capacity} and {index.write_capacity}"
        for index in table.indexes
    ]
    said += [
        f"{one.dimension} of {one.target} scales from {one.minimum} to {one.maximum}"
        for one in table.autoscaling
    ]
    return ", ".join(said)


def _queue(queue: QueueConfiguration) -> str:
    said = [f"visibility timeout {queue.visibility_timeout_seconds} s"]
    if queue.dead_letter is not None:
        said.append(f"{queue.dead_letter.name} after {queue.maximum_receives} receives")
    said += [f"polled for {_source(one, one.function.name)}" for one in queue.consumers]
    return ", ".join(said)


def _stream(stream: StreamConfiguration) -> str:
    said = [plural(stream.shards, "shard"), stream.mode.replace("_", " ")]
    said += [f"polled for {_source(one, one.function.name)}" for one in stream.consumers]
    return ", ".join(said)


def _source(source: EventSource, name: str) -> str:
    batch = f" (batch of {source.batch_size})" if source.batch_size else ""
    return f"{name}{batch}{'' if source.enabled else ', switched off'}"


def _limits(limits: AccountLimits) -> str:
    return (
        f"{limits.concurrent_executions} concurrent executions for the account, "
        f"{limits.unreserved} of them not reserved"
    )
