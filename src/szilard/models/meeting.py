"""Where ranks agree beside their collectives: by keys in the store by which their process group found together.

Nothing of it goes through the group, so that no collective of the training can be taken for another, and no GPU is
waited for.
"""

from __future__ import annotations

import contextlib
import json
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, final

import torch.distributed as dist

from szilard.models.state.interrupts import interrupted

_LOOKS = 2e-4, 2e-2
"""Seconds between two looks into the store, at first and at most: waiting in it is neither silent nor interruptible."""
_WITH_SIGNAL = 0.5
"""Seconds to wait where a signal waits for the end of it, as of a job that is being stopped."""
_ANNOUNCED = "szilard/announced"
_MEETINGS: Counter[tuple[int, ...]] = Counter()
"""How many some ranks have had: all have them in the same order."""


def announce() -> None:
    """Says to all ranks that this one has made a monitor; it is no more than a hint, and never fails."""
    with contextlib.suppress(Exception):
        _store().set(_ANNOUNCED, "yes")


def announced() -> bool:
    """Whether one has, or it cannot be known."""
    try:
        return bool(_store().check([_ANNOUNCED]))
    except Exception:
        return True


def _store() -> Any:
    return dist.distributed_c10d._get_default_store()


class PartedError(Exception):
    """A rank comes no more; its message is a clause that says which."""


@final
class Meeting:
    """Some ranks that come together again and again, the same number of times each.

    Args:
        ranks: in order; the first leads.
        patience: seconds to wait for the others; None: as long as the process group would.
    """

    def __init__(self, ranks: Sequence[int], patience: float | None = None) -> None:
        self.ranks = tuple(ranks)
        self._rank = dist.get_rank()
        self.leads = self._rank == self.ranks[0]
        store = _store()
        known = f"szilard/{zlib.crc32(str(self.ranks).encode())}/{_MEETINGS[self.ranks]}"
        _MEETINGS[self.ranks] += 1
        self._store = dist.distributed_c10d.PrefixStore(known, store)
        self._patience = store.timeout.total_seconds() if patience is None else patience
        self._count = 0
        self._parted = False

    def agree(self, word: Any = None) -> Any:
        """Waits until every rank has come, and returns what the first of them says (as JSON has it).

        Raises:
            PartedError: as soon as a rank has parted, or if one does not come in time.
        """
        if self._parted:
            raise PartedError("this rank has parted")
        if not dist.is_initialized():
            self.part()
            raise PartedError("the process group has been destroyed")
        try:
            return self._agreed(word)
        except RuntimeError as problem:  # the store, with the process that kept it
            self._parted = True
            raise PartedError(f"the ranks' store is gone ({problem})") from None

    def withdraw(self) -> None:
        """After the others did not come for the first time: as if this meeting had never been called."""
        _MEETINGS[self.ranks] -= 1
        with contextlib.suppress(RuntimeError):
            self._forget(0)

    def part(self) -> None:
        """This rank comes no more: whoever comes is told."""
        if not self._parted:
            self._parted = True
            with contextlib.suppress(RuntimeError):
                self._store.set(f"{self._count}/go", f"rank {self._rank} takes part no more")

    def _agreed(self, word: Any) -> Any:
        here, before, self._count = self._count, self._count - 1, self._count + 1
        if self.leads:
            self._store.set(f"{here}/word", json.dumps(word))
        if self._store.add(f"{here}/come", 1) == len(self.ranks):
            self._store.set(f"{here}/go", "go")
        self._wait(f"{here}/go", here)
        if (said := self._store.get(f"{here}/go").decode()) != "go":
            self._parted = True
            raise PartedError(said)
        found = json.loads(self._store.get(f"{here}/word"))
        if self.leads and before >= 0:  # all have come from there
            self._forget(before)
        return found

    def _forget(self, count: int) -> None:
        for name in ("word", "come", "go"):
            self._store.delete_key(f"{count}/{name}")

    def _wait(self, key: str, here: int) -> None:
        begin, pause = time.monotonic(), _LOOKS[0]
        while not self._store.check([key]):
            waited = time.monotonic() - begin
            if waited > self._patience or (waited > _WITH_SIGNAL and interrupted()):
                come = self._store.add(f"{here}/come", 0)
                self._store.set(key, f"{come} of {len(self.ranks)} ranks came within {waited:.1f} s")
            time.sleep(pause)
            pause = min(1.5 * pause, _LOOKS[1])
