"""The curves of one group of a record: what of its columns is drawn, with bands, thinned as it grows."""

from __future__ import annotations

import numpy as np

from szilard.live.bands import Changes, Counted, Freedom, halves
from szilard.live.follower import Rows
from szilard.live.quantities import Quantity
from szilard.live.thinning import Floats, Thinned


class Curves:
    """The curves of one group.

    Args:
        quantities: in their order.
        degrees: of each, by key, the degrees of freedom of its error, see :func:`szilard.live.bands.freedom`.

    Attributes:
        begin: of each quantity, by key, its first curve.
        errors: standard errors of the last record, by curve.
    """

    def __init__(self, quantities: list[Quantity], degrees: dict[str, Freedom]) -> None:
        self.quantities, self._degrees = quantities, degrees
        self.begin: dict[str, int] = {}
        count = 0
        for each in self.quantities:
            self.begin[each.key] = count
            count += len(each.places)
        self.thinned, self.changes = Thinned(count), Changes(count)
        self.errors = np.full(count, np.nan)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        names = [each.column.name for each in self.quantities]
        names += [each.error.name for each in self.quantities if each.error is not None]
        counts = [self._degrees[each.key] for each in self.quantities]
        names += [each.column for each in counts if isinstance(each, Counted)]
        return tuple(dict.fromkeys(names))

    def add(self, rows: Rows, bands: int) -> None:
        """Takes further rows; ``bands`` is how many hold together."""
        if not self.quantities:
            nothing = np.empty((0, len(rows.steps)))
            self.thinned.add(rows.steps, nothing, nothing)
            return
        values = np.concatenate([each.curves(rows.values[each.column.name]) for each in self.quantities])
        half = np.concatenate([self._halves(each, rows, bands) for each in self.quantities])
        for each in self.quantities:
            if each.error is not None:
                begin = self.begin[each.key]
                self.errors[begin : begin + len(each.places)] = each.curves(rows.values[each.error.name][-1:])[:, 0]
        self.thinned.add(rows.steps, values, half)
        self.changes.add(rows.steps, values, half)

    def _halves(self, quantity: Quantity, rows: Rows, bands: int) -> Floats:
        degrees = self._degrees[quantity.key]
        if quantity.error is None or degrees is None:
            return np.full((len(quantity.places), len(rows.steps)), np.nan)
        known = degrees.of(rows.values[degrees.column]) if isinstance(degrees, Counted) else degrees
        return halves(quantity.curves(rows.values[quantity.error.name]), self.thinned.records, known, bands)
