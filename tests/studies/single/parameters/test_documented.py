"""docs/audit.md explains every row of the reservoir, and no other."""

from __future__ import annotations

from pathlib import Path

from szilard.studies.kits.parameters.statements import LOOP, PREDICTED, REGIMES, RESERVOIR
from szilard.verdicts import bounds

PAGE = Path(__file__).parents[4] / "docs" / "audit.md"


def test_the_page_names_every_row_and_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("\n## The parameters as a reservoir\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| finding")]
    said = [line.split("|")[1].strip() for line in lines]
    assert len(set(said)) == len(said)
    assert set(said) == {claim.name for claim in (*RESERVOIR, LOOP, REGIMES, PREDICTED)}


def test_the_page_states_the_bounds() -> None:
    text = PAGE.read_text(encoding="utf-8")
    low, high = bounds.STATIONARY_RATIO
    stated = {
        "noise of the loop": f"within {bounds.SAME_NOISE}",
        "white noise": f"≤ {bounds.COLOUR}",
        "temperature of white noise": f"≤ {bounds.HEATED}",
        "stationary noise": f"≤ {bounds.STEADY}",
        "one temperature": f"≤ {bounds.ONE_TEMPERATURE}",
        "first fluctuation–dissipation relation": f"{low} to {high}",
        "isotropic noise": f"counted from {bounds.ISOTROPIC}",
        "finite variance": f"counted from {bounds.FINITE:g}",
        "canonical state": f"≤ {bounds.CANONICAL}",
        "detailed balance": f"≤ {bounds.TURNING}",
        "reservoir without entropy production": f"≤ {bounds.REVERSIBLE}",
        "force above the noise": f"counted from {bounds.OUTWEIGHS:g}",
        "predicted work": f"{1 - bounds.LEADING_ORDER} to {1 + bounds.LEADING_ORDER}",
    }
    reservoir = text.partition("\n## The parameters as a reservoir\n")[2].partition("\n## ")[0]
    rows = {line.split("|")[1].strip(): line for line in reservoir.splitlines() if line.startswith("| ")}
    for name, words in stated.items():
        assert words in rows[name], name
