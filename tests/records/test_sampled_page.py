"""The page on sampled records says of every variable what the schema says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from szilard.monitor.gallery import GALLERY
from szilard.monitor.model_space.kept import MODEL_SPACE
from szilard.monitor.sampled import schema as sampled_schema
from szilard.records.schema import TRAINING, Variable

PAGE = Path(__file__).parents[2] / "docs" / "sampled-records.md"

SECTIONS: dict[str, tuple[Variable, ...]] = {
    "Tractable likelihood": sampled_schema.TRACTABLE,
    "Sequences": sampled_schema.SEQUENCES,
    "Given text": sampled_schema.TEACHER_FORCED,
    "Latent variables": sampled_schema.BOUNDED,
    "Energies": sampled_schema.ENERGETIC,
    "Energies of known normalisation": sampled_schema.LOG_NORMALISER,
    "Time and training": TRAINING,
    "Group `relaxation`": sampled_schema.RELAXATION,
    "Group `gallery`": GALLERY,
    "Group `model_space`": MODEL_SPACE,
}


def rows(section: str) -> dict[str, list[str]]:
    text = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    body = next(part for part in text if part.startswith(f"{section}\n"))
    cells = [re.split(r"(?<!\\)\|", line.strip("|")) for line in body.splitlines() if line.startswith("| `")]
    return {line[0].strip().strip("`"): [cell.strip() for cell in line[1:]] for line in cells}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_variable_has_its_row(section):
    documented = rows(section)
    assert documented.keys() == {variable.name for variable in SECTIONS[section]}
    for variable in SECTIONS[section]:
        units, kind, cumulative, error, dimensions, what = documented[variable.name]
        assert units == f"`{variable.units}`", variable.name
        assert kind == (f"`{variable.kind}`" if variable.kind else "–"), variable.name
        assert cumulative == ("yes" if variable.cumulative else "no"), variable.name
        assert (error != "–") == (variable.error is not None), variable.name
        assert dimensions == (", ".join(f"`{name}`" for name in variable.dims) or "–"), variable.name
        assert what
