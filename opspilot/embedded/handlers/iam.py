"""IAM: which managed policies the role of a function has; all the rest of IAM is moto's."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from opspilot.embedded.errors import AwsError
from opspilot.embedded.wire import Call, Handler, Params, Reply, request_id

_BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def _list_attached_role_policies(call: Call, params: Params) -> Reply:
    state, name = call.account.world.timeline.current, str(params.get("RoleName") or "")
    known = {function.latest.role.rpartition("/")[2] for function in state.functions.values()}
    if name not in known:
        raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    role = state.roles.get(name)
    own = f"arn:aws:iam::{call.account.account_id}:policy/"
    arns = [_BASIC, *(f"{own}{policy}" for policy in sorted(role.rewritten if role else ()))]
    members = "".join(
        f"<member><PolicyName>{escape(arn.rpartition('/')[2])}</PolicyName>"
        f"<PolicyArn>{escape(arn)}</PolicyArn></member>"
        for arn in arns
    )
    body = (
        '<ListAttachedRolePoliciesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<ListAttachedRolePoliciesResult><AttachedPolicies>{members}</AttachedPolicies>"
        "<IsTruncated>false</IsTruncated></ListAttachedRolePoliciesResult><ResponseMetadata>"
        f"<RequestId>{request_id()}</RequestId></ResponseMetadata>"
        "</ListAttachedRolePoliciesResponse>"
    )
    return Reply(body.encode(), headers={"Content-Type": "text/xml"})


HANDLERS: Mapping[str, Handler] = {"ListAttachedRolePolicies": _list_attached_role_policies}
