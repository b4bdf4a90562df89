"""The handle a user holds: one record, its numbers, and the way to its audit and report."""

from __future__ import annotations

import math
import os
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from szilard.errors import RecordError, SzilardWarning, nearest
from szilard.estimate import Estimate, Kind
from szilard.records.boundary import at_boundary, bounded
from szilard.studies.reading import degrees_of_freedom, row_of
from szilard.studies.registry import study_of

if TYPE_CHECKING:
    import xarray as xr

    from szilard.information.stopping import StoppingPoint
    from szilard.page.content import Content
    from szilard.page.display import ShownFigures
    from szilard.studies.reading import Reading
    from szilard.studies.study import Study
    from szilard.verdicts.audit import Audit


class Run:
    """The record of one run or of an ensemble of them, as it stood when it was opened (a live one may be opened again).

    Args:
        path: the record's directory. It is fixed now, and stays the same when the working directory changes.

    Raises:
        RecordError: if there is no record, or a newer szilard wrote it. Damage to the numbers shows when they are read.
    """

    def __init__(self, path: str | Path) -> None:
        from szilard.records.root import read_attributes

        self.path = Path(path)
        self._place = self.path.absolute()
        self._attributes = read_attributes(self.path)

    @cached_property
    @bounded("read")
    def tree(self) -> xr.DataTree:
        """Everything: a node for each group (``ledger``, ``samples``, …), the record's attributes at the root.

        Raises:
            RecordError: naming the array, if the record is damaged.
        """
        from szilard.records.reader import read

        tree = read(self._place)
        tree.name = self.path.name
        self._attributes = {str(key): value for key, value in tree.attrs.items()}
        return tree

    @cached_property
    @bounded("read")
    def data(self) -> xr.Dataset:
        """The ledger, joined with the information where both exist; an ensemble's ledger has a dimension ``member``.

        Records of other kinds show the group that leads them, ``fig3`` for instance; a run that was watched without a
        ledger shows its first group, ``reservoir`` for instance. What was watched at an interval that doubled on the
        way is shown at the last one (:mod:`szilard.studies.measuring_interval`).

        Raises:
            RecordError: naming the array, if the record is damaged.
        """
        from szilard.studies.measuring_interval import at_last_interval

        leading = self.study.leading if self.study.leading in self.tree.children else next(iter(self.tree.children))
        ledger = at_last_interval(self.tree.children[leading].to_dataset(inherit=False))
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

    @bounded("read")
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
        row = row_of(data["step"].values.tolist(), step)
        error = data[f"{name}_error"].values[row] if f"{name}_error" in data else 0.0 * variable.values[row]
        value = variable.values[row]
        if variable.ndim == 1:
            value, error = float(value), float(error)
            reason = self._unavailable(name)
            if reason and math.isnan(value):
                raise RecordError(f"the record {self.path} gives no {name!r}: {reason}")
        freedom = degrees_of_freedom(variable.attrs, data, row, self._attributes)
        return Estimate(value, error, Kind(variable.attrs["kind"]), freedom)

    def _unavailable(self, name: str) -> str:
        """Why an ensemble's design cannot give a quantity; empty where nothing is said."""
        reasons = self._attributes.get("unavailable")
        return str(reasons.get(name, "")) if isinstance(reasons, dict) else ""

    @cached_property
    @bounded("read")
    def study(self) -> Study:
        """The study that made the record, which says what can be told of it.

        Raises:
            RecordError: if it is none that this szilard knows.
        """
        return study_of(self.tree)

    @cached_property
    @bounded("read")
    def reading(self) -> Reading:
        """What everything that is said of the record looks at: its rows, numbers with errors, and what is missing."""
        return self.study.read(self.tree)

    def audit(self) -> Audit:
        """What held: every assumption behind the numbers, held against this record.

        Raises:
            RecordError: if it is damaged, or of a kind that this szilard does not know.
        """
        return self._audit

    @cached_property
    @bounded("judged")
    def _audit(self) -> Audit:
        return self.study.audit(self.reading)

    @cached_property
    @bounded("shown")
    def _content(self) -> Content:
        return self.study.content(self.reading, self.audit())

    def report(self, path: str | Path | None = None) -> Path:
        """Writes the page of figures and returns its path; ``report.html`` beside the record unless told otherwise.

        Raises:
            RecordError: if it cannot be written, or the record is damaged.
        """
        from szilard.page.render import write

        here = self.path if self.path.absolute() == self._place else self._place
        target = here / "report.html" if path is None else Path(path)
        try:
            content, audit = self._content, self.audit()
            with at_boundary(self.path, "shown", passing=(OSError,)):
                return write(content, audit, target, self.path)
        except OSError as error:
            raise RecordError(f"the report {target} cannot be written: {error.strerror or error}.") from error

    @bounded("judged")
    def stopping_point(self) -> StoppingPoint | None:
        """Where models of different datasets predict one another best, found without a label.

        None for a single run, or a design without two datasets of one task.
        """
        return self.reading.stop

    @bounded("summed up")
    def summary(self) -> str:
        """The record in a screenful of plain text: what came of it, the numbers with their errors, and what held."""
        return self.study.summary(self.reading, self.audit())

    def __repr__(self) -> str:
        return f"<szilard.Run {self.name!r} ({self.status}) at {str(self.path)!r}>"

    @bounded("shown")
    def figures(self) -> ShownFigures:
        """The figures of the page, to be shown inline in a notebook, or changed and saved as Plotly's.

        ``run.figures()`` shows all, ``run.figures()["ledger"]`` one, and its ``plotly`` is a Plotly figure.
        """
        from szilard.page.display import ShownFigures

        told = self._content
        return ShownFigures([told.leading, *told.figures] if told.leading else told.figures, self.name)

    @bounded("shown")
    def _repr_html_(self) -> str:
        from szilard.page.display import run_html

        return run_html(self.name, self.status, self._content)


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
