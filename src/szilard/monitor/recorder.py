"""The ledger at work on one model: anchors of earlier logits, sums along the path, rows for the record."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from szilard.errors import ModelError
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.models.precision import Precision, forward_precision
from szilard.models.tangent import snapshot, update_since
from szilard.monitor.columns import Columns
from szilard.monitor.exact import Terms, exact_terms
from szilard.monitor.intervals import IntervalSums
from szilard.monitor.measure import Occasion
from szilard.monitor.path import LengthSum, PathSums
from szilard.monitor.rows import Row, Value
from szilard.monitor.sampled import Draw, SampledRoute
from szilard.records import schema


@final
class LedgerRecorder:
    """Keeps the probe's logits at earlier models (never the models) and the sums along the way.

    ``anchors[0]`` are the logits at the previous record, ``anchors[j]`` those at the start of the j-th measuring
    interval's present jump, ``anchors[-1]`` those of the first model.
    """

    def __init__(self, ppm: Enumerable, intervals: tuple[int, ...], samples: int, fisher: bool, seed: int) -> None:
        self._ppm = ppm
        with undisturbed(ppm.module, ppm.device):
            logits = torch.cat([ppm.logits(chunk) for chunk in ppm.chunks()])
        if not bool(torch.isfinite(logits).all()):
            raise ModelError(
                "the model's logits are not finite on the probe: look for NaN or Inf in weights and inputs."
            )
        self.precision: Precision = forward_precision(ppm.module, logits)
        self._anchors = logits.expand(len(intervals) + 1, *logits.shape).clone()
        self._path = PathSums.zero(ppm.inputs, ppm.device)
        self._intervals = IntervalSums.zero(intervals, ppm.inputs, ppm.device)
        self._sampled = SampledRoute(ppm, samples, seed)
        self._entropy_start: Tensor | None = None
        self._theta = snapshot(ppm) if fisher else None

    @property
    def groups(self) -> tuple[schema.Group, ...]:
        """The groups ``ledger`` and ``samples``."""
        variables: tuple[schema.Variable, ...] = (*schema.LEDGER, *schema.TRAINING)
        if self._theta is not None:
            variables += (schema.WORK_QUADRATIC,)
        if self._ppm.labels is not None:
            variables += schema.LABELLED
        path = {"path_interval": tuple(float(multiple) for multiple in self._intervals.multiples)}
        bins = {"bin": tuple(float(number) for number in range(schema.HISTOGRAM_BINS))}
        return schema.Group("ledger", variables, path), schema.Group("samples", schema.SAMPLES, bins)

    def rehearse(self) -> None:
        """The work of a record, thrown away."""
        terms, _ = self._measure([0])
        self._row(Occasion(0, 0), terms, self._advance(terms))

    def observe(self, occasion: Occasion) -> list[Row]:
        """Measures the change since the previous record and moves the anchors there."""
        due = self._intervals.due(occasion.ragged)
        terms, draws = self._measure(due or [0])
        self._path = self._advance(terms)
        self._intervals = self._intervals.advance(due, occasion.interval, terms.work, terms.heat, terms.h)
        entropy = terms.state["entropy_conditional"]
        if self._entropy_start is None:
            self._entropy_start = entropy
        self._anchors[due or [0]] = terms.logits
        if occasion.opens_intervals:
            self._intervals = self._intervals.open()
            self._anchors[:-1] = terms.logits
        if self._theta is not None:
            self._theta = snapshot(self._ppm)
        row = self._row(occasion, terms, self._path)
        return [row, *self._sampled.advance(draws, occasion.step, self._path.work, self._path.heat, entropy)]

    def finish(self) -> list[Row]:
        """The sampled route's last row."""
        return self._sampled.finish()

    def _measure(self, due: list[int]) -> tuple[Terms, list[Draw]]:
        """Against the previous record (0, always among ``due``), the other due anchors and the first model (last)."""
        draws: list[Draw] = []
        terms = exact_terms(
            self._ppm,
            self._anchors[[*due, -1]],
            epsilon=self.precision.epsilon,
            direction=None if self._theta is None else update_since(self._ppm, self._theta),
            on_chunk=lambda chunk, logits: draws.append(self._sampled.draw(chunk, logits)),
        )
        return terms, draws

    def _advance(self, terms: Terms) -> PathSums:
        return self._path.advance(
            work=terms.work[0],
            heat=terms.heat[0],
            h=terms.h[0],
            work_reverse=terms.state["work_reverse"],
            work_quadratic=terms.state.get("work_quadratic"),
            precision_floor=terms.state["precision_floor"],
        )

    def _row(self, occasion: Occasion, terms: Terms, path: PathSums) -> Row:
        columns, state, intervals = Columns(), terms.state, self._intervals
        entropy = state["entropy_conditional"]
        start = entropy if self._entropy_start is None else self._entropy_start
        for name in ("energy", "entropy_conditional", "fluctuation", "accuracy", "cross_entropy"):
            if name in state:
                columns.add(name, state[name])
        for name in ("work", "heat", "work_reverse", "length", "length_mean", "length_rms"):
            columns.add(name, getattr(path, name))
        columns.add("ep_conditional", -path.heat + entropy - start)
        columns.add("work_direct", terms.work[-1])
        columns.add("length_direct", LengthSum.zero(self._ppm.inputs, device=self._ppm.device).add_joint(terms.h[-1]))
        if self._theta is not None:
            columns.add("work_quadratic", path.work_quadratic)
        for name in ("work", "heat", "length"):
            columns.add(f"{name}_by_interval", getattr(intervals, name))
        columns.add_plain("precision_floor", path.precision_floor.mean())
        host: dict[str, Value] = {
            "interval": occasion.interval,
            "steps_by_interval": list(intervals.steps),
            "jumps_by_interval": list(intervals.jumps),
        }
        return columns.row("ledger", occasion.step, host)
