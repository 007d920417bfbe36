"""A metric among its like: what all resources show is no lead, what a resource shows twice is."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from opspilot.analysis.series import Floats

_FEWEST_PEERS = 4


def apart_from_peers(level: Floats, families: Sequence[Hashable]) -> Floats:
    """How far each level lies from the median of its family, in units of one plus their spread.

    A change of load moves the same metric of every resource; the culprit moves more than the rest.
    The unit never falls below one robust sigma of the metric's own baseline.
    """
    frame = pd.DataFrame({"level": level, "family": list(families)})
    groups = frame.groupby("family")["level"]
    known = groups.transform("size") >= _FEWEST_PEERS
    center = groups.transform("median").where(known, 0.0)
    apart = (frame["level"] - center).abs()
    spread = apart.groupby(frame["family"]).transform("median").where(known, 0.0)
    return (apart / (1.0 + spread)).to_numpy(dtype=np.float64)


def supported(own: Floats, resources: Sequence[str], families: Sequence[Hashable]) -> Floats:
    """For each column the strongest evidence of another family on the same resource.

    One supporter and no more, so that a resource does not win by its number of columns.
    """
    best: dict[str, dict[Hashable, float]] = {}
    for value, resource, family in zip(own, resources, families, strict=True):
        shown = best.setdefault(resource, {})
        shown[family] = max(shown.get(family, 0.0), float(value))
    return np.array(
        [
            max((value for other, value in best[resource].items() if other != family), default=0.0)
            for resource, family in zip(resources, families, strict=True)
        ]
    )
