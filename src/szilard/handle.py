"""The handle a user holds: one record, its numbers, and the way to its audit and report."""

from __future__ import annotations

import html
import math
import os
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from szilard.errors import RecordError, SzilardWarning, nearest
from szilard.estimate import Estimate, Kind
from szilard.studies.kinds import ENSEMBLE, LEADING, kind_of

if TYPE_CHECKING:
    import xarray as xr

    from szilard.information.stopping import StoppingPoint
    from szilard.verdicts.audit import Audit


class Run:
    """The record of one run or of an ensemble of them, as it stood when it was opened (a live one may be opened again).

    Args:
        path: the record's directory.

    Raises:
        RecordError: if there is no record, or a newer szilard wrote it. Damage to the numbers shows when they are read.
    """

    def __init__(self, path: str | Path) -> None:
        from szilard.records.attributes import read_attributes

        self.path = Path(path)
        self._attributes = read_attributes(self.path)

    @cached_property
    def tree(self) -> xr.DataTree:
        """Everything: a node for each group (``ledger``, ``samples``, …), the record's attributes at the root.

        Raises:
            RecordError: naming the array, if the record is damaged.
        """
        from szilard.records.reader import read

        tree = read(self.path)
        self._attributes = {str(key): value for key, value in tree.attrs.items()}
        return tree

    @cached_property
    def data(self) -> xr.Dataset:
        """The ledger, joined with the information where both exist; an ensemble's ledger has a dimension ``member``.

        Records of other kinds show the group that leads them, ``fig3`` for instance.
        """
        ledger = self.tree.children[LEADING[self._kind]].to_dataset(inherit=False)
        if "information" not in self.tree.children:
            return ledger
        return ledger.merge(
            self.tree.children["information"].to_dataset(inherit=False), join="outer", compat="no_conflicts"
        )

    @property
    def attributes(self) -> dict[str, Any]:
        """What the record says of the run as a whole: settings, model, provenance."""
        return dict(self._attributes)

    @property
    def name(self) -> str:
        """The run's name, or its directory's."""
        return str(self._attributes.get("name") or self.path.name)

    @property
    def status(self) -> str:
        """``"complete"``, ``"broken"`` (it went wrong, and where is recorded) or ``"incomplete"`` (it never closed)."""
        return str(self._attributes["status"])

    @property
    def complete(self) -> bool:
        """Whether the run was closed in order."""
        return self.status == "complete"

    def estimate(self, name: str, step: int = -1) -> Estimate:
        """A recorded quantity with its error and kind.

        Args:
            name: as in the record, ``"work"`` for instance.
            step: a training step that was recorded; a negative number counts records from the end.

        Raises:
            RecordError: if there is no such quantity, no record at that step, or the design cannot give it.
        """
        groups = [self.data, *(node.to_dataset(inherit=False) for node in self.tree.children.values())]
        data = next((group for group in groups if name in group.data_vars), None)
        if data is None:
            known = [str(key) for group in groups for key, item in group.data_vars.items() if "kind" in item.attrs]
            raise RecordError(f"the record {self.path} holds no {name!r}: {nearest(name, set(known))}")
        variable = data[name]
        if "kind" not in variable.attrs:
            raise RecordError(f"{name!r} is no estimate of its own: read it as run.tree[...][{name!r}].")
        row = _row(data["step"].values.tolist(), step)
        error = data[f"{name}_error"].values[row] if f"{name}_error" in data else 0.0 * variable.values[row]
        value = variable.values[row]
        if variable.ndim == 1:
            value, error = float(value), float(error)
            reason = self._unavailable(name)
            if reason and math.isnan(value):
                raise RecordError(f"the record {self.path} gives no {name!r}: {reason}")
        return Estimate(value, error, Kind(variable.attrs["kind"]), self._degrees_of_freedom(variable.attrs, data, row))

    def _unavailable(self, name: str) -> str:
        """Why an ensemble's design cannot give a quantity; empty where nothing is said."""
        reasons = self._attributes.get("unavailable")
        return str(reasons.get(name, "")) if isinstance(reasons, dict) else ""

    def audit(self) -> Audit:
        """What held: every assumption behind the numbers, held against this record."""
        from szilard.studies.examine import audit

        return audit(self.tree)

    def report(self, path: str | Path | None = None) -> Path:
        """Writes the page of figures and returns its path; ``report.html`` beside the record unless told otherwise.

        Raises:
            RecordError: if it cannot be written.
        """
        from szilard.page.render import write

        target = self.path / "report.html" if path is None else Path(path)
        try:
            return write(self.tree, self.audit(), target)
        except OSError as error:
            raise RecordError(f"the report {target} cannot be written: {error.strerror or error}.") from error

    def stopping_point(self) -> StoppingPoint | None:
        """Where models of different datasets predict one another best, found without a label.

        None for a single run, or a design without two datasets of one task.
        """
        from szilard.studies.ensemble.record import Ensemble

        return Ensemble.of(self.tree).stop if self._kind == ENSEMBLE else None

    def summary(self) -> str:
        """The record in a screenful of plain text: what came of it, the numbers with their errors, and what held."""
        from szilard.studies.summaries import SUMMARIES

        if self._kind in SUMMARIES:
            return SUMMARIES[self._kind](self.name, self.tree, self.audit())
        from szilard.studies.kits.parameters.words import in_words as of_the_reservoir
        from szilard.studies.kits.watched.drift import drift_share
        from szilard.studies.kits.watched.evidence import Evidence
        from szilard.studies.kits.watched.intervals import describe, momentum_of
        from szilard.studies.kits.watched.learning import in_words
        from szilard.studies.summaries import Findings, summarise

        evidence = Evidence.of(self.tree)
        momentum = momentum_of(self._attributes.get("optimizer"))
        share = drift_share(evidence.ledger, momentum)
        audit, bursts = self.audit(), evidence.reservoir
        findings = Findings(
            entropy_change=evidence.at_end("entropy_change"),
            motion="too few jumps to tell drift from diffusion." if share is None else describe(share, momentum),
            verdict=audit.verdict,
            outcome=in_words(evidence.ledger, share) if evidence.records > 1 else "",
            reservoir=() if bursts is None else of_the_reservoir(bursts, audit.rows),
        )
        return summarise(self.name, self.attributes, self.data, findings)

    def __repr__(self) -> str:
        return f"<szilard.Run {self.name!r} ({self.status}) at {str(self.path)!r}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    @cached_property
    def _kind(self) -> str:
        """See :mod:`szilard.studies.kinds`."""
        return kind_of(self.tree)

    def _degrees_of_freedom(self, attributes: dict[Any, Any], data: xr.Dataset, row: int) -> float:
        """Of an error over probe inputs, clusters or a burst's steps their number at that row less one; or infinite."""
        if "over the outermost clusters" in attributes.get("error_meaning", ""):
            from szilard.studies.ensemble.record import clusters_of, degrees_of_freedom

            return degrees_of_freedom(int(clusters_of(data, self._attributes)[row]))
        if "over the steps of the burst" in attributes.get("error_meaning", ""):
            steps = data["burst_steps"].values[row] if "burst_steps" in data else 0
            return float(steps - 1) if steps > 1 else math.inf
        probe = self._attributes.get("probe")
        inputs = probe.get("inputs") if isinstance(probe, dict) else None
        over_inputs = "over probe inputs" in attributes.get("error_meaning", "")
        return inputs - 1 if over_inputs and isinstance(inputs, int) and inputs > 1 else math.inf


