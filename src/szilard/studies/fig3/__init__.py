"""The study of the paper's Figure 3: ensembles at several batch sizes, and the noise of their gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from szilard.studies.study import Study
from szilard.verdicts.audit import Subject


def _trainings(attributes: Mapping[str, Any]) -> str | None:
    """Trials at each batch size."""
    trials = attributes.get("trials")
    return " + ".join(map(str, trials)) if isinstance(trials, list) else None


STUDY = Study(
    kind="fig3",
    home=__name__,
    leading="fig3",
    title="Figure 3",
    subject=Subject.ENSEMBLE,
    runs={"fig3": f"{__name__}.spec:fig3"},
    specs={"fig3": f"{__name__}.spec:Figure3"},
    trainings=_trainings,
)
