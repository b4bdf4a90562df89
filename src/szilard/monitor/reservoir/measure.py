"""The parameters as a heat reservoir, layer by layer: noise, temperatures, forces, and how noises correlate in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, DistributedSampler

from szilard.errors import SpecError
from szilard.models.evaluation import unwrap
from szilard.models.gradients import BatchGradient, Forward, LossFunction
from szilard.models.ppm import PPM
from szilard.monitor.reservoir.examples import Examples
from szilard.monitor.reservoir.law import Law
from szilard.monitor.reservoir.mean_loss import try_batch
from szilard.monitor.reservoir.noise import Batching
from szilard.monitor.reservoir.optimizer_state import OptimizerSettings
from szilard.monitor.reservoir.plan import BurstPlan
from szilard.monitor.reservoir.recorder import ReservoirRecorder
from szilard.monitor.reservoir.tracked import Grouping, ParameterSample, TrackedParameters
from szilard.monitor.reservoir.work_forecast import WorkForecast
from szilard.monitor.wrappers import Unwrapped

DEFAULT_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
_MORE = 2
"""Steps of a burst beyond its longest lag: two pairs at least."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Reservoir:
    """Noise, temperature and force of every group of parameters (paper Section 5, Eqs. 30–37).

    At each record a *burst* of a few steps is followed. At every step of it two fresh half-batches are drawn, and their
    gradients at the loop's present parameters, and the loop's own gradient as the optimiser gets it, say what the noise
    is, whether it remembers, and how hot it keeps the parameters. A burst costs about its own length in training steps;
    between bursts nothing is done at all.

    Attributes:
        loss_fn: from the model's output and labels to the mean loss of a batch, as in the loop.
        train_data: what the loop draws its batches from: ``(inputs, labels)``, a dataset or the loop's ``DataLoader``
            of PyTorch, or a szilard ``Dataset``. It is drawn from by a generator of its own.
        every: training steps between records; None: what its own ``budget`` affords.
        lags: at which the noise's covariance is taken, in steps of the optimiser.
        groups: ``"layer"``, ``"parameter"``, or a function from a parameter's name to that of its group.
        batch_size: of the loop's batches (all micro-batches of a step, and all ranks, together); None takes the
            loader's.
        forward: ``forward(model, inputs) -> output``, for signatures other than ``model(inputs)``.
        force: ``"sample"`` estimates the force from a burst's fresh batches; ``"full"`` takes it from every example at
            every record, exactly.
        per_example: examples at each record whose single gradients give the noise once more; 0 leaves them out.
        window: records of the moving window for configurational temperature, participation ratio and tail index.
        directions: random directions in each group along which position and force are recorded.
        diffusion_work: whether to predict the works of drift and diffusion too, from tangents of the probe.
        replacement: whether the loop draws with replacement; None: as the loader's sampler does; where that is not
            known either the noise is taken as without.
        clipped: whether the loop clips its gradients, for the record; None: not said.
        budget: share of the loop's time for its records where ``every`` is None.

    Raises:
        SpecError: a setting makes no sense.

    Example:
        >>> import tempfile, torch, szilard
        >>> x, y = torch.randn(256, 4), torch.randint(3, (256,))
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> loss_fn = torch.nn.functional.cross_entropy
        >>> reservoir = szilard.Reservoir(loss_fn, (x, y), every=20, lags=(1, 2), batch_size=16)
        >>> out = tempfile.mkdtemp() + "/run"
        >>> measures = [szilard.Ledger(every=20), reservoir]
        >>> with szilard.Monitor(szilard.Classifier(model, x), optimizer, out=out, measures=measures) as monitor:
        ...     for _ in range(50):
        ...         rows = torch.randint(256, (16,))
        ...         loss = loss_fn(model(x[rows]), y[rows])
        ...         optimizer.zero_grad(); loss.backward(); optimizer.step()
        ...         monitor.step(loss=loss)
        >>> record = szilard.open(out).tree["reservoir"]
        >>> record["noise_variance"].dims, bool((record["temperature_noise"] > 0).all())
        (('step', 'group'), True)
    """

    loss_fn: LossFunction
    train_data: Any
    every: int | None = None
    lags: Sequence[int] = DEFAULT_LAGS
    groups: Grouping = "layer"
    batch_size: int | None = None
    forward: Forward | None = None
    force: str = "sample"
    per_example: int = 0
    window: int = 32
    directions: int = 4
    diffusion_work: bool = False
    replacement: bool | None = None
    clipped: bool | None = None
    budget: float = 0.03

    def __post_init__(self) -> None:
        if not callable(self.loss_fn):
            raise SpecError("loss_fn must be a function from output and labels to the mean loss, as the loop's.")
        lags: object = self.lags
        if isinstance(lags, str) or not isinstance(lags, Sequence) or not lags:
            raise SpecError(f"lags must be a list of whole numbers, not {lags!r}: give range(1, 11).")
        least = {"every": 1, "batch_size": 1, "per_example": 0, "window": 8, "directions": 0}
        given = [(name, getattr(self, name), low) for name, low in least.items()]
        given += [("each of lags", lag, 1) for lag in self.lags]
        for name, value, low in given:
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < low):
                raise SpecError(f"{name} must be a whole number of at least {low}, not {value!r}.")
        if self.per_example == 1:
            raise SpecError("a single example has no variance: give per_example of at least 2, or 0.")
        if self.force not in ("sample", "full"):
            raise SpecError(f"force must be 'sample' or 'full', not {self.force!r}.")
        if not 0 < self.budget < 1:
            raise SpecError(f"budget is a share of the loop's time, between 0 and 1, not {self.budget!r}: 0.03 is 3 %.")
        if self.every is not None and self.every <= self.steps:
            raise SpecError(
                f"a burst takes {self.steps} steps, so every must be more than that, not {self.every}: measure more "
                "rarely, or give smaller lags."
            )

    @property
    def steps(self) -> int:
        """Number of the optimiser's steps in a burst: two more than the longest lag."""
        return max(self.lags) + _MORE

    def check_ranks(self, ppm: PPM, ranks: int) -> None:
        """That one of several ranks can draw what all draw together.

        Raises:
            SpecError: if the size of their batch is not known, or a fresh gradient would take all of them.
        """
        loader = self.train_data
        drawn = self.batch_size is None and isinstance(loader, DataLoader)
        if drawn and not isinstance(getattr(loader.batch_sampler, "sampler", loader.sampler), DistributedSampler):
            raise SpecError(
                f"gradients are means over {ranks} ranks, and the loader tells this rank's batches alone: give "
                "batch_size=, that of all ranks together, or a loader with a DistributedSampler."
            )
        if any(isinstance(part, nn.SyncBatchNorm) for part in unwrap(ppm.module).modules()):
            raise SpecError(
                "normalising by SyncBatchNorm takes all ranks for each gradient, and fresh gradients are made on one: "
                "leave the reservoir out, or let the model normalise by BatchNorm."
            )

    def start(self, ppm: PPM, seed: int, optimizer: torch.optim.Optimizer | None) -> ReservoirRecorder:
        """A recorder for the loop of this optimiser.

        Raises:
            SpecError: without optimiser, with a wrapper that hides it, or where the batch size is not known.
            ModelError: if the loss of a batch of the training data cannot be had or differentiated.
        """
        if optimizer is None:
            raise SpecError(
                "a reservoir's temperature depends on the optimiser, and none is given: szilard.Monitor(ppm, "
                "optimizer, …)."
            )
        unwrapped = Unwrapped.of(optimizer)
        optimizer, law = unwrapped.optimizer, Law.of(unwrapped)
        module = unwrap(ppm.module)
        tracked = TrackedParameters.of(module, optimizer, self.groups)
        examples = Examples.of(self.train_data)
        size = self.batch_size or examples.batch_size
        if size is None:
            raise SpecError("the noise of a batch depends on its size, which the data do not tell: give batch_size.")
        gradient = BatchGradient(
            module, self.loss_fn, dict(zip(tracked.names, tracked.parameters, strict=True)), self.forward
        )
        mean = try_batch(gradient, examples, size, ppm.device, single=self.per_example > 0, full=self.force == "full")
        half = size if mean is not True or _normalises_over_batches(module) else max(1, (size + 1) // 2)
        sample = tracked.sample(seed)
        plan = BurstPlan(
            law, gradient, examples, tracked, sample, half, self.steps,
            _unit_vectors(self.directions, sample, ppm.device, seed) if self.directions else None,
            self.force == "full", self.per_example, WorkForecast(ppm) if self.diffusion_work else None,
            mean is not True, ppm.device,
        )  # fmt: skip
        if plan.forecast is not None:
            _check_forecast(law, optimizer)
        known = examples.replacement if self.replacement is None else self.replacement
        ragged = examples.ragged and size == examples.batch_size
        batching = Batching(size, examples.count, bool(known), half, ragged)
        lags = (0, *sorted(set(self.lags)))
        attributes = self._attributes(plan, batching, known, OptimizerSettings.of(optimizer, law, tracked))
        return ReservoirRecorder(plan, batching, optimizer, lags, self.window, seed, attributes)

    def _attributes(
        self, plan: BurstPlan, batching: Batching, replacement: bool | None, settings: OptimizerSettings
    ) -> dict[str, Any]:
        tracked = plan.tracked
        unknown = dict(zip(tracked.group_of, settings.unknown(), strict=True))
        return {
            "coordinate_names": {"reservoir/group": list(tracked.groups)},
            "reservoir": {
                "groups": list(tracked.groups),
                "parameters": [int(count) for count in tracked.counts],
                "sampled": [int(size) for size in plan.sample.sizes],
                "members": [
                    [name for name, of in zip(tracked.names, tracked.group_of, strict=True) if of == group]
                    for group in range(len(tracked.groups))
                ],
                "batch_size": batching.size,
                "fresh_batch": batching.half,
                "examples": batching.examples,
                "replacement": replacement,  # None accuses no loop of what only shuffled epochs do
                "ragged": batching.ragged,
                "plain_mean": not plan.checked,
                "temperature_unknown": [unknown[group] for group in range(len(tracked.groups))],
                "clipped": self.clipped,
                "steps": plan.steps,
                "window": self.window,
                "force": self.force,
                "per_example": self.per_example,
            },
        }


def _normalises_over_batches(module: nn.Module) -> bool:
    """Then half a batch is another function than a whole one, and whole ones must be drawn, as soon as it trains."""
    return any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in module.modules())


def _unit_vectors(count: int, sample: ParameterSample, device: torch.device, seed: int) -> Tensor:
    """Random directions within each group's sample, of length 1 there and orthogonal to one another.

    There are only as many orthogonal ones as the sample has parameters; those beyond are merely of length 1.
    """
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(count, sample.slices[-1].stop, generator=generator, dtype=torch.float64)
    for part in sample.slices:
        vectors[:, part] /= torch.linalg.vector_norm(vectors[:, part], dim=1, keepdim=True)
        most = min(count, part.stop - part.start)
        vectors[:most, part] = torch.linalg.qr(vectors[:most, part].T).Q.T
    return vectors.to(device)


def _check_forecast(law: Law, optimizer: torch.optim.Optimizer) -> None:
    if law.unknown or law.name != "SGD":
        raise SpecError(
            f"the work of a step's noise is predicted for SGD only, not for {type(optimizer).__name__}, whose "
            "preconditioner changes the step: leave diffusion_work out."
        )
