"""The AWS account that OpsPilot works on."""

from opspilot.domain.model import Model


class Account(Model):
    """Which account this is, as far as it could be asked.

    Attributes:
        account_id: Empty when the account does not answer.
        embedded: Whether it is OpsPilot's own embedded account, told by a handshake.
        speed: Account seconds per wall second; 1 on a real account.
        endpoint: Address of an emulator; empty for AWS itself.
        caller: ARN of the identity in use; empty when unknown.
        problem: Why it cannot be used, in words, with what to do; empty when it can.
    """

    account_id: str
    region: str
    embedded: bool = False
    speed: float = 1.0
    endpoint: str = ""
    caller: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        """The text by which a store knows the account it belongs to."""
        return f"{self.account_id}/{self.region}"
