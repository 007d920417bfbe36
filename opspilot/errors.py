"""Every error that OpsPilot raises on purpose.

    OpsPilotError
    |- InputError                 what a person or caller gave cannot be used
    |  |- InvalidWindow
    |  |- UnknownResource
    |  |- NotFound                no such incident, plan, fault ...
    |  |- CapsuleRefused          a file is no capsule, or is damaged
    |- NotAllowed                 the actor's role does not permit the command
    |- ApprovalDenied             the approval path says no: digest, expiry, drift, second person
    |- PolicyViolation            a plan breaks a safety rule
    |- IllegalTransition          the lifecycle has no such move
    |- StoreError
    |  |- Conflict                somebody wrote this row first: read again
    |  |- LeaseLost               another worker holds the job now
    |  |- SchemaTooNew
    |  |- StoreUnavailable        locked too long, unreadable, no space
    |  |- WrongAccount            this store belongs to another account
    |  |- ReadOnlyStore           what is open is a capsule
    |- AuditDamaged               a chain does not verify
    |- AwsError                   an AWS call failed, translated at the edge
    |  |- AwsDenied               names the missing IAM action and the resource
    |  |- AwsThrottled
    |  |- AwsNotFound
    |  |- AwsConflict             a revision moved or an update is in progress
    |  |- AwsRejected             the request itself is wrong
    |  |- AwsUnavailable          5xx, time-out, nothing listens
    |  |- AwsCredentialsMissing
    |- EmbeddedAccountStopped     this state folder's embedded account is not running
    |- PortInUse

Each carries a stable `code` (printed by `--json`), a message that says what happened and where,
and a `hint` that says what to do.
"""

from typing import ClassVar


class OpsPilotError(Exception):
    """Base of the tree.

    Attributes:
        code: Stable machine-readable word.
        message: What happened, and where.
        hint: What to do about it; may be empty.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(OpsPilotError):
    """What the caller gave cannot be used."""

    code = "invalid_input"


class InvalidWindow(InputError):
    """A time window is malformed, empty, reversed, in the future or past retention."""

    code = "invalid_window"


class UnknownResource(InputError):
    """No such resource in this account and region."""

    code = "unknown_resource"


class NotFound(InputError):
    """No such incident, plan or other record."""

    code = "not_found"


class CapsuleRefused(InputError):
    """A file is not opened as a capsule: foreign, damaged, too large or newer than we are."""

    code = "capsule_refused"


class NotAllowed(OpsPilotError):
    """The actor's roles do not permit the command."""

    code = "not_allowed"


class ApprovalDenied(OpsPilotError):
    """The approval path said no; nothing ran."""

    code = "approval_denied"


class PolicyViolation(OpsPilotError):
    """A plan breaks a safety rule and is not filed."""

    code = "policy_violation"


class IllegalTransition(OpsPilotError):
    """The lifecycle has no row for this status and trigger."""

    code = "illegal_transition"


class StoreError(OpsPilotError):
    """The store could not do what was asked."""

    code = "store_error"


class Conflict(StoreError):
    """A row changed since it was read, or a unique row exists already."""

    code = "conflict"


class LeaseLost(StoreError):
    """The job's lease is held by another worker, or has run out."""

    code = "lease_lost"


class SchemaTooNew(StoreError):
    """The store was written by a newer OpsPilot."""

    code = "schema_too_new"


class StoreUnavailable(StoreError):
    """The store is locked, unreadable or out of space."""

    code = "store_unavailable"


class WrongAccount(StoreError):
    """The store belongs to another AWS account or region."""

    code = "wrong_account"


class ReadOnlyStore(StoreError):
    """What is open is a capsule: a record of the past that takes no command."""

    code = "read_only"


class AuditDamaged(OpsPilotError):
    """An audit chain does not verify."""

    code = "audit_damaged"


class AwsError(OpsPilotError):
    """An AWS call failed.

    Attributes:
        operation: Service and operation, "lambda:UpdateAlias".
        resource: ARN or name the call was about; may be empty.
        aws_code: The code AWS answered with; may be empty.
        request_id: AWS request id; may be empty.
    """

    code = "aws_error"

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        resource: str = "",
        aws_code: str = "",
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.operation = operation
        self.resource = resource
        self.aws_code = aws_code
        self.request_id = request_id


class AwsDenied(AwsError):
    """The identity lacks an IAM action.

    Attributes:
        iam_action: The missing action, "cloudwatch:GetMetricData".
    """

    code = "aws_denied"

    def __init__(self, message: str, *, iam_action: str, **details: str) -> None:
        super().__init__(message, **details)
        self.iam_action = iam_action


class AwsThrottled(AwsError):
    """AWS asked us to slow down, and retrying did not help in time."""

    code = "aws_throttled"


class AwsNotFound(AwsError):
    """The resource of the call does not exist."""

    code = "aws_not_found"


class AwsConflict(AwsError):
    """The resource changed since it was read, or another update is in progress."""

    code = "aws_conflict"


class AwsRejected(AwsError):
    """AWS refused the request as invalid; the same request will fail again."""

    code = "aws_rejected"


class AwsUnavailable(AwsError):
    """AWS did not answer, or answered with a server error."""

    code = "aws_unavailable"


class AwsUnsupported(AwsUnavailable):
    """The endpoint does not have this operation, as an emulator may not; asking again is no use."""

    code = "aws_unsupported"


class AwsCredentialsMissing(AwsError):
    """No AWS credentials were found the standard way."""

    code = "aws_credentials_missing"


class EmbeddedAccountStopped(OpsPilotError):
    """This state folder belongs to an embedded account that is not running."""

    code = "embedded_account_stopped"


class PortInUse(OpsPilotError):
    """A server's port is taken."""

    code = "port_in_use"
