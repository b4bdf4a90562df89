"""The model space at work: holds each model that is kept against all that were kept before."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor

from szilard.estimate import Estimate, Kind
from szilard.ledger.both_ends import (
    detailed_histograms,
    detailed_law,
    jeffreys_of_energies,
    jeffreys_sampled,
    mean_of,
    separation_of,
)
from szilard.ledger.free_energy import bennett, shared_samples
from szilard.models.evaluation import any_algorithm, held_at, state_of, undisturbed
from szilard.models.ppm import PPM, Sequential, known_normaliser
from szilard.monitor.model_space.kept import BINS, MODEL_SPACE, KeptModel, KeptModels
from szilard.monitor.rows import Rows
from szilard.monitor.source import ModelSamples, Source, SourceRecorder
from szilard.records.schema import HISTOGRAM_BINS, Group, Variable

_LARGE = 2**26
"""Parameters of all kept models together beyond which they wait on the CPU."""
_OF_PAIRS = ("jeffreys", "jeffreys_error", "separation", "separation_error")
_OF_DATA = ("cross_entropy", "cross_entropy_error")


@final
class ModelSpaceRecorder(SourceRecorder[tuple[int, dict[str, Tensor]]]):
    """Keeps models, and writes a row for each with its divergences from those kept before.

    Args:
        ppm: the model.
        source: of its samples and φ.
        samples: of each model.
        most: models kept at a time.
        thinning: whether records grow sparser along the training.
        data: held-out data on the model's device; None: without.
        target_entropy: H(p*) in nats per sample; None where it is not known.
    """

    def __init__(
        self,
        ppm: PPM,
        source: Source,
        *,
        samples: int,
        most: int,
        thinning: bool,
        data: Tensor | None,
        target_entropy: float | None,
    ) -> None:
        super().__init__(ppm, source, thinning=thinning)
        self._samples = samples
        self._data = data
        self._target_entropy = target_entropy
        self._kept = KeptModels(most)
        parameters = sum(each.numel() for each in ppm.module.parameters())
        self._off_device = ppm.device.type != "cpu" and parameters * most > _LARGE
        with undisturbed(ppm.module, ppm.device):
            self._normaliser = known_normaliser(ppm)

    @property
    def groups(self) -> tuple[Group, ...]:
        """What its rows hold: the group ``model_space``, one place for each model kept."""
        models = {"model": tuple(map(float, range(self._kept.most)))}
        return (Group("model_space", tuple(self._variables()), models | BINS),)

    @property
    def attributes(self) -> dict[str, Any]:
        """Its settings, and what its numbers are divided by and counted from."""
        entropy = self._target_entropy
        size = None if self._data is None else float(self._source.size(self._data))
        if entropy is not None and size is not None:
            entropy /= size
        known = self._source.normalised or self._normaliser is not None
        told = {
            "samples": self._samples,
            "most": self._kept.most,
            "held_out": None if self._data is None else len(self._data),
            "unit": "token" if isinstance(self._ppm, Sequential) else "dimension",
            "units_of_a_sample": size,
            "target_entropy": entropy,
            "cross_entropy_from": "0" if known else "ln Z of the first model",
        }
        return {"model_space": told}

    @property
    def full(self) -> bool:
        """Whether a row waits: each is large work, and written at once."""
        return bool(self._waiting)

    def _table(self, waiting: list[tuple[int, dict[str, Tensor]]]) -> Rows:
        columns = waiting[0][1]
        layout = {name: None if value.ndim == 0 else len(value) for name, value in columns.items()}
        values = torch.stack([torch.cat([row[name].reshape(-1) for name in layout]) for _, row in waiting])
        # pairs without a second model, or without overlap, have no number: the ledger is who tells of broken models
        values = torch.where(torch.isfinite(values), values, torch.full_like(values, torch.nan))
        return Rows("model_space", [step for step, _ in waiting], layout, values, undefined=frozenset(layout))

    def _variables(self) -> list[Variable]:
        kept = [each for each in MODEL_SPACE if self._data is not None or each.name != "cross_entropy"]
        if self._source.exact:
            return kept
        rough = {"jeffreys", "cross_entropy"}
        return [dataclasses.replace(each, kind=Kind.ASYMPTOTIC) if each.name in rough else each for each in kept]

    @any_algorithm()
    def _keep(self, step: int) -> None:
        place = self._kept.make_room()
        drawn = self._source.draw(self._samples)
        phi, law, size = self._source.phi(drawn.x), self._source.law(drawn), self._source.size(drawn.x)
        empty = phi.new_full((self._kept.most,), torch.nan)
        row = {name: empty.clone() for name in _OF_PAIRS}
        row["model_step"] = torch.full_like(empty, -1.0)
        row["model_step"][place] = step
        separations: dict[int, Tensor] = {}
        for kept in self._kept.models:
            pair = self._pair(kept, drawn.x, phi)
            row["model_step"][kept.place] = kept.step
            for name, found in zip(("jeffreys", "separation"), self._divergences(*pair), strict=True):
                row[name][kept.place], row[f"{name}_error"][kept.place] = found.value / size, found.error / size
                separations[kept.step] = found.value
        previous = self._kept.models[-1] if self._kept.models else None
        jump, free_energy = self._jump(previous, drawn, law)
        row |= jump
        if self._data is not None:
            row |= dict(zip(_OF_DATA, self._cross_entropy(free_energy), strict=True))
        self._kept.add(KeptModel(step, place, self._snapshot(), drawn, phi, law, free_energy), separations)
        self._waiting.append((step, row))

    def _pair(self, kept: KeptModel, x: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
        """``φ − φ_kept`` at the samples of the kept model, and at those of the present one."""
        forward = self._source.phi(kept.drawn.x) - kept.phi
        with held_at(self._ppm.module, self._state_of(kept)):
            backward = phi - self._source.phi(x)
        return forward, backward

    def _state_of(self, kept: KeptModel) -> dict[str, Tensor]:
        return {name: tensor.to(self._ppm.device) for name, tensor in kept.state.items()}

    def _divergences(self, forward: Tensor, backward: Tensor) -> tuple[Estimate, Estimate]:
        """Jeffreys', and the one for the map."""
        if self._source.normalised:
            return jeffreys_sampled(forward, backward), separation_of(forward, backward)
        shift = bennett(forward, backward).value
        return jeffreys_of_energies(forward, backward, shift), separation_of(forward - shift, backward - shift)

    def _jump(
        self, previous: KeptModel | None, drawn: ModelSamples, law: Tensor
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """Columns of the jump from the kept model before, and the free energy of this one."""
        nan, zero = law.new_tensor(torch.nan), law.new_zeros(())
        bins = law.new_full((HISTOGRAM_BINS,), torch.nan)
        if previous is None:
            names = (
                "previous_step", "free_energy_bar", "free_energy_bar_error", "free_energy_bar_shared", "histogram_low",
                "histogram_high", "detailed_slope", "detailed_slope_error",
            )  # fmt: skip
            known, uncertain = self._normaliser or (0.0, 0.0)
            return dict.fromkeys(names, nan) | {f"{way}_histogram": bins for way in ("forward", "backward")}, (
                zero - known,
                zero + uncertain**2,
            )
        forward = self._source.law(previous.drawn) - previous.law
        with held_at(self._ppm.module, self._state_of(previous)):
            backward = law - self._source.law(drawn)
        change = bennett(forward, backward)
        shift = zero if self._source.normalised else change.value
        line = detailed_law(forward, backward)
        ahead, behind, low, high = detailed_histograms(forward - shift, backward - shift, HISTOGRAM_BINS)
        # where the ends do not meet there is no number
        met = torch.isfinite(change.error)
        value, error = torch.where(met, change.value, nan), torch.where(met, change.error, nan)
        free_energy = previous.free_energy
        if not self._source.normalised:
            free_energy = (free_energy[0] + value, free_energy[1] + error.square())
        row = {
            "previous_step": nan.new_tensor(float(previous.step)),
            "free_energy_bar": value,
            "free_energy_bar_error": error,
            "free_energy_bar_shared": shared_samples(forward, backward, change.value),
            "forward_histogram": ahead,
            "backward_histogram": behind,
            "histogram_low": low,
            "histogram_high": high,
            "detailed_slope": line.slope.value,
            "detailed_slope_error": line.slope.error,
        }
        return row, free_energy

    def _cross_entropy(self, free_energy: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        data = self._data
        assert data is not None
        found = mean_of(self._source.phi(data))
        unit = self._source.size(data)
        return (found.value - free_energy[0]) / unit, (found.error.square() + free_energy[1]).sqrt() / unit

    def _snapshot(self) -> Mapping[str, Tensor]:
        state = state_of(self._ppm.module)
        return {name: tensor.cpu() for name, tensor in state.items()} if self._off_device else state
