"""What a question asks for, by its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum


class Intent(StrEnum):
    """What somebody wants to know, or to have done."""

    HELP = "help"
    PROPOSE = "propose"
    PLAN = "plan"
    ENTRY = "entry"
    REFUTE = "refute"
    COMPARE = "compare"
    SUMMARY = "summary"
    CONFIGURATION = "configuration"
    CHANGES = "changes"
    ACT = "act"
    WHY = "why"
    EVIDENCE = "evidence"
    LOGS = "logs"
    METRICS = "metrics"
    UNKNOWN = "unknown"


# The first that fits wins.
_WORDS: tuple[tuple[Intent, str], ...] = (
    (
        Intent.HELP,
        r"^\W*(help|hi|hello|hey|thanks?|thank you)\b|what can you|who are you|"
        r"how do (i|you) (use|work)|are you (a|an|the)\b",
    ),
    (Intent.ENTRY, r"\be\d+\b"),
    (
        Intent.PROPOSE,
        r"\b(propose|file|make|create|draft|prepare|request|give me)\b.*"
        r"\b(plan|fix|remediation)\b|^\W*(please )?(fix|repair|remediate|roll ?back)\b",
    ),
    (Intent.PLAN, r"\bplans?\b|\bapprov"),
    (
        Intent.REFUTE,
        r"refut|disprov|falsif|speaks? against|argue against|other (cause|explanation)|"
        r"alternativ|rule[ds]? out|hypothes|are you sure|how (sure|certain|confident)|"
        r"could it be|what else could|wrong about|missing",
    ),
    (Intent.COMPARE, r"\bcompar|\bversus\b|\bvs\b|difference between"),
    (
        Intent.SUMMARY,
        r"summar|\boverview|tl;?dr|in short|catch me up|what happened|what is going on|"
        r"what.s going on|\bstatus\b|timeline|post-?mortem|hand ?over|brief me",
    ),
    (Intent.LOGS, r"\blogs?\b|log lines?|stack ?trace|traceback"),
    (
        Intent.CONFIGURATION,
        r"configur|\bsettings?\b|environment|\bmemory size|\btimeout (set|is|of)|"
        r"set to|reserved",
    ),
    (Intent.CHANGES, r"\bchange[ds]?\b|deploy|releas|who did|rolled out|modified|cloudtrail"),
    (
        Intent.ACT,
        r"what (should|can|do|must) (we|i|one)|what now|next step|how (do|can|to).*"
        r"(fix|mend|recover|mitigat|resolve)|recommend|mitigat|advise|\bfix\b",
    ),
    (
        Intent.WHY,
        r"\bwhy\b|\bcaus|root|reason|explain|what.s wrong|what is wrong|what broke|verdict|"
        r"diagnos|who is to blame|culprit|impact|first fail",
    ),
    (
        Intent.EVIDENCE,
        r"evidence|\bproof|\bproven?\b|how do (you|we) know|finding|ledger|support|"
        r"on record",
    ),
    (
        Intent.METRICS,
        r"metric|error|fail|latenc|slow|duration|\bp\d\d\b|throttl|invocation|traffic|"
        r"request|concurren|5xx|4xx|queue|backlog|\bspike|anomal|time-?outs?\b|how many|"
        r"throughput|\breads\b|\bwrites\b",
    ),
)
_FOLLOW_UP = re.compile(
    r"^\W*(and|also|what about|how about|same|now)\b|^\W*[\w-]+\W*$", re.IGNORECASE
)


def intent_of(question: str, earlier: Sequence[str] = ()) -> Intent:
    """What is asked for; a short "and for payments?" asks the same as the question before it."""
    asked = _matched(question)
    if asked is Intent.UNKNOWN and _FOLLOW_UP.search(question):
        before = [_matched(one) for one in reversed(earlier)]
        return next((one for one in before if one is not Intent.UNKNOWN), asked)
    return asked


def _matched(question: str) -> Intent:
    found = (one for one, words in _WORDS if re.search(words, question, re.IGNORECASE))
    return next(found, Intent.UNKNOWN)
