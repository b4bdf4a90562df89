"""Settings of the reservoir's measure in an experiment, and the measure that they make."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from szilard.monitor import Reservoir
from szilard.settings import Settings
from szilard.training import Training


@dataclass(frozen=True)
class ReservoirSettings(Settings):
    """What is measured of the parameters as a heat reservoir, in a single run; see :class:`szilard.Reservoir`.

    Attributes:
        every: training steps between records; None chooses it once from ``budget``.
        budget: share of the loop's time for them, used only where ``every`` is None.
        lags: of the noise's covariance.
        groups: ``"layer"`` or ``"parameter"``.
        force: ``"sample"``, or ``"full"`` for that of every training example at every record.
        per_example: examples at each record whose single gradients give the noise once more; 0 leaves them out.
        window: records of the moving window.
        directions: random directions in each group along which position and force are recorded.
        diffusion_work: whether the works of drift and diffusion are predicted too.

    Example:
        >>> ReservoirSettings(every=500, lags=(1, 2)).as_table()["lags"]
        [1, 2]
    """

    every: int | None = None
    budget: float = 0.03
    lags: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    groups: str = "layer"
    force: str = "sample"
    per_example: int = 0
    window: int = 32
    directions: int = 4
    diffusion_work: bool = False

    def check(self) -> None:
        self.require("lags", len(self.lags) > 0 and min(self.lags, default=0) >= 1, "positive whole numbers")
        self.require("every", self.every is None or self.every > max(self.lags) + 2, "more than the longest lag and 2")
        self.require("budget", 0 < self.budget < 1, "between 0 and 1")
        self.require("groups", self.groups in ("layer", "parameter"), "'layer' or 'parameter'")
        self.require("force", self.force in ("sample", "full"), "'sample' or 'full'")
        self.require("per_example", self.per_example == 0 or self.per_example >= 2, "0, or at least 2")
        self.require("window", self.window >= 8, "at least 8")
        self.require("directions", self.directions >= 0, "at least 0")

    def measure(self, training: Training, inputs: Tensor, labels: Tensor) -> Reservoir:
        """The measure of a run that is trained so on these examples."""
        return Reservoir(
            training.criterion(),
            (inputs, labels),
            every=self.every,
            lags=self.lags,
            groups=self.groups,
            batch_size=training.batch_size,
            force=self.force,
            per_example=self.per_example,
            window=self.window,
            directions=self.directions,
            diffusion_work=self.diffusion_work,
            replacement=training.shuffle == "replacement",
            clipped=training.clip_norm is not None,
            budget=self.budget,
        )
