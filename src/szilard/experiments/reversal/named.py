"""The named run ``reversal`` on each data set."""

from __future__ import annotations

from szilard.experiments.reversal.spec import Reversal, Wide
from szilard.experiments.sizes import size_of
from szilard.training import factory


def reversal(data: str = "digits") -> Reversal:
    """The network of the run ``single``, and its twin with smooth activations, backward from three points of training.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    size = size_of("reversal", data)
    model, twin = (factory("nets:mlp", widths=size.widths, activation=name) for name in ("relu", "gelu"))
    if data == "digits":
        return Reversal(model, data, twin, wide=Wide(), threads=1)
    return Reversal(
        model, data, twin, starts=(0, 500), steps=30, seeds=6, window=200, looks=4, kernel_inputs=5,
        wide=Wide(widths=(25, 50, 100, 200), layers=3),
    )  # fmt: skip
