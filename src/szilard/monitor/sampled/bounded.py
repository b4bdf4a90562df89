"""Latent variables, watched by bounds on both sides; each derived quantity takes the bounds that keep it one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from szilard.errors import ModelError
from szilard.ledger.slots import SlotSum
from szilard.models.ppm import Bounded
from szilard.models.precision import Precision, forward_precision
from szilard.monitor.sampled.checks import check_phi, check_repeatable, check_samples
from szilard.monitor.sampled.family import SLOTS, Combination, PendingRow
from szilard.monitor.sampled.latent_set import LatentSampleSet
from szilard.monitor.sampled.schema import ledger_group
from szilard.records.schema import Group

_CHECKED = 256
_CROSSED = 5.0
"""Errors by which the lower bound of the entropy may lie above the upper one before a model is refused."""


@final
class BoundedFamily:
    """Draws joint samples with proposals beside them.

    Args:
        ppm: the model.
    """

    capability = "bounded"
    names = ("work", "work_lower", "work_joint")

    def __init__(self, ppm: Bounded) -> None:
        self._ppm = ppm
        parameter = next((p for p in ppm.module.parameters() if p.is_floating_point()), None)
        dtype = torch.float64 if parameter is None else parameter.dtype
        self.precision: Precision = forward_precision(ppm.module, torch.empty(0, dtype=dtype, device=ppm.device))

    @property
    def attributes(self) -> dict[str, Any]:
        """Entry for the record: the number of draws by which φ is bounded."""
        return {"draws": self._ppm.draws}

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of draws at which the gap is recorded: powers of two up to all."""
        return tuple(sorted({2**power for power in range(self._ppm.draws.bit_length())} | {self._ppm.draws}))

    def group(self, path_intervals: tuple[int, ...]) -> Group:
        """What its rows hold: the ledger, upper and lower bounds side by side."""
        return ledger_group("bounded", path_intervals=path_intervals, draws=self.numbers)

    def check(self) -> None:
        """Some joint samples with their draws, evaluated twice, and the order of the bounds."""
        ppm, name = self._ppm, type(self._ppm).__name__
        if not isinstance(ppm.draws, int) or ppm.draws < 1:
            raise ModelError(f"{name}.draws is {ppm.draws!r}: give a whole number, 1 or more.")
        generator = torch.Generator(device=ppm.device).manual_seed(0)
        pair: Any = ppm.sample_joint(4, generator)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ModelError(f"{name}.sample_joint gives {type(pair).__name__}: return samples and latent variables.")
        x = check_samples(ppm, pair[0], 4, "sample_joint")
        own = check_samples(ppm, pair[1], 4, "sample_joint")
        z: Any = ppm.propose(x, 3, generator)
        if not isinstance(z, Tensor) or z.shape != (4, 3, *own.shape[1:]):
            shape = tuple(z.shape) if isinstance(z, Tensor) else type(z).__name__
            raise ModelError(f"{name}.propose gives {shape}, not {(4, 3, *own.shape[1:])}: (count, draws, …) like z.")
        check_phi(ppm, ppm.log_proposal(x, z), (4, 3), "log_proposal")
        check_phi(ppm, ppm.log_joint(x, z), (4, 3), "log_joint")
        check_repeatable(ppm, lambda: ppm.log_joint(x, z))
        gap = self.checkpoint(_CHECKED, generator)["entropy_gap"]
        if bool((gap.value < -_CROSSED * gap.error).any()):
            raise ModelError(
                f"the entropy's lower bound lies above its upper one, so {name}.log_proposal cannot be the density of "
                "what propose draws, or log_joint not that of sample_joint: compare their widths."
            )

    def draw(self, slots: int, scouts: int, generator: torch.Generator, *, light: bool = False) -> LatentSampleSet:
        """A set of samples of the present model, each with draws."""
        return LatentSampleSet(self._ppm, slots, slots + scouts, self.numbers, generator)

    def checkpoint(self, count: int, generator: torch.Generator) -> Mapping[str, SlotSum]:
        """Both bounds of the entropy and their gap, from fresh samples and draws."""
        phi = LatentSampleSet(self._ppm, count, count, self.numbers, generator).mark()
        return {
            "entropy_conditional": SlotSum.mean(phi.other[-1]),
            "entropy_conditional_lower": SlotSum.mean(phi.own[-1]),
            "entropy_gap": SlotSum.mean(phi.other - phi.own),
        }

    def further_columns(self) -> Mapping[str, Combination]:
        """No further columns, for all rest on samples."""
        return {}

    def rehearse_further_columns(self) -> None:
        """Nothing to be done, for there are no further columns."""

    def columns(self, pending: PendingRow) -> Mapping[str, Combination]:
        """Upper bounds take lower ones of what is subtracted, and the other way round."""
        sums = {name: Combination.of(SLOTS, part) for name, part in pending.sums.items()}
        state, start = pending.state, pending.start
        above = state["entropy_conditional"] - start["entropy_conditional_lower"]
        below = state["entropy_conditional_lower"] - start["entropy_conditional"]
        return {
            **state,
            **sums,
            "entropy_change": above,
            "entropy_change_lower": below,
            "heat": above - sums["work_lower"],
            "heat_lower": below - sums["work"],
            "ep_conditional": sums["work"],
            "ep_conditional_lower": sums["work_lower"],
            **pending.more,
        }
