"""What counts as right: the strict sides of each measure, on verdicts made by hand."""

from datetime import UTC, datetime, timedelta

from bench.incidents.drawing import Case, draw
from bench.incidents.loading import FOLDER, load_scenario
from bench.incidents.playing import Investigated, Remedied
from bench.incidents.references import resource_of
from bench.incidents.scoring import Score, score
from opspilot.domain.hypothesis import Cause, FirstFailure, Hypothesis, Verdict, VerdictStatus
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident
from opspilot.domain.window import Window
from opspilot.engine.people import EMBEDDED_PEOPLE

RELEASE, VARIABLE = "lambda.code_error_after_release", "lambda.bad_environment"
NAMED, CALM = VerdictStatus.CONFIRMED, VerdictStatus.NO_INCIDENT


def drawn(name: str) -> Case:
    return draw(load_scenario(FOLDER / f"{name}.yaml"), 1)


def judged(
    case: Case,
    *causes: tuple[str, str],
    status: VerdictStatus = NAMED,
    first: str = "",
    board: tuple[Hypothesis, ...] = (),
) -> Score:
    """The score of a verdict that names these causes, (class, component)."""
    named = tuple(
        Cause(cause_class=name, resource=resource_of(case, where), summary="")
        for name, where in causes
    )
    failure = FirstFailure(resource=resource_of(case, first), summary="") if first else None
    verdict = Verdict(
        status=status,
        cause=named[0] if named else None,
        causes=named,
        first_failure=failure,
        hypotheses=board,
    )
    found = Investigated(opened(case), verdict, (), 1.0, 1.0, None, None, None, None, None, 0.0)
    return score(case, found, Remedied(None))


def opened(case: Case) -> Incident:
    now = datetime.fromtimestamp(case.opened, UTC)
    person: Actor = EMBEDDED_PEOPLE[0]
    return Incident(
        id="INC-0001",
        title="trouble",
        resource=resource_of(case, case.scenario.open.resource),
        window=Window(start=now - timedelta(minutes=30), end=now),
        baseline=Window(start=now - timedelta(hours=4), end=now - timedelta(hours=1)),
        opened_at=now,
        opened_wall=now,
        opened_by=person,
    )


def weighed(case: Case, name: str, where: str, confidence: float, because: str = "") -> Hypothesis:
    return Hypothesis(
        cause_class=name,
        resource=resource_of(case, where),
        summary="",
        confidence=confidence,
        status="ruled_out" if because else "possible",
        ruled_out_because=because,
    )


def test_a_verdict_on_two_faults_is_right_with_both_and_no_other() -> None:
    case = drawn("dual-release-and-variable")
    first, second = (RELEASE, "hotels"), (VARIABLE, "trips")
    assert judged(case, first, second).right
    assert judged(case, second, first).right
    assert not judged(case, first).right
    assert judged(case, first).top1
    assert not judged(case, first, second, (RELEASE, "flights")).right


def test_another_accepted_name_is_top_1_but_not_strictly() -> None:
    case = drawn("near-stream-poison-slow-consumer")
    best, other = (
        ("lambda.memory_too_small", "aggregator"),
        ("lambda.slow_dependency", "aggregator"),
    )
    assert (judged(case, best).top1, judged(case, best).strict) == (True, True)
    assert (judged(case, other).top1, judged(case, other).strict) == (True, False)


def test_naming_the_opened_one_is_told_beside_the_component() -> None:
    assert judged(drawn("near-stream-poison-slow-consumer")).opened is False
    assert judged(drawn("client-errors-bad-client")).opened is True


def test_the_first_failure_is_scored_where_there_is_one() -> None:
    case = drawn("dual-release-and-variable")
    assert judged(case, first="hotels").first_failure is True
    assert judged(case, first="trips").first_failure is False
    assert judged(case).first_failure is False
    assert judged(drawn("traffic-drop-upstream")).first_failure is None


def test_a_rival_that_nobody_weighed_is_not_one_that_was_ruled_out() -> None:
    case = drawn("traffic-drop-upstream")
    board = (
        weighed(case, "lambda.out_of_memory", "checkout", 0.1),
        weighed(case, RELEASE, "checkout", 0.0, because="nothing was released"),
    )
    found = judged(case, board=board)
    assert found.rivals == 3
    assert (found.reasoned, found.unconsidered) == (1, 1)
    assert "not ruled out: lambda.out_of_memory" in found.why


def test_what_was_the_cause_is_none_any_more_once_all_is_well() -> None:
    case = drawn("recovered-rolled-back")
    lead = weighed(case, RELEASE, "triage", 0.6)
    assert judged(case, (RELEASE, "triage")).false_cause is True
    assert not judged(case, (RELEASE, "triage")).right
    calm = judged(case, status=CALM, board=(lead,))
    assert calm.right
    assert (calm.confidence, calm.lead_right) == (0.6, True)


def test_a_lead_on_a_healthy_system_is_a_wrong_one() -> None:
    case = drawn("healthy-shop")
    found = judged(case, status=CALM, board=(weighed(case, RELEASE, "checkout", 0.3),))
    assert (found.right, found.confidence, found.lead_right) == (True, 0.3, False)


def test_what_cannot_be_seen_is_nothing_that_could_have_been_cured() -> None:
    found = judged(drawn("unobservable-all-denied"), status=VerdictStatus.INCONCLUSIVE)
    assert (found.right, found.abstained, found.curable, found.cured) == (True, True, None, None)
