"""A study costs a folder: one of 150 lines, registered by one line, goes through every command."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import szilard
from szilard.cli.app import app
from szilard.errors import RecordError, SpecError
from szilard.studies import catalogue, registry

HERE = Path(__file__).parent
FILES = sorted((HERE / "forgetting").glob("*.py"))
SHORT = ("--set", "seeds=4")


def parts() -> set[str]:
    """Modules of the study that are loaded."""
    return {name for name in sys.modules if name.partition(".")[0] == "forgetting"}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The study can be imported and is not known; afterwards it is as if it had never been."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setattr(registry, "_STUDIES", dict(registry._STUDIES))
    yield
    for name in parts():
        del sys.modules[name]


def run(*arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_it_is_small() -> None:
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in FILES) <= 150


def test_the_page_on_extending_has_the_very_code() -> None:
    page = (HERE.parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    for path in FILES:
        assert f"```python\n# forgetting/{path.name}\n{path.read_text(encoding='utf-8')}```" in page, path.name


def test_every_command_knows_it(found: None, tmp_path: Path) -> None:
    import forgetting

    registry.register(forgetting.STUDY)
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    told = run("run", "forgetting", *SHORT, "--out", one)
    assert "4 trainings: about" in told and "Trainings that began apart came nearer" in told
    run("run", "forgetting", *SHORT, "--seed", "1", "--out", other, "--quiet")
    assert "held forgotten" in " ".join(run("audit", one).split())
    assert json.loads(run("audit", one, "--json"))["rows"][0]["name"] == "complete record"
    assert "Trainings that began apart came nearer" in run("show", one)
    assert run("report", one).strip() == str(tmp_path / "one" / "report.html")
    page = (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    assert 'id="distance"' in page and "Trainings that began apart" in page and "Complete record" in page
    compared = run("compare", one, other)
    assert "distance (1)" in compared and "loss (nat)" in compared
    assert {row["name"] for row in json.loads(run("list", str(tmp_path), "--json"))} == {"forgetting"}
    spec = tmp_path / "spec.toml"
    spec.write_text('kind = "forgetting"\nsteps = 3\n', encoding="utf-8")
    assert catalogue.find(str(spec)).steps == 3


def test_two_trainings_come_nearer_as_convexity_has_it(found: None, tmp_path: Path) -> None:
    """Gradient descent on a convex loss brings no two trainings apart; weight decay takes 1 − rλ of what is between."""
    import forgetting
    from forgetting.spec import Forgetting

    registry.register(forgetting.STUDY)
    record = szilard.run(Forgetting(steps=20, seeds=2, lr=0.1, weight_decay=0.5), out=tmp_path / "run", quiet=True)
    distance = record.data["distance"].values
    assert record.data["step"].values.tolist() == list(range(21))
    assert (distance[1:] <= distance[:-1] * (1 - 0.1 * 0.5) * (1 + 1e-5)).all()
    assert record.audit()["learned"].verdict == "held"
    with pytest.raises(SpecError, match="seeds must be at least 2"):
        Forgetting(seeds=1)


def offer(directory: Path, point: str) -> None:
    """A package's metadata, as an installer leaves them."""
    info = directory / "offering-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[szilard.studies]\n{point}\n", encoding="utf-8")


def test_what_an_installed_package_offers_is_found(
    found: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path / "site", "forgetting = forgetting:STUDY")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert "distance" not in run("list", str(tmp_path)) and not parts()
    record = str(tmp_path / "run")
    run("run", "forgetting", *SHORT, "--out", record, "--quiet")
    monkeypatch.setattr(
        registry, "_STUDIES", {kind: each for kind, each in registry._STUDIES.items() if kind != "forgetting"}
    )
    for name in parts():
        del sys.modules[name]
    assert "Trainings that began apart" in run("show", record)
    assert "forgetting.run" not in parts()


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("forgetting = forgetting:NOTHING", "cannot be loaded"),
        ("forgetting = forgotten:STUDY", "cannot be loaded"),
        ("other = forgetting:STUDY", "is no study of that kind"),
    ],
)
def test_a_package_that_offers_none_is_named(
    found: None, point: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, point)
    monkeypatch.syspath_prepend(str(tmp_path))
    kind = point.partition(" ")[0]
    with pytest.raises(SpecError, match=f"the study '{kind}', which the package 'offering' offers .* {said}"):
        catalogue.find(kind)
    assert registry.trainings_of({"kind_of_run": kind}) is None
    with pytest.raises(RecordError, match="or install the package"):
        registry.study_of_kind("unheard-of")


def test_names_that_are_taken_are_refused(found: None) -> None:
    import forgetting

    registry.register(forgetting.STUDY)
    registry.register(forgetting.STUDY)  # the same again
    with pytest.raises(SpecError, match="the kind of record 'forgetting' is that of forgetting already"):
        registry.register(dataclasses.replace(forgetting.STUDY, home="elsewhere"))
