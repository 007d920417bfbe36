"""Failure signatures: one failure mode per file, all of them in `CATALOGUE`."""

from collections.abc import Callable, Iterable

from opspilot.diagnosis.assessment import Assessment
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.signatures import (
    account_concurrency_exhausted,
    async_backlog,
    bad_deployment,
    bad_environment,
    capacity_lag,
    client_errors,
    code_error_after_release,
    cold_start_surge,
    conditional_check_storm,
    downstream_failure,
    expired_credential,
    hot_partition,
    index_back_pressure,
    integration_errors,
    integration_timeout,
    memory_too_small,
    missing_dependency,
    out_of_memory,
    permission_denied,
    poison_messages,
    provider_trouble,
    retry_storm,
    slow_dependency,
    sqs_backlog,
    stream_poison_batch,
    table_throttled,
    throttled_by_reserved_concurrency,
    timeout_too_small,
    traffic_drop,
    traffic_surge,
    visibility_timeout_too_small,
)

Signature = Callable[[Case], Iterable[Assessment]]
"""Weighs one failure mode against the ledger, once for each resource that something points to."""

CATALOGUE: dict[str, Signature] = {
    slow_dependency.CAUSE_CLASS: slow_dependency.assess,
    timeout_too_small.CAUSE_CLASS: timeout_too_small.assess,
    code_error_after_release.CAUSE_CLASS: code_error_after_release.assess,
    out_of_memory.CAUSE_CLASS: out_of_memory.assess,
    memory_too_small.CAUSE_CLASS: memory_too_small.assess,
    bad_environment.CAUSE_CLASS: bad_environment.assess,
    permission_denied.CAUSE_CLASS: permission_denied.assess,
    missing_dependency.CAUSE_CLASS: missing_dependency.assess,
    cold_start_surge.CAUSE_CLASS: cold_start_surge.assess,
    throttled_by_reserved_concurrency.CAUSE_CLASS: throttled_by_reserved_concurrency.assess,
    account_concurrency_exhausted.CAUSE_CLASS: account_concurrency_exhausted.assess,
    retry_storm.CAUSE_CLASS: retry_storm.assess,
    async_backlog.CAUSE_CLASS: async_backlog.assess,
    stream_poison_batch.CAUSE_CLASS: stream_poison_batch.assess,
    table_throttled.CAUSE_CLASS: table_throttled.assess,
    hot_partition.CAUSE_CLASS: hot_partition.assess,
    index_back_pressure.CAUSE_CLASS: index_back_pressure.assess,
    capacity_lag.CAUSE_CLASS: capacity_lag.assess,
    conditional_check_storm.CAUSE_CLASS: conditional_check_storm.assess,
    sqs_backlog.CAUSE_CLASS: sqs_backlog.assess,
    poison_messages.CAUSE_CLASS: poison_messages.assess,
    visibility_timeout_too_small.CAUSE_CLASS: visibility_timeout_too_small.assess,
    integration_timeout.CAUSE_CLASS: integration_timeout.assess,
    client_errors.CAUSE_CLASS: client_errors.assess,
    integration_errors.CAUSE_CLASS: integration_errors.assess,
    traffic_surge.CAUSE_CLASS: traffic_surge.assess,
    traffic_drop.CAUSE_CLASS: traffic_drop.assess,
    downstream_failure.CAUSE_CLASS: downstream_failure.assess,
    provider_trouble.CAUSE_CLASS: provider_trouble.assess,
    bad_deployment.CAUSE_CLASS: bad_deployment.assess,
    expired_credential.CAUSE_CLASS: expired_credential.assess,
}
"""Cause class to its signature."""

__all__ = ["CATALOGUE", "Signature"]
