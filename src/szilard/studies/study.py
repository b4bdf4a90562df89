"""What a study is: a kind of record, the runs that make one, and where each part of its folder is found."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from szilard.verdicts.audit import Audit, Subject

if TYPE_CHECKING:
    import xarray as xr

    from szilard.page.content import Content
    from szilard.studies.life import Options
    from szilard.studies.reading import Reading
    from szilard.studies.spec import Spec


def one_training(attributes: Mapping[str, Any]) -> None:
    """A record of one training does not count trainings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One kind of record with everything that is done with it.

    A study is a folder, ``home``, whose modules hold functions of these names. They are imported when first called, so
    that reading a record never loads what only training needs:

    - ``reading.read(tree)``: the record's :class:`~szilard.studies.reading.Reading`;
    - ``claims.findings(reading)``: the rows of the audit;
    - ``words.summary(reading, audit)``: the record in a screenful of text;
    - ``page.content(reading, audit)``: the parts of its page;
    - ``run.carry_out(spec, data, out, options)``: trains, and writes the record.

    Attributes:
        kind: the record's root attribute ``kind_of_run``.
        home: the folder's module, such as ``"szilard.studies.single"``.
        leading: the group that :attr:`szilard.Run.data` shows.
        title: what the audit calls a record without a name.
        subject: whether the audit speaks of a run or of an ensemble.
        runs: named runs, each with the address (``"module:function"``) of what makes its spec from the name of a data
            set.
        specs: what a TOML file may call its ``kind``, each with the address of the spec's class.
        compared: quantities that ``szilard compare`` sets side by side, in this order.
        trainings: from the record's attributes how many trainings it holds, in short; None for a single run.
    """

    kind: str
    home: str
    leading: str
    title: str
    subject: Subject = Subject.RUN
    runs: Mapping[str, str] = field(default_factory=dict)
    specs: Mapping[str, str] = field(default_factory=dict)
    compared: tuple[str, ...] = ()
    trainings: Callable[[Mapping[str, Any]], str | None] = one_training

    def read(self, tree: xr.DataTree) -> Reading:
        """What everything that is said of a record looks at, from the groups and attributes that the reader returns."""
        reading: Reading = self._part("reading", "read")(tree)
        return reading

    def audit(self, reading: Reading) -> Audit:
        """Every assumption behind the record's numbers, held against it."""
        rows = self._part("claims", "findings")(reading)
        name = reading.attributes.get("name") or self.title
        return Audit(rows, f"Audit of {name}, {reading.span()}", self.subject)

    def summary(self, reading: Reading, audit: Audit) -> str:
        """The record in a screenful of plain text."""
        return str(self._part("words", "summary")(reading, audit))

    def content(self, reading: Reading, audit: Audit) -> Content:
        """The parts of the record's page."""
        content: Content = self._part("page", "content")(reading, audit)
        return content

    def carry_out(self, spec: Spec, data: Any, out: Any, options: Options) -> None:
        """Trains what a spec says, and writes the record into directory ``out``; see :func:`szilard.run`."""
        self._part("run", "carry_out")(spec, data, out, options)

    def _part(self, module: str, name: str) -> Any:
        return at(f"{self.home}.{module}:{name}")


def at(address: str) -> Any:
    """What lies at an address, ``"module:name"``; its module is imported now."""
    module, _, name = address.partition(":")
    return getattr(importlib.import_module(module), name)
