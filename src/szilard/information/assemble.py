"""From sums over inputs to a :class:`Measurement`: names, kinds, errors, flags, and what cannot be said."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy import ndarray

from szilard.estimate import Estimate, Kind
from szilard.information.budget import REPORTED, budget
from szilard.information.contrast import Contrast
from szilard.information.jackknife import cluster_weights, estimates
from szilard.information.measurement import Measurement, unavailable
from szilard.information.mixture_sums import OUTCOMES, JointBlocks, MixtureSums
from szilard.information.nesting import Nesting
from szilard.information.pairs import PairSums, pair_means, permutation_p

BUDGET = ("info_task", "info_dataset", "info_seed", "info_data", "l_info")
SPLIT = ("info_seed_initialisation", "info_seed_order")
_KINDS = {"lower": Kind.LOWER, "upper": Kind.UPPER}
_LOW_ENTROPIES = (
    "info_seed_plugin",
    "l_info_plugin",
    "entropy_marginal_plugin",
    "entropy_task",
    "entropy_dataset",
    "info_seed_order_plugin",
)
"""Differences of two plug-ins may err on either side; with the members' own entropies below they err on one."""
_SIDES = ("", "_lower", "_upper")


class InputSums(Protocol):
    """What has been added up over probe inputs, from which :func:`assemble` makes estimates."""

    nesting: Nesting
    seed: int
    per: str
    blocks: tuple[int, ...]
    inputs: int
    mixtures: MixtureSums
    pairs: PairSums
    contrast: Contrast
    joint: list[JointBlocks]

    @property
    def under(self) -> ndarray:
        """Cross-entropies of members under mixtures of all."""
        ...


def assemble(sums: InputSums, mask: ndarray, *, permutations: int) -> Measurement:
    """All estimates of one look at the ensemble, by record name."""
    nesting, inputs = sums.nesting, sums.inputs
    reasons = unavailable(nesting)
    entropies = sums.mixtures.entropies(inputs)
    deletions = _reported(budget(entropies, nesting))
    kinds = {name: _kind(name) for name in deletions}
    kinds["entropy_conditional_mean"] = Kind.UNBIASED

    unbiased = _of_pairs(sums)
    unbiased["info_dataset_contrast"] = sums.contrast.values(inputs)
    deletions |= unbiased
    kinds |= dict.fromkeys(unbiased, Kind.UNBIASED)
    kinds["l_info_pairwise"] = Kind.UPPER
    kinds["info_dataset_contrast"] = Kind.ASYMPTOTIC

    under = sums.under
    excess = under - entropies.member[:, None]
    weights = cluster_weights(nesting).T
    mean = (weights * excess).sum(0)
    deletions["l_info_spread"] = np.sqrt((weights * (excess - mean) ** 2).sum(0))
    kinds["l_info_spread"] = Kind.ASYMPTOTIC

    deletions |= _block_values(sums, deletions)
    kinds |= {f"{name}_block{side}": _kind(side) for name in BUDGET for side in _SIDES}
    values = estimates(
        {name: rows for name, rows in deletions.items() if _base(name, reasons) not in reasons}, nesting, kinds
    )
    if "info_dataset" not in reasons:
        p = permutation_p(sums.pairs.overlap(inputs), nesting, seed=sums.seed, permutations=permutations)
        values["info_dataset_permutation_p"] = Estimate(p, math.nan, Kind.EXACT)
    values, reasons = _only_known(values, reasons, sums)
    saturated, notes = _saturation(values)
    members = {
        "l_info_member": _spread_out(excess[:, 0], mask),
        "entropy_marginal_member": _spread_out(under[:, 0], mask),
    }
    replicates = {name: deletions[name][1:] for name in values if name in deletions}
    return Measurement(nesting, values, members, replicates, saturated, reasons, inputs, notes, sums.per)


