"""From the entropies of nested mixtures to what task, dataset and seed tell: plug-ins, corrections, brackets."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from szilard.information.jackknife import cluster_weights
from szilard.information.mixture_sums import JACK, LOO, SELF, Entropies
from szilard.information.nesting import Nesting
from szilard.information.seeds import SeedEffect, seed_effect

ROUTES = ("plugin", "first_order", "jackknife", "lower", "upper", "extrapolated")
REPORTED = "extrapolated"
"""The route whose numbers carry the plain name (docs/information-coverage.md says why, with numbers)."""

_SATURATED = 0.1
"""Below ln n by this share a plug-in says that n children are too few to be corrected."""
_SURE = (0.2, 0.4)
"""Between these shares of their entropy that members lack, they come to count as sure."""
_BENT = (1.1, 1.15, 1.4)
"""Bend of the entropies of sure members at which the first-order correction, the jackknife and the curve are best."""

Values = Mapping[str, Float[ndarray, " deletions"]]


@dataclass(frozen=True, slots=True)
class Shares:
    """What weighs how much: of the whole ensemble, then with each outermost cluster deleted."""

    member: Float[ndarray, "deletions members"]
    dataset: Float[ndarray, "deletions datasets"]
    task: Float[ndarray, "deletions tasks"]
    seeds: Float[ndarray, "deletions datasets"]
    datasets: Float[ndarray, "deletions tasks"]
    tasks: Float[ndarray, " deletions"]
    dataset_of: Float[ndarray, "members datasets"]

    @classmethod
    @functools.lru_cache(maxsize=8)
    def of(cls, nesting: Nesting) -> Shares:
        """The shares of tasks and datasets that weights of members make."""
        member = cluster_weights(nesting)
        of_dataset, of_task = np.eye(nesting.datasets)[nesting.dataset_of], np.eye(nesting.tasks)
        dataset = member @ of_dataset
        task = dataset @ of_task[nesting.task_of_dataset]
        datasets = (dataset > 0) @ of_task[nesting.task_of_dataset]
        tasks = (task > 0).sum(1).astype(float)
        return cls(member, dataset, task, (member > 0) @ of_dataset, datasets, tasks, of_dataset)

    def of_datasets(self, per_member: Float[ndarray, " members"]) -> Float[ndarray, "deletions datasets"]:
        """Mean over each dataset's members of what each has; 0 where none is left."""
        total = (self.member * per_member) @ self.dataset_of
        return np.divide(total, self.dataset, out=np.zeros_like(total), where=self.dataset > 0)


def budget(entropies: Entropies, nesting: Nesting) -> Values:
    """Every information by every route (``NAME_plugin``, …), in nats, with deletions.

    With entropies of the mixtures ``H``, of each task's ``H_T``, of each dataset's ``H_D``:
    ``info_task = H − ⟨H_T⟩``, ``info_dataset = ⟨H_T⟩ − ⟨H_D⟩``, ``info_seed = ⟨H_D⟩ − ⟨H(p)⟩``.

    - *plug-in*: entropies of the mixtures of the members that there are;
    - *first order*: ``Î_S = R/(R−1) P_S``, ``Î_D = K/(K−1) P_D − P_S/(R−1)``, ``Î_T = T/(T−1) P_T − P_D/(K−1)`` for
      equal clusters, and what undoes the same biases for unequal ones;
    - *jackknife*: each entropy by ``n H − (n−1) ⟨H_{−k}⟩`` over its whole children, or with its first-order bias
      added where it has a single one;
    - *extrapolated*, which is what is reported: the jackknife, but for the mixtures of datasets with three seeds or
      more a curve ``H + b/n + c/n²`` through n = 1 (members), n = R − 1 and n = R, taken at 1/n = 0, and of sure
      members the jackknife or the first-order correction, as far as their entropies do not bend;
    - *lower*, *upper*: ``info_dataset ∈ [H_T^self − H_D^loo, H_T^loo − H_D^self]`` in expectation, alike at each level.

    A level without variation passes what lies below on to the level above: with one seed for each dataset
    ``info_dataset`` here is both together. :func:`szilard.information.measure` says so and withholds the number.
    """
    shares = Shares.of(nesting)
    seeds = seed_effect(entropies, nesting, shares.of_datasets(entropies.member), shares.dataset, shares.seeds)
    first, task_bias = _first_order(entropies, nesting, shares, seeds)
    own = shares.member @ entropies.member
    completed = _completed(entropies, seeds.bias, task_bias, nesting)
    routes = {
        "self": _levels(entropies, shares, SELF),
        "loo": _levels(entropies, shares, LOO),
        "jack": _levels(completed, shares, JACK),
    }
    curved = _mean(extrapolated(completed, nesting, shares), shares.dataset)
    best = [*routes["jack"][:2], curved] if nesting.datasets > 1 else routes["jack"]
    routes["best"] = _within_reach(best, routes["self"], own, nesting)
    values: dict[str, ndarray] = dict(seeds.split)
    for index, name in enumerate(("info_task", "info_dataset", "info_seed")):
        values |= _routes(name, routes, index, index + 1, own)
        values[f"{name}_first_order"] = first[name]
    values |= _routes("info_data", routes, 0, 2, own) | _routes("l_info", routes, 0, 3, own)
    values["info_data_first_order"] = first["info_task"] + first["info_dataset"]
    values["l_info_first_order"] = values["info_data_first_order"] + first["info_seed"]
    values["entropy_task"], values["entropy_dataset"] = routes["self"][1], routes["self"][2]
    for route in ROUTES:
        values[f"entropy_marginal_{route}"] = own + values[f"l_info_{route}"]
    if nesting.clusters == 2:
        _without_replicates(values, nesting)
    values["entropy_conditional_mean"] = own
    return values


