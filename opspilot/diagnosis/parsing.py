"""Whether a consumer stumbles over what a message or record says, rather than over itself."""

import re

from opspilot.diagnosis.assessment import FAIR, WEAK, Brief
from opspilot.diagnosis.case import Case
from opspilot.diagnosis.symptoms import risen_errors
from opspilot.domain.resource import Resource
from opspilot.domain.wording import number

_STUMBLES = re.compile(
    r"JSON|Decode|Parse|Pars(?:er|ing)|Syntax|Validation|Schema|Value|Format|Unmarshal|Deserial"
    r"|Serializ|Encoding|Unicode|TypeError|KeyError|Malformed|Corrupt|Invalid|NullPointer"
    r"|NumberFormat|IllegalArgument|Avro|Protobuf|Checksum|Poison|BadRecord|BadMessage"
)


def argue_parsing(brief: Brief, case: Case, consumer: Resource) -> bool:
    """Weigh the consumer's error types; True when its log tells of any."""
    found = risen_errors(case, consumer)
    if found is None:
        brief.misses(f"no error type in the log of {consumer.name} accounts for its failures")
        return False
    log, types = found
    ranked = sorted(types, key=lambda name: (-types[name], name))[:3]
    said = ", ".join(f"{number(types[name])} {name}" for name in ranked)
    stumbles = bool(_STUMBLES.search(ranked[0]))
    brief.speaks_for(FAIR if stumbles else WEAK, f"the log of {consumer.name} shows {said}", log.id)
    return True


__all__ = ["argue_parsing"]
