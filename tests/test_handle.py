"""The handle: what a record says when it is opened, and what it says when something is wrong."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import szilard
from szilard.errors import RecordError, SzilardWarning
from szilard.estimate import Kind
from szilard.handle import Run, find, open
from szilard.records.schema import LABELLED, LEDGER, SAMPLES, TRAINING, Group
from szilard.records.writer import RecordWriter
from szilard.studies.single.reading import SingleReading
from szilard.studies.single.words import summary
from szilard.verdicts.audit import Audit

RECORDS = 41
INPUTS = 100
ATTRIBUTES = {
    "name": "a run",
    "kind_of_run": "single",
    "every": 5,
    "every_chosen_by": "budget",
    "budget": 0.05,
    "probe": {"inputs": INPUTS, "heads": 1, "outcomes": 10, "labelled": True},
    "model": {"class": "Sequential", "parameters": 12345, "dtype": "float32", "device": "cpu"},
    "optimizer": {"class": "SGD", "lr": 0.1, "momentum": 0.9},
    "forward_precision": "float32",
    "forward_flagged": False,
}


def rows(count: int = RECORDS) -> list[dict[str, float | list[float]]]:
    """A ledger that obeys the first law: constant drift, entropy falling from 2.3."""
    made = []
    for i in range(count):
        work, change = 0.01 * i, -0.04 * i
        made.append(
            {
                "interval": 5, "wall_time": 0.1 * i, "energy": 2.3 + change, "energy_error": 0.01,
                "entropy_conditional": 2.3 + change, "entropy_conditional_error": 0.01,
                "work": work, "work_error": 0.002, "heat": change - work, "heat_error": 0.003,
                "entropy_change": change, "entropy_change_error": 0.01,
                "ep_conditional": work, "ep_conditional_error": 0.002,
                "work_reverse": work, "work_reverse_error": 0.002,
                "length": 0.15 * i, "length_error": 0.01, "length_mean": 0.14 * i, "length_mean_error": 0.01,
                "length_rms": 0.16 * i, "length_rms_error": 0.01, "work_direct": 0.2, "work_direct_error": 0.1,
                "length_direct": 0.3, "length_direct_error": 0.1, "fluctuation": 1.0, "fluctuation_error": 0.0,
                "precision_floor": 1e-12, "steps_by_interval": [5 * i, 10 * (i // 2)],
                "jumps_by_interval": [i, i // 2], "work_by_interval": [work, 0.04 * (i // 2)],
                "work_by_interval_error": [0.002, 0.004], "heat_by_interval": [0.0, 0.0],
                "heat_by_interval_error": [0.0, 0.0], "length_by_interval": [0.0, 0.0],
                "length_by_interval_error": [0.0, 0.0],
                "loss": 2.3 / (1 + i), "loss_error": 0.02, "learning_rate": 0.1,
                "accuracy": 0.1 + 0.02 * i, "accuracy_error": 0.03,
                "cross_entropy": 2.3 - 0.05 * i, "cross_entropy_error": 0.04,
            }
        )  # fmt: skip
    return made


def write(path: Path, *, close: bool = True, count: int = RECORDS, **attributes) -> RecordWriter:
    ledger = Group("ledger", (*LEDGER, *TRAINING, *LABELLED), {"path_interval": (5, 10)})
    samples = Group("samples", SAMPLES, {"bin": tuple(range(32))})
    writer = RecordWriter(path, groups=(ledger, samples), attributes={**ATTRIBUTES, **attributes})
    for i, row in enumerate(rows(count)):
        writer.append("ledger", 5 * i, row)
    writer.append("samples", 5, {"heat_sampled": -0.05, "heat_sampled_error": 0.01})
    if close:
        writer.close()
    return writer


@pytest.fixture
def run(tmp_path: Path) -> Run:
    write(tmp_path / "run")
    return open(tmp_path / "run")


def test_what_it_holds(run):
    assert run.complete
    assert run.status == "complete"
    assert run.name == "a run"
    assert run.data["work"].sizes == {"step": RECORDS}
    assert set(run.tree.children) == {"ledger", "samples"}
    assert run.attributes["optimizer"]["momentum"] == 0.9
    assert repr(run) == f"<szilard.Run 'a run' (complete) at {str(run.path)!r}>"


def test_information_is_joined_where_there_is_some(tmp_path):
    groups = (
        Group("ledger", LEDGER[:3]),
        Group("information", tuple(v for v in LEDGER if v.name == "work_direct")),
    )
    writer = RecordWriter(tmp_path / "run", groups=groups, attributes={})
    for step in (0, 10, 20):
        writer.append("ledger", step, {"energy": step})
    writer.append("information", 20, {"work_direct": 0.5})
    writer.close()
    data = open(tmp_path / "run").data
    assert data["energy"].values.tolist() == [0, 10, 20]
    np.testing.assert_array_equal(data["work_direct"].values, [math.nan, math.nan, 0.5])


def test_estimates(run):
    last = run.estimate("work")
    assert (last.value, last.error, last.kind) == (pytest.approx(0.4, rel=1e-12), 0.002, Kind.EXACT)
    assert last.degrees_of_freedom == INPUTS - 1
    assert run.estimate("work", step=50) == run.estimate("work", step=-31)
    assert run.estimate("heat_sampled").kind is Kind.UNBIASED
    assert run.estimate("precision_floor").error == 0
    by_interval = run.estimate("work_by_interval", step=10)
    assert by_interval.value.tolist() == pytest.approx([0.02, 0.04])
    assert by_interval.error.tolist() == [0.002, 0.004]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wrok",), "holds no 'wrok': did you mean 'work'"),
        (("learning_rate",), "'learning_rate' is no estimate"),
        (("work", 51), "step 51 was not recorded: the nearest record is at step 50"),
        (("work", -RECORDS - 1), "was not recorded"),
    ],
)
def test_estimates_that_are_not_there(run, arguments, message):
    with pytest.raises(RecordError, match=message):
        run.estimate(*arguments)


def test_an_estimate_before_anything_was_recorded(tmp_path):
    write(tmp_path / "run", count=0)
    with pytest.raises(RecordError, match="holds no rows yet"):
        open(tmp_path / "run").estimate("work")


def test_summary_says_what_was_watched_and_what_came_out(run):
    text = run.summary()
    unwrapped = " ".join(text.split())
    for said in (
        "a run", "complete", "Sequential, 12,345 parameters", "float32", "SGD, lr 0.1, momentum 0.9",
        "100 inputs × 10 outcomes, labelled", "steps 0 to 200 in 41 records",
        "every k = 5 steps, chosen by the budget of 5 %",
        "0.4000 ± 0.0020", "−2.0000 ± 0.0030", "6.000 ± 0.010", "nat^½", "exact",
        "W + Q − ΔU is at most", "0.1 → 0.900 ± 0.030", "2.3 → 0.300 ± 0.040 nat", "audit",
    ):  # fmt: skip
        assert said in unwrapped, said
    change = next(line for line in text.splitlines() if line.startswith("  ΔS"))
    assert "−1.600" in change
    assert any(line.startswith("  motion ") for line in text.splitlines())
    assert "!" not in text
    assert max(map(len, text.splitlines())) <= 88
    shown = run._repr_html_()
    for said in ("a run", "complete", "0.4000", "0.0020", "−2.0000", "0.0030", "6.000", "0.010", "−1.600", "0.900"):
        assert said in shown, said


def test_the_first_laws_residual_is_the_records_own(tmp_path):
    """A record whose heat is off by 0.2 nat at one row says so."""
    writer = RecordWriter(
        tmp_path / "run", groups=(Group("ledger", LEDGER, {"path_interval": (5, 10)}),), attributes={}
    )
    for i, row in enumerate(rows()):
        known = {key: value for key, value in row.items() if not key.startswith(("loss", "learning", "acc", "cross"))}
        writer.append("ledger", 5 * i, {**known, "heat": row["heat"] + (0.2 if i == 7 else 0.0)})
    writer.close()
    text = " ".join(open(tmp_path / "run").summary().split())
    assert "W + Q − ΔU is at most 0.2 nat at any record, 0.1 of the largest term" in text
    assert "Do not rely on these numbers" in text


def test_an_unfinished_run_says_so(tmp_path):
    write(tmp_path / "run", close=False)
    run = open(tmp_path / "run")
    assert (run.status, run.complete) == ("incomplete", False)
    assert run.data.sizes["step"] == RECORDS
    assert "INCOMPLETE" in run.summary()
    assert "! " in run.summary()
    assert "still going, or it was killed" in run.summary()


def test_a_broken_run_says_where_and_keeps_what_came_before(tmp_path):
    writer = write(tmp_path / "run", close=False)
    writer.append("ledger", 205, {})
    writer.annotate(status="broken", broken_at_step=204, broken_because="the training loss is not finite")
    writer.close()
    run = open(tmp_path / "run")
    assert run.status == "broken"
    text = " ".join(run.summary().split())
    assert "The run broke at step 204: the training loss is not finite" in text
    assert "1 record(s) are undefined" in text
    assert "0.4000 ± 0.0020" in text


def test_a_flagged_forward_pass_is_said(tmp_path):
    write(tmp_path / "run", forward_precision="bfloat16", forward_flagged=True)
    assert "forward pass ran in bfloat16" in open(tmp_path / "run").summary()


def test_a_run_with_nothing_in_it_has_a_summary(tmp_path):
    writer = RecordWriter(tmp_path / "run", groups=(Group("ledger", LEDGER, {"path_interval": (5,)}),), attributes={})
    writer.close()
    assert "no record yet" in open(tmp_path / "run").summary()


def test_text_from_a_record_cannot_steer_a_terminal_or_a_page(tmp_path):
    write(tmp_path / "run", name="\x1b[2Jevil<script>", model={"class": "\x07Bell\r\n"})
    run = open(tmp_path / "run")
    assert all(character.isprintable() or character == "\n" for character in run.summary())
    assert "evil<script>" in run.summary()
    assert "<script>" not in run._repr_html_()


@pytest.mark.parametrize("junk", [3, "text", None, [], {"inputs": "many", "parameters": []}])
def test_attributes_of_any_type_do_not_break_it(tmp_path, junk):
    keys = ("name", "probe", "model", "optimizer", "every", "budget", "forward_precision", "broken_at_step")
    write(tmp_path / "run", **dict.fromkeys(keys, junk))
    run = open(tmp_path / "run")
    assert run.estimate("work").degrees_of_freedom == math.inf
    assert "0.4000 ± 0.0020" in summary(SingleReading(run.tree), Audit(()))


def test_audit_and_report(run, tmp_path):
    assert run.audit()["first law"].verdict == "held"
    page = run.report(tmp_path / "elsewhere" / "page.html")
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert f"<h1>{run.name}</h1>" in text and "elsewhere" not in text  # what it speaks of is the record
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"report .* cannot be written"):
        run.report(tmp_path / "file" / "page.html")


@pytest.fixture(scope="module")
def many(on_paper, tmp_path_factory) -> Run:
    """The record of an ensemble: one task, six datasets, three seeds."""
    return on_paper(tmp_path_factory.mktemp("many") / "run", diverged=4)


def test_an_ensembles_data_has_members_with_coordinates(many):
    assert many.data["work"].sizes == {"step": 20, "member": 18}
    assert many.data["info_dataset"].sizes == {"step": 20}
    assert many.data["info_dataset_block"].sizes == {"step": 20, "block": 3}
    last = many.data.isel(step=-1)
    of_third = last["work"].where(last["dataset"] == 2, drop=True)
    assert of_third["seed"].values.tolist() == [0, 1, 2]
    assert math.isnan(float(last["work"].sel(member=4)))


def test_estimates_of_an_ensemble(many):
    memorised = many.estimate("info_dataset")
    assert (memorised.value, memorised.kind) == (pytest.approx(0.47), Kind.ASYMPTOTIC)
    assert memorised.degrees_of_freedom == 5
    assert many.estimate("info_dataset", step=0).value == 0
    work = many.estimate("work")
    assert work.value.shape == work.error.shape == (18,)
    assert work.degrees_of_freedom == 499  # of an error over probe inputs
    assert many.estimate("l_info_block").value.shape == (3,)


def test_the_summary_of_an_ensemble_begins_with_the_budget(many):
    text = many.summary()
    unwrapped = " ".join(text.split())
    for said in (
        "outcome At step 12,000 the runs memorised 0.470 ± 0.026 nat of their own sample",
        "stopping Stop at step 1,200, where models of different datasets predict one another best",
        "The test loss there is 0.563 nat, 1.4 % above the least, which only labels find (step 1,761), and 41 % less",
        "1 task × 6 datasets × 3 seeds: 18 trainings, 17 of them counted; errors over the 6 datasets",
        "memorised I(X;data|task) 0.470 ± 0.026 [0.433, 0.538] asymptotic",
        "Q mean heat absorbed −6.25 ± 0.32 nat unbiased",
        "The matched-size contrast, unbiased at zero and too small where there is much, gives 0.456 ± 0.026 nat",
        "Not given: what was learned of the task, because the design has one task",
        "M-info The parameters hold at least 0.282 ± 0.017 nat and at most 1.792 nat of their data set, I(Θ;B)",
        "! 1 member diverged (4 at step 818)", "! a small design: with 6 clusters",
    ):  # fmt: skip
        assert said in unwrapped, said
    assert "nan" not in text
    assert max(map(len, text.splitlines())) <= 88
    assert "memorised" in many._repr_html_() and "<script" not in many._repr_html_()


@pytest.mark.parametrize("records", [0, 1])
def test_an_ensemble_that_has_hardly_begun_has_a_summary(on_paper, tmp_path, records):
    text = on_paper(tmp_path / "run", records=records).summary()
    assert ("Nothing is recorded yet" in text) == (records == 0)
    assert max(map(len, text.splitlines())) <= 88


def test_errors_that_a_design_cannot_give_are_not_printed(on_paper, tmp_path):
    made = on_paper(tmp_path / "run", datasets=2, unavailable={"info_dataset_error": "2 datasets give no error."})
    for name in ("info_dataset", "l_info"):
        made.tree["information"][f"{name}_error"].values[:] = math.nan
    text = " ".join(made.summary().split())
    assert "memorised 0.47 (no error) nat of their own sample" in text and "nan" not in text
    assert "Not given: the error of what was memorised of the sample, because 2 datasets give no error" in text


def test_errors_count_the_clusters_that_are_left(on_paper, tmp_path):
    """Two of six datasets diverged at the end; where a row does not say, the design's number stands."""
    made = on_paper(tmp_path / "run")
    counted = made.tree["information"]["clusters_counted"].values
    counted[:] = [6] * 10 + [-1] + [4] * 9
    made.__dict__.pop("data", None)
    freedoms = [made.estimate("info_dataset", step=row).degrees_of_freedom for row in (-20, -10, -1)]
    assert freedoms == [5, 5, 3]
    assert "errors over the 4 outermost clusters left of the 6 datasets" in " ".join(made.summary().split())


