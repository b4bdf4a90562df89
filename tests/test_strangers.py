"""What others made and other machines: specs that name functions, terminals that cannot show every character."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import szilard
from szilard.cli.app import app, main
from szilard.errors import SpecError
from szilard.experiments import Experiment, Figure3, find
from szilard.printable import encodable
from szilard.studies.trust import check_trusted

ROOT = """
name = "mine → Σ"
data = {data}
every = 10
"""
MODEL = """
[model]
factory = "{model}"
widths = [64, 10]
"""
TRAINING = """
[training]
steps = 20
"""
LOSS = """
[training.loss]
factory = "{loss}"
"""
OWN = """
from pathlib import Path
Path("imported").touch()

def linear(widths):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(widths[0], widths[-1]))

def loss():
    from torch import nn
    return nn.CrossEntropyLoss()

def data():
    from szilard.data import load
    return load("digits")
"""


def spec(model: str = "nets:mlp", data: str = "digits", loss: str | None = None) -> str:
    return (
        ROOT.format(data=json.dumps(data))
        + MODEL.format(model=model)
        + TRAINING
        + (LOSS.format(loss=loss) if loss else "")
    )


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program is run, with a module that leaves a mark when it is imported."""
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    monkeypatch.delitem(sys.modules, "own", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (spec(model="own:linear"), "model.factory = 'own:linear'"),
        (spec(data="own:data"), "data = 'own:data'"),
        (spec(loss="own:loss"), "training.loss.factory = 'own:loss'"),
        (spec(loss="torch.nn:CrossEntropyLoss"), "training.loss.factory"),
        (spec(data="szilard.cli.app:main"), "data = "),
        (spec(model="szilard.records.place:remove_record"), "model.factory"),
        (spec(model="szilard.training.factory:nearest"), "model.factory"),
        (
            'kind = "heat-capacity"\ndata = "digits"\n[loss]\nfactory = "own:loss"'
            + MODEL.format(model="nets:mlp").replace("64,", "64, 20,"),
            "loss.factory",
        ),
    ],
)
def test_what_a_spec_names_outside_of_szilard_is_refused_before_it_is_imported(
    folder: Path, text: str, where: str
) -> None:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    done = call("run", "mine.toml")
    assert done.exit_code == 2 and where in done.stderr and "add --trust" in done.stderr, done.output
    assert done.stderr.count("\n") == 1
    assert not (folder / "imported").exists() and not (folder / "runs").exists()


def test_a_spec_that_is_trusted_runs(folder: Path) -> None:
    (folder / "mine.toml").write_text(spec("own:linear", "own:data", "own:loss"), encoding="utf-8")
    done = call("run", "mine.toml", "--trust", "--out", "here", "--quiet")
    assert done.exit_code == 0, done.output
    assert (folder / "imported").exists() and szilard.open("here").complete


@pytest.mark.parametrize("change", ["model.factory=own:linear", "data=own:data"])
def test_a_named_run_calls_nothing_else_either(folder: Path, change: str) -> None:
    done = call("run", "single", "--set", change)
    assert done.exit_code == 2 and "add --trust" in done.stderr
    assert not (folder / "imported").exists()


def test_named_runs_need_no_trust() -> None:
    for name in szilard.studies.registry.named_runs():
        check_trusted(find(name))


def test_a_path_is_no_address() -> None:
    check_trusted(replace(find("text"), data="C:/corpus.txt"))
    with pytest.raises(SpecError, match="data = 'own:data'"):
        check_trusted(Experiment(model=szilard.factory("nets:mlp", widths=[64, 10]), data="own:data"))


@pytest.mark.slow
def test_nothing_is_imported_from_where_the_program_is_run(tmp_path: Path) -> None:
    for name in ("typer", "rich", "numpy", "xarray", "szilard_studies"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')\n")
    information = tmp_path / "szilard_studies-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: szilard-studies\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[szilard.studies]\nunknown = szilard_studies:STUDY\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(szilard.__file__).parents[1])}
    command = [sys.executable, "-m", "szilard", "run", "unknown"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and "there is no experiment 'unknown'" in done.stderr, done.stderr


def test_a_byte_order_mark_is_no_part_of_a_spec(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('kind = "fig3"\ndata = "digits"\n' + MODEL.format(model="nets:mlp"), encoding="utf-8-sig")
    assert isinstance(find(str(file)), Figure3)
    file.write_text(spec(), encoding="utf-8-sig")
    assert find(str(file)) == Experiment.from_toml(spec()) == Experiment.from_toml("\ufeff" + spec())


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("any")
    (folder / "mine.toml").write_text(spec(), encoding="utf-8")
    assert call("run", folder / "mine.toml", "--out", folder / "Σ-run", "--quiet").exit_code == 0
    return folder / "Σ-run"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize(
    "command", ["show", "show --json", "audit", "audit --json", "report", "list", "list --json", "compare", "missing"]
)
def test_any_terminal_shows_it(record: Path, encoding: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2))
    words = command.replace("missing", "show").split()
    place = {"list": [record.parent], "compare": [record, record], "missing": [record / "→"]}.get(command.split()[0])
    monkeypatch.setattr(sys, "argv", ["szilard", *words, *map(str, place or [record])])
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(SystemExit) as ended:
        main()
    for stream in (out, err):
        stream.flush()
    shown, said = out.buffer.getvalue().decode(encoding), err.buffer.getvalue().decode(encoding)
    assert ended.value.code == (2 if command == "missing" else 0), said
    if command == "missing":
        assert "does not exist" in said and ("→" in said) == (encoding == "utf-8")
        return
    assert shown and ("?" in shown or encoding in ("utf-8", "cp1252", "latin-1") or "--json" in command)
    if "--json" in command:
        assert json.loads(shown)
    if command == "show --json":
        assert json.loads(shown)["attributes"]["name"] == "mine → Σ"


def test_what_is_said_while_training_is_replaced_too() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert encodable("5 % ± 1 → Σ", stream) == "5 % ? 1 ? ?"
    assert encodable("±", None) == "±" == encodable("±", io.StringIO())
