"""Ways out through a setting behind an alias, and back from a change of variables."""

from datetime import timedelta

from opspilot.domain.plan import Alternative
from opspilot.remediation import NoProposal, Proposal, propose
from tests.diagnosis.scene import CHAIN, FRONT, GATEWAY, ONSET, Scene, failing_front
from tests.diagnosis.test_bad_environment import BAD, GOOD, complaining, set_by_bob, table_of

ALIASED = [(GATEWAY, FRONT, "live"), *CHAIN[1:]]
KILLED = {"out_of_memory": 800, "memory_size_mb": 256, "memory_used_max_mb": 256}


def proposed(scene: Scene) -> Proposal:
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, Proposal), found
    return found


def refused(scene: Scene) -> str:
    found = propose(scene.incident(), scene.verdict(), scene.evidence)
    assert isinstance(found, NoProposal), found
    return found.reason


def killed_behind_alias(**configuration: object) -> Scene:
    scene = failing_front(**KILLED)
    scene.evidence = [
        item for item in scene.evidence if item.request.source not in ("topology", "configuration")
    ]
    scene.topology(ALIASED)
    return scene.configuration(FRONT, alias="live", **configuration)  # type: ignore[arg-type]


def changes(other: Alternative) -> list[tuple[str, dict[str, object]]]:
    return [(one.type, one.parameters) for one in (other.change, *other.then)]


def test_more_memory_behind_an_alias_is_set_published_and_served() -> None:
    proposal = proposed(killed_behind_alias().release(FRONT).feed())
    assert [one.instruction.type for one in proposal.actions] == ["lambda.move_alias"]
    (other,) = proposal.alternatives
    assert changes(other) == [
        ("lambda.set_memory", {"memory_mb": 512}),
        ("lambda.publish_memory", {"alias": "live", "memory_mb": 512}),
    ]
    assert other.summary == ("Publish front with 512 MB in place of 256 MB, move alias live to it")


def test_without_a_way_back_more_memory_is_published_in_two_actions() -> None:
    scene = killed_behind_alias(versions=("18",)).release(FRONT).feed()
    assert [one.instruction.type for one in proposed(scene).actions] == [
        "lambda.set_memory",
        "lambda.publish_memory",
    ]


def test_other_code_in_latest_is_not_published_along() -> None:
    scene = killed_behind_alias(versions=("18",), code="not released").release(FRONT).feed()
    assert "holds other code than version 18" in refused(scene)


def test_another_timeout_in_latest_is_not_published_along() -> None:
    scene = killed_behind_alias(versions=("18",)).release(FRONT).feed()
    item = next(one for one in scene.evidence if one.request.source == "configuration")
    latest = item.detail.function.model_copy(update={"timeout_seconds": 9})  # type: ignore[union-attr]
    scene.add(FRONT, item.request, item.detail.model_copy(update={"function": latest}))
    assert "holds other timeout than version 18" in refused(scene)


def test_memory_that_was_lowered_behind_an_alias_is_published_as_it_was() -> None:
    scene = killed_behind_alias(versions=("18",)).release(FRONT)
    scene.change(FRONT, "configuration", {"memory_mb": "1024"}, {"memory_mb": "256"})
    assert [one.instruction.parameters for one in proposed(scene.feed()).actions] == [
        {"memory_mb": 1_024},
        {"alias": "live", "memory_mb": 1_024},
    ]


def test_the_most_memory_that_lambda_gives_cannot_be_raised() -> None:
    scene = killed_behind_alias(versions=("18",), memory=10_240).release(FRONT).feed()
    assert "the most that Lambda gives" in refused(scene)


def test_a_variable_goes_back_to_what_the_version_before_had() -> None:
    scene = complaining().topology(CHAIN)
    scene.configuration(FRONT, environment=BAD, environments={"18": GOOD})
    (action,) = proposed(set_by_bob(scene)).actions
    assert (action.instruction.type, action.instruction.parameters) == (
        "lambda.set_environment",
        {"variable": "LEDGER_TABLE", "value": "ledger"},
    )
    assert "LEDGER_TABLE was ledger in version 18" in action.rationale
    assert set(action.evidence) <= {item.id for item in scene.evidence}


def test_a_variable_that_did_not_exist_before_is_taken_away() -> None:
    more = {**GOOD, "ENDPOINT_TABLE": "nowhere"}
    scene = complaining().topology(CHAIN)
    scene.configuration(FRONT, environment=more, environments={"18": GOOD})
    (action,) = proposed(set_by_bob(scene)).actions
    assert action.instruction.parameters == {"variable": "ENDPOINT_TABLE", "value": None}


def test_a_version_published_after_the_change_tells_nothing_of_before() -> None:
    scene = complaining().topology(CHAIN)
    scene.configuration(FRONT, environment=BAD, environments={"18": GOOD})
    late = scene.evidence[-1].detail.function  # type: ignore[union-attr]
    newer = late.versions[0].model_copy(
        update={
            "version": "19",
            "published_at": ONSET + timedelta(minutes=5),
            "environment": BAD,
        }
    )
    function = late.model_copy(update={"versions": (newer, *late.versions)})
    scene.add(FRONT, scene.evidence[-1].request, scene.evidence[-1].detail.model_copy(
        update={"function": function}
    ))  # fmt: skip
    (action,) = proposed(set_by_bob(scene)).actions
    assert action.instruction.parameters["value"] == "ledger"


def test_a_secret_is_left_to_a_person() -> None:
    hidden = {**GOOD, "DB_PASSWORD": "[redacted:password:1f2e]"}
    now = {**GOOD, "DB_PASSWORD": "[redacted:password:77aa]"}
    scene = complaining().topology(CHAIN)
    scene.configuration(FRONT, environment=now, environments={"18": hidden})
    reason = refused(set_by_bob(scene))
    assert "DB_PASSWORD of front is a secret, which no plan may hold" in reason
    assert "set it by hand to what version 18 has" in reason


def test_behind_an_alias_the_release_goes_back_and_no_variable_is_set() -> None:
    scene = complaining().topology(ALIASED, table_of(FRONT, "OTHER"))
    scene.configuration(FRONT, alias="live", environments={"18": BAD, "17": GOOD})
    proposal = proposed(scene.release(FRONT).feed())
    assert [one.instruction.type for one in proposal.actions] == ["lambda.move_alias"]
    assert proposal.alternatives == ()


def test_without_a_variable_that_stands_out_nothing_is_proposed() -> None:
    now = {"LEDGER_TABLE": "ledger-v2", "LOG_LEVEL": "DEBUG", "RETRIES": "3"}
    scene = complaining().topology()
    scene.configuration(FRONT, environment=now, environments={"18": GOOD})
    assert "stand out" in refused(set_by_bob(scene)) or "not settled" in refused(scene)
