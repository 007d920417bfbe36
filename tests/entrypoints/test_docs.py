"""The pages drawn from the code."""

from opspilot.adapters.aws import REQUIRED_ACTIONS
from opspilot.entrypoints.docs import FEATURES, PAGES, policy


def test_every_port_belongs_to_a_feature_so_that_its_policy_is_told() -> None:
    assert {port for _, ports, _ in FEATURES for port in ports} == set(REQUIRED_ACTIONS)


def test_what_only_reads_changes_nothing() -> None:
    (_, reading, _), *_ = FEATURES
    verbs = {
        action.split(":")[1] for port in reading for action in REQUIRED_ACTIONS[port] if action
    }
    changing = ("Update", "Put", "Delete", "Create", "Publish", "Invoke", "Set", "Tag")
    assert not [verb for verb in verbs if verb.startswith(changing)]


def test_every_action_stands_on_the_page() -> None:
    page = policy()
    for actions in REQUIRED_ACTIONS.values():
        for action in actions:
            assert f'"{action}"' in page


def test_every_page_says_that_it_is_written() -> None:
    assert all("Written by" in page() for page in PAGES.values())
