"""What a world begins with: the first record of its journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from opspilot.embedded.errors import EmbeddedError
from opspilot.embedded.journal import Record

FORMAT = 1
DEFAULT_ACCOUNT, DEFAULT_REGION = "123456789012", "eu-west-1"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a world begins with; its first journal record.

    Attributes:
        epoch: Account time at its first start.
    """

    seed: int
    epoch: float
    workload: str = "shop"
    account_id: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION

    def to_json(self) -> dict[str, object]:
        """As a journal record."""
        return {
            "kind": "world",
            "format": FORMAT,
            "seed": self.seed,
            "epoch": self.epoch,
            "workload": self.workload,
            "account_id": self.account_id,
            "region": self.region,
        }

    @classmethod
    def from_json(cls, record: Record) -> Origin:
        """From the first journal record; raises EmbeddedError when it is of another format."""
        if record.get("kind") != "world" or record.get("format") != FORMAT:
            raise EmbeddedError(f"the journal is of another format than {FORMAT}: {dict(record)}")
        return cls(
            int(cast("int", record["seed"])),
            float(cast("float", record["epoch"])),
            str(record["workload"]),
            str(record["account_id"]),
            str(record["region"]),
        )
