"""What the seeds of one dataset bring, to first order: as one cause, or initialisation and order apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.mixture_sums import COLUMN_SELF, JACK, LOO, ROW_JACK, ROW_LOO, ROW_SELF, SELF, Entropies
from szilard.information.nesting import Nesting


@dataclass(frozen=True, slots=True)
class SeedEffect:
    """First-order corrected information from seeds.

    Attributes:
        information: ``info_seed``; 0 where no dataset has two seeds, so that it stays with the level above.
        bias: by which the entropy of each dataset's mixture is low in expectation, to first order.
        split: ``info_seed_initialisation`` and ``info_seed_order`` by every route and bracket; empty without crossing.
    """

    information: Float[ndarray, " deletions"]
    bias: Float[ndarray, "deletions datasets"]
    split: dict[str, Float[ndarray, " deletions"]]


def seed_effect(
    entropies: Entropies, nesting: Nesting, own: ndarray, dataset_weight: ndarray, seeds: ndarray
) -> SeedEffect:
    """Undo the bias of the plug-in: ``E P_S = (1 − 1/R) info_seed``, or its like for a crossed table.

    Args:
        entropies: of all mixtures.
        nesting: of the members.
        own: mean entropy of each dataset's members, a row for each deletion.
        dataset_weight: shares of datasets.
        seeds: members left of each dataset.
    """
    if nesting.crossed:
        return _crossed(entropies, nesting, dataset_weight, own)
    plugin = entropies.dataset[..., SELF] - own
    shrink = (dataset_weight * (1 - 1 / np.maximum(seeds, 1))).sum(1)
    total = (dataset_weight * plugin).sum(1)
    information = np.divide(total, shrink, out=np.zeros_like(total), where=shrink > 1e-12)
    return SeedEffect(information, information[:, None] / np.maximum(seeds, 1), {})


def _crossed(entropies: Entropies, nesting: Nesting, dataset_weight: ndarray, own: ndarray) -> SeedEffect:
    """Effects a of the initialisation, b of the order, c of both together, from plug-ins on I × J tables.

    ``H(p̄) − ⟨H(p̄_i)⟩ = (1 − 1/I)(a + c/J)``, ``H(p̄) − ⟨H(p̄_j)⟩ = (1 − 1/J)(b + c/I)`` and
    ``⟨H(p̄_i)⟩ − ⟨H(p)⟩ = (1 − 1/J)(b + c)`` in expectation, to first order; H(p̄) is low by ``a/I + b/J + c/IJ``.
    """
    tables = nesting.tables
    known = np.array([table is not None for table in tables])
    rows, columns = np.array([table or (2, 2) for table in tables], dtype=float).T
    whole, parts = entropies.dataset, entropies.parts
    first = (whole[..., SELF] - parts[:, ROW_SELF]) / (1 - 1 / rows)
    second = (whole[..., SELF] - parts[:, COLUMN_SELF]) / (1 - 1 / columns)
    both = (parts[:, ROW_SELF] - own) / (1 - 1 / columns)
    together = (both - second) / (1 - 1 / rows)
    initialisation, order = first - together / columns, both - together

    def mean(values: ndarray) -> ndarray:
        weight = dataset_weight * known
        return (weight[:, known] * values[:, known]).sum(1) / weight.sum(1)

    a, b, c = mean(initialisation), mean(order), mean(together)
    split = {
        "info_seed_initialisation_plugin": mean(whole[..., SELF] - parts[:, ROW_SELF]),
        "info_seed_initialisation_first_order": a,
        "info_seed_initialisation_jackknife": mean(whole[..., JACK] - parts[:, ROW_JACK]),
        "info_seed_initialisation_extrapolated": mean(whole[..., JACK] - parts[:, ROW_JACK]),
        "info_seed_initialisation_lower": mean(whole[..., SELF] - parts[:, ROW_LOO]),
        "info_seed_initialisation_upper": mean(whole[..., LOO] - parts[:, ROW_SELF]),
        "info_seed_order_plugin": mean(parts[:, ROW_SELF] - own),
        "info_seed_order_first_order": b + c,
        "info_seed_order_jackknife": mean(parts[:, ROW_JACK] - own),
        "info_seed_order_extrapolated": mean(parts[:, ROW_JACK] - own),
        "info_seed_order_lower": mean(parts[:, ROW_SELF] - own),
        "info_seed_order_upper": mean(parts[:, ROW_LOO] - own),
    }
    seeds = nesting.seeds_per_dataset
    bias = np.where(
        known,
        a[:, None] / rows + b[:, None] / columns + c[:, None] / (rows * columns),
        (a + b + c)[:, None] / np.maximum(seeds, 1),
    )
    return SeedEffect(a + b + c, bias, split)
