"""Clients that are built when they are first used."""

from concurrent.futures import ThreadPoolExecutor
from copy import copy
from threading import Barrier

import boto3
import pytest

from opspilot.adapters.aws.late import LateClient, LateClients


def counted(service="sqs"):
    built = []
    session = boto3.Session(region_name="us-east-1")

    def build():
        built.append(service)
        return session.client(service)

    return LateClient(build), built


def test_a_client_is_built_when_it_is_first_used_and_once():
    client, built = counted()
    assert built == []
    assert client.meta.region_name == "us-east-1"
    assert client.list_queues.__name__ == "list_queues"
    assert built == ["sqs"]


def test_threads_that_use_it_first_at_once_get_the_same_client():
    client, built = counted()
    together = Barrier(8)

    def used(_):
        together.wait()
        return id(client.meta)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(used, range(8)))) == 1
    assert built == ["sqs"]


def test_looking_at_it_or_copying_it_builds_nothing():
    client, built = counted()
    repr(client)
    copy(client)
    assert built == []


def test_what_a_client_does_not_have_is_still_missing():
    client, _ = counted()
    with pytest.raises(AttributeError, match="no_such_call"):
        client.no_such_call()


def test_a_build_that_failed_is_tried_again():
    session = boto3.Session(region_name="us-east-1")
    answers = iter([OSError("no file left to open"), session.client("sqs")])

    def build():
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    client = LateClient(build)
    with pytest.raises(OSError, match="no file left"):
        _ = client.meta
    assert client.meta.region_name == "us-east-1"


def test_the_clients_of_a_session_take_its_options():
    client = LateClients(boto3.Session(region_name="us-east-1")).client(
        "sqs", region_name="eu-west-1", endpoint_url="http://127.0.0.1:7001"
    )
    assert (client.meta.region_name, client.meta.endpoint_url) == (
        "eu-west-1",
        "http://127.0.0.1:7001",
    )
