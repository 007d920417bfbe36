"""What became of each action of a plan, and of its undo."""

from app.formatting import Now, moment
from app.markup import Html, el, show
from opspilot.domain.plan import ActionRun, Plan

_MARKS = {
    "pending": "·",
    "intended": "●",
    "applied": "●",
    "settled": "✓",
    "failed": "▲",
    "skipped": "-",
}
_IN_WORDS = {
    "pending": "waits",
    "intended": "is being applied",
    "applied": "is applied, not yet in force",
    "settled": "is in force",
    "failed": "failed",
    "skipped": "was skipped",
}


def runs(plan: Plan, now: Now) -> None:
    """One line for each action that was started."""
    if plan.runs:
        lines = [_line(run, now) for run in plan.runs]
        show(el("div", el("h3", "What was done"), el("ul", *lines, cls="op-list op-runs")))


def _line(run: ActionRun, now: Now) -> Html:
    name = f"Undo of {run.action_id}" if run.undo else run.action_id
    at = run.settled_at or run.applied_at
    found = " (found in place after a restart)" if run.reconciled else ""
    return el(
        "li",
        el("span", _MARKS[run.status], cls=f"op-mark op-run-{run.status}", aria_hidden="true"),
        f" {name} {_IN_WORDS[run.status]}{found}",
        el("span", " since ", moment(at, now.account, now.zone)) if at else None,
        el("span", f": {run.error}", cls="op-breach-text") if run.error else None,
        el("span", f" request {', '.join(run.request_ids)}", cls="op-quiet-text")
        if run.request_ids
        else None,
    )
