"""What a transaction consists of beside the items that it puts."""

from dataclasses import dataclass

from opspilot.adapters.dynamodb.layout import Item, Key


@dataclass(frozen=True)
class Update:
    """A change of a counter or a head."""

    key: Key
    change: str
    values: Item
    condition: str = ""


@dataclass(frozen=True)
class Check:
    """A condition on an item that is not written."""

    key: Key
    condition: str
    values: Item
