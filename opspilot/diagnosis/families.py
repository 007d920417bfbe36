"""Families of failure by the words of runtimes, AWS SDKs and services, in any of their languages.

A family is recognised by an error type that the runtime counted, or by a line that is itself one of
an error. What a line says beside that, at INFO or in a text that somebody sent, names nothing: a
log is written by strangers too.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opspilot.diagnosis.entries import Shown
from opspilot.domain.evidence import LogDetail, PatternChangeDetail

_LONGEST = 160


class Family(StrEnum):
    """What sort of failure an error is."""

    DENIED = "denied"
    EXPIRED = "expired"
    INIT = "init"
    THROTTLED = "throttled"
    CONDITIONAL = "conditional"
    PROVIDER = "provider"
    UNREACHABLE = "unreachable"
    MEMORY = "memory"
    EXHAUSTED = "exhausted"


_WORDS: dict[Family, re.Pattern[str]] = {
    Family.DENIED: re.compile(
        r"AccessDenied|UnauthorizedOperation|not authorized to perform|NotAuthorized"
        r"|AuthorizationError|KMSAccessDenied|PermissionError: \[Errno 13\] .{0,40}arn:"
        r"|no (?:identity|resource)-based policy allows|with an explicit deny"
        r"|Access to KMS is not allowed|KMS\.?DisabledException"
    ),
    Family.EXPIRED: re.compile(
        r"ExpiredToken|TokenExpired|CERT_HAS_EXPIRED|CertificateExpired|certificate has expired"
        r"|certificate expired|expired certificate|x509: certificate has expired|NotAfter: "
        r"|(?:token|credentials?|secret|password|api[ _-]?key|jwt|signature|licen[sc]e)"
        r"(?: \S+){0,6} (?:has |have |is |are )?expired"
        r"|expired (?:token|credentials?|secret|password|api[ _-]?key|jwt)"
        r"|InvalidClientTokenId|UnrecognizedClientException|InvalidSignatureException"
        r"|invalid_grant|password authentication failed|Access denied for user '"
        r"|ORA-28001|ORA-01017|Login failed for user|WRONGPASS"
        r"|\b401\b.{0,30}Unauthorized|Unauthorized.{0,30}\b401\b"
        r"|\b40[13]\W{1,3}(?:Client Error|Unauthorized|Forbidden)",
        re.IGNORECASE,
    ),
    Family.INIT: re.compile(
        r"ImportModuleError|HandlerNotFound|InvalidEntrypoint|UserCodeSyntaxError"
        r"|MalformedHandlerName|Runtime\.InvalidWorkingDir|Runtime\.ExtensionsInit"
        r"|ModuleNotFoundError|\bImportError\b|No module named|Unable to import module"
        r"|Cannot find (?:module|package)|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND"
        r"|ClassNotFoundException|NoClassDefFoundError|NoSuchMethodError|Class not found: "
        r"|Could not load (?:file or assembly|type)|Unable to load (?:DLL|type)"
        r"|error while loading shared libraries|version `GLIBC\S* not found"
        r"|fork/exec \S+: (?:no such file|exec format)|cannot open shared object file"
    ),
    Family.THROTTLED: re.compile(
        r"ProvisionedThroughputExceeded|Throttling(?:Exception|Error|edException)?\b"
        r"|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown\b|Rate [Ee]xceeded"
        r"|LimitExceededException|EC2ThrottledException|\b429\b"
    ),
    Family.CONDITIONAL: re.compile(
        r"ConditionalCheckFailed|The conditional request failed|TransactionConflict"
        r"|TransactionCanceledException.{0,120}ConditionalCheck"
    ),
    Family.PROVIDER: re.compile(
        r"InternalServerError|InternalServerException|InternalFailure|InternalServiceError"
        r"|ServiceUnavailable|InternalErrorException|InternalError\b|ServiceException\b"
        r"|\((?:500|502|503|504)\) when calling the|We encountered an internal error"
        r"|Internal server error \(Service: |Status Code: 50[0-4]"
    ),
    Family.UNREACHABLE: re.compile(
        r"Connection is not available|SQLTransientConnection|JDBCConnectionException"
        r"|CommunicationsException|Read (?:operation )?timed out|\bTimeoutError\b|ReadTimeout"
        r"|ConnectTimeout"
        r"|connect timed? ?out|SocketTimeout"
        r"|ETIMEDOUT|ESOCKETTIMEDOUT|ECONNREFUSED|ECONNRESET|ECONNABORTED|EHOSTUNREACH"
        r"|Connection (?:refused|reset|aborted|timed out)|ConnectionRefused|ConnectionReset"
        r"|ConnectionError|ConnectException|HttpTimeoutException|deadline exceeded"
        r"|context deadline|i/o timeout|socket hang up|no route to host|Network is unreachable"
        r"|RemoteDisconnected|MaxRetryError|Bad Gateway|Gateway Time-?out|Service Unavailable"
        r"|(?:HTTP|status|code|returned|responded|answered)\W{1,4}(?:HTTP )?50[0-4]\b"
        r"|\b50[0-4] (?:Server Error|from )|UpstreamError|TaskCanceledException|fetch failed"
        # A host that limits its callers (AWS words its own limits otherwise), or has no address.
        r"|Too Many Requests|HTTP (?:Error )?429|\b429 Client Error"
        r"|(?:status|code|returned|responded|answered)\W{1,4}429\b"
        r"|Name or service not known|nodename nor servname|failure in name resolution"
        r"|getaddrinfo|EAI_AGAIN|UnknownHost|no such host"
        # Databases and their pools: no connection is to be had, or it was taken away.
        r"|too many (?:connections|clients)|remaining connection slots|connection slots are"
        r"|(?:could not|can't|cannot|failed to|unable to) connect to|connection to server at"
        r"|connection pool.{0,40}(?:exhausted|full|timeout|timed out|limit)|QueuePool limit"
        r"|acquir\w+ (?:a )?connection|server closed the connection|Lost connection to"
        r"|ServerSelectionTimeout|CLUSTERDOWN|max number of clients reached",
        re.IGNORECASE,
    ),
    Family.MEMORY: re.compile(
        r"OutOfMemory|MemoryError|heap out of memory|Reached heap limit|runtime: out of memory"
        r"|Cannot allocate memory|ENOMEM|Allocation failed"
    ),
    Family.EXHAUSTED: re.compile(
        r"No space left on device|ENOSPC|Too many open files|EMFILE|ENFILE|Disk quota exceeded"
        r"|can't start new thread|unable to create (?:new )?(?:native )?thread"
        r"|Resource temporarily unavailable"
    ),
}
_AN_ERROR = re.compile(
    r"\b(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|panic:)|Exception\b|Error\b|error:|Traceback"
    r"|Caused by|errorType|errorMessage|\bfail(?:ed|ure)\b"
)
_NO_ERROR = re.compile(r"^(?:.{0,80})\b(?:INFO|DEBUG|TRACE|NOTICE|WARN(?:ING)?)\b")


_ANSWERED = re.compile(
    r"\b50[0-4]\b|Bad Gateway|Service Unavailable|Gateway Time-?out|Internal Server Error"
    r"|Too Many Requests|HTTP (?:Error )?429",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a log tells of a family of failures.

    Attributes:
        count: In the incident window; `before` in the baseline window of the same length.
        text: The most frequent wording, cut; empty where only the type was counted.
        types: Error types among them.
    """

    log: Shown[LogDetail]
    family: Family
    count: int
    before: int
    text: str = ""
    first_seen: datetime | None = None
    types: tuple[str, ...] = ()


