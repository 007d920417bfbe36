"""What log lines of any runtime say about refusals: permissions, throttles, conditions, starts.

The texts are those of AWS itself, which the SDKs of Python, JavaScript, Java and Go hand on word by
word, and those of Lambda's own platform; nothing is told from names of functions or of fields.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opspilot.domain.evidence import Denial
from opspilot.domain.telemetry import LogLine

_LONGEST = 4_000
"""Characters of a line that are looked at."""
_MOST_DENIALS = 20

_REFUSED = re.compile(
    r"(?:User: (?P<principal>[^\s\"\\]+) )?is not authorized to perform:? "
    r"(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+)"
    r"(?: on (?:the )?resource:? (?P<resource>[^\s\"\\,)]+))?"
)
_REFUSED_CALL = re.compile(
    r"\((?:AccessDenied|AccessDeniedException|UnauthorizedOperation|AuthorizationError)\) "
    r"when calling the (?P<operation>\w+) operation"
)
_REFUSED_BARE = re.compile(r"\b(?:AccessDenied|AccessDeniedException)\b: (?!User: )")
_THROTTLED = re.compile(
    r"\b(?:ProvisionedThroughputExceededException|ThrottlingException|ThrottledException"
    r"|TooManyRequestsException|RequestLimitExceeded|RequestThrottled(?:Exception)?"
    r"|KMSThrottlingException|EC2ThrottledException|BandwidthLimitExceeded|SlowDown)\b"
)
_CONDITION = re.compile(r"\bConditionalCheckFailed(?:Exception)?\b|The conditional request failed")
_INIT_REPORT = re.compile(r"INIT_REPORT\b.*?Status: (?P<status>error|timeout)\b", re.DOTALL)
_INIT_RECORD = re.compile(
    r'"type"\s*:\s*"platform\.init(?:Report|RuntimeDone)".*?"status"\s*:\s*"(?:error|timeout)"'
)
_INIT_ERROR = re.compile(
    r"\b(?:Runtime\.(?:ImportModuleError|HandlerNotFound|UserCodeSyntaxError|MalformedHandlerName"
    r"|InvalidEntrypoint|NoSuchHandler|HandlerUndefined)|Extension\.InitError)\b"
)
_EXIT = re.compile(
    r"(?:RequestId: (?P<id>\S+) )?Error: Runtime exited (?:with error: (?!signal: killed)|without)"
)
_REPORTED_EXIT = re.compile(
    r"^REPORT RequestId: (?P<id>\S+)\s.*?Error Type: Runtime\.ExitError", re.DOTALL
)
_RECORDED_EXIT = re.compile(
    r'"type"\s*:\s*"platform\.report".*?"requestId"\s*:\s*"(?P<id>[^"]+)"'
    r'.*?"errorType"\s*:\s*"Runtime\.ExitError"'
)
_PLATFORM = ("REPORT RequestId:", "INIT_REPORT", "START RequestId:", "END RequestId:")

_TELLING = (
    *("INIT_REPORT", '"platform.init', "Runtime.", "Extension.InitError", "Runtime exited"),
    *("not authorized to perform", "AccessDenied", "UnauthorizedOperation", "AuthorizationError"),
    *("Throttl", "Exceeded", "TooManyRequests", "SlowDown", "onditional"),
)
"""Each expression above asks for one of these; most lines hold none, which costs little to see."""

_Who = tuple[str, str, str]


@dataclass(slots=True)
class FailureStatistics:
    """What the lines of one window say.

    Attributes:
        denied: Lines by (principal, action, resource); `first_denied` when it was first said.
        throttles: Lines by error code; `conditions` lines about refused conditional writes.
        init_reports: Platform reports of a failed start; `init_errors` lines that name its kind.
        exits: Ids of invocations whose runtime ended of itself (or the line's own place).
    """

    denied: Counter[_Who] = field(default_factory=Counter[_Who])
    first_denied: dict[_Who, datetime] = field(default_factory=dict[_Who, datetime])
    throttles: Counter[str] = field(default_factory=Counter[str])
    conditions: int = 0
    init_reports: int = 0
    init_errors: int = 0
    exits: set[str] = field(default_factory=set[str])

    @property
    def init_failures(self) -> int:
        """Failed starts; one that is reported is often told by a line of the runtime as well."""
        return max(self.init_reports, self.init_errors)


def read_failure_lines(lines: Iterable[LogLine]) -> FailureStatistics:
    """All that one window's lines say about refusals, in any log format."""
    seen = FailureStatistics()
    for line in lines:
        text = line.message[:_LONGEST]
        if not any(map(text.__contains__, _TELLING)):
            continue
        _read_start(line, text, seen)
        if not text.startswith(_PLATFORM):
            _read_refusals(line, text, seen)
    return seen


def _read_start(line: LogLine, text: str, seen: FailureStatistics) -> None:
    if _INIT_REPORT.match(text) or _INIT_RECORD.search(text):
        seen.init_reports += 1
    elif not _is_report(text) and _INIT_ERROR.search(text):
        seen.init_errors += 1
    found = _EXIT.search(text) or _REPORTED_EXIT.match(text) or _RECORDED_EXIT.search(text)
    if found:
        seen.exits.add(found["id"] or f"{line.stream}@{line.at.isoformat()}")


def _is_report(text: str) -> bool:
    """Whether the platform reports an invocation, whose own lines have told of it already."""
    return text.startswith(_PLATFORM) or '"platform.' in text


def _read_refusals(line: LogLine, text: str, seen: FailureStatistics) -> None:
    who = _refused(text)
    if who is not None:
        seen.denied[who] += 1
        seen.first_denied[who] = min(line.at, seen.first_denied.get(who, line.at))
    for code in set(_THROTTLED.findall(text)):
        seen.throttles[code] += 1
    seen.conditions += bool(_CONDITION.search(text))


def _refused(text: str) -> _Who | None:
    """Who was refused what on which resource; parts that the text leaves out are empty."""
    if found := _REFUSED.search(text):
        resource = (found["resource"] or "").rstrip(".;")
        return found["principal"] or "", found["action"], resource
    if found := _REFUSED_CALL.search(text):
        return "", found["operation"], ""
    return ("", "", "") if _REFUSED_BARE.search(text) else None


def denials(before: FailureStatistics, during: FailureStatistics) -> tuple[Denial, ...]:
    """Everything that was refused in either window, most often in the later one first."""
    known = sorted({*before.denied, *during.denied}, key=lambda who: (-during.denied[who], who))
    return tuple(
        Denial(
            principal=who[0],
            action=who[1],
            resource=who[2],
            count=during.denied[who],
            before=before.denied[who],
            first_seen=during.first_denied.get(who),
        )
        for who in known[:_MOST_DENIALS]
    )


def refusals_in_words(denied: Sequence[Denial], throttles: Mapping[str, int]) -> list[str]:
    """The most frequent of each as half sentences."""
    said: list[str] = []
    fresh = [one for one in denied if one.count]
    if fresh:
        first = fresh[0]
        what = f" {first.action}" if first.action else ""
        where = f" on {first.resource}" if first.resource else ""
        more = f" and {len(fresh) - 1} other permissions" if len(fresh) > 1 else ""
        said.append(f"{first.count} denied{what}{where} ({first.before} before){more}")
    if throttles:
        code, count = max(throttles.items(), key=lambda item: (item[1], item[0]))
        said.append(f"{count} {code}")
    return said
