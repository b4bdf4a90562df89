"""The kinds of record: what tells them apart, and which group of each leads.

Whatever differs between kinds looks here once and then in a table of its own room: ``szilard.studies.examine.AUDITS``,
``szilard.page.render.PAGES`` and ``szilard.studies.summaries.SUMMARIES``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.errors import RecordError
from szilard.printable import printable

if TYPE_CHECKING:
    import xarray as xr

SAMPLED = "sampled"
"""One run whose X is sampled: language models, flows, latent variables, energies."""
SINGLE = "single"
"""One run, watched."""
ENSEMBLE = "ensemble"
"""Many runs and the information that only they have."""
FIG3 = "fig3"
"""The paper's Figure 3: ensembles at several batch sizes, and the noise of their gradients."""
HEAT_CAPACITY = "heat-capacity"
"""Stationary trainings at several temperatures, and how their loss answers."""
TRADEOFF = "tradeoff"
"""Efficiency of learning against sampler steps and learning rate at fixed compute (paper §5)."""
REVERSAL = "reversal"
"""Training run backwards, and how lazy it was (Eq. 35, Appendix A)."""

LEADING = {
    SINGLE: "ledger",
    SAMPLED: "ledger",
    ENSEMBLE: "ledger",
    FIG3: "fig3",
    REVERSAL: "reversal",
    HEAT_CAPACITY: "heat",
    TRADEOFF: "tradeoff",
}
"""Kinds by the root attribute ``kind_of_run``, with the group that :attr:`szilard.Run.data` shows."""


def kind_of(tree: xr.DataTree) -> str:
    """The kind of a record, from its root attribute ``kind_of_run``; where that says nothing, from its groups.

    Raises:
        RecordError: if neither tells.

    Example:
        >>> import xarray
        >>> kind_of(xarray.DataTree(xarray.Dataset(attrs={"kind_of_run": "ensemble"})))
        'ensemble'
    """
    kind = tree.attrs.get("kind_of_run")
    if kind in LEADING:
        return str(kind)
    if "information" in tree.children:
        return ENSEMBLE
    if "ledger" in tree.children:
        return SINGLE
    raise RecordError(
        f"the record is of the kind {printable(kind)!r}, which this szilard does not know: upgrade szilard to read it."
    )
