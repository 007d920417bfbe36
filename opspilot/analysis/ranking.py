"""Which of many metrics the trouble comes from, best suspect first."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.deviation import Deviations, deviations
from opspilot.analysis.discovery import adjusted
from opspilot.analysis.peers import apart_from_peers, supported
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.wide import Wide, aligned

BELIEVED = 0.05
"""Largest false-discovery rate among the columns that are named."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A metric that stands out in the incident.

    Attributes:
        resource: Whose metric it is.
        metric: Its name; of a frame with plain names the column's name.
        statistic: Empty where the column key has none.
        column: The key of the column, as it stands in the frames.
        score: How strongly it is suspected; only comparable within one ranking.
        direction: "up" or "down".
        onset: Index label of the incident row from which on it is away.
        effect_size: Signed deviation in robust standard deviations of the baseline.
    """

    resource: str
    metric: str
    statistic: str
    column: Hashable
    score: float
    direction: str
    onset: object
    effect_size: float


def rank_suspects(
    baseline: pd.DataFrame,
    incident: pd.DataFrame,
    *,
    graph: Mapping[str, Sequence[str]] | None = None,
    symptom: Hashable | None = None,
) -> list[Suspect]:
    """Ranks the metrics of an incident.

    Args:
        baseline: A time without trouble, one row per time.
        incident: The time of the trouble; five rows are enough.
        graph: {caller: [callee, ...]} of resources, where it is known.
        symptom: Key of the column on which the trouble was seen.

    Returns:
        Suspects, best first; empty when nothing stands out.

    Raises:
        WideError: A column holds something else than numbers.
    """
    del graph, symptom
    wide = aligned(baseline, incident)
    if not wide.columns:
        return []
    return _ranked(wide)


def _ranked(wide: Wide) -> list[Suspect]:
    found = deviations(wide.baseline, wide.incident)
    believed: Bools = adjusted(found.p) <= BELIEVED
    families = [column.family for column in wide.columns]
    resources = [column.resource for column in wide.columns]
    own = np.log10(1.0 + apart_from_peers(found.level, families))
    own = np.where(believed, own, 0.0)
    score = own + supported(own, resources, families)
    order = np.lexsort((found.onset, -own, -score))
    return [_suspect(wide, found, score, int(at)) for at in order if believed[at]]


def _suspect(wide: Wide, found: Deviations, score: Floats, at: int) -> Suspect:
    column = wide.columns[at]
    return Suspect(
        column.resource,
        column.metric,
        column.statistic,
        column.key,
        float(score[at]),
        "up" if found.effect[at] > 0 else "down",
        wide.times[int(found.onset[at])],
        float(found.effect[at]),
    )
