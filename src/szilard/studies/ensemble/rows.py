"""From the records of all chunks to the rows of the record: the ledger of every member, and the information."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from szilard import information
from szilard.ensemble.checkpoints import CheckpointStore
from szilard.ensemble.design import coordinates
from szilard.ensemble.plan import Plan
from szilard.errors import SpecError
from szilard.estimate import Estimate
from szilard.information import Measurement, Nesting
from szilard.records.writer import RecordWriter
from szilard.studies.chunked import ChunkRows
from szilard.studies.ensemble.memorised import memorised, unbounded

_ELEMENTS_AT_ONCE = 2**19
"""Float64 numbers of one chunk of probe inputs, over all members."""

_FEWEST_MEMBERS = 2
"""For anything to differ."""
_FEWEST_CLUSTERS = 3
"""For an error bar: of two, one that is deleted leaves nothing to compare."""

Columns = dict[str, Float[ndarray, " members"]]


def nesting_of(plan: Plan) -> Nesting:
    """Where the members stand, as informations need it."""
    where = coordinates(plan.members)
    return Nesting(*(np.array(where[level]) for level in ("task", "dataset", "initialisation", "order")))


@final
class EnsembleRows(ChunkRows[Plan]):
    """Writes the ledger of every member, and the information that only the many have; see :class:`ChunkRows`."""

    leading = "ledger"
    baseline = True
    lost_because = (
        "fewer than two members are left; the others diverged: lower the learning rate, or look for NaN in the data"
    )

    def __init__(self, plan: Plan, writer: RecordWriter, checkpoints: CheckpointStore) -> None:
        super().__init__(plan, writer, checkpoints)
        self._nesting = nesting_of(plan)
        self._first: Measurement | None = None

    @property
    def lost(self) -> int | None:
        """The step of the first record at which fewer than two members were left; None where there is none."""
        diverged = self._writer.attributes.get("diverged", [])
        if len(self._plan.members) - len(diverged) >= _FEWEST_MEMBERS:
            return None
        return sorted(each["step"] for each in diverged)[len(self._plan.members) - _FEWEST_MEMBERS]

    def write(self, record: int, parts: list[dict[str, ndarray]]) -> None:
        """The information first, the ledger last; see :meth:`ChunkRows.write`."""
        step = self._plan.steps[record]
        columns: Columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        finite = columns["finite"] > 0
        information = self._information(record, columns, finite)
        self._mark_diverged(finite, step)
        if self._writer.rows("information") == record:
            self._writer.append("information", step, information)
        flow = {"interval": self.interval(record), "learning_rate": self._learning_rate(step)}
        self._writer.append("ledger", step, {**columns, **flow})

    def _learning_rate(self, step: int) -> float:
        """The rate of the step that led to the record."""
        training = self._plan.training
        if training.schedule is None:
            return training.optimizer.lr
        return training.optimizer.lr * training.schedule.multiplier(max(step - 1, 0), training.steps)

    def _information(self, record: int, columns: Columns, finite: Bool[ndarray, " members"]) -> dict[str, Any]:
        counted = self._nesting.complete(finite)
        if counted.sum() < _FEWEST_MEMBERS:
            self._say({"everything": "fewer than two members are left, since the others diverged."})
            return {"members_counted": int(counted.sum())}
        now = self._measure(record, counted)
        first = self._baseline(counted, now if record == 0 else None)
        step = self._plan.steps[record]
        changes, members = information.marginal_changes(first, now, np.where(counted, columns["heat"], np.nan))
        values = {**now.values, **changes, **self._means(now.nesting, columns, counted)}
        values |= memorised(self._plan, step, now, values["heat_mean"])
        if reason := unbounded(self._plan):
            self._say({"m_info_upper": reason})
        if record == len(self._plan.steps) - 1 and self._plan.coins is not None:
            values |= self._supersample(record, counted, self._plan.coins.numpy())
        row: dict[str, Any] = {"members_counted": int(counted.sum()), "clusters_counted": now.nesting.clusters}
        for name, value in values.items():
            row[name] = value.value
            if now.nesting.clusters >= _FEWEST_CLUSTERS:
                row[f"{name}_error"] = value.error
        row |= {f"{name}_saturated": int(flag) for name, flag in now.saturated.items()}
        row |= {**now.members, **members, **self._deleted(now, counted)}
        self._say(now.unavailable)
        known = {*self._writer.columns("information")}
        return {name: value for name, value in row.items() if name in known}

    def _measure(self, record: int, counted: Bool[ndarray, " members"]) -> Measurement:
        return information.measure(
            self._nesting, self._log_p(record, counted), seed=self._plan.seed, blocks=self._plan.blocks, keep=counted
        )

    def _baseline(self, counted: Bool[ndarray, " members"], now: Measurement | None) -> Measurement:
        """The first record, of the members that are counted now."""
        if now is not None:
            self._first = now
        elif self._first is None or self._first.members_counted != counted.sum():
            self._first = self._measure(0, counted)
        assert self._first is not None
        return self._first

    def _log_p(
        self, record: int, counted: Bool[ndarray, " members"], name: str = "logits"
    ) -> Iterator[Float[ndarray, "members inputs outcomes"]]:
        """Log-probabilities, chunk by chunk of probe inputs; of members that are not counted anything will do."""
        outcomes = self._checkpoints.outcomes(record)
        size = max(1, _ELEMENTS_AT_ONCE // (len(self._plan.members) * outcomes))
        for logits in self._checkpoints.logits(self._plan.chunks, record, size, name):
            logits[~counted] = 0.0
            logits -= logits.max(-1, keepdims=True)
            yield logits - np.log(np.exp(logits).sum(-1, keepdims=True))

    def _deleted(self, now: Measurement, counted: Bool[ndarray, " members"]) -> dict[str, Float[ndarray, " clusters"]]:
        """What pairs errors between records; clusters whose members all diverged are missing."""
        found = {}
        if now.nesting.outermost == self._nesting.outermost:
            left = np.unique(self._nesting.cluster_of[counted])
            for name in ("l_info", "cross_entropy_between"):
                if name in now.replicates:
                    found[f"{name}_deleted"] = np.full(self._nesting.clusters, np.nan)
                    found[f"{name}_deleted"][left] = now.replicates[name]
        return found

    def _means(self, nesting: Nesting, columns: Columns, counted: Bool[ndarray, " members"]) -> dict[str, Estimate]:
        """Ensemble means of the members' ledger."""
        names = ("entropy_conditional", "work", "heat", "cross_entropy", "accuracy")
        return {
            f"{name}_mean": information.ensemble_mean(nesting, columns[name][counted])
            for name in names
            if name in columns
        }

    def _supersample(
        self, record: int, counted: Bool[ndarray, " members"], coins: Int[ndarray, "members pairs"]
    ) -> dict[str, Estimate]:
        """What the labels of the pairs tell of which of them were trained on; first halves lie before second ones."""
        log_p = np.concatenate(list(self._log_p(record, counted, "supersample")), axis=1)[counted]
        pairs = log_p.reshape(len(log_p), 2, -1, log_p.shape[-1]).swapaxes(1, 2)
        try:
            found = information.supersample_information(pairs, coins[counted] == 1, self._nesting.dataset_of[counted])
        except SpecError as error:  # too few data sets are left: the training stands all the same
            self._say({"supersample_information": str(error)})
            return {}
        self._writer.annotate(supersample={"pairs": found.pairs, "left_out": found.left_out})
        return {"supersample_information": found.information}

    def _mark_diverged(self, finite: Bool[ndarray, " members"], step: int) -> None:
        """Puts into the record which members were lost, and at which record first."""
        known = list(self._writer.attributes.get("diverged", []))
        fresh = set(np.flatnonzero(~finite).tolist()) - {each["member"] for each in known}
        if fresh:
            self._writer.annotate(diverged=known + [{"member": member, "step": step} for member in sorted(fresh)])

    def _say(self, unavailable: Mapping[str, str]) -> None:
        """Puts into the record why a number is missing."""
        before = self._writer.attributes.get("unavailable", {})
        if any(before.get(name) != reason for name, reason in unavailable.items()):
            self._writer.annotate(unavailable={**before, **unavailable})
