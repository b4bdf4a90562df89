"""A monitor's part on a rank that does not write: a record that takes nothing, and a session that only counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn

from szilard.monitor.counting import StepCounting
from szilard.monitor.loggers import RunLoggers
from szilard.monitor.ranks import Ranks
from szilard.monitor.rows import RowWriter
from szilard.monitor.voice import Voice


@final
class Unwritten:
    """Stands where a record is that another rank writes: it takes everything and keeps nothing.

    Attributes:
        path: of the record.
        own: whether this process is to write what is left when it ends.
        ending: whether it is at its end.
    """

    own = True
    ending = False

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def extend(self, rows: Iterable[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Takes rows."""

    def annotate(self, **attributes: Any) -> None:
        """Takes attributes."""

    def set_coordinate(self, group: str, name: str, values: Sequence[float]) -> None:
        """Takes a dimension's values."""

    def close(self, status: str = "complete") -> None:
        """Does nothing, as does :meth:`leave`."""

    def leave(self) -> None:
        """There is nothing to be committed."""


@final
class Elsewhere:
    """What stands for a model that another rank watches.

    Attributes:
        module: this rank's.
        device: where it lies.
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self.module, self.device = module, device


@final
class Bystander:
    """Counts steps, as a loop may ask for them, and does nothing else; to a monitor it is a session.

    Args:
        counting: of the loop's steps.
        out: where another rank writes.
        ranks: of which this is one.
    """

    broken = False

    def __init__(self, counting: StepCounting, out: Path, ranks: Ranks) -> None:
        self._ranks = ranks
        self.counting, self.voice = counting, Voice(True, mute=True)
        self.writer = RowWriter(Unwritten(out), RunLoggers((), (), torch.device("cpu"), self.voice))
        self.steps = 0
        self.closed = False
        if counting.automatic:
            counting.begin(self.advance, lambda: None)

    def step(self, loss: float | Tensor | None) -> None:
        """The loop says that a training step is done."""
        if not self.counting.automatic:
            self.advance()

    def tell(self, loss: float | Tensor) -> bool:
        """A loss, which only the rank that writes looks at."""
        return True

    def advance(self) -> None:
        """A training step is done."""
        self.steps += 1

    def finish(self, status: str, because: str | None = None, *, asked: bool = True) -> None:
        """Counts no more, and says so where there is no record at all."""
        if self.closed:
            return
        self.counting.settle()
        self.counting.end()
        self.closed = True
        if self._ranks.unheard():
            Voice(quiet=False).warn(
                "nothing was recorded, because rank 0 writes for all and no monitor was made there: make it on every "
                'rank, or give ranks="each" where every rank trains a model of its own.'
            )
