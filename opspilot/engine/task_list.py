"""The plan of an investigation as people see it: what waits, what runs, what is answered; pure."""

from collections.abc import Collection, Sequence
from datetime import datetime

from opspilot.domain.evidence import Evidence, GapDetail, GapReason
from opspilot.domain.investigation import Investigation, Task
from opspilot.domain.wording import plural
from opspilot.engine.answer import NOT_ASKED
from opspilot.engine.inquiry import AHEAD
from opspilot.engine.questions import Question


def announced(
    current: Investigation,
    waiting: Sequence[Question],
    begun: Collection[str],
    later: Collection[str],
    now: datetime,
) -> Investigation:
    """The tasks with these questions added, and below them what is known to come later.

    Args:
        current: The investigation.
        waiting: Questions that are to be asked now.
        begun: Keys of those that are asked at once; the others wait their turn.
        later: Keys of `AHEAD`.
        now: Wall time.
    """
    kept = [task for task in current.tasks if task.key not in AHEAD]
    known = {task.key for task in kept}
    kept = [_running(task, now) if task.key in begun else task for task in kept]
    fresh = [
        _asked(one, running=one.key in begun, now=now) for one in waiting if one.key not in known
    ]
    coming = [Task(key=key, title=title) for key, title in AHEAD.items() if key in later]
    return current.model_copy(update={"tasks": (*kept, *fresh, *coming)})


def answered(
    current: Investigation, key: str, item: Evidence, seconds: float, begun: str, now: datetime
) -> Investigation:
    """The tasks with one answered, and the one that was asked in its place running."""
    tasks = [
        _done(task, item, seconds)
        if task.key == key
        else _running(task, now)
        if task.key == begun
        else task
        for task in current.tasks
    ]
    return current.model_copy(
        update={"tasks": tuple(tasks), "usage": current.usage.plus(item.usage)}
    )


def ended(current: Investigation, ledger: Sequence[Evidence]) -> Investigation:
    """Nothing is asked any more: what was still open is skipped, and said.

    Args:
        current: The investigation.
        ledger: What it collected.
    """
    tasks = [
        task.model_copy(update={"status": "skipped"})
        if task.status in ("waiting", "running")
        else task
        for task in current.tasks
        if task.key not in AHEAD or current.stop_requested
    ]
    done = current.model_copy(update={"phase": "diagnosing", "tasks": tuple(tasks)})
    return done.model_copy(update={"cut_short": _cut_short(done, ledger)})


def _cut_short(done: Investigation, ledger: Sequence[Evidence]) -> str:
    unpaid = [
        item.detail.message
        for item in ledger
        if isinstance(item.detail, GapDetail) and item.detail.reason is GapReason.BUDGET
    ]
    left = [task for task in done.tasks if task.status == "skipped"]
    skipped = [task for task in left if task.key not in AHEAD]
    reasons = ["a person stopped it"] if done.stop_requested else []
    reasons += dict.fromkeys(one.removeprefix(NOT_ASKED) for one in unpaid)
    if not reasons:
        return ""
    why, asked = "; ".join(reasons), len(unpaid) + len(skipped)
    if not asked:
        # What a later step would have asked is not known before it begins.
        many = plural(len(left), "step was", "steps were")
        return f"{why}: {many} not begun" if left else why
    many = plural(asked, "planned question was", "planned questions were")
    return f"{why}: {many} not asked"


def _asked(question: Question, *, running: bool, now: datetime) -> Task:
    task = Task(key=question.key, title=question.title, why=question.why)
    return _running(task, now) if running else task


def _running(task: Task, now: datetime) -> Task:
    if task.status != "waiting":
        return task
    return task.model_copy(update={"status": "running", "started_wall": now})


def _done(task: Task, item: Evidence, seconds: float) -> Task:
    return task.model_copy(
        update={
            "status": "gap" if item.status == "gap" else "done",
            "evidence_id": item.id,
            "wall_seconds": round(seconds, 3),
            "usage": item.usage,
        }
    )
