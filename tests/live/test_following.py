"""A record is followed row by row, whatever becomes of it: committed, resumed, replaced, removed, damaged, left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import szilard
from szilard.errors import RecordError
from szilard.live import tail
from szilard.live.board import Board
from szilard.live.follower import Follower
from szilard.live.news import News
from szilard.live.run import LiveRun
from szilard.live.thinning import Place
from szilard.records.committed import Committed
from szilard.records.writer import RecordWriter

Begin = Callable[..., RecordWriter]
Write = Callable[..., None]
WANTED = {"ledger": ("work",)}


def followed(follower: Follower) -> list[float]:
    """The work of the rows that are new."""
    follower.look()
    return [value for rows in follower.news(WANTED) for value in rows.values["work"].tolist()]


def drawn(run: LiveRun, key: str = "ledger/work") -> list[float]:
    """The values of a short curve."""
    told = run.since({}, [key])[0]
    values: list[float] = told[key][0]["even"][1]
    return values


def test_every_row_comes_once(begin: Begin, write: Write, tmp_path: Path) -> None:
    follower, writer, seen = Follower(tmp_path / "run"), begin(), []
    for turn in range(12):
        write(writer, 10 * turn, 10 * turn + 10)
        if turn % 3 == 1:
            writer.commit()
        if turn % 5 != 2:
            seen += followed(follower)
    writer.close()
    seen += followed(follower)
    assert seen == [float(step) for step in range(120)]
    assert follower.attributes["status"] == "complete" and follower.damaged == 0


def test_the_store_is_not_read_again(
    begin: Begin, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, int, int]] = []
    rows = Committed.rows
    monkeypatch.setattr(
        Committed, "rows", lambda self, *which: (read.append((which[1], *which[2:])), rows(self, *which))[1]
    )
    follower, writer = Follower(tmp_path / "run"), begin()
    write(writer, 0, 10)
    writer.commit()
    assert len(followed(follower)) == 10
    write(writer, 10, 20)
    assert len(followed(follower)) == 10
    writer.commit()  # what is in the store now was in the journal before
    assert followed(follower) == []
    write(writer, 20, 30)
    writer.commit()  # this never was
    assert len(followed(follower)) == 10
    writer.close()
    read = [each for each in read if each[0] != "group"]
    assert sorted(read) == [("step", 0, 10), ("step", 20, 30), ("work", 0, 10), ("work", 20, 30)]


def test_a_torn_line_waits_for_its_rest_and_a_damaged_one_is_counted(
    begin: Begin, write: Write, tmp_path: Path
) -> None:
    follower, writer = Follower(tmp_path / "run"), begin()
    write(writer, 0, 2)
    journal = tmp_path / "run" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1][:40])
    assert followed(follower) == [0.0]
    with journal.open("ab") as file:
        file.write(lines[1][40:] + b'{"nonsense": 1}\n' + lines[1].replace(b'"index":1', b'"index":2')
                   .replace(b'"work":1.0', b'"work":"x"'))  # fmt: skip
    assert followed(follower) == [1.0]
    assert follower.damaged == 2
    writer.abandon()


def test_a_journal_is_known_for_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "PIECE", 64)
    file = tmp_path / "journal"
    journal = tail.JournalTail(file)
    assert journal.lines() == []
    file.write_bytes(b"one\ntwo\nthr")
    assert journal.lines() == [b"one", b"two"]
    file.write_bytes(b"One\nTwo\nThree\n")  # as long, and begun anew
    assert journal.lines() == [b"One", b"Two", b"Three"]
    file.write_bytes(b"x" * 70 + b"\nlast\n")  # longer than anything that is read at one time
    assert journal.lines() == []
    assert journal.lines() == [b"x" * 6, b"last"] and journal.unreadable == 1


def test_one_that_is_replaced_is_begun_anew(begin: Begin, write: Write, tmp_path: Path) -> None:
    run = LiveRun(tmp_path / "run")
    assert not run.refresh() and run.condition.kind == "waiting"
    writer = begin()
    write(writer, 0, 5)
    writer.close()
    assert run.refresh() and run.condition.kind == "complete" and drawn(run) == [0.0, 1.0, 2.0, 3.0, 4.0]
    again = begin(overwrite=True)
    write(again, 0, 2, scale=7.0)
    assert run.refresh() and drawn(run) == [0.0, 7.0]
    head = run.head()
    assert (head["generation"], head["kind"], head["records"]) == (2, "written", 2) and head["replaced"] is not None
    again.close()


def test_one_that_is_resumed_goes_on(begin: Begin, write: Write, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    write(writer, 0, 5)
    writer.abandon()
    assert run.refresh() and run.condition.kind == "left" and "killed" in run.condition.words
    writer = RecordWriter.reopen(tmp_path / "run")
    write(writer, 5, 8)
    assert run.refresh() and run.condition.kind == "written"
    assert drawn(run) == [float(step) for step in range(8)] and run.generation == 1
    writer.close()
    assert run.refresh() and run.condition.kind == "complete" and not run.refresh()


def test_one_that_vanishes_stays_on_the_page(begin: Begin, write: Write, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    write(writer, 0, 5)
    writer.close()
    run.refresh()
    shutil.move(tmp_path / "run", tmp_path / "moved")
    assert run.refresh() and run.condition.kind == "gone" and len(drawn(run)) == 5
    shutil.move(tmp_path / "moved", tmp_path / "run")
    assert run.refresh() and run.condition.kind == "complete" and len(drawn(run)) == 5


def test_one_that_breaks_or_is_damaged_says_so(begin: Begin, write: Write, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    write(writer, 0, 5)
    writer.annotate(status="broken", broken_at_step=4, broken_because="the loss is not finite\x1b[2J")
    assert run.refresh() and run.condition.words == (
        "The run broke at step 4: the loss is not finite [2J. Everything before is kept."
    )
    writer.close()
    (tmp_path / "run" / "record.zarr" / "zarr.json").write_text("{")
    assert run.refresh() and run.condition.kind == "damaged" and "restore the record" in run.condition.words
    assert len(drawn(run)) == 5


def test_a_writer_that_is_killed_is_told(tmp_path: Path, begin: Begin) -> None:
    code = (
        "import sys, time; from szilard.records.writer import RecordWriter\n"
        f"writer = RecordWriter.reopen({str(tmp_path / 'run')!r})\n"
        "writer.append('ledger', 0, {'work': 1.0}); print('written', flush=True); time.sleep(60)"
    )
    begin().close()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "written\n"
        run = LiveRun(tmp_path / "run")
        run.refresh()
        assert run.condition.kind == "written"
        run.refresh()
        assert run.condition.kind == "written"  # nothing new, and it is alive
        process.send_signal(signal.SIGKILL)
    assert run.refresh() and run.condition.kind == "left" and drawn(run) == [1.0]


def test_further_quantities_come_when_they_are_wanted(begin: Begin, write: Write, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    writer.append("reservoir", 0, {"temperature_noise": [1.0, 2.0]})
    write(writer, 0, 3)
    run.refresh()
    run._wanted = {"ledger/loss"}
    run.refresh()
    assert "ledger/work" not in run.since({}, ["ledger/work"])[0]
    assert run.want(["ledger/work", "nonsense/x", "reservoir/temperature_noise"]) and not run.want(["ledger/work"])
    write(writer, 3, 4)
    assert run.refresh() and drawn(run) == [0.0, 1.0, 2.0, 3.0]
    told = run.since({}, ["reservoir/temperature_noise"])[0]["reservoir/temperature_noise"]
    assert [each["last"][1] for each in told] == [[1.0], [2.0]]
    assert next(each["curves"] for each in run.told() if each["of"] == "reservoir") == ["first", "<b>last</b>"]
    writer.close()


def test_an_ensemble_shows_the_mean_of_its_members(on_paper: Callable[..., szilard.Run], tmp_path: Path) -> None:
    made = on_paper(tmp_path / "run", datasets=12, seeds=2, diverged=5)
    run = LiveRun(tmp_path / "run")
    run.refresh()
    run.want(["ledger/work"])
    run.refresh()
    assert drawn(run) == pytest.approx(made.tree["ledger"]["work"].mean("member").values.tolist(), rel=1e-6)
    keys = [each["key"] for each in run.told()]
    assert keys[:3] == ["information/info_task", "information/info_dataset", "information/info_seed"]
    said = run.since({}, ["information/info_dataset"])[0]["information/info_dataset"][0]
    assert said["even"][2][-1] > 0 and np.isfinite(said["last"][1][0])


def test_a_board_finds_records_that_come_later(begin: Begin, write: Write, tmp_path: Path) -> None:
    board = Board([tmp_path])
    board.refresh()
    assert [run.condition.kind for run in board.runs] == ["waiting"]
    news = News(board, [])
    assert news.told() is not None and news.told() is None
    first, second = begin("one"), begin("more/two")
    write(first, 0, 3)
    assert board._search() and not board._search()
    board.refresh()
    assert [run.name for run in board.runs] == ["more/two", "one"]
    told = news.told()
    assert told is not None and told["shown"][:2] == ["ledger/work", "ledger/cross_entropy"]
    assert [told["runs"][str(number)]["records"] for number in told["order"]] == [0, 3]
    write(second, 0, 2)
    board.refresh()
    told = news.told()
    assert told is not None and list(told["runs"]) == [str(told["order"][0])]
    first.close()
    second.close()


def test_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, what in (("nowhere", "does not exist"), ("file", "is not a directory")):
        with pytest.raises(RecordError, match=f"{name} {what}: give directories of records"):
            Board([tmp_path / name])


def test_only_so_many_runs_are_shown(begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("szilard.live.board.MOST", 2)
    for turn in range(3):
        begin(f"run{turn}").close()
    board = Board([tmp_path])
    assert (len(board.runs), board.left_out) == (2, 1)


def test_places_are_told_only_once(begin: Begin, write: Write, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    write(writer, 0, 3)
    run.refresh()
    _, known = run.since({}, ["ledger/work"])
    assert known == {"ledger/work": Place(1, 3, 3, 3)} and run.since(known, ["ledger/work"])[0] == {}
    writer.close()


def test_a_record_beyond_sense_does_not_take_the_others_along(
    begin: Begin, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        writer = begin(name)
        write(writer, 0, 3)
        writer.abandon()
    with (tmp_path / "b" / "journal.jsonl").open("a") as journal:
        journal.write(f'{{"group":"ledger","index":3,"row":{{"step":{10**30}}}}}\n')
    board = Board([tmp_path])
    monkeypatch.setattr(board.runs[0]._follower, "look", lambda: {}["nothing"])
    board.refresh()
    assert [run.condition.kind for run in board.runs] == ["damaged", "left"]
    assert "cannot be read: KeyError: 'nothing'; restore" in board.runs[0].condition.words
    assert board.runs[1].head()["damaged"] == 1 and len(drawn(board.runs[1])) == 3


def test_hostile_numbers_do_no_harm(begin: Begin, tmp_path: Path) -> None:
    run, writer = LiveRun(tmp_path / "run"), begin()
    writer.append("ledger", 0, {"work": float("inf"), "loss": 1e308})
    writer.append("ledger", 1, {"work": -1e300, "work_error": 1e300})
    writer.append("ledger", 2, {"work": 1.0, "work_error": float("-inf")})
    run.refresh()
    assert drawn(run) == [None, -1e300, 1.0]
    writer.close()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_a_journal_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "journal.jsonl")
    assert tail.JournalTail(tmp_path / "journal.jsonl").lines() == []
