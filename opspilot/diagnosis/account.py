"""The resource that stands for what all functions of an account and region share."""

from opspilot.diagnosis.case import Case
from opspilot.domain.resource import Resource, ResourceKind, lambda_account


def account_of(case: Case) -> Resource:
    """As it was read; else made of the incident's account and region, or of a function's."""
    found = case.of_kind(ResourceKind.ACCOUNT)
    if found:
        return found[0]
    places = (case.incident.resource, *case.functions)
    known = next((one for one in places if one.account), case.incident.resource)
    return lambda_account(known.account or "0", known.region)


__all__ = ["account_of"]
