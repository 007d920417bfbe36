"""The control routes through their client: handshake, faults, clock, armed errors."""

from __future__ import annotations

import http.client
import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from opspilot.embedded import client
from opspilot.embedded.errors import EmbeddedError, FaultRefused
from opspilot.embedded.server import EmbeddedAccount
from opspilot.errors import EmbeddedAccountStopped
from tests.embedded.aws import Aws


def post(url: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
    """A control request by hand."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    connection.request("POST", f"/_opspilot/{path}", json.dumps(body))
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_the_handshake_tells_the_world(healthy: Aws) -> None:
    world = client.handshake(healthy.account.url)
    assert world is not None
    assert (world.account_id, world.region, world.workload) == ("123456789012", "eu-west-1", "shop")
    assert (world.seed, world.speed) == (7, 0.0)
    assert world.account_now == healthy.account.account_now()


def test_account_time_follows_the_wall_at_the_clocks_speed() -> None:
    with EmbeddedAccount(speed=10) as account:
        world = client.handshake(account.url)
        assert world is not None
        later = world.account_time(world.wall_now + timedelta(seconds=6))
        assert later - world.account_now == timedelta(seconds=60)
        assert client.set_speed(account.url, 30) == 30
        faster = client.handshake(account.url)
        assert faster is not None
        assert faster.speed == 30
        assert faster.account_now > world.account_now
        with pytest.raises(EmbeddedError, match="between 1 and 30"):
            client.set_speed(account.url, 60)


def test_every_fault_is_listed_with_a_title_a_sentence_and_hints(healthy: Aws) -> None:
    faults = client.list_faults(healthy.account.url)
    assert [fault.name for fault in faults] == ["slow-dependency", "out-of-memory", "wrong-table"]
    for fault in faults:
        assert fault.title
        assert fault.description.endswith(".")
        assert len(fault.hints) >= 3


def test_faults_are_injected_and_reset(healthy: Aws) -> None:
    url = healthy.account.url
    fault = client.list_faults(url)[0]
    assert (fault.name, fault.active, fault.injected_at) == ("slow-dependency", False, None)
    at = client.inject_fault(url, "slow-dependency")
    fault, *others = client.list_faults(url)
    assert (fault.active, fault.injected_at) == (True, at)
    assert not any(other.active for other in others)
    with pytest.raises(FaultRefused, match="active already"):
        client.inject_fault(url, "slow-dependency")
    with pytest.raises(FaultRefused, match="there is no fault 'other'"):
        client.inject_fault(url, "other")
    assert client.reset_faults(url) == ["slow-dependency"]
    assert client.reset_faults(url) == []
    healthy.account.advance(900)
    assert sum(healthy.values("Errors", minutes=8)) < 5


@pytest.mark.parametrize("name", ["slow-dependency", "out-of-memory", "wrong-table"])
def test_a_fault_injected_live_fires_the_alarm_and_a_reset_ends_it(healthy: Aws, name: str) -> None:
    client.inject_fault(healthy.account.url, name)
    healthy.account.advance(300)
    assert healthy.alarm("checkout-errors") == "ALARM"
    assert client.reset_faults(healthy.account.url) == [name]
    healthy.account.advance(600)
    assert healthy.alarm("checkout-errors") == "OK"


def test_nothing_listening_is_a_typed_error() -> None:
    with EmbeddedAccount() as account:
        url = account.url
    with pytest.raises(EmbeddedAccountStopped) as caught:
        client.handshake(url)
    assert caught.value.hint


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Some other server: answers every path with a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    """URL of a server that is no embedded account."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Stranger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_server_is_not_an_embedded_account(stranger: str) -> None:
    assert client.handshake(stranger) is None
    assert client.handshake("https://lambda.eu-west-1.amazonaws.com") is None
    with pytest.raises(EmbeddedError, match="not an embedded account"):
        client.list_faults(stranger)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("AccessDeniedException", 403),
        ("InternalFailure", 500),
    ],
)
def test_the_api_fails_on_demand_and_only_so_often(healthy: Aws, code: str, status: int) -> None:
    body = {"operation": "DescribeLogGroups", "code": code, "times": 2}
    assert post(healthy.account.url, "api-faults", body)[0] == 200
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            healthy.logs.describe_log_groups()
        response = caught.value.response
        assert response["Error"]["Code"] == code
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert healthy.logs.describe_log_groups()["logGroups"]
    if code == "AccessDeniedException":
        assert "user/opspilot is not authorized to perform: logs:DescribeLogGroups" in str(
            caught.value
        )


def test_errors_on_demand_reach_rest_operations_too(healthy: Aws) -> None:
    body = {"operation": "lambda:GetFunction", "code": "TooManyRequestsException"}
    post(healthy.account.url, "api-faults", body)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        healthy.functions.get_function(FunctionName="checkout")


def test_an_unsigned_request_is_refused(healthy: Aws) -> None:
    connection = http.client.HTTPConnection(urlsplit(healthy.account.url).netloc, timeout=5)
    connection.request("GET", "/2015-03-31/functions")
    response = connection.getresponse()
    assert response.status == 403
    assert json.loads(response.read())["Code"] == "MissingAuthenticationToken"
    connection.close()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nowhere", {}, 404),
        ("api-faults", {"code": "x"}, 400),
        ("api-faults", [], 400),
        ("clock", {"speed": 5}, 409),
        ("faults/unknown", {}, 409),
    ],
)
def test_wrong_control_requests_get_a_clear_json_error(
    healthy: Aws, path: str, body: object, status: int
) -> None:
    answered, answer = post(healthy.account.url, path, body)
    assert answered == status
    assert answer["error"]["message"]
