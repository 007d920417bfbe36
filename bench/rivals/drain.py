"""drain3 as its documentation sets it up: templates, and a diff by a two-proportion test.

Optional: `installed()` tells whether bench/requirements-rivals.txt is there.
"""

import importlib.util
import logging
import math
from collections import Counter
from collections.abc import Sequence

from scipy.stats import norm

_BOUNDS = (r"((?<=[^A-Za-z0-9])|^)(", r")((?=[^A-Za-z0-9])|$)")
_MASKS = (
    (r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", "IP"),
    (r"0x[a-f0-9A-F]+", "HEX"),
    (r"[\-\+]?\d+", "NUM"),
)
_SIGNIFICANT = 0.01


def installed() -> bool:
    """Whether drain3 can be imported."""
    return importlib.util.find_spec("drain3") is not None


def mine(lines: Sequence[str], *, masks: bool = True) -> tuple[list[int], dict[int, str]]:
    """Template number per line, and the templates' texts, with `<*>` for every mask."""
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    logging.getLogger("drain3").setLevel(logging.ERROR)
    config = TemplateMinerConfig()
    if masks:
        config.masking_instructions = [
            MaskingInstruction(pattern.join(_BOUNDS), name) for pattern, name in _MASKS
        ]
    miner = TemplateMiner(config=config)
    numbers = [miner.add_log_message(line)["cluster_id"] for line in lines]
    texts = {one.cluster_id: one.get_template() for one in miner.drain.clusters}
    for _, name in _MASKS:
        texts = {number: text.replace(f"<{name}>", "<*>") for number, text in texts.items()}
    return numbers, texts


def compare(baseline: Sequence[str], incident: Sequence[str]) -> list[tuple[str, str]]:
    """Kind and an example of each template whose share differs, most surprising first."""
    numbers, _ = mine([*baseline, *incident])
    sizes = len(baseline), len(incident)
    before, during = Counter(numbers[: sizes[0]]), Counter(numbers[sizes[0] :])
    examples = dict(zip(numbers, [*baseline, *incident], strict=True))
    found: list[tuple[float, str, str]] = []
    for number in before | during:
        counts = before[number], during[number]
        share = sum(counts) / sum(sizes)
        error = math.sqrt(share * (1 - share) * (1 / sizes[0] + 1 / sizes[1])) or 1.0
        score = (counts[1] / sizes[1] - counts[0] / sizes[0]) / error
        p = 2 * float(norm.sf(abs(score)))
        if p < _SIGNIFICANT:
            kind = "new" if not counts[0] else "gone" if not counts[1] else "up"
            found.append((p, "down" if kind == "up" and score < 0 else kind, examples[number]))
    return [(kind, example) for _, kind, example in sorted(found, key=lambda one: one[0])]