def _reported(values: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """With the reported route under the plain name."""
    return {name.removesuffix(f"_{REPORTED}"): rows for name, rows in values.items()}


def _kind(name: str) -> Kind:
    if name in _LOW_ENTROPIES:
        return Kind.LOWER
    return _KINDS.get(name.rpartition("_")[2], Kind.ASYMPTOTIC)


def _base(name: str, reasons: Mapping[str, str]) -> str:
    """The quantity that a name belongs to: ``info_dataset`` of ``info_dataset_upper`` or ``info_dataset_block``."""
    return name if name in reasons else _owner(name)


@functools.cache
def _owner(name: str) -> str:
    return next((known for known in (*SPLIT, *BUDGET) if name.startswith(known)), name)


def _of_pairs(sums: InputSums) -> dict[str, ndarray]:
    """Cross-entropies between members, and the quadratic information level by level."""
    nesting, inputs = sums.nesting, sums.inputs
    cross = pair_means(sums.pairs.cross_entropy(inputs), nesting)
    overlap = pair_means(sums.pairs.overlap(inputs), nesting)
    apart = {"task": "nothing", "dataset": "task", "seed": "dataset"}[nesting.outermost]
    values = {
        "cross_entropy_between": cross["task"],
        "l_info_pairwise": cross[apart] - cross["self"],
        "info_task_quadratic": overlap["task"] - overlap["nothing"],
        "info_dataset_quadratic": overlap["dataset"] - overlap["task"],
        "info_seed_quadratic": overlap["self"] - overlap["dataset"],
    }
    if "row" in overlap:
        values["info_seed_initialisation_quadratic"] = overlap["row"] - overlap["dataset"]
        values["info_seed_order_quadratic"] = overlap["column"] - overlap["dataset"]
        values["info_seed_interaction_quadratic"] = (
            overlap["self"] - overlap["row"] - overlap["column"] + overlap["dataset"]
        )
    return values


def _block_values(sums: InputSums, deletions: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """Informations of m inputs jointly with their brackets, one column for each m."""
    columns: dict[str, list[ndarray]] = {f"{name}_block{side}": [] for name in BUDGET for side in _SIDES}
    joint = {block.size: block.entropies() for block in sums.joint}
    for size in sums.blocks:
        entropies = joint.get(size)
        values = deletions if size == 1 else None if entropies is None else _reported(budget(entropies, sums.nesting))
        for name, column in columns.items():
            of_input = name.replace("_block", "")
            column.append(np.full(sums.nesting.clusters + 1, np.nan) if values is None else values[of_input])
    return {name: np.stack(column, 1) for name, column in columns.items() if column}


def _only_known(
    values: Mapping[str, Estimate], reasons: Mapping[str, str], sums: InputSums
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """Without numbers that are not numbers; every one of them with its reason."""
    known, why = {}, dict(reasons)
    for name, value in values.items():
        if np.isfinite(value.value).any():
            known[name] = value
        else:
            why.setdefault(name, sums.contrast.unavailable or "this design has no members to compare for it.")
    for block in sums.joint:
        if block.entropies() is None:
            why[f"block_{block.size}"] = (
                f"{block.size} inputs have more than {OUTCOMES:,} joint outcomes: take fewer jointly."
                if not block.possible
                else f"no chunk has {block.size} inputs: give larger chunks."
            )
    return known, why


def _saturation(values: Mapping[str, Estimate]) -> tuple[dict[str, bool], dict[str, str]]:
    """Where the bracket spans more than the value."""
    saturated, notes = {}, {}
    names: Sequence[str] = (*BUDGET, *SPLIT, "entropy_marginal")
    for name in names:
        if name not in values or f"{name}_upper" not in values:
            continue
        lower, upper = (float(values[f"{name}_{side}"].value) for side in ("lower", "upper"))
        saturated[name] = not upper - lower <= abs(float(values[name].value))
        if saturated[name]:
            notes[name] = (
                f"{name} lies between {lower:.3g} and {upper:.3g} in expectation, which spans more than the value: "
                "more clusters and seeds would narrow it."
            )
    return saturated, notes


def _spread_out(values: ndarray, mask: ndarray) -> ndarray:
    """Back to all members, NaN where one was left out."""
    full = np.full(len(mask), np.nan)
    full[mask] = values
    return full
