"""Clients of the AWS services, found the standard way: profile, region, AWS_ENDPOINT_URL."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore import exceptions as sdk
from botocore.config import Config
from botocore.configprovider import ConstantProvider
from botocore.loaders import Loader, create_loader
from botocore.utils import parse_timestamp

from opspilot import __version__
from opspilot.adapters.aws.bedrock import RuntimeClient
from opspilot.adapters.aws.http_apis import HttpClient
from opspilot.adapters.aws.late import LateClients
from opspilot.adapters.aws.policies import PolicyClient
from opspilot.adapters.aws.streams import StreamClient
from opspilot.adapters.aws.tables import ScalingClient
from opspilot.adapters.aws.traces import TraceClient
from opspilot.errors import AwsCredentialsMissing, AwsRejected

if TYPE_CHECKING:
    from types_boto3_apigateway.client import APIGatewayClient
    from types_boto3_cloudtrail.client import CloudTrailClient
    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_dynamodb.client import DynamoDBClient
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_sqs.client import SQSClient
    from types_boto3_sts.client import STSClient


_MODEL_SILENCE = 90


@dataclass(frozen=True)
class SessionOptions:
    """Where the account is; an empty field is left to the SDK's own rules.

    Attributes:
        endpoint_url: Of every service; beats AWS_ENDPOINT_URL.
        access_key_id: With `secret_access_key`, beats every other source of credentials.
        model_region: Region of the language models, if another one.
        sealed: Whether nothing but these fields counts: no profile, no configuration file and no
            proxy of this machine. For an account on this very machine.
    """

    profile: str = ""
    region: str = ""
    endpoint_url: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    model_region: str = ""
    sealed: bool = False


@dataclass(frozen=True)
class AwsClients:
    """One client per service, thread-safe, built once, when it is first used.

    Attributes:
        region: The region they all talk to.
        endpoint_url: Of CloudWatch; tells an emulator from AWS in bucket names.
        cloudtrail_of_roles: Of the one region that records changes of roles; None where it is
            this one, or where one endpoint answers for all regions.
        bedrock: Of the language models, in `model_region`.
    """

    region: str
    endpoint_url: str
    cloudwatch: "CloudWatchClient"
    logs: "CloudWatchLogsClient"
    functions: "LambdaClient"
    invocations: "LambdaClient"
    cloudtrail: "CloudTrailClient"
    cloudtrail_of_roles: "CloudTrailClient | None"
    iam: PolicyClient
    dynamodb: "DynamoDBClient"
    autoscaling: ScalingClient
    sqs: "SQSClient"
    kinesis: StreamClient
    xray: TraceClient
    apigateway: "APIGatewayClient"
    http_apis: HttpClient
    sts: "STSClient"
    bedrock: RuntimeClient
    model_region: str


_ROLES_REGION = "us-east-1"
"""Where CloudTrail records what happens to IAM, which is global."""
_TRIAL_SECONDS = 60
"""How long a function that is tried may take; Lambda itself would wait for fifteen minutes."""


def client_config(*, sealed: bool = False) -> Config:
    """Time-outs, pool and name; one attempt, since `throttle` does the retrying."""
    return Config(
        proxies={} if sealed else None,
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=3,
        read_timeout=25,
        tcp_keepalive=True,
        max_pool_connections=20,
        user_agent_extra=f"opspilot/{__version__}",
    )


def _model_config(*, sealed: bool) -> Config:
    """As the others, but a model may be silent for long before and between its words."""
    # Naming the signature keeps a real account's AWS_BEARER_TOKEN_BEDROCK from being sent.
    patient = Config(read_timeout=_MODEL_SILENCE, signature_version="v4" if sealed else None)
    return client_config(sealed=sealed).merge(patient)


def build_clients(options: SessionOptions) -> AwsClients:
    """The clients of an account; no network call is made.

    Where this machine's own settings count, the first is built at once: what is wrong with
    credentials, files or addresses shows here.

    Raises:
        AwsCredentialsMissing: The profile does not exist.
        AwsRejected: No region is configured.
    """
    session = _session(options)
    region = str(session.region_name or "")
    if not region:
        raise AwsRejected(
            "no AWS region is configured", hint="set AWS_REGION or the profile's region"
        )
    endpoint = options.endpoint_url or None
    config = client_config(sealed=options.sealed)
    late = LateClients(session)
    cloudwatch: CloudWatchClient = late.client("cloudwatch", endpoint_url=endpoint, config=config)
    known = options.endpoint_url if options.sealed else ""
    return AwsClients(
        region=region,
        endpoint_url=known or str(cloudwatch.meta.endpoint_url),
        cloudwatch=cloudwatch,
        logs=late.client("logs", endpoint_url=endpoint, config=config),
        functions=late.client("lambda", endpoint_url=endpoint, config=config),
        invocations=late.client(
            "lambda",
            endpoint_url=endpoint,
            config=config.merge(Config(read_timeout=_TRIAL_SECONDS)),
        ),
        cloudtrail=late.client("cloudtrail", endpoint_url=endpoint, config=config),
        cloudtrail_of_roles=None
        if endpoint or region == _ROLES_REGION
        else late.client("cloudtrail", region_name=_ROLES_REGION, config=config),
        iam=late.client("iam", endpoint_url=endpoint, config=config),
        dynamodb=late.client("dynamodb", endpoint_url=endpoint, config=config),
        autoscaling=late.client("application-autoscaling", endpoint_url=endpoint, config=config),
        sqs=late.client("sqs", endpoint_url=endpoint, config=config),
        kinesis=late.client("kinesis", endpoint_url=endpoint, config=config),
        xray=late.client("xray", endpoint_url=endpoint, config=config),
        apigateway=late.client("apigateway", endpoint_url=endpoint, config=config),
        http_apis=late.client("apigatewayv2", endpoint_url=endpoint, config=config),
        sts=late.client("sts", endpoint_url=endpoint, config=config),
        bedrock=late.client(
            "bedrock-runtime",
            region_name=options.model_region or region,
            endpoint_url=endpoint,
            config=_model_config(sealed=options.sealed),
        ),
        model_region=options.model_region or region,
    )


def _session(options: SessionOptions) -> boto3.Session:
    try:
        return boto3.Session(
            botocore_session=_core(sealed=options.sealed),
            profile_name=options.profile or None,
            region_name=options.region or None,
            aws_access_key_id=options.access_key_id or None,
            aws_secret_access_key=options.secret_access_key or None,
            aws_session_token=options.session_token or None,
        )
    except sdk.ProfileNotFound as exc:
        raise AwsCredentialsMissing(str(exc), hint="check AWS_PROFILE and ~/.aws/config") from exc


def _core(*, sealed: bool) -> botocore.session.Session:
    """The SDK's session; sealed, it looks at nothing of this machine.

    That is: neither AWS_PROFILE nor files, and no FIPS and no dual stack.
    """
    core = botocore.session.Session()
    # Through the zone of this machine, as the SDK does it, each datapoint costs six times as much.
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=to_moment)
    if sealed:
        core.register_component("data_loader", _service_models())
    store = core.get_component("config_store")
    for name, value in _SEALED.items() if sealed else ():
        store.set_config_provider(name, ConstantProvider(value))
    return core


def to_moment(value: float | str) -> datetime:
    """A timestamp of an answer: seconds since 1970, or a text in one of the SDK's forms.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass  # The SDK knows how to count beyond what the platform can.
    return parse_timestamp(str(value))


@lru_cache(maxsize=1)
def _service_models() -> Loader:
    """The SDK's descriptions of the services, which it reads once for all sessions of a process."""
    return create_loader()


_SEALED = {
    "profile": None,
    "config_file": os.devnull,
    "credentials_file": os.devnull,
    "use_fips_endpoint": False,
    "use_dualstack_endpoint": False,
}
