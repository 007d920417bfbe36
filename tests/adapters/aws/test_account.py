"""Connecting: clients, region, credentials and identity, over real HTTP."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from opspilot.adapters.aws import Buckets, Patience, SessionOptions, connect
from opspilot.adapters.aws.account import AwsAccount
from opspilot.adapters.aws.session import build_clients, to_moment
from opspilot.domain.telemetry import MetricQuery
from opspilot.domain.window import Window
from opspilot.errors import (
    AwsCredentialsMissing,
    AwsRejected,
    AwsThrottled,
    AwsUnavailable,
    OpsPilotError,
)
from tests.adapters.aws.stubs import NOW, FixedClock, Hourglass

WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
QUERY = MetricQuery(namespace="AWS/Lambda", metric="Errors", statistic="Sum")
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>AID</UserId>
<Account>123456789012</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


class Endpoint(BaseHTTPRequestHandler):
    """Answers every request with the next of its answers, the last one for ever."""

    answers: ClassVar[list[tuple[int, str]]] = []
    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Answer one call."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(self.headers.get("User-Agent", ""))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = body.encode()
        self.send_response(status)
        kind = "text/html" if body.startswith("<html") else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def endpoint(*answers: tuple[int, str]) -> Generator[str]:
    """A server on this machine that answers so; its URL."""
    Endpoint.answers, Endpoint.asked = list(answers), []
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def account(url: str, **more: object) -> AwsAccount:
    options = SessionOptions(
        region="us-east-1", endpoint_url=url, access_key_id="a", secret_access_key="b"
    )
    return connect(
        options,
        clock=FixedClock(),
        account_id="123456789012",
        timer=Hourglass().timer,
        buckets=Buckets(),
        **more,
    )


def failure_of(*answers: tuple[int, str]) -> OpsPilotError:
    with endpoint(*answers) as url, pytest.raises(OpsPilotError) as caught:
        account(url).metrics.fetch([QUERY], WINDOW)
    return caught.value


def test_the_identity_is_asked_of_sts():
    with endpoint((200, IDENTITY)) as url:
        identity = account(url).identity()
    assert (identity.account_id, identity.arn) == (
        "123456789012",
        "arn:aws:iam::123456789012:user/ops",
    )


def test_an_account_id_that_is_not_given_is_asked_for():
    with endpoint((200, IDENTITY)) as url:
        options = SessionOptions(region="eu-west-1", endpoint_url=url)
        connected = connect(options, clock=FixedClock(), buckets=Buckets())
    assert (connected.account_id, connected.region) == ("123456789012", "eu-west-1")


def test_calls_name_the_product():
    with endpoint((200, IDENTITY)) as url:
        account(url).identity()
        assert "opspilot/" in Endpoint.asked[0]


def test_the_sdk_itself_does_not_try_again():
    with endpoint((503, "{}")) as url:
        patience = Patience(attempts=1)
        with pytest.raises(AwsUnavailable):
            account(url, patience=patience).metrics.fetch([QUERY], WINDOW)
        assert len(Endpoint.asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "<!doctype html><title>500</title><h1>Internal Server Error</h1>"),
        (502, "<html>Bad gateway</html>"),
        (501, json.dumps({"__type": "InternalFailure", "message": "not yet implemented"})),
        (503, ""),
        (200, "<html>this is no AWS</html>"),
    ],
)
def test_an_endpoint_that_answers_nonsense_is_unavailable(status, body):
    error = failure_of((status, body))
    assert isinstance(error, AwsUnavailable)
    assert error.operation == "cloudwatch:GetMetricData"


def test_throttling_over_http_is_tried_again():
    throttled = (400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}))
    result = {"Id": "q0", "StatusCode": "Complete", "Timestamps": [], "Values": []}
    fine = (200, json.dumps({"MetricDataResults": [result]}))
    with endpoint(throttled, throttled, fine) as url:
        (series,) = account(url).metrics.fetch([QUERY], WINDOW)
    assert series.status == "complete"


def test_throttling_without_end_is_an_error_after_five_attempts():
    throttled = (400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}))
    assert isinstance(failure_of(throttled), AwsThrottled)
    assert len(Endpoint.asked) == 5


def test_nothing_listening_is_unavailable_and_says_where_to_look():
    with endpoint((200, "")) as url:
        pass
    with pytest.raises(AwsUnavailable) as caught:
        account(url).metrics.fetch([QUERY], WINDOW)
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_without_credentials_the_error_says_how_to_give_them(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(AwsCredentialsMissing) as caught:
        connect(SessionOptions(region="us-east-1"), clock=FixedClock(), buckets=Buckets())
    assert "AWS_PROFILE" in caught.value.hint


def test_without_a_region_there_are_no_clients(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(AwsRejected, match="region"):
        build_clients(SessionOptions())


def test_a_profile_that_does_not_exist_is_missing_credentials():
    with pytest.raises(AwsCredentialsMissing, match="nobody"):
        build_clients(SessionOptions(profile="nobody", region="us-east-1"))


def test_sealed_clients_look_at_nothing_of_this_machine(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with endpoint((200, IDENTITY)) as url:
        options = SessionOptions(
            region="us-east-1",
            endpoint_url=url,
            access_key_id="a",
            secret_access_key="b",
            sealed=True,
        )
        connected = connect(options, clock=FixedClock(), buckets=Buckets())
    assert connected.account_id == "123456789012"


def test_the_standard_endpoint_variables_are_honoured(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:7001")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:7002")
    clients = build_clients(SessionOptions(region="us-east-1"))
    assert clients.endpoint_url == "http://127.0.0.1:7001"
    assert clients.functions.meta.endpoint_url == "http://127.0.0.1:7002"


@pytest.mark.parametrize(
    "value",
    [1767607200, 1767607200.0, "1767607200", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00+01:00"],
)
def test_a_timestamp_is_read_in_each_of_the_forms_of_aws(value: float | str) -> None:
    assert to_moment(value) == datetime(2026, 1, 5, 10, tzinfo=UTC)


def test_what_is_no_timestamp_is_refused() -> None:
    with pytest.raises(ValueError, match="soon"):
        to_moment("soon")
