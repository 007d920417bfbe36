"""The words of a scenario's truth that the product knows too: causes, actions, sources.

A misspelt class that must be ruled out, or a misspelt forbidden action, would pass for ever; so
each is checked when a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from opspilot.diagnosis import CATALOGUE as CAUSES
from opspilot.remediation import CATALOGUE as ACTIONS

ANY_ACTION = "*"

FORESEEN: Mapping[str, str] = {
    "apigateway.set_integration_timeout": "gives a slow but working integration its time back",
    "dynamodb.set_capacity": "gives a throttled table or index its capacity back",
    "iam.restore_role_policy": "takes back the policy that denies a function its calls",
    "lambda.delete_concurrency": "takes the reservation away that turns callers away",
    "lambda.raise_account_limit": "asks AWS for more concurrent executions of the account",
    "lambda.restore_code": "puts the code of a version back where no alias could be moved",
    "lambda.set_concurrency": "reserves as many places as the traffic needs",
    "lambda.set_mapping": "switches an event source mapping on again",
    "sqs.set_visibility_timeout": "keeps a message hidden while it is worked on",
}
"""Right actions that no plan can propose yet, each with what it would cure a fault by.

Scenarios name the action that would cure, whether or not it is built: that is what "a right action
exists" counts. Whoever builds one takes it out here, and the share rises by itself.
"""


def _cause(name: str) -> str:
    if name not in CAUSES:
        raise ValueError(f"there is no cause class {name!r}")
    return name


def _action(name: str) -> str:
    if name != ANY_ACTION and name not in ACTIONS and name not in FORESEEN:
        raise ValueError(f"there is no action {name!r}, and none is foreseen in vocabulary.py")
    return name


def _cause_or_none(name: str) -> str:
    return _cause(name) if name else name


CauseClass = Annotated[str, AfterValidator(_cause)]
NearMiss = Annotated[str, AfterValidator(_cause_or_none)]
"""A cause class, or nothing."""
ActionName = Annotated[str, AfterValidator(_action)]
"""A type of the catalogue, a foreseen one, or "*" for any."""
Source = Literal[
    "metrics",
    "logs",
    "configuration",
    "changes",
    "topology",
    "alarms",
    "limits",
    "traces",
]
"""What entries of the ledger come from."""
