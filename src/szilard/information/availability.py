"""What a design cannot give, and why, in a sentence each."""

from __future__ import annotations

from szilard.information.nesting import Nesting


def unavailable(nesting: Nesting) -> dict[str, str]:
    """Reasons by record name; ``NAME_error`` where the number can be had and its error cannot."""
    several_tasks, several_datasets = nesting.tasks > 1, int(nesting.datasets_per_task.max()) > 1
    several_seeds = int(nesting.seeds_per_dataset.max()) > 1
    reasons: dict[str, str] = {}
    if not several_tasks:
        reasons["info_task"] = "there is one task: everything here is given that task."
    elif not several_datasets:
        reasons["info_task"] = "each task has one dataset, and the two vary together: info_data is both."
    if not several_datasets:
        reasons["info_dataset"] = (
            "each task has one dataset, and the two vary together: info_data is both."
            if several_tasks
            else "there is one dataset: train on several to tell what is particular to one."
        )
        reasons["cross_entropy_between"] = "there is one dataset for each task: no two members differ in it alone."
    if not several_seeds:
        reasons["info_seed"] = "there is one seed for each dataset: train several to tell datasets from luck."
        reasons.setdefault(
            "info_dataset", "there is one seed for each dataset: its luck cannot be told from the dataset; see l_info."
        )
        reasons["info_data"] = reasons["info_seed"]
    if not several_tasks and not several_datasets:
        reasons["info_data"] = reasons["info_dataset"]
    if not nesting.crossed:
        for name in ("info_seed_initialisation", "info_seed_order"):
            reasons[name] = "initialisation and batch order are not crossed: both change from seed to seed."
    _quadratic(reasons, nesting)
    return reasons | _without_error(nesting, reasons)


def _quadratic(reasons: dict[str, str], nesting: Nesting) -> None:
    """The quadratic companions are missing where the informations are."""
    for name in ("info_task", "info_dataset", "info_seed", "info_seed_initialisation", "info_seed_order"):
        if name in reasons:
            reasons[f"{name}_quadratic"] = reasons[name]
    if "info_seed_order" in reasons:
        reasons["info_seed_interaction_quadratic"] = reasons["info_seed_order"]


def _without_error(nesting: Nesting, reasons: dict[str, str]) -> dict[str, str]:
    """Errors need clusters that are independent, and enough of them left after one is deleted."""
    if nesting.outermost == "seed":
        if nesting.crossed:
            why = "one dataset with crossed seeds has no independent clusters to take an error from."
            return {f"{name}_error": why for name in ("info_seed", "l_info", "entropy_marginal")}
        if nesting.clusters == 2:
            why = "2 seeds give no error: with one deleted there is nothing to compare; train at least 3."
            return {f"{name}_error": why for name in ("info_seed", "l_info", "entropy_marginal")}
        return {}
    if nesting.clusters == 2:
        level = nesting.outermost
        why = f"2 {level}s give no error: with one deleted there is nothing to compare; train at least 3."
        names = ["info_task", "info_data", "l_info", "entropy_marginal"]
        if level == "dataset":
            names.append("info_dataset")
        return {f"{name}_error": why for name in names if name not in reasons}
    return {}
