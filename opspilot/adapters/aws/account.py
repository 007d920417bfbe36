"""One AWS account and region, with every port built on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.actions.hand import Hand
from opspilot.adapters.aws.actuator import AwsActuator
from opspilot.adapters.aws.alarms import AwsAlarms
from opspilot.adapters.aws.apis import RestApis
from opspilot.adapters.aws.bedrock import BedrockModel
from opspilot.adapters.aws.bedrock_models import ModelChoice
from opspilot.adapters.aws.buckets import Buckets
from opspilot.adapters.aws.changes import AwsChanges
from opspilot.adapters.aws.functions import Functions
from opspilot.adapters.aws.gateways import Gateways
from opspilot.adapters.aws.http_apis import HttpApis
from opspilot.adapters.aws.invocations import AwsInvocations
from opspilot.adapters.aws.kinship import Kinship
from opspilot.adapters.aws.lister import Lister
from opspilot.adapters.aws.logs import AwsLogs
from opspilot.adapters.aws.metrics import AwsMetrics
from opspilot.adapters.aws.names import Place
from opspilot.adapters.aws.policies import Policies
from opspilot.adapters.aws.queues import Queues
from opspilot.adapters.aws.session import AwsClients, SessionOptions, build_clients
from opspilot.adapters.aws.streams import Streams
from opspilot.adapters.aws.tables import Tables
from opspilot.adapters.aws.throttle import Calls, Patience, Timer
from opspilot.adapters.aws.traces import AwsTraces
from opspilot.adapters.aws.trail import Trail
from opspilot.adapters.aws.workloads import AwsWorkloads, Readers
from opspilot.domain.declared import DeclaredGraph
from opspilot.domain.model import Model
from opspilot.ports.clock import Clock

# One set of buckets for the whole process, since AWS counts per account, whoever asks.
_PROCESS_BUCKETS = Buckets()

_DEFAULT_MODELS = ModelChoice()


class Identity(Model):
    """Whom AWS takes us for.

    Attributes:
        arn: Of the user or assumed role.
    """

    account_id: str
    arn: str
    user_id: str = ""


@dataclass(frozen=True)
class AwsAccount:
    """The ports of one account and region."""

    account_id: str
    region: str
    metrics: AwsMetrics
    logs: AwsLogs
    traces: AwsTraces
    workloads: AwsWorkloads
    changes: AwsChanges
    alarms: AwsAlarms
    actuator: AwsActuator
    invocations: AwsInvocations
    model: BedrockModel
    clients: AwsClients
    calls: Calls

    def identity(self) -> Identity:
        """Whom AWS takes us for, asked of STS.

        Raises:
            AwsCredentialsMissing: There are no credentials, or they have expired.
            AwsError: STS could not be asked.
        """
        return _identity(self.clients, self.calls)


def connect(
    options: SessionOptions,
    *,
    clock: Clock,
    account_id: str = "",
    timer: Timer | None = None,
    patience: Patience | None = None,
    buckets: Buckets | None = None,
    models: ModelChoice = _DEFAULT_MODELS,
    declared: DeclaredGraph | None = None,
) -> AwsAccount:
    """Build every port of an account.

    Args:
        options: Where the account is; empty fields are left to the SDK's own rules.
        clock: Account time decides about periods, retention and delivery lags.
        account_id: Twelve digits; empty asks STS, the only call that is made here.
        timer: What waiting is done with; tests give one that does not wait.
        patience: How long one port call may take.
        buckets: Rate limits to share; one set per process unless given.
        models: Which language model answers for each role.
        declared: A call graph that people wrote down; None where there is none.

    Raises:
        AwsRejected: No region is configured.
        AwsCredentialsMissing: The profile does not exist, or STS was asked without credentials.
        AwsError: STS could not be asked.
    """
    clients = build_clients(options)
    scope = f"{clients.endpoint_url} {account_id} {clients.region}"
    calls = Calls(buckets or _PROCESS_BUCKETS, scope, timer=timer, patience=patience)
    place = Place(account_id or _identity(clients, calls).account_id, clients.region)
    return assemble(clients, calls, clock, place, models, declared)


def assemble(
    clients: AwsClients,
    calls: Calls,
    clock: Clock,
    place: Place,
    models: ModelChoice,
    declared: DeclaredGraph | None = None,
) -> AwsAccount:
    """The ports of an account on clients that exist already."""
    functions = Functions(clients.functions, calls)
    apis = Gateways(RestApis(clients.apigateway, calls), HttpApis(clients.http_apis, calls))
    streams = Streams(clients.kinesis, calls)
    lister = Lister(functions, clients.dynamodb, clients.sqs, streams, apis.rest, apis.http, calls)
    readers = Readers(
        functions,
        Tables(clients.dynamodb, clients.autoscaling, calls),
        Queues(clients.sqs, calls),
        streams,
        apis,
    )
    return AwsAccount(
        account_id=place.account_id,
        region=place.region,
        metrics=AwsMetrics(clients.cloudwatch, calls, clock),
        logs=AwsLogs(clients.logs, calls),
        traces=AwsTraces(clients.xray, calls, place),
        workloads=AwsWorkloads(readers, lister, calls, place, declared),
        changes=AwsChanges(
            Trail(clients.cloudtrail, calls, clients.cloudtrail_of_roles),
            functions,
            calls,
            clock,
            Kinship(lister, place),
            Policies(clients.iam, calls),
        ),
        alarms=AwsAlarms(clients.cloudwatch, calls, place),
        actuator=AwsActuator(Hand(clients.functions, functions, calls, clock)),
        invocations=AwsInvocations(clients.invocations, calls),
        model=BedrockModel(clients.bedrock, calls, models, clients.model_region, clock),
        clients=clients,
        calls=calls,
    )


def _identity(clients: AwsClients, calls: Calls) -> Identity:
    answer = calls.send(
        operations.GET_CALLER_IDENTITY, calls.budget(), clients.sts.get_caller_identity
    )
    return _to_identity(answer)


def _to_identity(answer: Mapping[str, Any]) -> Identity:
    return Identity(
        account_id=str(answer["Account"]),
        arn=str(answer["Arn"]),
        user_id=str(answer.get("UserId") or ""),
    )
