"""What every experiment as data has in common: it names a model and data, and goes to TOML and back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from szilard import data
from szilard.data import Dataset
from szilard.errors import SpecError
from szilard.settings import Settings, Table
from szilard.training import Factory


class Spec(Settings):
    """Base of experiments: a frozen dataclass of settings with at least these fields.

    Attributes:
        model: see :func:`szilard.factory`; a function or class is accepted and marked "not reconstructible". Left out
            where the experiment brings its own.
        data: a name of :func:`szilard.data.load` or the address of a function of one's own, or a
            :class:`~szilard.data.Dataset` ("not reconstructible").
        seed: of everything random.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, …
        name: kept in the record.
    """

    data_by_address: ClassVar[bool] = True
    """Whether ``data`` may name a function, as ``"module:function"``."""

    model: Factory
    data: str | Dataset
    seed: int
    device: str
    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, str | Mapping | Dataset):
            raise SpecError(
                f"the data must be a name or a szilard Dataset, not a {type(self.data).__name__}: make one with"
                " szilard.data.from_arrays(…) or from_torch(…)."
            )
        model: Any = getattr(self, "model", None)
        if callable(model):
            object.__setattr__(self, "model", Factory(model))
        super().__post_init__()

    @property
    def resumable(self) -> bool:
        """Whether it can go on after an interruption."""
        return True

    @property
    def study(self) -> str:
        """The kind of record that it makes, which says who carries it out."""
        return self.kind

    def check_resume(self) -> None:
        """Refuses to go on after an interruption where that cannot be.

        Raises:
            SpecError: if it is not resumable.
        """
        if not self.resumable:
            raise SpecError(f"the run {self.name!r} cannot be resumed: run it again with overwrite.")

    def check_executor(self) -> None:
        """Refuses to be carried out by other processes than this one, unless its members can be.

        Raises:
            SpecError: if they cannot.
        """
        raise SpecError(f"the run {self.name!r} is carried out in this process: leave the executor out.")

    def load_data(self) -> Any:
        """The data: a :class:`~szilard.data.Dataset` by its name, unless a kind of run knows data of another sort.

        Raises:
            SpecError, DataError: see :func:`szilard.data.load`.
        """
        return data.load(self.data) if isinstance(self.data, str) else self.data

    def quick(self) -> Self:
        """A reduced version that takes minutes.

        Raises:
            SpecError: if there is none.
        """
        steps = "steps" if hasattr(self, "steps") else "training.steps"
        raise SpecError(f"the run {self.name!r} has no quick version: set {steps} lower instead (--steps).")

    @property
    def reconstructible(self) -> bool:
        """Whether a file can hold it: whether model, data and everything else that can be a function go by name."""
        named = (getattr(value, "reconstructible", True) for value in vars(self).values())
        return all(named) and isinstance(self.data, str)

    def as_table(self) -> Table:
        """See :meth:`Settings.as_table`; data given as tensors are named and marked."""
        table = super().as_table()
        if isinstance(self.data, Dataset):
            table["data"] = {"name": self.data.name, "reconstructible": False}
        return table

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """See :meth:`Settings.from_table`."""
        if isinstance(table.get("data"), Mapping):
            raise SpecError(
                f"the data of this spec, {table['data'].get('name')!r}, were tensors of a running program, which no"
                " file can hold: give the name of a data set in their place."
            )
        return super().from_table(table)

    def to_toml(self) -> str:
        """The spec as TOML.

        Raises:
            SpecError: if it is not reconstructible.
        """
        if not self.reconstructible:
            raise SpecError(
                "this experiment holds a function or tensors, which TOML cannot: give the model as"
                " factory('module:function') and the data by name."
            )
        import tomli_w

        return tomli_w.dumps(self.as_table())

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The spec that :meth:`to_toml` wrote.

        Raises:
            SpecError: if it is no TOML, or a key or value does not fit.
        """
        try:
            table = tomllib.loads(text.removeprefix("\ufeff"))
        except tomllib.TOMLDecodeError as error:
            raise SpecError(f"the spec is no valid TOML ({error}): correct it there.") from error
        return cls.from_table(table)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The spec in a TOML file.

        Raises:
            SpecError: as :meth:`from_toml`, with the file's name, or if it cannot be read.
        """
        try:
            return cls.from_toml(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SpecError(f"the spec {path} cannot be read ({why}): give the path of a TOML file.") from error
        except SpecError as error:
            raise SpecError(f"{path}: {error}") from error
