"""The way back from a release: move the alias to the version that served before."""

from datetime import datetime, timedelta

from opspilot.domain.change import Change
from opspilot.domain.evidence import LogDetail
from opspilot.domain.resource import Resource
from opspilot.domain.workload import FunctionAlias, FunctionConfiguration, FunctionVersion
from opspilot.remediation.actions import move_alias
from opspilot.remediation.ledger import Ledger
from opspilot.remediation.way import Closed, Way
from opspilot.remediation.ways_in import ways_in

_AFTER_ONSET = timedelta(minutes=2)
_RELEASE_BEFORE_ONSET = timedelta(hours=24)


def roll_back(resource: Resource, onset: datetime | None, ledger: Ledger) -> Way | Closed:
    """Move the alias that a release moved back to the version before."""
    configuration = ledger.configuration(resource)
    if configuration is None:
        return Closed(f"the aliases and versions of {resource.name} could not be read")
    if not configuration.aliases:
        return Closed(f"{resource.name} has no alias, so there is nothing to move back")
    released = _alias_move(resource, configuration, onset, ledger)
    if released is None:
        return Closed(f"no alias of {resource.name} was moved shortly before the onset")
    evidence, alias, change = released
    used = ways_in(resource, ledger)
    if used and alias.name not in used:
        return Closed(f"nobody who calls {resource.name} is known to use alias {alias.name}")
    version = _version_before(configuration, alias, change, ledger.log(resource))
    if version is None:
        return Closed(f"the version that alias {alias.name} pointed at before is not known")
    if why := _unfit(configuration, alias, version, onset):
        return Closed(why)
    return Way(
        move_alias.instruction(resource, alias.name, version),
        f"Move alias {alias.name} of {resource.name} back to version {version}",
        (
            f"{resource.name} changed its behaviour when alias {alias.name} moved to version"
            f" {alias.version}; version {version} served it before"
        ),
        (evidence,),
    )


def moves_settings_only(way: Way, ledger: Ledger) -> bool:
    """Whether the version that a way back leads to holds the code that serves now."""
    configuration = ledger.configuration(way.instruction.resource)
    alias = configuration.alias(str(way.instruction.parameters["alias"])) if configuration else None
    if configuration is None or alias is None:
        return False
    now = configuration.version(alias.version)
    then = configuration.version(str(way.instruction.parameters["version"]))
    return now is not None and then is not None and now.code_sha256 == then.code_sha256


def _unfit(
    configuration: FunctionConfiguration,
    alias: FunctionAlias,
    version: str,
    onset: datetime | None,
) -> str:
    """Why a version cannot be what served well before; empty when it can."""
    name = configuration.resource.name
    then, now = configuration.version(version), configuration.version(alias.version)
    if then is None:
        gone = configuration.versions and version != "$LATEST"
        return f"version {version} of {name} no longer exists" if gone else ""
    if onset is not None and then.published_at > onset:
        return f"version {version} of {name} was published after the trouble began"
    if now is not None and _content(then) == _content(now):
        return f"version {version} of {name} has the code and settings of version {now.version}"
    return ""


def _content(version: FunctionVersion) -> tuple[object, ...]:
    return (
        version.code_sha256,
        version.memory_mb,
        version.timeout_seconds,
        version.environment,
    )


def _alias_move(
    resource: Resource,
    configuration: FunctionConfiguration,
    onset: datetime | None,
    ledger: Ledger,
) -> tuple[str, FunctionAlias, Change] | None:
    """The newest move, up to the onset, of an alias that still points where it was moved to."""
    until = onset + _AFTER_ONSET if onset else None
    oldest = onset - _RELEASE_BEFORE_ONSET if onset else None
    recent = [
        (evidence, change)
        for evidence, change in ledger.changes(resource, until)
        if oldest is None or change.at >= oldest
    ]
    for told_by_alias in (True, False):
        for evidence, change in recent:
            alias = _moved_alias(configuration, change, told_by_alias=told_by_alias)
            if alias:
                return evidence, alias, change
    return None


def _moved_alias(
    configuration: FunctionConfiguration, change: Change, *, told_by_alias: bool
) -> FunctionAlias | None:
    """The alias that a change moved and that points there still.

    Where the feed has not told the move yet, the publishing of the version that an alias points at
    stands for it.
    """
    version = change.after.get("version")
    if version is None or ("alias" in change.after) is not told_by_alias:
        return None
    if told_by_alias:
        alias = configuration.alias(change.after["alias"])
        return alias if alias and alias.version == version else None
    return next((alias for alias in configuration.aliases if alias.version == version), None)


def _version_before(
    configuration: FunctionConfiguration,
    alias: FunctionAlias,
    change: Change,
    log: LogDetail | None,
) -> str | None:
    """What the change says; else what the log says; else the newest version older than this."""
    told = change.before.get("version")
    if told is not None:
        return told if told != alias.version else None
    served = _served_before(alias, log)
    if served is not None:
        return served
    if not alias.version.isdigit():
        return None
    older = [
        int(version.version)
        for version in configuration.versions
        if version.version.isdigit() and int(version.version) < int(alias.version)
    ]
    return str(max(older)) if older else None


def _served_before(alias: FunctionAlias, log: LogDetail | None) -> str | None:
    """The one published version that served before the alias's, if the log knows just one."""
    since = log.versions.get(alias.version) if log else None
    if log is None or since is None:
        return None
    earlier = [version for version, at in log.versions.items() if at < since and version.isdigit()]
    return earlier[0] if len(earlier) == 1 else None
