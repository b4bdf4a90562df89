"""Which of the processes that train one model writes its record, and what one of them decides for all.

Of a model that every rank holds whole (DDP, ZeRO-1) rank 0 makes the record by itself, and the others count steps. Of
one that lies in parts (FSDP2) every rank takes part in each forward pass, and rank 0 writes: the ranks come together
before each, and whatever is timed is decided by rank 0, since ranks that time themselves would part.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, final

import torch.distributed as dist
from torch import nn

from szilard.errors import SpecError
from szilard.models.meeting import Meeting, PartedError, announce, announced
from szilard.models.sharding import ranks_of
from szilard.monitor.alteration import AlteredError

Writers = Literal["first", "each"]
"""Who writes: rank 0 for all, or every rank what it trains by itself."""
_HERE: AbstractContextManager[None] = nullcontext()


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def stands_by(module: nn.Module, writers: Writers = "first") -> bool:
    """Whether another rank watches the model for this one, which need not even have a probe."""
    return _several() and writers == "first" and dist.get_rank() > 0 and not ranks_of(module)


@final
class Ranks:
    """This process among those that train the model.

    Args:
        module: that is watched, without wrappers.
        writers: ``"first"``, or ``"each"`` where every rank trains a model of its own.

    Attributes:
        writes: whether this process writes the record.
        watches: whether it evaluates the model, as all do that hold a part of it.
        together: whether all ranks take part in each forward pass.

    Raises:
        SpecError: for each rank's own record of a model that lies in parts on all.
    """

    def __init__(self, module: nn.Module, writers: Writers = "first") -> None:
        if writers not in ("first", "each"):
            raise SpecError(
                f"ranks must be 'first' or 'each', not {writers!r}: leave it out for rank 0's record of all."
            )
        self._meeting: Meeting | None = None
        self.count, self.writes = 1, True
        self.together = False
        if not _several():
            return
        parts = ranks_of(module)
        self.together = len(parts) > 1
        if writers == "each" and self.together:
            raise SpecError(
                "the model lies in parts on several ranks, so that none can record it alone: leave ranks out."
            )
        if self.together:
            self._meeting = Meeting(parts)
            self.count, self.writes = len(parts), self._meeting.leads
        elif writers == "first":
            self.count, self.writes = dist.get_world_size(), dist.get_rank() == 0
            if self.writes:
                announce()

    def unheard(self) -> bool:
        """Whether no monitor was made on the rank that writes, so that there is no record."""
        return not self.watches and _several() and not announced()

    @property
    def watches(self) -> bool:
        """Whether this process evaluates the model."""
        return self.writes or self.together

    @property
    def attributes(self) -> dict[str, Any]:
        """An entry for the record, where there are several: how many, and whether each holds the whole model."""
        return {} if self.count < 2 else {"ranks": {"count": self.count, "sharded": self.together}}

    def decided(self, mine: Any) -> Any:
        """What the first rank says, where all take part; else one's own.

        Raises:
            AlteredError: if a rank takes part no more.
        """
        if self._meeting is None:
            return mine
        try:
            return self._meeting.agree(mine)
        except PartedError as parted:
            raise AlteredError(f"the forward passes of a model in parts take all ranks, and {parted}") from None

    def gathered(self) -> AbstractContextManager[None]:
        """A block in which the model is evaluated, by all ranks that it takes.

        Raises:
            AlteredError: if one of them takes part no more.
        """
        return _HERE if self._meeting is None else self._gathered()

    @contextmanager
    def _gathered(self) -> Iterator[None]:
        self.decided(None)
        yield

    def part(self) -> None:
        """This process evaluates the model no more, which the others are told."""
        if self._meeting is not None:
            self._meeting.part()
