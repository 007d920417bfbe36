"""Plain graph traversal, as PetShop's paper describes its baseline.

Hardt et al., "The PetShop Dataset: Finding Causes of Performance Issues across Microservices",
CLeaR 2024: a node is anomalous if the symptom's metric leaves the range of the normal period; from
the symptom the walk goes to anomalous callees, and those without one are the candidates.
"""

import numpy as np
import pandas as pd


def rank(
    normal: pd.DataFrame,
    incident: pd.DataFrame,
    graph: dict[str, list[str]],
    symptom: tuple[str, str, str],
) -> list[str]:
    """Candidates, the largest departure first, then the nodes passed on the way."""
    departure = _departures(normal, incident, symptom)
    seen, ahead = {symptom[0]}, [symptom[0]]
    while ahead:
        for callee in graph.get(ahead.pop(), []):
            if departure.get(callee, 0.0) > 3.0 and callee not in seen:
                seen.add(callee)
                ahead.append(callee)
    ends = {node for node in seen if not set(graph.get(node, [])) & seen - {node}}
    return sorted(seen, key=lambda node: (node not in ends, -departure.get(node, 0.0)))


def _departures(
    normal: pd.DataFrame, incident: pd.DataFrame, symptom: tuple[str, str, str]
) -> dict[str, float]:
    """Largest departure of each node in standard deviations, in the symptom's metric."""
    found: dict[str, float] = {}
    for key in incident.columns.intersection(normal.columns):
        if key[1:] != symptom[1:] or normal[key].notna().sum() < 2:
            continue
        spread = float(normal[key].std()) or 1e-9
        apart = np.abs(incident[key].to_numpy(dtype=float) - float(normal[key].mean())) / spread
        if not np.isnan(apart).all():
            found[key[0]] = float(np.nanmax(apart))
    return found
