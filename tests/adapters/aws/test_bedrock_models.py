"""Which model answers for a role, under which name, and until when."""

from datetime import UTC, datetime

import pytest

from opspilot.adapters.aws.bedrock import BedrockModel
from opspilot.adapters.aws.bedrock_models import (
    BY_ROLE,
    CATALOGUE,
    LOCAL_ANALYST,
    ModelChoice,
    base_of,
    ends_on,
)
from opspilot.domain.conversation import ModelRole
from tests.adapters.aws.stubs import FixedClock, calls

LATE = datetime(2026, 11, 22, tzinfo=UTC)


def access(choice: ModelChoice, region: str = "us-east-1"):
    model = BedrockModel(object(), calls(), choice, region, FixedClock(LATE))  # type: ignore[arg-type]
    return {one.role: one for one in model.access()}


def test_every_role_has_a_model_of_its_class_that_has_not_ended():
    found = access(ModelChoice())
    assert [found[role].model_id.split("claude-")[1].split("-")[0] for role in ModelRole] == [
        "sonnet",
        "haiku",
        "opus",
    ]
    assert all(not one.problem and not one.stand_in for one in found.values())
    assert all(one.ends is None or one.ends > LATE.date() for one in BY_ROLE.values())


@pytest.mark.parametrize(
    ("region", "start"),
    [
        ("us-east-1", "us."),
        ("eu-west-1", "eu."),
        ("ap-southeast-2", "au."),
        ("ap-northeast-1", "jp."),
        ("ap-south-1", "global."),
        ("sa-east-1", "global."),
    ],
)
def test_a_region_gets_the_profile_of_its_own_geography(region: str, start: str):
    assert access(ModelChoice(), region)[ModelRole.DEFAULT].model_id.startswith(start)


def test_a_geography_without_a_profile_of_the_model_gets_the_global_one():
    deep = access(ModelChoice(), "ap-northeast-1")[ModelRole.DEEP]
    assert deep.model_id == "global.anthropic.claude-opus-4-8"


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_where_no_profile_is_known_somebody_has_to_name_one(region: str):
    found = access(ModelChoice(), region)[ModelRole.FAST]
    assert found.model_id == ""
    assert "OPSPILOT_MODEL_FAST" in found.problem
    assert access(ModelChoice(fast="x"), region)[ModelRole.FAST].model_id == "x"


def test_what_is_set_is_taken_as_it_is_and_empty_means_none():
    found = access(ModelChoice(default="", deep="eu.anthropic.claude-opus-5"))
    assert (found[ModelRole.DEFAULT].model_id, found[ModelRole.DEFAULT].stand_in) == ("", False)
    assert found[ModelRole.DEEP].model_id == "eu.anthropic.claude-opus-5"


def test_on_the_embedded_account_the_stand_in_answers_whatever_is_set():
    found = access(ModelChoice(default="us.anthropic.claude-sonnet-4-6", fast="", stand_in=True))
    assert found[ModelRole.DEFAULT].model_id == found[ModelRole.DEEP].model_id == LOCAL_ANALYST
    assert found[ModelRole.DEFAULT].stand_in
    assert (found[ModelRole.FAST].model_id, found[ModelRole.FAST].stand_in) == ("", False)


@pytest.mark.parametrize(
    "name",
    [
        "anthropic.claude-opus-4-1-20250805-v1:0",
        "us.anthropic.claude-opus-4-1-20250805-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-1-20250805-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
    ],
)
def test_the_published_end_of_a_model_is_told_under_each_of_its_names(name: str):
    found = access(ModelChoice(default=name))[ModelRole.DEFAULT]
    assert (found.until, found.problem) == ("2027-01-08", "")


def test_a_model_that_has_ended_is_said_before_anybody_asks_it():
    ended = "us.anthropic.claude-3-haiku-20240307-v1:0"
    found = access(ModelChoice(fast=ended))[ModelRole.FAST]
    assert found.until == "2026-09-10"
    assert "AWS ended" in found.problem


def test_no_date_is_made_up():
    assert ends_on("us.amazon.nova-pro-v1:0") is None
    assert len({one.base_id for one in CATALOGUE}) == len(CATALOGUE)
    assert all(base_of(f"global.{one.base_id}") == one.base_id for one in CATALOGUE)
