"""A verb's workbench, and who acts."""

from opspilot.bootstrap import Workbench, open_workbench
from opspilot.domain.identity import Actor, Role
from opspilot.entrypoints.cli.output import note


def opened(*, needs_account: bool = True) -> Workbench:
    """The workbench of the configured account.

    Raises:
        OpsPilotError: The account does not answer and the verb needs it, or it is not known whose
            store is meant.
    """
    workbench = open_workbench()
    unknown = not workbench.account.account_id
    if workbench.problem is not None and (needs_account or unknown):
        raise workbench.problem
    return workbench


def acting(workbench: Workbench, name: str | None, wanted: Role) -> Actor:
    """The person whom `--actor` names, else whoever one is by default, which is then said."""
    if name is not None:
        return workbench.identities.named(name)
    person = workbench.identities.myself(wanted=wanted)
    note(f"Acting as {person.name} ({', '.join(person.roles)}); --actor chooses somebody else.")
    return person