def test_a_probe_of_training_inputs_is_confessed(on_paper, tmp_path):
    probe = {"inputs": 500, "heads": 1, "outcomes": 10, "labelled": True, "split": "train"}
    text = " ".join(on_paper(tmp_path / "run", probe=probe).summary().split())
    assert "! The probe was drawn from the training split: members may have been trained on its inputs" in text
    assert "test loss" not in text and "The loss on the probe (training inputs) there is 0.563 nat" in text
    assert "probe loss 2.59 →" in text and "on the probe (training inputs), mean of the members" in text


def test_where_all_members_diverged_the_summary_says_so_first(on_paper, tmp_path):
    lost = {
        "diverged": [{"member": member, "step": 12} for member in range(18)],
        "unavailable": {"everything": "fewer than two members are left, since the others diverged."},
    }

    def said(name, records, **attributes):
        made = on_paper(tmp_path / name, records=records)
        made.tree.attrs |= attributes
        return " ".join(made.summary().split())

    text = said("one", 1, **lost)
    assert "outcome All 18 members diverged: fewer than two are left to compare after step 0" in text
    assert "At step 0, the last information, the runs" in text
    assert "everything" not in text and "should have stopped" not in text
    assert "outcome All 18 members diverged: fewer than two are left to compare, so" in said("none", 0, **lost)
    text = said("all", 20, unavailable={**lost["unavailable"], "m_info_upper": "I(Θ;B) has no upper bound here."})
    assert "because I(Θ;B) has no upper bound here" in text
    assert "Nothing is given, because fewer than two members are left, since the others diverged." in text