def _within_reach(best: list[ndarray], plain: list[ndarray], own: ndarray, nesting: Nesting) -> list[ndarray]:
    """Corrected entropies of the levels, drawn back to those of the mixtures where a design is all but fully saturated.

    n children that have nothing in common differ by ln n, whatever the truth: a correction would add about 1 to it,
    which says nothing. From nine tenths of ln n on it fades.
    """
    counts = (nesting.tasks, nesting.datasets_per_task.mean(), nesting.seeds_per_dataset.mean())
    found = [*best, own]
    for level in (2, 1, 0):
        high, low = plain[level], (*plain[1:], own)[level]
        if counts[level] < 2:  # an only child: what the level below lost is lost here
            found[level] = best[level] + found[level + 1] - (*best[1:], own)[level]
            continue
        room = np.clip((1 - (high - low) / np.log(counts[level])) / _SATURATED, 0, 1)
        found[level] = high + (best[level] - high) * np.where(np.isfinite(room), room, 1.0)
    return found[:3]


def _without_replicates(values: dict[str, ndarray], nesting: Nesting) -> None:
    """The estimate where two clusters leave no delete-one values: one that is left says nothing of their level."""
    for name, rows in values.items():
        if name.startswith((f"info_{nesting.outermost}", "info_data", "l_info", "entropy_marginal")) and not (
            nesting.outermost == "task" and name.startswith("info_dataset")
        ):
            rows[1:] = np.nan


def _routes(name: str, routes: Mapping[str, list[ndarray]], above: int, below: int, own: ndarray) -> dict[str, ndarray]:
    """A difference of entropies at two levels (0 all, 1 task, 2 dataset, 3 member) by every route but one."""
    high = {route: levels[above] for route, levels in routes.items()}
    low = {route: own if below == 3 else levels[below] for route, levels in routes.items()}
    return {
        f"{name}_plugin": high["self"] - low["self"],
        f"{name}_jackknife": high["jack"] - low["jack"],
        f"{name}_extrapolated": high["best"] - low["best"],
        f"{name}_lower": high["self"] - low["loo"],
        f"{name}_upper": high["loo"] - low["self"],
    }


def _levels(entropies: Entropies, shares: Shares, route: int) -> list[ndarray]:
    """Mean entropies of the mixtures of all, of tasks, of datasets."""
    return [
        entropies.whole[:, route],
        _mean(entropies.task[..., route], shares.task),
        _mean(entropies.dataset[..., route], shares.dataset),
    ]


def _mean(values: ndarray, weight: ndarray) -> Float[ndarray, " deletions"]:
    """Weighted mean over what is known; NaN where nothing is."""
    weight = np.where(np.isfinite(values), weight, 0.0)
    total = weight.sum(1)
    mean = (weight * np.where(weight > 0, values, 0.0)).sum(1)
    return np.divide(mean, total, out=np.full_like(total, np.nan), where=total > 0)


