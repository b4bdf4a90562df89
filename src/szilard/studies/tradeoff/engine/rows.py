"""The rows of a record from what came of its states: exact sums of each member, and what only the ensemble has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy import ndarray
from torch import Tensor

from szilard.estimate import Estimate
from szilard.information import Measurement, Nesting, change, efficiency, marginal_changes, measure
from szilard.studies.tradeoff.engine.training import StateSeries

OWN = (
    "work", "work_coarse", "work_lagged", "free_energy_change", "work_dissipated", "heat", "entropy", "lag",
    "ep_conditional", "jarzynski",
)  # fmt: skip
"""Columns of the ledger that a state has, at its own τ."""

Row = dict[str, ndarray]


def rows_of(series: StateSeries, nesting: Nesting, held_out: Tensor) -> list[Row]:
    """One state's columns of group ``tradeoff`` at each record: (members,), or a number.

    Args:
        series: what came of it.
        nesting: of its members.
        held_out: share of each state of X among the held-out images.
    """
    first: Measurement | None = None
    found = []
    for row, models, chains in zip(series.rows, series.models, series.chains, strict=True):
        own = {name: _own(row[name]) for name in OWN}
        now = information(nesting, chains)
        first = first or now
        marginal, _ = marginal_changes(first, now, own["heat"])
        values = {
            "l_info": now["l_info"],
            "l_info_models": information(nesting, models)["l_info"],
            "ep_marginal": marginal["ep_marginal"],
            "ep_ignorance": change(first, now, "l_info"),
            "efficiency": efficiency(first, now, own["ep_conditional"]),
        }
        found.append({
            **own,
            **_with_errors(values),
            "cross_entropy": -(models @ held_out).numpy(),
            "l_info_lower": np.array(now["l_info_lower"].value),
            "l_info_upper": np.array(now["l_info_upper"].value),
            "l_info_without": now.replicates["l_info"],
        })  # fmt: skip
    return found


def lag_rows_of(series: StateSeries) -> list[Row]:
    """Columns of group ``lag`` at each record, of the other τ: (steps, members)."""
    return [{name: row[name][:, 1:].T.numpy() for name in ("work_dissipated", "lag")} for row in series.rows]


def information(nesting: Nesting, log_p: Tensor) -> Measurement:
    """What the laws of all members say of the ensemble, X being one outcome among all states."""
    return measure(nesting, log_p.numpy()[:, None], blocks=(1,), permutations=1)


def _own(values: Tensor) -> ndarray:
    """At the state's own τ, which comes first."""
    return np.asarray(values[:, 0] if values.ndim == 2 else values)


def _with_errors(values: Mapping[str, Estimate]) -> Row:
    return {
        **{name: np.array(value.value) for name, value in values.items()},
        **{f"{name}_error": np.array(value.error) for name, value in values.items()},
    }
