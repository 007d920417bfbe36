"""Commands: who may give which, from where; a refusal leaves its trace and nothing else."""

from collections.abc import Callable
from itertools import product

import pytest

from opspilot.domain.audit import SYSTEM_CHAIN
from opspilot.domain.commands import PERMITTED, Command
from opspilot.domain.identity import SYSTEM, Actor
from opspilot.domain.incident import IncidentStatus, Severity
from opspilot.domain.trial import TrialMode
from opspilot.errors import ApprovalDenied, IllegalTransition, NotAllowed, NotFound
from tests.engine.account import CHECKOUT
from tests.engine.scene import ADA, ROOT, ROSA, VERA, Scene
from tests.engine.standing import STANDING, standing

PLAN = "INC-0001-P1"
Give = Callable[[Scene, Actor], object]

COMMANDS: dict[Command, Give] = {
    Command.OPEN_INCIDENT: lambda at, who: at.bench.intake.open_incident("checkout", actor=who),
    Command.INVESTIGATE: lambda at, who: at.bench.investigations.start("INC-0001", actor=who),
    Command.STOP_INVESTIGATION: lambda at, who: at.bench.investigations.stop("INC-0001", actor=who),
    Command.PROPOSE_PLAN: lambda at, who: at.bench.plans.request("INC-0001", actor=who),
    Command.APPROVE_PLAN: lambda at, who: at.bench.approvals.approve(
        PLAN, digest=at.store.plan(PLAN).digest, actor=who
    ),
    Command.REJECT_PLAN: lambda at, who: at.bench.approvals.reject(PLAN, reason="no", actor=who),
    Command.WITHDRAW_PLAN: lambda at, who: at.bench.plans.withdraw(PLAN, actor=who),
    Command.EXECUTE_PLAN: lambda at, who: at.bench.executions.start(PLAN, actor=who),
    Command.UNDO_PLAN: lambda at, who: at.bench.executions.undo(PLAN, actor=who),
    Command.CLOSE_INCIDENT: lambda at, who: at.bench.intake.close(
        "INC-0001", actor=who, reason="done"
    ),
    Command.SET_SEVERITY: lambda at, who: at.bench.care.set_severity(
        "INC-0001", severity=Severity.LOW, actor=who
    ),
    Command.ASSIGN_INCIDENT: lambda at, who: at.bench.care.assign(
        "INC-0001", owner=ROSA, actor=who
    ),
    Command.WRITE_NOTE: lambda at, who: at.bench.care.write_note(
        "INC-0001", text="a remark", actor=who
    ),
    Command.ASK: lambda at, who: at.bench.chats.ask("INC-0001", "What happened?", actor=who),
    Command.SAVE_POSTMORTEM: lambda at, who: at.bench.reviews.save(
        "INC-0001", sections={"Summary": "reviewed"}, version=0, actor=who
    ),
    Command.TEST_FUNCTION: lambda at, who: at.bench.functions.test(
        CHECKOUT, ["{}"], mode=TrialMode.DRY_RUN, actor=who
    ),
}
TRIED_ELSEWHERE = {
    Command.VERIFY_AUDIT,  # anybody may
    Command.STOP_TURN,  # test_chat.py
    Command.CHANGE_EMBEDDED_ACCOUNT,  # test_walkthrough_page.py
}
OF_NO_INCIDENT = (Command.OPEN_INCIDENT, Command.TEST_FUNCTION)
POSSIBLE_FROM: dict[Command, str] = {
    Command.OPEN_INCIDENT: "open",
    Command.INVESTIGATE: "open",
    Command.STOP_INVESTIGATION: "investigating",
    Command.PROPOSE_PLAN: "diagnosed",
    Command.APPROVE_PLAN: "awaiting_approval",
    Command.REJECT_PLAN: "awaiting_approval",
    Command.WITHDRAW_PLAN: "awaiting_approval",
    Command.EXECUTE_PLAN: "approved",
    Command.UNDO_PLAN: "resolved",
    Command.CLOSE_INCIDENT: "open",
    Command.SET_SEVERITY: "resolved",
    Command.ASSIGN_INCIDENT: "verifying",
    Command.WRITE_NOTE: "closed",
    Command.ASK: "open",
    Command.SAVE_POSTMORTEM: "closed",
    Command.TEST_FUNCTION: "open",
}
NOBODY = Actor(id="nobody", name="Nobody", source="embedded")
PEOPLE = (NOBODY, VERA, ROSA, ADA, ROOT)


def everything(stage: Scene) -> object:
    """What is stored about the incident and its jobs, the audit chains left out."""
    store = stage.store
    return (
        store.incidents().items,
        store.investigation("INC-0001"),
        store.plans("INC-0001"),
        store.notes("INC-0001"),
        store.postmortem("INC-0001"),
        store.jobs(),
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_taken_from_whoever_holds_a_role_that_permits_it(
    stage: Scene, command: Command
) -> None:
    standing(stage, POSSIBLE_FROM[command])
    able = next(who for who in (ROOT, ADA) if not PERMITTED[command].isdisjoint(who.roles))
    COMMANDS[command](stage, able)
    assert "command.refused" not in stage.said()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_refused_to_all_others_on_record_and_without_effect(
    stage: Scene, command: Command
) -> None:
    standing(stage, POSSIBLE_FROM[command])
    others = [who for who in (*PEOPLE, SYSTEM) if PERMITTED[command].isdisjoint(who.roles)]
    if command is Command.INVESTIGATE:
        others.remove(SYSTEM)  # the policy starts investigations by itself
    before = everything(stage)
    for who in others:
        with pytest.raises(NotAllowed, match="needs the role"):
            COMMANDS[command](stage, who)
    assert everything(stage) == before
    chain = SYSTEM_CHAIN if command in OF_NO_INCIDENT else "INC-0001"
    refused = [entry for entry in stage.trail(chain) if entry.action_type == "command.refused"]
    assert [(entry.actor.id, entry.input["command"]) for entry in refused] == [
        (who.id, command) for who in others
    ]
    assert VERA in others
    stage.assert_sound()


@pytest.mark.parametrize("where", STANDING)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_taken_exactly_where_the_screens_say_that_it_can_be(
    stage: Scene, where: str, command: Command
) -> None:
    incident = standing(stage, where)
    actor = ROSA if command in (Command.STOP_INVESTIGATION, Command.INVESTIGATE) else ADA
    refusal = stage.bench.queries.incident(incident.id, actor).refusals[command]
    before = everything(stage)
    try:
        COMMANDS[command](stage, actor)
    except (IllegalTransition, ApprovalDenied, NotFound):
        assert refusal or not stage.store.plans(incident.id)
        assert everything(stage) == before
    else:
        assert refusal == ""


def test_the_pairs_of_status_and_command_are_all_there() -> None:
    assert {status for status, _ in STANDING.values()} == set(IncidentStatus)
    assert set(COMMANDS) == set(Command) - TRIED_ELSEWHERE
    assert len(list(product(STANDING, COMMANDS))) == len(STANDING) * len(COMMANDS)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in OF_NO_INCIDENT])
@pytest.mark.parametrize("who", [VERA, ROOT], ids=lambda who: who.id)
def test_a_command_about_nothing_leaves_no_chain_behind(
    stage: Scene, command: Command, who: Actor
) -> None:
    with pytest.raises(NotFound, match="INC-0001"):
        COMMANDS[command](stage, who)
    assert stage.store.chains() == []
