"""The progress of one investigation: its tasks, what they cost, and its verdict."""

from typing import Literal

from opspilot.domain.hypothesis import Verdict
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Symptom
from opspilot.domain.model import Instant, Model, Record
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window

TaskStatus = Literal["waiting", "running", "done", "gap", "skipped"]


class Task(Model):
    """One question of the investigation, shown live.

    Attributes:
        key: Stable name, "metric:lambda.errors:arn..."; at most one evidence entry per key.
        title: For people, "Errors of checkout".
        why: What its answer may refute; empty for what every investigation asks.
        evidence_id: With "done" or "gap".
        started_wall: Since when it is "running".
        usage: What the answer cost.
    """

    key: str
    title: str
    why: str = ""
    status: TaskStatus = "waiting"
    evidence_id: str = ""
    wall_seconds: float = 0.0
    started_wall: Instant | None = None
    usage: CallUsage = CallUsage()


class Judged(Model):
    """What a verdict was drawn on besides the ledger: the incident moves on, a replay needs it.

    Attributes:
        at: Account time.
    """

    at: Instant
    window: Window
    baseline: Window
    symptom: Symptom


class Investigation(Record):
    """One pass over the sources; a repeated investigation has the next number.

    Attributes:
        requested_by: The person who asked, or the system.
        phase: "gathering" until no task is open, then "diagnosing", then "done".
        started_wall: Wall time; `ended_wall` with "done" or "stopped".
        stop_requested: A person asked to stop with what there is.
        cut_short: Why gathering ended before everything was asked, and how much was not; in words.
            Empty when it came to its end.
        usage: Of this look, answers that were given up and asked for again included.
        elsewhere: What the incident cost besides: looks before this one, entries asked again.
        judged: With a verdict; None in rows of before it was kept.
    """

    incident_id: str
    number: int = 1
    requested_by: Actor
    phase: Literal["gathering", "diagnosing", "done", "stopped"] = "gathering"
    stop_requested: bool = False
    cut_short: str = ""
    tasks: tuple[Task, ...] = ()
    usage: CallUsage = CallUsage()
    elsewhere: CallUsage = CallUsage()
    verdict: Verdict | None = None
    judged: Judged | None = None
    started_at: Instant
    started_wall: Instant
    ended_wall: Instant | None = None
