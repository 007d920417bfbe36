"""Retries, budgets and token buckets."""

import threading

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from opspilot.adapters.aws import operations
from opspilot.adapters.aws.buckets import Buckets, TokenBucket
from opspilot.adapters.aws.throttle import Calls, Patience
from opspilot.errors import AwsDenied, AwsThrottled, AwsUnavailable
from tests.adapters.aws.stubs import Hourglass, calls

READ = operations.GET_METRIC_DATA
CHANGE = operations.UPDATE_ALIAS


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "said so"},
            "ResponseMetadata": {"RequestId": f"r-{code}", "HTTPStatusCode": status},
        },
        "Operation",
    )


class Server:
    """Answers each request with the next of its outcomes."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)
        self.requests = 0

    def __call__(self) -> dict[str, object]:
        """The next outcome."""
        self.requests += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return {"value": outcome, "ResponseMetadata": {"RequestId": f"r-{self.requests}"}}


def test_a_throttled_read_is_tried_again_after_growing_pauses_until_it_succeeds():
    hourglass, server = Hourglass(), Server(*[refusal("ThrottlingException")] * 3, "fine")
    sender = calls(hourglass)
    assert sender.send(READ, sender.budget(), server)["value"] == "fine"
    assert hourglass.slept == [0.2, 0.4, 0.8]


def test_the_ids_of_refused_and_answered_requests_are_all_kept():
    sender = calls()
    budget = sender.budget()
    sender.send(READ, budget, Server(refusal("ThrottlingException"), "fine"))
    assert budget.request_ids == ["r-ThrottlingException", "r-2"]


def test_every_attempt_of_a_thread_is_counted_with_an_id_or_without_and_no_other_threads():
    sender = calls()
    elsewhere = threading.Thread(
        target=lambda: sender.send(READ, sender.budget(), Server("fine")), name="elsewhere"
    )
    elsewhere.start()
    elsewhere.join()
    silent = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    sender.send(READ, sender.budget(), Server(refusal("ThrottlingException"), silent, "fine"))
    assert sender.sent() == 3


def test_attempts_are_limited_and_the_last_error_is_raised():
    server = Server(*[refusal("ThrottlingException")] * 9)
    sender = calls(patience=Patience(attempts=3))
    with pytest.raises(AwsThrottled) as caught:
        sender.send(READ, sender.budget(), server)
    assert (server.requests, caught.value.request_id) == (3, "r-ThrottlingException")


def test_patience_ends_with_the_budget_even_if_attempts_are_left():
    hourglass = Hourglass()
    sender = calls(hourglass, Patience(attempts=100, seconds=5.0, first_pause=1, longest_pause=1))
    server = Server(*[refusal("ThrottlingException")] * 100)
    with pytest.raises(AwsThrottled):
        sender.send(READ, sender.budget(), server)
    assert sum(hourglass.slept) <= 5.0
    assert server.requests == 5


def test_a_budget_is_shared_by_all_requests_of_a_port_call():
    hourglass = Hourglass()
    sender = calls(hourglass, Patience(attempts=3, seconds=1.0, first_pause=0.5, longest_pause=0.5))
    budget = sender.budget()
    sender.send(READ, budget, Server(refusal("ThrottlingException"), "fine"))
    server = Server(refusal("ThrottlingException"), "fine")
    with pytest.raises(AwsThrottled):
        sender.send(READ, budget, server)
    assert server.requests == 1


def test_a_denial_is_not_tried_again():
    server = Server(refusal("AccessDeniedException"), "fine")
    sender = calls()
    with pytest.raises(AwsDenied):
        sender.send(READ, sender.budget(), server)
    assert server.requests == 1


def test_a_read_is_tried_again_when_nothing_answered():
    server = Server(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "fine")
    sender = calls()
    assert sender.send(READ, sender.budget(), server)["value"] == "fine"


@pytest.mark.parametrize("outcome", [refusal("ServiceException", 500), refusal("502", 502)])
def test_a_change_is_not_sent_again_after_a_server_error_since_it_may_have_worked(outcome):
    server = Server(outcome, "fine")
    sender = calls()
    with pytest.raises(AwsUnavailable):
        sender.send(CHANGE, sender.budget(), server)
    assert server.requests == 1


def test_a_throttled_change_is_sent_again_since_it_certainly_did_nothing():
    server = Server(refusal("TooManyRequestsException", 429), "fine")
    sender = calls()
    assert sender.send(CHANGE, sender.budget(), server)["value"] == "fine"


def test_an_operation_that_the_endpoint_lacks_is_asked_for_at_most_twice():
    server = Server(*[refusal("500", 500)] * 9)
    sender = calls()
    with pytest.raises(AwsUnavailable):
        sender.send(READ, sender.budget(), server)
    assert server.requests == 2


def test_an_operation_said_not_to_be_implemented_is_asked_for_once():
    server = Server(*[refusal("InternalFailure", 501)] * 9)
    sender = calls()
    with pytest.raises(AwsUnavailable) as caught:
        sender.send(READ, sender.budget(), server)
    assert (server.requests, caught.value.aws_code) == (1, "NotImplemented")


def test_requests_beyond_the_burst_wait_for_their_turn():
    hourglass = Hourglass()
    sender = calls(hourglass)
    for _ in range(6):
        sender.send(operations.LOOKUP_EVENTS, sender.budget(), Server("fine"))
    assert sum(hourglass.slept) == pytest.approx(4 / 2)


def test_operations_of_one_bucket_share_its_rate():
    hourglass = Hourglass()
    sender = calls(hourglass)
    for operation in [operations.LIST_ALIASES, operations.GET_ALIAS] * 15:
        sender.send(operation, sender.budget(), Server("fine"))
    assert sum(hourglass.slept) == pytest.approx(15 / 15)


def test_two_senders_of_one_process_share_the_buckets_of_an_account():
    hourglass, buckets = Hourglass(), Buckets()
    for _ in range(2):
        sender = Calls(buckets, "one account", timer=hourglass.timer)
        for _ in range(2):
            sender.send(operations.LOOKUP_EVENTS, sender.budget(), Server("fine"))
    assert sum(hourglass.slept) == pytest.approx(1.0)


def test_accounts_have_buckets_of_their_own():
    hourglass, buckets = Hourglass(), Buckets()
    for scope in ("one account", "another"):
        sender = Calls(buckets, scope, timer=hourglass.timer)
        for _ in range(2):
            sender.send(operations.LOOKUP_EVENTS, sender.budget(), Server("fine"))
    assert hourglass.slept == []


def test_a_request_whose_turn_comes_too_late_is_not_sent_and_says_why():
    sender = calls(patience=Patience(seconds=1.0))
    server = Server(*["fine"] * 5)
    budget = sender.budget()
    for _ in range(4):  # two at once, two within the second
        sender.send(operations.LOOKUP_EVENTS, budget, server)
    with pytest.raises(AwsThrottled, match="was not sent"):
        sender.send(operations.LOOKUP_EVENTS, budget, server)
    assert server.requests == 4


def test_a_bucket_refills_to_one_burst_at_most():
    bucket = TokenBucket(2.0)
    assert bucket.reserve(0.0, longest=0.0) == 0.0
    assert [bucket.reserve(100.0, longest=0.0) for _ in range(3)] == [0.0, 0.0, None]


def test_a_request_larger_than_a_burst_waits_for_a_full_bucket_and_leaves_a_debt():
    bucket = TokenBucket(10.0)
    assert bucket.reserve(0.0, longest=99.0, tokens=5.0) == 0.0
    assert bucket.reserve(0.0, longest=99.0, tokens=30.0) == pytest.approx(0.5)
    assert bucket.reserve(0.5, longest=99.0, tokens=1.0) == pytest.approx(2.1)


def test_a_refused_reservation_takes_nothing():
    bucket = TokenBucket(1.0)
    bucket.reserve(0.0, longest=0.0)
    assert bucket.reserve(0.0, longest=0.5) is None
    assert bucket.reserve(1.0, longest=0.0) == 0.0


def test_many_threads_take_no_more_than_the_rate_allows():
    bucket, waits = TokenBucket(10.0), list[float | None]()

    def take() -> None:
        for _ in range(25):
            waits.append(bucket.reserve(0.0, longest=1e9))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    granted = sorted(wait for wait in waits if wait is not None)
    assert granted == pytest.approx([max(0.0, (n - 9) / 10) for n in range(100)])


def test_every_page_of_a_listing_is_read():
    sender = calls()
    pages = {"": {"items": [1], "next": "a"}, "a": {"items": [], "next": "b"}, "b": {"items": [2]}}
    read = sender.pages(operations.LIST_QUEUES, sender.budget(), pages.__getitem__, "next")
    assert [page["items"] for page in read] == [[1], [], [2]]


def test_a_listing_that_turns_in_circles_is_an_error_not_an_endless_loop():
    sender = calls()
    pages = {"": {"next": "a"}, "a": {"next": "b"}, "b": {"next": "a"}}
    with pytest.raises(AwsUnavailable, match="same page token twice"):
        sender.pages(operations.LIST_QUEUES, sender.budget(), pages.__getitem__, "next")
