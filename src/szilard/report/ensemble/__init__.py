"""The page of an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.audit import Audit
from szilard.report.content import Content

if TYPE_CHECKING:
    import xarray as xr


def content(tree: xr.DataTree, audit: Audit) -> Content:
    """The parts of the page."""
    raise NotImplementedError
