"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import szilard
from szilard.cli.app import app

SPEC = """
name = "mine"
data = "digits"
every = 10
model = {factory = "nets:mlp", widths = [64, 20, 10]}
training = {batch_size = 20, steps = 40}
"""


def call(*arguments: object) -> Result:
    """The program in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def altered(record: Path, copy: Path, **attributes: object) -> Path:
    """A copy of a record with other attributes in its root."""
    shutil.copytree(record, copy)
    file = copy / "record.zarr" / "zarr.json"
    root = json.loads(file.read_text())
    root["attributes"] |= attributes
    file.write_text(json.dumps(root))
    return copy


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two short runs, ``first`` and ``second``."""
    folder = tmp_path_factory.mktemp("records")
    for name, seed in (("first", 0), ("second", 1)):
        spec = folder / "spec.toml"
        spec.write_text(SPEC)
        result = call("run", spec, "--out", folder / name, "--seed", seed, "--quiet")
        assert result.exit_code == 0, result.output
    return folder


def test_run_prints_the_summary_and_last_the_path_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(SPEC)
    done = call("run", "mine.toml", "--set", "steps=20")
    assert done.exit_code == 0, done.stderr
    *summary, last = done.stdout.splitlines()
    assert last == "runs/mine-digits/report.html" and (tmp_path / last).is_file()
    assert any(line.startswith("mine ") for line in summary) and any("work" in line for line in summary)
    assert "\x1b" not in done.stdout + done.stderr
    again = call("run", "mine.toml", "--set", "steps=20")
    assert (
        again.exit_code == 2
        and "already holds a record" in again.stderr
        and "--overwrite" in again.stderr
        and again.stdout == ""
    )


def test_quiet_prints_the_path_only(records: Path) -> None:
    spec, out = records / "spec.toml", records / "second"
    result = call("run", spec, "--out", out, "--seed", 1, "--quiet", "--overwrite")
    assert result.stdout.splitlines() == [str(out / "report.html")] and result.stderr == ""


def test_a_model_of_ones_own_is_found_where_the_program_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    (tmp_path / "own.py").write_text(
        "from torch import nn\ndef linear(features):\n    return nn.Sequential(nn.Flatten(), nn.Linear(features, 10))\n"
    )
    (tmp_path / "own.toml").write_text(
        SPEC.replace("nets:mlp", "own:linear").replace("widths = [64, 20, 10]", "features = 64")
    )
    done = call("run", "own.toml", "--quiet", "--trust")
    assert done.exit_code == 0, done.stderr


def test_a_run_that_breaks_is_kept_and_told_by_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(SPEC)
    done = call("run", "mine.toml", "--set", "lr=1e30")
    assert done.exit_code == 1
    assert re.search(r"szilard: the run stopped at step \d+: .*not finite.*kept in runs/mine-digits", done.stderr)
    assert done.stderr.count("\n") == 1
    assert szilard.open(tmp_path / "runs/mine-digits").status == "broken"


def test_an_interruption_before_the_first_record_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("szilard.studies.runner.run", interrupted)
    result = call("run", "single", "--out", tmp_path / "here")
    assert result.exit_code == 130 and result.stderr == "szilard: interrupted before anything was recorded.\n"


def test_list(records: Path) -> None:
    result = call("list", records)
    assert result.exit_code == 0
    for name in ("first", "second"):
        assert re.search(rf"{re.escape(str(records / name))} +mine +complete +10 +20\d\d-", result.stdout)
    rows = json.loads(call("list", records, "--json").stdout)
    assert [Path(row["path"]).name for row in rows] == ["first", "second"]
    assert {row["every"] for row in rows} == {10}


def test_list_of_nothing_says_how_to_begin(tmp_path: Path) -> None:
    result = call("list", tmp_path)
    assert result.exit_code == 0 and "szilard run single" in result.stderr
    assert json.loads(call("list", tmp_path, "--json").stdout) == []


