"""The store in four DynamoDB tables, for many machines."""

from opspilot.adapters.dynamodb.calls import Patience
from opspilot.adapters.dynamodb.creating import Creating, TableReport
from opspilot.adapters.dynamodb.layout import INDEXES, TableNames
from opspilot.adapters.dynamodb.opening import open_store
from opspilot.adapters.dynamodb.operations import AUDIT_DENIED, CREATING_ACTIONS, STORE_ACTIONS
from opspilot.adapters.dynamodb.store import DynamoStore

__all__ = [
    "AUDIT_DENIED",
    "CREATING_ACTIONS",
    "INDEXES",
    "STORE_ACTIONS",
    "Creating",
    "DynamoStore",
    "Patience",
    "TableNames",
    "TableReport",
    "open_store",
]
