"""Every claim of every study has its place in the documentation, whether or not some record comes to it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from szilard.verdicts.claim import Claim, claims_of

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "single": (),
    "sampled": (),
    "ensemble": (),
    "fig3": ("figure-3.md",),
    "reversal": ("quantities/reversibility.md",),
    "heat_capacity": ("quantities/heat-capacity.md",),
    "tradeoff": ("tradeoff.md",),
}
"""Of each study, beside the page on the audit."""


def claims(study: str) -> tuple[Claim, ...]:
    found: tuple[Claim, ...] = importlib.import_module(f"szilard.studies.{study}.claims").CLAIMS
    return found


def findings_of(page: Path) -> set[str]:
    """What the first cells of a page's tables name; several in one cell are apart by semicolons."""
    first = re.findall(r"^\| ((?:[^|\\]|\\.)*?) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for cell in first for name in cell.replace("\\|", "|").split("; ")}


@pytest.mark.parametrize("study", PAGES)
def test_the_pages_name_every_claim(study: str) -> None:
    said = set().union(*(findings_of(DOCS / page) for page in ("audit.md", *PAGES[study])))
    for claim in claims(study):
        name = re.escape(claim.name).replace(re.escape("{}"), ".+")
        assert any(re.fullmatch(name, each) for each in said), claim.name


@pytest.mark.parametrize("study", PAGES)
def test_every_family_of_claims_is_among_them(study: str) -> None:
    families = importlib.import_module(f"szilard.studies.{study}.claims").FAMILIES
    assert set(claims_of(*families)) <= set(claims(study))
    assert len(set(claims(study))) == len(claims(study))