def told(log: Shown[LogDetail], family: Family) -> Told | None:
    """What the log tells of a family; None when it tells nothing of it in the incident window."""
    detail = log.detail
    types = tuple(sorted(name for name in detail.errors if _is(family, name)))
    lines = [one for one in detail.patterns if _tells_of(one, family, detail)]
    counts = [
        _counted(detail, family),
        (
            sum(detail.errors[name] for name in types),
            sum(detail.errors_baseline.get(name, 0) for name in types),
        ),
        *((one.incident_count, one.baseline_count) for one in lines),
    ]
    count, before = max(counts, key=lambda pair: (pair[0], -pair[1]))
    if not count:
        return None
    lead = max(lines, key=lambda one: one.incident_count, default=None)
    seen = [one.first_seen for one in lines if one.first_seen and not one.baseline_count]
    denials = [one.first_seen for one in detail.denied if one.first_seen and not one.before]
    if family is Family.DENIED:
        seen += denials
    return Told(log, family, count, before, _worded(lead, family), min(seen, default=None), types)


def says_so_itself(text: str) -> bool:
    """Whether it was the other side that answered with an error of its own (5xx)."""
    return _ANSWERED.search(text) is not None


def family_of(error_type: str) -> Family | None:
    """The family that an error type belongs to by its name alone."""
    return next((family for family in Family if _is(family, error_type)), None)


def _is(family: Family, text: str) -> bool:
    return _WORDS[family].search(text) is not None


def _counted(detail: LogDetail, family: Family) -> tuple[int, int]:
    """What the log's reader has counted of a family, now and before."""
    if family is Family.DENIED:
        return sum(one.count for one in detail.denied), sum(one.before for one in detail.denied)
    if family is Family.INIT:
        return detail.init_failures, detail.init_failures_baseline
    if family is Family.THROTTLED:
        now, before = detail.throttle_errors, detail.throttle_errors_baseline
        return sum(now.values()), sum(before.values())
    if family is Family.CONDITIONAL:
        return detail.conditional_failures, detail.conditional_failures_baseline
    if family is Family.MEMORY:
        return detail.out_of_memory, detail.out_of_memory_baseline
    return 0, 0


def _tells_of(pattern: PatternChangeDetail, family: Family, detail: LogDetail) -> bool:
    if pattern.change not in ("new", "up"):
        return False
    lines = pattern.examples or (pattern.pattern,)
    return any(_is(family, line) and _is_an_error(line, detail) for line in lines)


def _is_an_error(line: str, detail: LogDetail) -> bool:
    """Whether the line reports a failure, and does not merely mention one."""
    if any(name in line for name in detail.errors):
        return True
    return _AN_ERROR.search(line) is not None and _NO_ERROR.search(line) is None


def _worded(pattern: PatternChangeDetail | None, family: Family) -> str:
    """The line of the match, without what follows on further lines."""
    if pattern is None:
        return ""
    for example in pattern.examples or (pattern.pattern,):
        if match := _WORDS[family].search(example):
            start = example.rfind("\n", 0, match.start()) + 1
            line = example[start:].split("\n", 1)[0].strip()
            if len(line) <= _LONGEST:
                return line
            return example[max(start, match.start() - 60) :].split("\n", 1)[0][:_LONGEST]
    return pattern.pattern[:_LONGEST]


__all__ = ["Family", "Told", "family_of", "says_so_itself", "told"]
