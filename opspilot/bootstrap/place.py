"""Which account is meant, whether it answers, and where its state is kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opspilot.adapters.aws import AwsAccount, ModelChoice, SessionOptions, connect
from opspilot.adapters.graph_file import read_graph
from opspilot.adapters.system import SystemClock
from opspilot.adapters.unreachable import Unreachable
from opspilot.config import Settings
from opspilot.domain.account import Account
from opspilot.domain.declared import DeclaredGraph
from opspilot.embedded.client import World, handshake, read_address
from opspilot.embedded.remote_clock import RemoteClock
from opspilot.errors import EmbeddedAccountStopped, OpsPilotError
from opspilot.ports.actuator import Actuator
from opspilot.ports.clock import Clock
from opspilot.ports.invocations import Invocations
from opspilot.ports.meter import Meter
from opspilot.ports.model import LanguageModel
from opspilot.ports.telemetry import Logs, Metrics, Traces
from opspilot.ports.workloads import Alarms, Changes, Workloads

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

_PATIENCE_SECONDS = 5.0
"""How long a handshake may take: the embedded account may be busy with a large answer."""

_DUMMY = "embedded"
"""Access key and secret towards the embedded account: it checks none, and no real account knows
it."""


@dataclass(frozen=True)
class Ports:
    """The AWS side, or its stand-in while no account answers."""

    metrics: Metrics
    logs: Logs
    workloads: Workloads
    changes: Changes
    alarms: Alarms
    actuator: Actuator
    invocations: Invocations
    model: LanguageModel
    traces: Traces
    meter: Meter


@dataclass(frozen=True)
class Place:
    """Which account is meant, whether it answers, and where its state is kept.

    Attributes:
        clock: The wall's time, and the account's as far as it answers.
        dynamodb: Where the store's tables are, if it is kept in DynamoDB; None while the account
            does not answer.
    """

    account: Account
    folder: Path
    ports: Ports
    clock: Clock
    problem: OpsPilotError | None = None
    dynamodb: "DynamoDBClient | None" = None


def locate(settings: Settings, clock: Clock | None = None) -> Place:
    """Find the account: AWS_ENDPOINT_URL, else this state folder's embedded one, else AWS.

    Args:
        settings: What was configured.
        clock: Time to go by instead of the system's and the account's, for whoever moves it by
            hand.

    Raises:
        InputError: The file of the declared graph is malformed.
    """
    if settings.aws_endpoint_url:
        return _endpoint(settings, settings.aws_endpoint_url, clock)
    if settings.account == "auto" and settings.embedded_dir.exists():
        return _embedded(settings, clock)
    return _aws(settings, _options(settings), clock or SystemClock())


def _options(settings: Settings) -> SessionOptions:
    return SessionOptions(
        profile=settings.aws_profile,
        region=_region(settings),
        model_region=settings.model_region,
    )


def _models(settings: Settings, *, stand_in: bool) -> ModelChoice:
    return ModelChoice(
        default=settings.model_default,
        fast=settings.model_fast,
        deep=settings.model_deep,
        guardrail_id=settings.model_guardrail_id,
        guardrail_version=settings.model_guardrail_version,
        stand_in=stand_in,
    )


def declared_graph(settings: Settings) -> DeclaredGraph | None:
    """The call graph that people declare; None where no file is set.

    Raises:
        InputError: The file cannot be read or understood; says where and what to do.
    """
    return read_graph(Path(settings.graph_file).expanduser()) if settings.graph_file else None


def _region(settings: Settings) -> str:
    return settings.aws_region or settings.aws_default_region


def _endpoint(settings: Settings, url: str, clock: Clock | None) -> Place:
    try:
        world = handshake(url, _PATIENCE_SECONDS)
    except OpsPilotError as error:
        return _silent(settings, url, error, clock)
    if world is not None:
        return _on_world(settings, url, world, clock)
    # The SDK reads the address itself, and the ones of single services (AWS_ENDPOINT_URL_LAMBDA).
    return _aws(settings, _options(settings), clock or SystemClock(), emulator=url)


def _silent(settings: Settings, url: str, error: OpsPilotError, clock: Clock | None) -> Place:
    """Nothing answers at an address; what is stored stays readable if the address is known."""
    address = read_address(settings.embedded_dir)
    if address is not None and address.url.rstrip("/") == url.rstrip("/"):
        known = (address.account_id, address.region)
        return _stopped(settings.embedded_dir, *known, error, clock, endpoint=url)
    return _stopped(settings.state_dir / "unknown", "", "", error, clock, endpoint=url)


def _embedded(settings: Settings, clock: Clock | None) -> Place:
    """The embedded account of this state folder; never falls through to a real one."""
    stopped = EmbeddedAccountStopped(
        f"the embedded account of {settings.state_dir} is not running",
        hint="Start it with `make run` or `opspilot demo`. For a real account set "
        "OPSPILOT_ACCOUNT=aws.",
    )
    address = read_address(settings.embedded_dir)
    if address is None:
        return _stopped(settings.state_dir / "unknown", "", "", stopped, clock)
    try:
        world = handshake(address.url, _PATIENCE_SECONDS)
    except OpsPilotError:
        world = None
    if world is None or world.account_id != address.account_id:
        known = (address.account_id, address.region)
        return _stopped(settings.embedded_dir, *known, stopped, clock)
    return _on_world(settings, address.url, world, clock)


def _on_world(settings: Settings, url: str, world: World, clock: Clock | None) -> Place:
    options = SessionOptions(
        region=world.region,
        endpoint_url=url,
        access_key_id=_DUMMY,
        secret_access_key=_DUMMY,
        sealed=True,
    )
    account = Account(
        account_id=world.account_id,
        region=world.region,
        embedded=True,
        speed=world.speed,
        endpoint=url,
        caller=f"arn:aws:iam::{world.account_id}:user/opspilot",
    )
    chosen = clock or RemoteClock(url, world, SystemClock())
    models = _models(settings, stand_in=True)
    aws = connect(
        options,
        clock=chosen,
        account_id=world.account_id,
        models=models,
        declared=declared_graph(settings),
    )
    elsewhere = settings.aws_endpoint_url_dynamodb
    tables = (
        connect(replace(options, endpoint_url=elsewhere), clock=chosen, account_id=world.account_id)
        if elsewhere
        else aws
    )
    dynamodb = tables.clients.dynamodb
    return Place(account, settings.embedded_dir, _ports(aws), chosen, dynamodb=dynamodb)


def _aws(settings: Settings, options: SessionOptions, clock: Clock, *, emulator: str = "") -> Place:
    """An account found the standard way; an emulator's state is kept apart from AWS's own."""
    declared = declared_graph(settings)
    try:
        aws = connect(
            options, clock=clock, models=_models(settings, stand_in=False), declared=declared
        )
        identity = aws.identity()
    except OpsPilotError as error:
        folder = settings.state_dir / "unknown"
        return _stopped(folder, "", options.region, _or_try(error), clock, endpoint=emulator)
    account = Account(
        account_id=aws.account_id,
        region=aws.region,
        endpoint=emulator,
        caller=identity.arn,
    )
    kind = "emulator-" if emulator else ""
    folder = settings.state_dir / f"{kind}{aws.account_id}-{aws.region}"
    return Place(account, folder, _ports(aws), clock, dynamodb=aws.clients.dynamodb)


def _or_try(error: OpsPilotError) -> OpsPilotError:
    """The error, its hint naming the way that needs no account."""
    hint = f"{error.hint.rstrip('.')}. " if error.hint else ""
    error.hint = f"{hint[:1].upper()}{hint[1:]}To try OpsPilot without an AWS account: make run."
    return error


def _stopped(
    folder: Path,
    account_id: str,
    region: str,
    error: OpsPilotError,
    clock: Clock | None,
    *,
    endpoint: str = "",
) -> Place:
    nobody = Unreachable(error)
    account = Account(
        account_id=account_id,
        region=region,
        embedded=isinstance(error, EmbeddedAccountStopped),
        endpoint=endpoint,
        problem=" ".join(f"{part.rstrip('.')}." for part in (error.message, error.hint) if part),
    )
    ports = Ports(*[nobody] * 10)
    return Place(account, folder, ports, clock or SystemClock(), problem=error)


def _ports(aws: AwsAccount) -> Ports:
    return Ports(
        aws.metrics,
        aws.logs,
        aws.workloads,
        aws.changes,
        aws.alarms,
        aws.actuator,
        aws.invocations,
        aws.model,
        aws.traces,
        aws.calls,
    )
