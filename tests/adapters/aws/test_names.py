"""Which resource a text means."""

import pytest

from opspilot.adapters.aws.names import Directory, Named, from_arn
from opspilot.domain.resource import ResourceKind
from opspilot.errors import UnknownResource
from tests.adapters.aws.stubs import PLACE

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:checkout"


@pytest.mark.parametrize(
    ("arn", "named"),
    [
        (FUNCTION, Named(PLACE.function("checkout"))),
        (f"{FUNCTION}:live", Named(PLACE.function("checkout"), "live")),
        (f"{FUNCTION}:$LATEST", Named(PLACE.function("checkout"), "$LATEST")),
        ("arn:aws:dynamodb:us-east-1:123456789012:table/orders", Named(PLACE.table("orders"))),
        (
            "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
            Named(PLACE.table("orders")),
        ),
        ("arn:aws:sqs:us-east-1:123456789012:emails.fifo", Named(PLACE.queue("emails.fifo"))),
        ("arn:aws:apigateway:us-east-1::/restapis/shop", Named(PLACE.api("shop"))),
        ("arn:aws:apigateway:us-east-1::/restapis/shop/stages/prod", Named(PLACE.api("shop"))),
        ("arn:aws:apigateway:us-east-1::/apis/w4q7", Named(PLACE.http_api("w4q7"))),
        ("arn:aws:apigateway:us-east-1::/apis/w4q7/routes/r1", Named(PLACE.http_api("w4q7"))),
    ],
)
def test_an_arn_leads_to_its_resource_and_its_qualifier_stands_apart(arn, named):
    assert from_arn(arn, PLACE) == named


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("arn:aws:lambda:eu-west-1:123456789012:function:checkout", "is in eu-west-1"),
        ("arn:aws:lambda:us-east-1:999999999999:function:checkout", "is in account 999999999999"),
        ("arn:aws:lambda", "is not an ARN"),
        ("arn:aws:lambda:us-east-1:123456789012:", "is not an ARN"),
        ("arn:aws:s3:::bucket", "is of s3"),
        ("arn:aws:apigateway:us-east-1::/domainnames/x", "is of apigateway"),
    ],
)
def test_an_arn_of_elsewhere_or_of_nothing_known_says_why(arn, reason):
    with pytest.raises(UnknownResource, match=reason) as caught:
        from_arn(arn, PLACE)
    assert caught.value.hint


DIRECTORY = Directory(PLACE, {"payments", "orders"}, {"orders", "stock"}, {"emails"})


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("payments", Named(PLACE.function("payments"))),
        ("payments:live", Named(PLACE.function("payments"), "live")),
        (" payments ", Named(PLACE.function("payments"))),
        (
            "arn:aws:lambda:us-east-1:123456789012:function:new:live",
            Named(PLACE.function("new"), "live"),
        ),
        ("stock", Named(PLACE.table("stock"))),
        ("emails", Named(PLACE.queue("emails"))),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/new", Named(PLACE.queue("new"))),
        ("http://127.0.0.1:4566/123456789012/new", Named(PLACE.queue("new"))),
        (
            "http://sqs.us-east-1.host:4566/queue/us-east-1/123456789012/new",
            Named(PLACE.queue("new")),
        ),
        ("https://sqs.us-east-1.amazonaws.com/999999999999/new", None),
        ("arn:aws:lambda:eu-west-1:123456789012:function:payments", None),
        ("arn:aws:s3:::bucket", None),
        ("paymen", None),
        ("call payments", None),
        ("", None),
        ("INFO", None),
    ],
)
def test_configuration_values_are_recognised_whole_or_not_at_all(value, named):
    assert DIRECTORY.recognise(value) == named


def test_a_name_that_several_kinds_bear_is_the_function():
    named = DIRECTORY.recognise("orders")
    assert named is not None
    assert named.resource.kind is ResourceKind.FUNCTION
