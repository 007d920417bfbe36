"""From what a caller names (`payments:live`) to the version that it meets at that time."""

from collections.abc import Mapping

from opspilot.embedded.configuration import FunctionConfig, Timeline, VersionConfig
from opspilot.embedded.fleet import LATEST, Build
from opspilot.embedded.simulator.records import Runtime


def split_target(target: str) -> tuple[str, str | None]:
    """Function name and qualifier of a name, `name:qualifier` or function ARN."""
    if target.startswith("arn:"):
        target = ":".join(target.split(":")[6:])
    name, _, qualifier = target.partition(":")
    return name, qualifier or None


class Resolver:
    """Resolves targets along a timeline."""

    def __init__(self, timeline: Timeline, builds: Mapping[str, Build]) -> None:
        self._timeline = timeline
        self._builds = builds

    def choices(self, target: str, epoch: int) -> list[tuple[float, Runtime]]:
        """(weight, runtime) pairs that share the calls to a target; empty when there is none."""
        name, qualifier = split_target(target)
        function = self._timeline.states[epoch].functions.get(name)
        if function is None or function.version(qualifier) is None:
            return []
        alias = function.aliases.get(qualifier or LATEST)
        rest = 1.0
        choices: list[tuple[float, Runtime]] = []
        weights: Mapping[str, float] = alias.weights if alias else {}
        for version, weight in weights.items():
            choices.append((weight, self._runtime(function, qualifier, version, epoch)))
            rest -= weight
        main = alias.version if alias else (qualifier or LATEST)
        choices.append((rest, self._runtime(function, qualifier, main, epoch)))
        return choices

    def _runtime(
        self, function: FunctionConfig, qualifier: str | None, version: str, epoch: int
    ) -> Runtime:
        config = function.version(version)
        if config is None:
            raise LookupError(f"{function.name} has no version {version}")
        resource = function.name if qualifier is None else f"{function.name}:{qualifier}"
        since = self._since(function.name, qualifier, config, epoch)
        build = self._builds[config.build]
        return Runtime(function.name, resource, config, build, function.reserved, since)

    def _since(self, name: str, qualifier: str | None, config: VersionConfig, epoch: int) -> float:
        """When callers began to meet this version: its own time, or that of the alias' move."""
        since = config.last_modified
        for earlier in range(epoch, -1, -1):
            if self._timeline.times[earlier] <= since:
                break
            before = self._timeline.states[earlier - 1].functions.get(name)
            if before is None or not _meets(before, qualifier, config.version):
                return self._timeline.times[earlier]
        return since


def _meets(function: FunctionConfig, qualifier: str | None, version: str) -> bool:
    alias = function.aliases.get(qualifier or LATEST)
    if alias is None:
        return (qualifier or LATEST) == version
    return version == alias.version or version in alias.weights
