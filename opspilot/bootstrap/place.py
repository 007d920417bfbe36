"""Which account is meant, whether it answers, and where its state is kept."""

from dataclasses import dataclass
from pathlib import Path

from opspilot.adapters.aws import AwsAccount, SessionOptions, connect
from opspilot.adapters.system import SystemClock
from opspilot.adapters.unreachable import Unreachable
from opspilot.config import Settings
from opspilot.domain.account import Account
from opspilot.embedded.client import World, handshake, read_address
from opspilot.embedded.remote_clock import RemoteClock
from opspilot.errors import EmbeddedAccountStopped, OpsPilotError
from opspilot.ports.actuator import Actuator
from opspilot.ports.telemetry import Logs, Metrics
from opspilot.ports.workloads import Alarms, Changes, Workloads

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


@dataclass(frozen=True)
class Place:
    """Which account is meant, whether it answers, and where its state is kept."""

    account: Account
    folder: Path
    ports: Ports
    world: World | None = None
    problem: OpsPilotError | None = None


def locate(settings: Settings) -> Place:
    """Find the account: AWS_ENDPOINT_URL, else this state folder's embedded one, else AWS."""
    if settings.aws_endpoint_url:
        return _endpoint(settings, settings.aws_endpoint_url)
    if settings.account == "auto" and settings.embedded_dir.exists():
        return _embedded(settings)
    return _aws(settings, SessionOptions(profile=settings.aws_profile, region=_region(settings)))


def _region(settings: Settings) -> str:
    return settings.aws_region or settings.aws_default_region


def _endpoint(settings: Settings, url: str) -> Place:
    try:
        world = handshake(url)
    except OpsPilotError as error:
        return _stopped(settings.state_dir / "unknown", "", "", error, endpoint=url)
    if world is not None:
        return _on_world(settings, url, world)
    options = SessionOptions(
        profile=settings.aws_profile, region=_region(settings), endpoint_url=url
    )
    return _aws(settings, options)


def _embedded(settings: Settings) -> Place:
    """The embedded account of this state folder; never falls through to a real one."""
    stopped = EmbeddedAccountStopped(
        f"the embedded account of {settings.state_dir} is not running",
        hint="Start it with `make run` or `opspilot demo`. For a real account set "
        "OPSPILOT_ACCOUNT=aws.",
    )
    address = read_address(settings.embedded_dir)
    if address is None:
        return _stopped(settings.embedded_dir, "", "", stopped)
    try:
        world = handshake(address.url)
    except OpsPilotError:
        world = None
    if world is None:
        return _stopped(settings.embedded_dir, address.account_id, address.region, stopped)
    return _on_world(settings, address.url, world)


def _on_world(settings: Settings, url: str, world: World) -> Place:
    options = SessionOptions(
        region=world.region, endpoint_url=url, access_key_id=_DUMMY, secret_access_key=_DUMMY
    )
    account = Account(
        account_id=world.account_id,
        region=world.region,
        embedded=True,
        speed=world.speed,
        endpoint=url,
        caller=f"arn:aws:iam::{world.account_id}:user/opspilot",
    )
    clock = RemoteClock(url, world, SystemClock())
    aws = connect(options, clock=clock, account_id=world.account_id)
    return Place(account, settings.embedded_dir, _ports(aws), world)


def _aws(settings: Settings, options: SessionOptions) -> Place:
    try:
        aws = connect(options, clock=SystemClock())
        identity = aws.identity()
    except OpsPilotError as error:
        return _stopped(
            settings.state_dir / "unknown", "", options.region, error, endpoint=options.endpoint_url
        )
    account = Account(
        account_id=aws.account_id,
        region=aws.region,
        endpoint=options.endpoint_url,
        caller=identity.arn,
    )
    return Place(account, settings.state_dir / f"{aws.account_id}-{aws.region}", _ports(aws))


def _stopped(
    folder: Path, account_id: str, region: str, error: OpsPilotError, *, endpoint: str = ""
) -> Place:
    nobody = Unreachable(error)
    account = Account(
        account_id=account_id,
        region=region,
        embedded=isinstance(error, EmbeddedAccountStopped),
        endpoint=endpoint,
        problem=" ".join(filter(None, (error.message, error.hint))),
    )
    ports = Ports(nobody, nobody, nobody, nobody, nobody, nobody)
    return Place(account, folder, ports, problem=error)


def _ports(aws: AwsAccount) -> Ports:
    return Ports(aws.metrics, aws.logs, aws.workloads, aws.changes, aws.alarms, aws.actuator)
