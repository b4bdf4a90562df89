"""The study of an ensemble of trainings, and the information that only many have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.studies.study import Study
from szilard.verdicts.audit import Subject


def _trainings(attributes: Mapping[str, Any]) -> str | None:
    """Tasks × datasets × seeds."""
    design = attributes.get("design")
    if not isinstance(design, Mapping):
        return None
    return " × ".join(str(design.get(level, "?")) for level in ("tasks", "datasets", "seeds"))


STUDY = Study(
    kind="ensemble",
    home=__name__,
    leading="ledger",
    title="ensemble",
    subject=Subject.ENSEMBLE,
    runs={"memorisation": f"{__name__}.spec:memorisation", "budget": f"{__name__}.spec:budget"},
    trainings=_trainings,
    compared=(
        "info_task",
        "info_dataset",
        "info_seed",
        "info_seed_initialisation",
        "info_seed_order",
        "l_info",
        "info_dataset_contrast",
        "info_task_quadratic",
        "info_dataset_quadratic",
        "info_seed_quadratic",
        "cross_entropy_between",
        "entropy_marginal",
        "entropy_conditional_mean",
        "work_mean",
        "heat_mean",
        "ep_marginal",
        "ep_ignorance",
        "supersample_information",
        "cross_entropy_mean",
        "accuracy_mean",
    ),
)
