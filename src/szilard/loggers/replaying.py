"""A record into loggers, after the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from szilard.errors import RecordError, SzilardError
from szilard.loggers.logging import ROWS, GroupRow, Outlet
from szilard.loggers.quantities import Shape
from szilard.loggers.recognise import logs_of

if TYPE_CHECKING:
    import xarray as xr

    from szilard.handle import Run


def replay(run: Run | str | Path, loggers: Sequence[Any]) -> None:
    """Puts the record of a run into loggers, as it would have been while it trained.

    Args:
        run: the run, or its directory.
        loggers: as of :class:`szilard.Monitor`.

    Raises:
        SpecError: if something is no logger, or a quantity is asked for that was not recorded.
        RecordError: if there is no record, or nothing in it that a logger takes.
        SzilardError: if a logger fails.

    Example:
        >>> import tempfile, torch, szilard
        >>> model = torch.nn.Linear(4, 3)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> out = tempfile.mkdtemp() + "/run"
        >>> with szilard.watch(model, optimizer, torch.eye(4), out=out, every=2, quiet=True):
        ...     for _ in range(4):
        ...         model(torch.eye(4)).square().mean().backward()
        ...         optimizer.step()
        >>> points = []
        >>> szilard.loggers.replay(out, [lambda values, step: points.append((step, values["szilard/work"] > 0))])
        >>> points
        [(0, False), (2, True), (4, True)]
    """
    from szilard.handle import Run

    opened = run if isinstance(run, Run) else Run(run)
    groups = {name: node.to_dataset(inherit=False) for name, node in opened.tree.children.items()}
    groups = {name: data for name, data in groups.items() if "step" in data.dims}
    shapes = [Shape.of_dataset(name, data) for name, data in groups.items()]
    outlets = [Outlet(log, shapes) for log in logs_of(loggers)]
    for outlet in outlets:
        if not any(outlet.quantities.columns(name) for name in groups):
            raise RecordError(f"the record {opened.path} holds nothing that a logger takes: it is of many runs.")
        try:
            for some in _batches(groups, outlet):
                outlet.add(some)
                outlet.write()
            outlet.finish()
        except Exception as error:
            raise SzilardError(f"the logger {outlet.logger.name} failed ({type(error).__name__}: {error}).") from error


def _batches(groups: dict[str, xr.Dataset], outlet: Outlet) -> Iterator[list[GroupRow]]:
    """All rows by their steps."""
    columns = {
        name: {key: data[key].values for key in outlet.quantities.columns(name)} for name, data in groups.items()
    }
    order = sorted((int(step), name, row) for name in groups for row, step in enumerate(groups[name]["step"].values))
    for begin in range(0, len(order), ROWS):
        yield [
            (name, step, {key: values[row].tolist() for key, values in columns[name].items()})
            for step, name, row in order[begin : begin + ROWS]
        ]
