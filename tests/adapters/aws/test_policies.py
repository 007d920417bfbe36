"""An edit of a managed policy, found over HTTP at the functions whose role has it."""

from datetime import timedelta

from opspilot.adapters.aws import Buckets, SessionOptions, connect
from opspilot.domain.resource import lambda_function
from opspilot.domain.window import Window
from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.adapters.aws.stubs import FixedClock
from tests.embedded.mini import MINI, fault_of

EDIT = ("iam.create_policy_version", {"function": "front", "policy": "shared", "lost": ["sqs:*"]})


def test_the_function_whose_role_has_the_policy_shows_the_change_and_no_other():
    with EmbeddedAccount(
        clock=ManualClock(), fleet=MINI, faults={"trouble": fault_of(EDIT)}, fault="trouble",
        fault_age_s=1200.0,
    ) as world:  # fmt: skip
        place = world.account.account_id, world.account.region
        options = SessionOptions(
            region=place[1], endpoint_url=world.url, sealed=True,
            access_key_id="a", secret_access_key="b",
        )  # fmt: skip
        now = world.account_now()
        account = connect(options, clock=FixedClock(now), account_id=place[0], buckets=Buckets())
        front, back = (lambda_function(*place, name) for name in ("front", "back"))
        window = Window(start=now - timedelta(hours=1), end=now)
        feed = account.changes.changes([front, back], window)
    found = [
        (one.resource, one.after["policy"]) for one in feed.changes if one.kind == "permission"
    ]
    assert found == [(front, f"arn:aws:iam::{place[0]}:policy/shared")]
    assert feed.gaps == ()