def test_a_lower_bound_below_zero_shows_nothing(on_paper, tmp_path):
    made = on_paper(tmp_path / "run")
    made.tree["information"]["m_info_lower"].values[-1] = -0.0358
    text = " ".join(made.summary().split())
    assert "The parameters hold at most 1.792 nat of their data set, I(Θ;B)." in text
    assert (
        "Its lower bound is not above 0 (−0.036 ± 0.017 nat), so it shows nothing" in text.replace("\xa0", " ")
        or "Its lower bound is not above 0" in text
    )
    assert "at least −" not in text
    made = on_paper(tmp_path / "unbounded")
    made.tree["information"]["m_info_lower"].values[-1] = -0.0358
    made.tree["information"]["m_info_upper"].values[-1] = math.nan
    text = " ".join(made.summary().split())
    assert "The lower bound of what the parameters hold of their data set, I(Θ;B), is not above 0" in text


def test_records_that_end_before_the_training_does(on_paper, tmp_path):
    text = " ".join(on_paper(tmp_path / "run", ended_before={"step": 12_000, "of": 15_000}).summary().split())
    assert "in 20 records: records end at step 12,000 of 15,000, what the training did after that" in text
    assert "than at the last record" in text


def test_where_to_stop(many, run):
    stop = many.stopping_point()
    assert (stop.step, stop.best_step, stop.resolved) == (1200, 1761, True)
    assert run.stopping_point() is None


