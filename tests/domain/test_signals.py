"""Signals: the same words for both kinds of API, each in its own metrics."""

import pytest

from opspilot.domain.resource import Resource, http_api, rest_api
from opspilot.domain.signals import query_named, query_of, signal_of_query, signals_of
from opspilot.domain.telemetry import MetricQuery

REST, HTTP = rest_api("us-east-1", "web"), http_api("us-east-1", "w4q7", "web")


def test_both_kinds_of_api_have_the_same_signals():
    assert [one.name for one in signals_of(HTTP)] == [one.name for one in signals_of(REST)]
    assert [one.unit for one in signals_of(HTTP)] == [one.unit for one in signals_of(REST)]


@pytest.mark.parametrize(
    ("name", "of_rest", "of_http"),
    [
        ("api.5xx", "5XXError", "5xx"),
        ("api.4xx", "4XXError", "4xx"),
        ("api.count", "Count", "Count"),
        ("api.integration_latency_p99", "IntegrationLatency", "IntegrationLatency"),
    ],
)
def test_a_signal_is_read_by_name_of_a_rest_api_and_by_id_of_an_http_api(name, of_rest, of_http):
    rest, http = query_named(name, REST), query_named(name, HTTP)
    assert (rest.metric, rest.dimensions) == (of_rest, (("ApiName", "web"),))
    assert (http.metric, http.dimensions) == (of_http, (("ApiId", "w4q7"),))


@pytest.mark.parametrize("api", [REST, HTTP], ids=["REST", "HTTP"])
def test_a_query_leads_back_to_its_signal(api: Resource):
    for signal in signals_of(api):
        query = query_of(signal, api)
        staged: MetricQuery = query.model_copy(
            update={"dimensions": (*query.dimensions, ("Stage", "prod"))}
        )
        assert signal_of_query(query) == signal_of_query(staged) == signal


def test_what_an_api_is_called_says_nothing_about_which_it_is():
    bare = http_api("us-east-1", "w4q7")
    assert (bare, hash(bare)) == (HTTP, hash(HTTP))
    assert (bare.name, HTTP.name, HTTP.identifier) == ("w4q7", "web", "w4q7")


def test_a_resource_without_such_a_name_is_written_as_it_always_was():
    assert REST.model_dump(mode="json") == {"arn": REST.arn}
    assert Resource.model_validate(HTTP.model_dump(mode="json")).name == "web"
