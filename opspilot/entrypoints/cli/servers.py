"""Verbs that run until they are stopped: demo, serve, worker."""

import threading
from typing import Annotated

import typer

from opspilot.bootstrap.place import declared_graph
from opspilot.config import Settings, load_settings
from opspilot.entrypoints.cli.output import answer, note
from opspilot.entrypoints.cli.program import AsJson
from opspilot.entrypoints.cli.session import opened
from opspilot.entrypoints.collector import settle
from opspilot.entrypoints.signals import on_ending
from opspilot.entrypoints.supervisor import LOOPBACK, DemoOptions, Supervisor
from opspilot.entrypoints.worker import Worker

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the workbench.")]
Host = Annotated[
    str, typer.Option("--host", help="Address the workbench listens on; 0.0.0.0 for every one.")
]
_DEFAULT_PORT = 8600


def demo(
    port: Port = _DEFAULT_PORT,
    host: Host = LOOPBACK,
    speed: Annotated[
        float, typer.Option(min=1, max=30, help="Account seconds per second, when new.")
    ] = 10.0,
    seed: Annotated[int, typer.Option(help="Seed of the workload, when new.")] = 7,
    fault: Annotated[
        str, typer.Option(help="Fault that is under way when new; empty for none.")
    ] = "slow-dependency",
    as_json: AsJson = False,
) -> None:
    """Open the workbench on the embedded account: no AWS account, no key."""
    options = DemoOptions(speed=speed, seed=seed, fault=fault)
    Supervisor(_settings(), note, host).demo(port, options)
    _ended(as_json)


def serve(port: Port = _DEFAULT_PORT, host: Host = LOOPBACK, as_json: AsJson = False) -> None:
    """Open the workbench and a worker on the configured account."""
    Supervisor(_settings(), note, host).serve(port)
    _ended(as_json)


def worker(as_json: AsJson = False) -> None:
    """Run the worker alone."""
    stop = threading.Event()
    on_ending(stop.set)
    workbench = opened()
    settle()
    note(f"Worker on {workbench.account.account_id} in {workbench.account.region}.")
    Worker(workbench, stop).run()
    _ended(as_json)


def _settings() -> Settings:
    """The settings, held against what they name: a child that cannot start says so in a log only.

    Raises:
        InputError: A setting, or the file of the declared call graph, is malformed.
    """
    settings = load_settings()
    declared_graph(settings)
    return settings


def _ended(as_json: bool) -> None:
    """What they answer once they are stopped; nothing to a person, who has stopped them."""
    answer({"status": "ended"}, (), as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the verbs on the program."""
    for verb in (demo, serve, worker):
        app.command()(verb)