def open(path: str | Path) -> Run:
    """Opens the record in directory ``path``; :class:`Run` says what may go wrong."""
    return Run(path)


def find(directory: str | Path = ".") -> list[Run]:
    """Every record in a directory and below it, by path. What cannot be opened is left out with a warning.

    Raises:
        RecordError: if ``directory`` is no directory.
    """
    from szilard.records.root import DIRECTORY

    top = Path(directory)
    if not top.is_dir():
        raise RecordError(f"{top} is not a directory: give one that holds records.")
    runs = []
    for place, below, _ in os.walk(top):
        if DIRECTORY in below:
            try:
                runs.append(Run(place))
            except RecordError as error:
                warnings.warn(str(error), SzilardWarning, stacklevel=2)
        below[:] = sorted(name for name in below if not name.startswith(".") and name != DIRECTORY)
    return sorted(runs, key=lambda run: run.path)


def _row(steps: list[int], step: int) -> int:
    """The row of a training step, or from the end."""
    if step < 0 and -step <= len(steps):
        return len(steps) + step
    if step in steps:
        return steps.index(step)
    if not steps:
        raise RecordError("the record holds no rows yet: open it again once the run has begun.")
    closest = min(steps, key=lambda other: abs(other - step))
    raise RecordError(f"step {step} was not recorded: the nearest record is at step {closest}.")
