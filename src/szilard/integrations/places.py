"""Where the records of a callback's trainings lie: each in a directory of its own."""

from __future__ import annotations

from pathlib import Path
from typing import final


@final
class Places:
    """The directories of one callback's records.

    Args:
        out: of the first training. The next is in ``out-2``, one that goes on from step 1200 in ``out-from-1200``.
        overwrite: replace records that lie there; else a place is taken that is free, but for the first, which the
            user named.

    Example:
        >>> places = Places(Path("runs/none/mine"), overwrite=False)
        >>> first = places.next(0)
        >>> places.taken(first[0])
        >>> [str(place) for place, _ in (first, places.next(0), places.next(1200))]
        ['runs/none/mine', 'runs/none/mine-2', 'runs/none/mine-from-1200']
    """

    def __init__(self, out: Path, overwrite: bool) -> None:
        self._out, self._overwrite = out, overwrite
        self._begun = 0
        self._blank = False
        self.latest: Path | None = None
        """Of the training that began last; None before the first."""

    def next(self, first_step: int) -> tuple[Path, bool]:
        """Where the record of a training goes that begins after so many steps, and whether it replaces another."""
        if self._blank and self.latest is not None:
            return self.latest, True
        if not self._begun and not first_step:
            return self._out, self._overwrite
        base = self._out.with_name(f"{self._out.name}-from-{first_step}") if first_step else self._out
        number = 1 if first_step else self._begun + 1
        while (place := _numbered(base, number)).exists() and not self._overwrite:
            number += 1
        return place, self._overwrite

    def taken(self, place: Path) -> None:
        """A training has begun there."""
        self._begun += not self._blank
        self.latest, self._blank = place, False

    def ended(self, *, blank: bool) -> None:
        """It has ended; ``blank`` if by an error before its first step, so that the next one replaces its record."""
        self._blank = blank


def _numbered(place: Path, number: int) -> Path:
    return place if number == 1 else place.with_name(f"{place.name}-{number}")
