"""The live feed: every question, the time it is about, why it was asked, and what it found."""

from datetime import datetime

from app import attacks
from app.answered import NO_DATA, asked_over, cost, spent, standing
from app.formatting import Now, stopwatch
from app.markup import Html, el
from opspilot.domain.evidence import Evidence
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation, Task
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural

_MARKS = {"waiting": "·", "running": "", "done": "✓", "gap": "◇", "skipped": "-"}
_NO_DATA_MARK = "○"
_IN_WORDS = {
    "waiting": ": waits",
    "running": ": being read",
    "gap": ": could not be read",
    "skipped": ": left out",
}

_PLANNED = (
    "who calls the resource and whom it calls",
    "its metrics and its neighbours', against their usual course",
    "its alarms, its configuration and its versions",
    "its log, patterns now against patterns before",
    "what changed around it, and how far that feed is complete",
)


def feed(view: IncidentView, now: Now) -> Html:
    """The questions with what they found so far, newest answers and open questions first."""
    investigation = view.investigation
    if investigation is None:
        return el(
            "section",
            el("h2", "Investigation"),
            el("p", "Nothing has been asked yet. An investigation will read, and show here:"),
            el(
                "ul",
                *[el("li", el("span", "·", cls="op-mark"), el("span", one)) for one in _PLANNED],
            ),
            cls="op-panel op-feed",
        )
    found = {item.id: item for item in view.evidence}
    ordered = sorted(investigation.tasks, key=_open_first)
    return el(
        "section",
        el("h2", _headline(investigation, now.wall)),
        el("p", f"Cut short: {investigation.cut_short}.", cls="op-waiting-text")
        if investigation.cut_short
        else None,
        el("p", cost(investigation.usage), cls="op-quiet-text op-num"),
        el("ol", *[_line(task, found.get(task.evidence_id), view.incident) for task in ordered]),
        cls="op-panel op-feed",
        aria_live="polite",
    )


def _headline(investigation: Investigation, wall: datetime) -> str:
    tasks = investigation.tasks
    answered = sum(task.status in ("done", "gap") for task in tasks)
    ended = investigation.ended_wall or wall
    elapsed = stopwatch(ended - investigation.started_wall)
    if investigation.phase == "diagnosing":
        return f"Weighing {plural(answered, 'answer')}, {elapsed}"
    if investigation.phase == "gathering":
        return f"Gathering evidence: {answered} of {len(tasks)} answered, {elapsed}"
    return f"{plural(answered, 'question')} answered in {elapsed}"


def _open_first(task: Task) -> tuple[bool, int]:
    number = task.evidence_id.removeprefix("E")
    return task.status in ("done", "gap"), -int(number) if number.isdigit() else 0


def _line(task: Task, item: Evidence | None, incident: Incident) -> Html:
    said = item.finding if item else f"{task.title}{_IN_WORDS.get(task.status, '')}"
    seconds = f"{task.wall_seconds:.1f} s" if task.wall_seconds else ""
    return el(
        "li",
        _mark(task, item),
        el(
            "div",
            el("div", el("b", f"{task.evidence_id} ") if task.evidence_id else None, said),
            el("div", attacks.reason(task.why), cls="op-why") if task.why else None,
            el("div", _asked(task, item, incident), cls="op-asked op-num"),
        ),
        el("span", seconds, cls="op-num op-quiet-text"),
        cls=f"op-task-{task.status}",
        title=task.title,
    )


def _mark(task: Task, item: Evidence | None) -> Html:
    if task.status == "running":
        return el("span", "", cls="op-pulse")
    empty = item is not None and standing(item) == NO_DATA
    if empty:
        return el("span", _NO_DATA_MARK, cls="op-mark op-no-data")
    return el("span", _MARKS[task.status], cls="op-mark")


def _asked(task: Task, item: Evidence | None, incident: Incident) -> str:
    """Source and window; what the answer cost, where it cost anything by itself."""
    parts = (asked_over(task, item, incident), spent(task.usage))
    return " · ".join(part for part in parts if part)
