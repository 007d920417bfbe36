"""What all domain values share: frozen, closed, with aware UTC times."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

Json = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs a zone; OpsPilot keeps UTC")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_to_utc)]
"""A moment, always aware and in UTC."""


class Model(BaseModel):
    """Base of every domain value."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Model):
    """A value the store keeps as one versioned row.

    Attributes:
        version: The version that was read; 0 means not stored yet. A commit succeeds only if the
            stored version still equals it, and stores `version + 1`.
    """

    version: int = 0

    def saved(self) -> "Record":
        """This record as it stands after its commit."""
        return self.model_copy(update={"version": self.version + 1})
