"""Environment variables as they were read: what callers meet, what was there before, what differs.

Lambda's change feed leaves values out. What a variable was before a change is told by the published
versions alone: each keeps the environment that it was published with.
"""

from collections.abc import Collection
from datetime import datetime

from opspilot.domain.model import Model
from opspilot.domain.workload import FunctionConfiguration, FunctionVersion

LATEST = "$LATEST"


class Variables(Model):
    """The environment of one version of a function.

    Attributes:
        version: "$LATEST" or a published number.
        values: Redacted where they come from the ledger.
    """

    version: str
    values: dict[str, str]


class VariableChange(Model):
    """A variable that is not what it was; None where it was, or is, not set."""

    name: str
    before: str | None
    after: str | None


def in_service(
    configuration: FunctionConfiguration, qualifiers: Collection[str]
) -> Variables | None:
    """The environment that callers meet; None when it was not read.

    Args:
        configuration: Of the function.
        qualifiers: What its known callers name, empty texts for $LATEST. If all of them name
            aliases or versions, the one they agree on counts.
    """
    if not qualifiers or not all(qualifiers):
        if not configuration.environment_read:
            return None
        return Variables(version=LATEST, values=configuration.environment)
    aliases = {one: configuration.alias(one) for one in qualifiers}
    served = {alias.version if alias else name for name, alias in aliases.items()}
    if len(served) != 1:
        return None
    version = configuration.version(served.pop())
    return _of(version) if version else None


def served_before(
    configuration: FunctionConfiguration, now: Variables, moment: datetime
) -> Variables | None:
    """The environment of the newest version published before a moment, other than the one in use.

    None when there is no such version, or its environment was not read.
    """
    earlier = [
        version
        for version in configuration.versions
        if version.published_at < moment and version.version != now.version
    ]
    if now.version.isdigit():
        earlier = [one for one in earlier if int(one.version) < int(now.version)]
    return _of(max(earlier, key=lambda one: int(one.version))) if earlier else None


def differences(before: Variables, now: Variables) -> tuple[VariableChange, ...]:
    """The variables that differ, by name."""
    names = sorted(set(before.values) | set(now.values))
    return tuple(
        VariableChange(name=name, before=before.values.get(name), after=now.values.get(name))
        for name in names
        if before.values.get(name) != now.values.get(name)
    )


def _of(version: FunctionVersion) -> Variables | None:
    if version.environment is None:
        return None
    return Variables(version=version.version, values=version.environment)
