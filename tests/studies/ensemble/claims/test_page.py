"""docs/audit.md explains every row of an ensemble's audit, with its basis."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from szilard.audit import Basis, audit

PAGE = Path(__file__).parents[4] / "docs" / "audit.md"


def test_the_page_names_every_row_and_no_other(learned: xr.DataTree, crossed: xr.DataTree) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n## Ensembles\n")[2]
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| finding")]
    cells = [[cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")] for line in lines]
    said = {row[0]: row[1] if len(row) == 3 else str(Basis.EXACT) for row in cells}
    assert len(said) == len(cells)
    rows = {row.name: str(row.basis) for tree in (learned, crossed) for row in audit(tree).rows}
    assert said == rows
