"""Which of many metrics the trouble comes from, best suspect first.

A column's score is its own evidence plus that of one other family of metrics on the same resource,
each as the logarithm of how far it stands out among its peers. With a call graph the score is
weighted by how much of the resource's trouble its callees leave unexplained.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from opspilot.analysis.columns import Column, columns_of, comparable_key
from opspilot.analysis.deviation import quantile
from opspilot.analysis.direction import cause_direction
from opspilot.analysis.evidence import Evidence, evidence, position
from opspilot.analysis.peers import apart_from_peers, supported
from opspilot.analysis.series import Bools, Floats
from opspilot.analysis.traversal import BESIDE, Graph, Trouble, weights
from opspilot.analysis.wide import Wide, WideError, aligned

_BETTER_THAN_USUAL = 0.5
_SUPPORT = 0.9


@dataclass(frozen=True, slots=True)
class Suspect:
    """A metric that stands out in the incident.

    Attributes:
        resource: Whose metric it is.
        metric: Its name; of a frame with plain names the column's name.
        statistic: Empty where the column key has none.
        column: The key of the column, as it stands in the frames.
        score: How strongly it is suspected; comparable within one ranking, equal when nothing
            tells two suspects apart.
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
    graph: Graph | None = None,
    symptom: Hashable | None = None,
) -> list[Suspect]:
    """Ranks the metrics of an incident; several of one resource may be named.

    Columns may come in any unit and order, with gaps, constant or all missing. Left out are columns
    that only one frame has or that one frame does not know, and the clock. Values that are
    infinite or beyond 2^360 count as missing; rows are put in the order of the index; of columns
    with the same key the one that stands out most is named. Without a graph neither the unit nor
    the level of a column matters.

    Args:
        baseline: A time without trouble, one row per time. Columns are metric names, or a
            (resource, metric, statistic) MultiIndex whose statistic may be "".
        incident: The time of the trouble; five rows are enough.
        graph: {caller: [callee, ...]} of resources. Columns of one metric and statistic then have
            one unit.
        symptom: Key of the column on which the trouble was seen.

    Returns:
        Best first, equal scores in order of onset; empty when nothing stands out.

    Raises:
        WideError: A column holds something else than numbers or times, or no frame has the symptom.
    """
    known = {comparable_key(key) for frame in (baseline, incident) for key in frame.columns}
    if symptom is not None and comparable_key(symptom) not in known:
        raise WideError(f"{symptom!r}: no such column", hint="Name the symptom by its column.")
    wide = aligned(baseline, incident)
    if not wide.columns:
        return []
    found = evidence(wide, position(wide, symptom))
    score = _scores(wide, found, graph)
    if graph:
        seen = None if symptom is None else columns_of([*baseline.columns, symptom])[-1]
        score = score * _shares(wide, found, graph, seen)
    order = np.lexsort((found.onset, -score))
    named: dict[Hashable, Suspect] = {}
    for at in (int(place) for place in order if found.named[place]):
        named.setdefault(comparable_key(wide.columns[at].key), _suspect(wide, found, score, at))
    return list(named.values())


def _scores(wide: Wide, found: Evidence, graph: Graph | None) -> Floats:
    """Own evidence and that of one other family on the same resource."""
    families = [column.family for column in wide.columns]
    resources = [column.resource for column in wide.columns]
    apart = apart_from_peers(np.abs(found.level) * found.lasting, families, resources, graph)
    own = np.where(found.named, np.log10(1.0 + apart), 0.0)
    own = np.where(_worse(wide, found), own, _BETTER_THAN_USUAL * own)
    support = supported(own, resources, families)
    return own + _SUPPORT * support


def _worse(wide: Wide, found: Evidence) -> Bools:
    """False where the metric's name says that it moved to the good side."""
    cause = np.array([cause_direction(column.quantity) for column in wide.columns])
    return found.level * cause >= 0


def _shares(wide: Wide, found: Evidence, graph: Graph, seen: Column | None) -> Floats:
    """The graph's weight of each column's resource."""
    troubled = _troubles(wide, found)
    start = None if seen is None else seen.resource
    share = weights(troubled, graph, start, None if seen is None else seen.quantity)
    return np.array([share.get(column.resource, BESIDE) for column in wide.columns])


def _troubles(wide: Wide, found: Evidence) -> dict[str, Trouble]:
    usual = quantile(wide.baseline, 0.5)
    troubles: dict[str, Trouble] = {}
    for at in np.flatnonzero(found.named & _worse(wide, found)):
        column = wide.columns[int(at)]
        trouble = troubles.setdefault(column.resource, Trouble({}, {}))
        trouble.usual[column.quantity, column.family] = float(usual[at])
        seen = wide.incident[:, at]
        worst = np.nanmax(seen) if found.level[at] > 0 else np.nanmin(seen)
        trouble.rise[column.quantity, column.family] = float(worst - usual[at])
    return troubles


def _suspect(wide: Wide, found: Evidence, score: Floats, at: int) -> Suspect:
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
