"""The named run ``reversal`` on each data set."""

from __future__ import annotations

from szilard.studies.kits.experiment.sizes import size_of
from szilard.studies.reversal.spec import Reversal, Wide
from szilard.training import factory


def reversal(data: str = "digits") -> Reversal:
    """The network of the run ``single``, backward from several points of training; on the digits with a smooth twin.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("reversal", data)
    model, twin = (factory("nets:mlp", widths=size.widths, activation=name) for name in ("relu", "gelu"))
    if data == "digits":
        return Reversal(model, data, twin, wide=Wide(), threads=1)
    return Reversal(
        model, data, starts=(300,), steps=20, halvings=5, window=40, looks=2, probe=64, kernel_inputs=3,
        wide=Wide(widths=(25, 50, 100)),
    )  # fmt: skip
