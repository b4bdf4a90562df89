"""The report: one page of figures and words for a record, self-contained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from szilard.page import render as page
from szilard.studies.registry import study_of
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["render", "write"]


def write(tree: xr.DataTree, audit: Audit, path: str | Path) -> Path:
    """Writes the report of a record and returns its path. The file appears whole or not at all.

    Args:
        tree: the record, as ``run.tree``.
        audit: of the same record.
        path: the HTML file; its directory is made where missing.

    Raises:
        OSError: if the file cannot be written.
    """
    study = study_of(tree)
    return page.write(study.content(study.read(tree), audit), audit, path)


def render(tree: xr.DataTree, audit: Audit, directory: str = "record") -> str:
    """The report as text; ``directory`` is what its Python lines open."""
    study = study_of(tree)
    return page.render(study.content(study.read(tree), audit), audit, directory)