def test_show(records: Path) -> None:
    run = szilard.open(records / "first")
    assert call("show", run.path).stdout.strip() == run.summary().strip()
    shown = json.loads(call("show", run.path, "--json").stdout)
    work = run.estimate("work")
    assert shown["estimates"]["work"] == {"value": work.value, "error": work.error, "kind": "exact", "units": "nat"}
    assert shown["step"] == 40 and shown["records"] == 5 and shown["attributes"]["name"] == "mine"


def test_audit(records: Path) -> None:
    result = call("audit", records / "first")
    assert result.exit_code == 0 and "first law" in result.stdout.lower()
    audit = json.loads(call("audit", records / "first", "--json").stdout)
    assert audit["sound"] is True and len(audit["rows"]) > 5


def test_an_unsound_audit_is_told_by_the_exit_code(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from szilard.audit import Audit

    monkeypatch.setattr(Audit, "sound", False)
    assert call("audit", records / "first").exit_code == 1


def test_report(records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = records / "first" / "report.html"
    page.unlink()
    assert call("report", records / "first").stdout.strip() == str(page) and page.is_file()
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", lambda address: opened.append(address) or 0)
    assert call("report", records / "first", "--open").exit_code == 0
    assert opened == [page.resolve().as_uri()]


def test_compare(records: Path) -> None:
    first, second = (szilard.open(records / name) for name in ("first", "second"))
    result = call("compare", first.path, second.path)
    assert result.exit_code == 0 and "work (nat)" in result.stdout and "2. − 1." in result.stdout
    compared = json.loads(call("compare", first.path, second.path, "--json").stdout)
    row = next(row for row in compared["quantities"] if row["name"] == "heat")
    one, two = first.estimate("heat"), second.estimate("heat")
    assert row["differences"][0]["value"] == pytest.approx(two.value - one.value)
    assert row["differences"][0]["error"] == pytest.approx((one.error**2 + two.error**2) ** 0.5)
    assert compared["notes"] == []


def test_compare_says_what_differs(records: Path) -> None:
    other = records / "other"
    call("run", records / "spec.toml", "--out", other, "--set", "every=20", "--set", "size=100", "--quiet")
    notes = " ".join(json.loads(call("compare", records / "first", other, "--json").stdout)["notes"])
    assert "measuring intervals" in notes and "10, 20" in notes and "probe sizes" in notes


@pytest.mark.parametrize(
    ("attributes", "note"),
    [({"probe": "a text"}, "probe sizes: 64, None"), ({"every": [1]}, r"depend on them\): 10, \[1\]"),
     ({"probe": {"inputs": {}}}, r"probe sizes: 64, \{\}")],
    ids=str,
)  # fmt: skip
def test_compare_takes_odd_attributes_as_they_are(
    records: Path, tmp_path: Path, attributes: dict[str, object], note: str
) -> None:
    odd = altered(records / "first", tmp_path / "odd", **attributes)
    even = altered(records / "first", tmp_path / "even", probe={"inputs": 64})
    result = call("compare", even, odd)
    assert result.exit_code == 0, result.output
    assert re.search(note, result.stdout)


@pytest.fixture(scope="module")
def ensembles(on_paper: Callable[..., szilard.Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ensembles ``clean`` and ``noisy``."""
    folder = tmp_path_factory.mktemp("ensembles")
    on_paper(folder / "clean", memory=0.12)
    on_paper(folder / "noisy", datasets=12)
    return folder


def test_list_counts_the_trainings_of_an_ensemble(ensembles: Path, records: Path) -> None:
    assert re.search(r"noisy +memorisation +complete +1 × 12 × 3", call("list", ensembles).stdout)
    assert [row["trainings"] for row in json.loads(call("list", ensembles, "--json").stdout)] == [
        "1 × 6 × 3",
        "1 × 12 × 3",
    ]
    assert {row["trainings"] for row in json.loads(call("list", records, "--json").stdout)} == {None}


def test_show_an_ensemble(ensembles: Path) -> None:
    run = szilard.open(ensembles / "clean")
    assert call("show", run.path).stdout.strip() == run.summary().strip()
    shown = json.loads(call("show", run.path, "--json").stdout)
    estimate = run.estimate("info_seed")
    expected = {"value": estimate.value, "error": estimate.error, "kind": "asymptotic", "units": "nat"}
    assert shown["estimates"]["info_seed"] == expected
    assert shown["estimates"]["info_task"]["value"] is None  # the reason is among the attributes
    assert "one task" in shown["attributes"]["unavailable"]["info_task"]
    assert shown["stopping_point"]["step"] == run.stopping_point().step
    assert "work" not in shown["estimates"]  # one for each member


def test_compare_ensembles(ensembles: Path) -> None:
    result = call("compare", ensembles / "clean", ensembles / "noisy")
    assert result.exit_code == 0 and "info_dataset (nat)" in result.stdout and "info_task" not in result.stdout
    compared = json.loads(call("compare", ensembles / "clean", ensembles / "noisy", "--json").stdout)
    row = next(row for row in compared["quantities"] if row["name"] == "info_dataset")
    assert row["differences"][0]["value"] == pytest.approx(0.35)
    notes = " ".join(compared["notes"])
    assert "designs: 1 × 6 × 3, 1 × 12 × 3" in notes and "label-free stopping points: 1761, 1200" in notes


def test_a_run_is_not_compared_with_an_ensemble(ensembles: Path, records: Path) -> None:
    result = call("compare", records / "first", ensembles / "clean")
    assert result.exit_code == 2 and "no quantity in common: compare runs with runs" in result.stderr


def test_report_of_an_ensemble(ensembles: Path) -> None:
    assert call("report", ensembles / "clean").stdout.strip() == str(ensembles / "clean" / "report.html")


EVIL = "\x1b]0;evil\x07\x1b[2J\x9b2J\u202e\ud800\n"
"""A terminal obeys its beginning, a reader is misled by its end, and no encoding holds the last but one."""


def test_nothing_in_a_record_reaches_the_terminal_as_a_command(records: Path, tmp_path: Path) -> None:
    changes = {name: f"{name} {EVIL}" for name in ("name", "created", "forward_precision", "every")}
    here = altered(records / "first", tmp_path / "records" / "odd", **changes, forward_flagged=True)
    newer = altered(
        records / "first", tmp_path / "newer", szilard_version=f"szilard_version {EVIL}", schema_version=999
    )
    said = []
    for arguments in (
        ["list", tmp_path / "records"], ["show", here], ["audit", here], ["compare", here, records / "first"],
        ["show", newer],
    ):  # fmt: skip
        result = call(*arguments)
        assert result.exit_code == (2 if newer in arguments else 0), result.output
        said.append(result.output)
        if newer not in arguments:
            printed = call(*arguments, "--json").stdout
            assert json.loads(printed)
            said.append(printed)
    text = "".join(said)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert all(f"{name}  ]0;evil" in text for name in (*changes, "szilard_version"))
    assert "\\u001b]0;evil\\u0007\\u001b[2J\\u009b2J\\u202e\\ud800\\n" in text


def test_verify_is_told_by_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        passed = False

        def to_json(self) -> str:
            return '{"passed": false}'

        def table(self) -> str:
            return "the table"

    monkeypatch.setattr("szilard.verify.verify", Failed)
    result = call("verify", "--json")
    assert result.exit_code == 1 and json.loads(result.stdout) == {"passed": False}
    assert call("verify").stdout == "the table\n"
    monkeypatch.setattr(Failed, "passed", True)
    assert call("verify").exit_code == 0


BAD: list[tuple[list[str], str]] = [
    (["run", "singel"], "no experiment 'singel', nor a TOML file of that path: did you mean 'single'"),
    (
        ["run", "nothing.toml"],
        r"the spec nothing\.toml cannot be read \(No such file or directory\): give the path of a TOML file",
    ),
    (["run", "single", "--data", "minst"], "no settings for the data 'minst': did you mean 'mnist'"),
    (["run", "single", "--set", "stpes=3"], "no setting 'stpes': did you mean 'steps'"),
    (["run", "single", "--set", "steps"], "a change is key=value"),
    (["run", "single", "--set", "steps=x"], "Training.steps must be a whole number, not 'x': give 10, for instance"),
    (["run", "single", "--set", "data=digitz"], "no data set 'digitz': did you mean 'digits'"),
    (
        ["run", "single", "--data", "mnist"],
        r"cannot be made \(Not a directory\): set SZILARD_CACHE to a folder that can",
    ),
    (["run", "single", "--seed", "-3"], "seed must be from 0"),
    (["run", "single", "--set", "widths=[3, 10]"], "shape"),
    (["run", "single", "--out", "spec"], "spec"),
    (["show", "nothing"], "nothing"),
    (["show", "spec"], "spec"),
    (["audit", "nothing"], "nothing"),
    (["report", "nothing"], "nothing"),
    (["list", "nothing"], "nothing is not a directory"),
    (["compare", "nothing"], "needs two records or more"),
    (["compare", "nothing", "nothing"], "nothing"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_errors_are_one_sentence_and_exit_code_two(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "something").write_text("else")
    monkeypatch.setenv("SZILARD_CACHE", str(tmp_path / "spec" / "something" / "below"))
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert re.search(message, result.stderr), result.stderr
    assert result.stdout == "" and result.stderr.startswith("szilard: error: ") and result.stderr.count("\n") == 1


def test_wrong_usage_is_exit_code_two() -> None:
    assert call("run").exit_code == 2
    assert call("run", "single", "--stepz", "3").exit_code == 2
    assert call("nonsense").exit_code == 2


@pytest.mark.parametrize(
    "command", [[], ["run"], ["list"], ["show"], ["audit"], ["report"], ["compare"], ["verify"]], ids=" ".join
)
def test_help_explains_commands_and_exit_codes(command: list[str]) -> None:
    result = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, [*command, "--help"])
    assert result.exit_code == 0 and "Exit codes: 0 all well; 1" in result.stdout


def test_version_and_help_are_quick(tmp_path: Path) -> None:
    assert call("--version").stdout == f"szilard {szilard.__version__}\n"

    def processor_seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    most = 0.5 * processor_seconds("-c", "import torch")
    # The least of three: what runs beside it can only make it more.
    assert any(processor_seconds("-m", "szilard", "--help") < most for _ in range(3))


@pytest.mark.slow
def test_no_color_is_honoured_on_a_terminal(records: Path) -> None:
    """On a pseudo-terminal there is colour, and with NO_COLOR none."""
    import pty

    def shown(**environment: str) -> bytes:
        parent, child = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "szilard", "audit", str(records / "first")],
            stdout=child, stderr=child, env={**os.environ, "TERM": "xterm-256color", **environment},
        )  # fmt: skip
        os.close(child)
        output = b""
        while True:
            try:
                chunk = os.read(parent, 65536)
            except OSError:
                break
            if not chunk:
                break
            output += chunk
        os.close(parent)
        process.wait()
        return output

    colour = re.compile(rb"\x1b\[[0-9;]*3[0-9]m")
    assert colour.search(shown(NO_COLOR="")) and not colour.search(shown(NO_COLOR="1"))


def test_an_interrupted_run_is_reported_and_has_its_own_exit_code(tmp_path: Path, programs: Any) -> None:
    """SIGINT in the middle of a long run: the record is closed, the page written, the exit code 130."""
    (tmp_path / "mine.toml").write_text(SPEC)
    # What shells start in the background ignores SIGINT, and so do its children: here is one that must not.
    code = "import signal, szilard.cli; signal.signal(signal.SIGINT, signal.default_int_handler); szilard.cli.main()"
    words = ["szilard", "run", "mine.toml", "--set", "steps=10000000", "--out", "here"]
    process = programs.start(code, tmp_path, words)
    journal = tmp_path / "here" / "journal.jsonl"
    deadline = time.monotonic() + 60
    while not (journal.is_file() and journal.read_text().count('"ledger"') > 3) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process, signal.SIGINT)
    done = programs.end()
    stdout, stderr = done.stdout, done.stderr
    assert done.returncode == 130, stderr
    assert "the run stopped at step" in stderr and "KeyboardInterrupt" in stderr and "Traceback" not in stderr
    assert stdout.splitlines()[-1] == "here/report.html"
    assert szilard.open(tmp_path / "here").data.sizes["step"] > 3