def extrapolated(entropies: Entropies, nesting: Nesting, shares: Shares) -> Float[ndarray, "deletions datasets"]:
    """Entropies of the datasets' mixtures by a curve through one member, all but one, and all of the R ≥ 3.

    With ``x = 1/n`` at n = 1, R − 1, R and entropies H_1 = ⟨H(p)⟩, H_{R−1} = ⟨H(p̄_{−r})⟩, H_R = H(p̄) this is
    ``Σ_i H_i Π_{j≠i} x_j/(x_j − x_i)``: free of bias to second order, at no cost. The jackknife, which is the straight
    line through the last two, stays where there are two seeds, or crossed ones.
    """
    values = entropies.dataset[..., JACK].copy()
    curved = (nesting.seeds_per_dataset >= 3) & np.array([table is None for table in nesting.tables])
    if not curved.any():
        return values
    seeds = nesting.seeds_per_dataset[curved].astype(float)
    own = shares.of_datasets(entropies.member)[:, curved]
    whole, straight = entropies.dataset[:, curved, SELF], values[:, curved]
    without = (seeds * whole - straight) / (seeds - 1)
    x = (np.ones_like(seeds), 1 / (seeds - 1), 1 / seeds)
    first, second, third = (
        x[j] * x[k] / ((x[j] - x[i]) * (x[k] - x[i])) for i, j, k in ((0, 1, 2), (1, 0, 2), (2, 0, 1))
    )
    bent = first * own + second * without + third * whole
    plain = whole + (whole - own) / (seeds - 1)
    to_plain, to_bent = _shares_of_routes(own, without, whole, seeds, shares.dataset[:, curved])
    values[:, curved] = straight + to_plain * (plain - straight) + to_bent * (bent - straight)
    return values


def _shares_of_routes(
    own: ndarray, without: ndarray, whole: ndarray, seeds: ndarray, weight: ndarray
) -> tuple[float, float]:
    """How far from the jackknife towards the first-order correction, and towards the curve, by what all members show.

    Of members that are not sure the curve is best. Of sure ones, which differ by their labels, it overshoots where few
    labels compete and entropies hardly bend: *bend* is the last seed's gain over that of all before it, in units of
    what a bias of 1/n makes it. Measured in docs/information-coverage.md.
    """
    own, without, whole = (_mean(each, weight)[0] for each in (own, without, whole))
    count = float(seeds.mean())
    gained, sure = without - own, 1 - own / whole if whole > 0 else 0.0
    if not gained > 0:
        return 0.0, 1.0
    usual = (1 / (count - 1) - 1 / count) / (1 - 1 / (count - 1))
    bend = (whole - without) / gained / usual
    surely = min(max((sure - _SURE[0]) / (_SURE[1] - _SURE[0]), 0.0), 1.0)
    plain = min(max((_BENT[1] - bend) / (_BENT[1] - _BENT[0]), 0.0), 1.0)
    bent = min(max((bend - _BENT[1]) / (_BENT[2] - _BENT[1]), 0.0), 1.0)
    return surely * plain, 1 - surely + surely * bent


def _first_order(
    entropies: Entropies, nesting: Nesting, shares: Shares, seeds: SeedEffect
) -> tuple[dict[str, ndarray], Float[ndarray, "deletions tasks"]]:
    """First-order corrected informations, and by how much the entropy of each task's mixture is low.

    With biases β_d of the datasets' entropies and B_t their mean in task t, to first order
    ``E P_D = Σ_t w_t (1 − 1/K_t)(I_D + B_t)`` and ``E P_T = (1 − 1/T) [I_T + Σ_t w_t (I_D + B_t)/K_t]``.
    """
    plain = _levels(entropies, shares, SELF)
    of_task = np.eye(nesting.tasks)[nesting.task_of_dataset]
    left = np.maximum(shares.datasets, 1)
    seed_bias = ((shares.dataset > 0) * seeds.bias) @ of_task / left
    shrink = shares.task * (1 - 1 / left)
    total, rest = plain[1] - plain[2] - (shrink * seed_bias).sum(1), shrink.sum(1)
    dataset = np.divide(total, rest, out=np.zeros_like(total), where=rest > 1e-12)
    task_bias = (dataset[:, None] + seed_bias) / left
    several = shares.tasks > 1
    task = np.divide(
        (plain[0] - plain[1]) * shares.tasks, shares.tasks - 1, out=np.zeros_like(total), where=several
    ) - np.where(several, (shares.task * task_bias).sum(1), 0.0)
    return {"info_task": task, "info_dataset": dataset, "info_seed": seeds.information}, task_bias


def _completed(entropies: Entropies, seed_bias: ndarray, task_bias: ndarray, nesting: Nesting) -> Entropies:
    """Jackknifed entropies, with first-order ones in the place of those of single children."""
    dataset, task = entropies.dataset.copy(), entropies.task.copy()
    corrected = dataset[..., SELF] + seed_bias
    dataset[..., JACK] = np.where(np.isfinite(dataset[..., JACK]), dataset[..., JACK], corrected)
    corrected = task[..., SELF] + task_bias
    if nesting.datasets == 1:
        corrected = dataset[..., JACK]
    task[..., JACK] = np.where(np.isfinite(task[..., JACK]), task[..., JACK], corrected)
    whole = entropies.whole if nesting.tasks > 1 else task[:, 0]
    return Entropies(entropies.member, dataset, task, whole, entropies.parts)
