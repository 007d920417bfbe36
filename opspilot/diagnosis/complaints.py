"""What a function's log complains of when a configured value is wrong or missing.

The wording is that of the AWS SDKs, the language runtimes and the usual settings libraries. A
denial (AccessDenied) is no such complaint: a policy or a role is a cause of another kind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from opspilot.domain.evidence import LogDetail, PatternChangeDetail

Sort = Literal["missing", "not_found", "no_address"]

_LONGEST = 160
_VARIABLE = r"(?P<variable>[A-Z][A-Z0-9]*_[A-Z0-9_]*|[A-Z]{4,})"

_MISSING = (
    # Python's os.environ, in text and in the JSON of the runtime.
    rf"KeyError\W+(?:errorMessage\W+)?{_VARIABLE}['\"\\]",
    rf"(?i:environment variable)s? ?[:'\"`]?\s*{_VARIABLE}['\"`]? (?:is |was |has )?"
    r"(?i:not|missing|required|undefined|must|unset|empty)",
    rf"(?i:missing|required|undefined|no value for) (?:required )?(?i:environment variables?|env)"
    rf"[\s:'\"`]+{_VARIABLE}",
    rf"process\.env\.{_VARIABLE}",
    # The value is None, null or empty by the time that an SDK is handed it.
    r"Invalid type for parameter (?:TableName|QueueUrl|TopicArn|Bucket|FunctionName|SecretId"
    r"|stateMachineArn), value: None",
    r"Missing required key '(?:TableName|QueueUrl|TopicArn|Bucket|FunctionName|SecretId)' in param",
    r"Value null at '(?:tableName|queueUrl|topicArn|functionName)' failed",
    r"(?:No|Empty) value provided for input HTTP label: (?:Bucket|FunctionName)",
)
_NOT_FOUND = (
    r"ResourceNotFoundException",
    r"Requested resource not found",
    r"QueueDoesNotExist|NonExistentQueue|The specified queue does not exist",
    r"NoSuchBucket|The specified bucket does not exist",
    r"Function not found: ",
    r"Topic does not exist",
    r"StateMachineDoesNotExist|ParameterNotFound|EventBus \S+ does not exist",
    r"Secrets Manager can't find the specified secret",
    r"(?:FATAL|OperationalError|ProgrammingError).{0,80}database \S+ does not exist",
)
_NO_ADDRESS = (
    r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN)",
    r"Name or service not known|Temporary failure in name resolution|nodename nor servname",
    r"Could not connect to the endpoint URL|UnknownHostException",
    r"Invalid (?:URL|endpoint)\b|MissingSchema",
)

_SORTS: tuple[tuple[Sort, re.Pattern[str]], ...] = (
    *(("missing", re.compile(one)) for one in _MISSING),
    *(("not_found", re.compile(one)) for one in _NOT_FOUND),
    *(("no_address", re.compile(one)) for one in _NO_ADDRESS),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A line that came up, or came up more often, and what it says.

    Attributes:
        variable: The environment variable that it names; empty when it names none.
        text: The first line, cut.
        count: In the incident window; `before` in the baseline.
    """

    sort: Sort
    variable: str
    text: str
    count: int
    before: int
    first_seen: datetime | None


def complaints(log: LogDetail) -> tuple[Complaint, ...]:
    """The complaints among the patterns of a log that are new or more frequent, most first."""
    found = [
        complaint
        for pattern in log.patterns
        if pattern.change in ("new", "up")
        for complaint in _of(pattern)
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.text)))


def _of(pattern: PatternChangeDetail) -> Iterator[Complaint]:
    for example in pattern.examples or (pattern.pattern,):
        for sort, wording in _SORTS:
            if match := wording.search(example):
                yield Complaint(
                    sort=sort,
                    variable=match.groupdict().get("variable") or "",
                    text=_told(example, match),
                    count=pattern.incident_count,
                    before=pattern.baseline_count,
                    first_seen=pattern.first_seen,
                )
                return


def _told(example: str, match: re.Match[str]) -> str:
    """The line from its match on, or its beginning, without what follows on further lines."""
    line_start = example.rfind("\n", 0, match.start()) + 1
    line = example[line_start:].split("\n", 1)[0].strip()
    return line if len(line) <= _LONGEST else example[match.start() :].split("\n", 1)[0][:_LONGEST]
