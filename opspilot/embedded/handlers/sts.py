"""STS: who am I."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from opspilot.embedded.identity import principal_id, user_arn
from opspilot.embedded.wire import Call, Handler, Params, Reply, request_id


def _get_caller_identity(call: Call, _: Params) -> Reply:
    account = call.account.account_id
    user = call.caller.user
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult><Arn>{escape(user_arn(account, user))}</Arn>"
        f"<UserId>{principal_id(user)}</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata>"
        f"<RequestId>{request_id()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    return Reply(body.encode(), headers={"Content-Type": "text/xml"})


HANDLERS: Mapping[str, Handler] = {"GetCallerIdentity": _get_caller_identity}
