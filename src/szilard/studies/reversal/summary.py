"""A reversed training in a screenful of plain text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from szilard.printable import printable
from szilard.studies import lines
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

CHANGES = (
    ("kernel_change", "tangent kernel"),
    ("outputs_error", "outputs, linearised"),
    ("losses_error", "loss, linearised (Eq. 35)"),
    ("gradient_change", "gradient of a batch"),
)
"""Column and words."""


def summarise_reversal(name: str, tree: xr.DataTree, audit: Audit) -> str:
    """The way back from each start, laziness over the same steps, both against width, and the audit.

    Args:
        name: of the record.
        tree: as the reader returns it.
        audit: of the same record.
    """
    attributes = {str(key): value for key, value in tree.attrs.items()}
    text = lines.heading(name, str(attributes.get("status")))
    reversal, laziness = tree["reversal"].to_dataset(), tree["laziness"].to_dataset()
    if reversal.sizes["step"] > 1 and laziness.sizes["step"]:
        text += [*_back(attributes, reversal), "", *_lazy(reversal, laziness)]
        if "width" in tree.children and tree["width"].sizes["step"]:
            text += ["", *_wide(tree["width"].to_dataset())]
        text.append("")
    else:
        text += lines.entry("recorded", "nothing.")
    text += lines.entry(
        "not said", "the protocol was reversed, not the transition kernel: this is no entropy production."
    )
    if audit.rows:
        text += lines.entry("audit", audit.verdict)
    text += [line for said in lines.warnings(attributes) for line in lines.entry("!", said)]
    return "\n".join(map(printable, text))


def _back(attributes: dict[str, object], reversal: xr.Dataset) -> list[str]:
    steps, rates = int(reversal["step"].values[-1]), reversal["rate"].values
    distance, way = (reversal[name].values[-1, 0, ..., 0] for name in ("distance", "displacement"))
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(distance), np.inf, distance / way)  # (starts, seeds, rates)
    networks = attributes.get("networks")
    called = f", {networks[0]}" if isinstance(networks, list | tuple) and networks else ""
    found = [
        *lines.entry("run back", f"{steps} steps{called}; share of the way missed, median of {share.shape[1]} seeds"),
        "",
        "  learning rate" + "".join(f"{f'step {int(start):,}':>12}" for start in reversal["start"].values),
    ]
    for rate, column in zip(rates, np.median(share, axis=1).T, strict=True):
        found.append(f"  {rate:<13.3g}" + "".join(f"{_short(value):>12}" for value in column))
    return found


def _lazy(reversal: xr.Dataset, laziness: xr.Dataset) -> list[str]:
    steps = int(reversal["step"].values[-1])
    look = int(np.abs(laziness["step"].values - steps).argmin())
    found = [f"  over {int(laziness['step'].values[look])} steps forward at the largest rate, relative change of"]
    for column, words in CHANGES:
        values = laziness[column].values[look, 0]
        middle = np.median(values[..., 0] if values.ndim == 3 else values, axis=1)
        found.append(f"  {words:27}" + "".join(f"{_short(value):>12}" for value in middle))
    return found


def _wide(wide: xr.Dataset) -> list[str]:
    widths = wide["width"].values
    found = [
        f"  after {int(wide['step'].values[-1])} steps at one rate, against width",
        "  " + " " * 27 + "".join(f"{width:>9}" for width in widths),
    ]
    for column, words in (*CHANGES, ("relative_return", "share of the way missed")):
        middle = np.median(wide[column].values[-1], axis=0)
        found.append(f"  {words:27}" + "".join(f"{_short(value):>9}" for value in middle))
    return found


def _short(value: float) -> str:
    if math.isinf(value):
        return "overflow"
    return f"{value:.2g}" if value < 100 else f"{value:.0e}"
