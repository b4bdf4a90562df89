"""``szilard run fig3`` from the command line, in miniature."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import szilard
from szilard.cli.app import app
from szilard.studies.catalogue import find
from szilard.studies.fig3.run import plan_of, seconds_of, standardised
from szilard.studies.fig3.spec import Figure3, fig3
from szilard.studies.life import time_in_words

pytestmark = pytest.mark.slow

SMALL = ("--set", "examples=32", "--set", "fresh=8", "--set", "records=5", "--set", "window=3", "--set", "workers=1")


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["run", "fig3", "--data", "digits", *SMALL, *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_options_become_settings_and_the_page_is_written(tmp_path: Path) -> None:
    place = tmp_path / "run"
    said = run("--quick", "--batch", "1,5", "--trials", "3,2", "--steps", "50", "--lr", "0.01", "--shuffle", "epochs",
               "--seed", "4", "--out", str(place))  # fmt: skip
    record = szilard.open(place)
    spec = record.attributes["spec"]
    assert (spec["batch"], spec["trials"], spec["steps"], spec["lr"]) == ([1, 5], [3, 2], 50, 0.01)
    assert (spec["shuffle"], spec["seed"], spec["watched"]) == ("epochs", 4, 1)
    assert record.complete and record.attributes["trials"] == [3, 2]
    assert "5 trainings of 50 steps: about" in said and "stationary" in said
    assert said.strip().splitlines()[-1].endswith("report.html") and (place / "report.html").is_file()
    assert "3 + 2" in CliRunner().invoke(app, ["list", str(tmp_path)]).output
    compared = CliRunner().invoke(app, ["compare", str(place), str(place)])
    assert compared.exit_code == 2 and "holds no single numbers to compare" in compared.output
    for command in ("show", "audit", "report"):
        assert CliRunner().invoke(app, [command, str(place)], catch_exceptions=False).exit_code == 0
    again = CliRunner().invoke(app, ["show", "--json", str(place)], catch_exceptions=False)
    assert again.exit_code == 0 and '"kind_of_run": "fig3"' in again.output


def test_quick_is_reduced_and_other_runs_say_that_they_have_none(tmp_path: Path) -> None:
    whole, quick = fig3(), fig3().quick()
    assert whole.members == (50, 50, 50) and whole.steps == 100_000 and whole.batch == (1, 10, 100)
    assert sum(quick.members) * quick.steps <= 0.05 * sum(whole.members) * whole.steps
    result = CliRunner().invoke(app, ["run", "single", "--quick"])
    assert result.exit_code == 2 and "has no quick version" in result.output


def test_the_time_is_estimated_before_it_is_spent(digits: szilard.data.Dataset) -> None:
    spec = find("fig3", "digits")
    assert isinstance(spec, Figure3)
    short, long = (
        seconds_of(plan_of(Figure3.from_table({**spec.as_table(), "trials": [2], "steps": steps}), digits))
        for steps in (500, 50_000)
    )
    assert 0 < short < long
    assert [time_in_words(seconds) for seconds in (3, 130, 5400)] == ["3 seconds", "2 minutes", "1 h 30 min"]


def test_standardised_inputs_have_mean_0_and_deviation_1(digits: szilard.data.Dataset) -> None:
    changed = standardised(digits)
    assert changed.train_inputs.mean().abs() < 1e-5 and changed.train_inputs.std() == pytest.approx(1, abs=1e-5)
    assert changed.test_inputs.mean() != 0 and changed.test_labels is digits.test_labels