def test_the_report_of_an_ensemble(many, tmp_path):
    assert "The information budget of 18 training runs" in many.report(tmp_path / "page.html").read_text()


def test_opening_what_is_no_record(tmp_path):
    with pytest.raises(RecordError, match="does not exist"):
        open(tmp_path / "nothing")
    with pytest.raises(RecordError, match=r"give the directory that holds record\.zarr"):
        open(tmp_path)


def test_finding_records(tmp_path):
    for name in ("b", "a", "deep/down/c", ".hidden/d"):
        write(tmp_path / name, count=2)
    (tmp_path / "not").mkdir()
    assert [run.path.relative_to(tmp_path).as_posix() for run in find(tmp_path)] == ["a", "b", "deep/down/c"]
    (tmp_path / "b" / "record.zarr" / "zarr.json").write_text("{")
    with pytest.warns(SzilardWarning, match="damaged"):
        assert [run.path.name for run in find(tmp_path)] == ["a", "c"]
    with pytest.raises(RecordError, match="is not a directory"):
        find(tmp_path / "nothing")


def test_opening_is_light(tmp_path):
    """Listing records loads neither torch nor xarray nor zarr."""
    write(tmp_path / "run")
    code = (
        f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; from szilard.handle import find\n"
        f"assert [run.status for run in find({str(tmp_path)!r})] == ['complete']\n"
        "print(sorted({'torch', 'xarray', 'zarr', 'plotly', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_what_a_design_cannot_give_is_no_estimate_and_says_why(tmp_path):
    from szilard import Design, Disjoint, Experiment, Probe, Training, factory

    experiment = Experiment(
        model=factory("nets:mlp", widths=[64, 10]), data="digits", training=Training(steps=20), probe=Probe(size=30),
        design=Design(datasets=Disjoint(3, size=50), seeds=2), record_at=(20,),
    )  # fmt: skip
    run = szilard.run(experiment, tmp_path / "run", quiet=True)
    with pytest.raises(RecordError, match="gives no 'info_task': there is one task"):
        run.estimate("info_task")
    brackets = re.findall(r"\[([-−.\d]+), ([.\d]+)\]", run.summary())
    assert brackets and all(0 <= float(low) <= float(high) <= math.log(10) + 0.01 for low, high in brackets)


def test_trainings_that_went_wrong_are_called_so(tmp_path):
    from szilard import SGD, Design, Disjoint, Experiment, Probe, Training, factory

    experiment = Experiment(
        model=factory("nets:mlp", widths=[64, 20, 10]), data="digits", probe=Probe(size=60),
        training=Training(optimizer=SGD(lr=1000.0), steps=30),
        design=Design(datasets=Disjoint(3, size=50), seeds=2), record_at=(30,),
    )  # fmt: skip
    run = szilard.run(experiment, tmp_path / "run", quiet=True)
    assert "The training went wrong" in " ".join(run.summary().split())
    assert "The training went wrong" in run.report().read_text(encoding="utf-8")


def test_paths_are_fixed_when_monitor_and_handle_are_made(tmp_path, monkeypatch):
    """The working directory changes while the run goes on, to one that holds a finished record of the same name."""
    for directory in ("home", "other"):
        (tmp_path / directory).mkdir()
        monkeypatch.chdir(tmp_path / directory)
        model = torch.nn.Linear(4, 3)
        monitor = szilard.Monitor(szilard.Classifier(model, torch.eye(4)), out="runs/mine", every=1, quiet=True)
        for _ in range(3 if directory == "home" else 5):
            monitor.step()
        if directory == "home":
            monitor.close()
    monkeypatch.chdir(tmp_path / "home")
    run = monitor.close()
    opened = szilard.open("runs/mine")
    monkeypatch.chdir(tmp_path)
    assert run.data.sizes["step"] == 6
    assert opened.data.sizes["step"] == 4
    assert opened.report() == tmp_path / "home" / "runs" / "mine" / "report.html"
