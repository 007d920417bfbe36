"""AWS through boto3: metrics, logs, workloads, changes, alarms, the actuator and the models.

`connect` builds all of them; `REQUIRED_ACTIONS` says which IAM actions each needs.
"""

from opspilot.adapters.aws.account import AwsAccount, Identity, connect
from opspilot.adapters.aws.bedrock_models import ModelChoice
from opspilot.adapters.aws.buckets import Buckets
from opspilot.adapters.aws.operations import REQUIRED_ACTIONS
from opspilot.adapters.aws.session import SessionOptions
from opspilot.adapters.aws.throttle import Patience, Timer

__all__ = [
    "REQUIRED_ACTIONS",
    "AwsAccount",
    "Buckets",
    "Identity",
    "ModelChoice",
    "Patience",
    "SessionOptions",
    "Timer",
    "connect",
]
