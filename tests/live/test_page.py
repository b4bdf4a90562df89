"""The page in a browser, while a run trains, when it is killed, and when it goes on: one browser for all of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from chromium import PROGRAM, Chromium

from szilard.live.board import Board
from szilard.live.server import LiveServer
from szilard.numbers import with_error
from szilard.records.writer import RecordWriter

Begin = Callable[..., RecordWriter]
Write = Callable[..., None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PROGRAM is None, reason="CHROMIUM IS MISSING: the live page was not looked at in a browser; install chromium"
    ),
]

TRAINING = """
import sys, time, torch, szilard
torch.manual_seed(0)
x = torch.randn(64, 4)
y = (x[:, 0] > 0).long()
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
monitor = szilard.Monitor(szilard.Classifier(model, inputs=x, labels=y), optimizer, out=sys.argv[1], every=1)
for step in range(int(sys.argv[2])):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    monitor.step(loss=loss)
    time.sleep(0.002)
monitor.close()
"""
STATUS = "document.querySelector('#runs li .status')?.textContent"
RECORDS = "parseInt(document.querySelector('#runs li .count')?.textContent.replace(',', '') ?? '0')"
CURVES = "document.querySelectorAll('#panels figure .curve').length"


def training(place: Path, steps: int) -> subprocess.Popen[bytes]:
    """A process that trains and is watched."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", TRAINING, str(place), str(steps)], env=environment)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for records, empty at first."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def server(runs: Path) -> Iterator[LiveServer]:
    """Serves it."""
    import threading

    board = Board([runs])
    with LiveServer(board) as found:
        board.begin()
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        board.end()
        found.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser that shows it."""
    with Chromium(tmp_path_factory.mktemp("profile")) as found:
        found.open(server.address)
        yield found


def test_it_follows_a_run_that_trains_and_is_killed(page: Chromium, runs: Path) -> None:
    page.until(f"{STATUS} === 'no record yet'")
    process = training(runs / "first", 100_000)
    try:
        page.until(f"{STATUS} === 'being written' && {RECORDS} > 20 && {CURVES} === 6")
        seen = page.ask(RECORDS)
        path = page.ask("document.querySelector('#panels .curve').getAttribute('d')")
        page.until(f"{RECORDS} > {seen + 20}")
        assert page.ask("document.querySelector('#panels .curve').getAttribute('d')") != path
        titles = page.ask("[...document.querySelectorAll('#panels h2')].map((each) => each.textContent)")
        assert titles[:2] == ["work W nat", "heat Q absorbed by X nat"]
    finally:
        process.kill()
        process.wait()
    page.until(f"{STATUS} === 'left unclosed'")
    assert "its process was killed" in page.ask("document.querySelector('#runs .words').textContent")
    assert page.ask(CURVES) == 6


def test_several_runs_are_laid_over_one_another(page: Chromium, runs: Path, begin: Begin, write: Write) -> None:
    other = begin("second")
    write(other, 0, 30)
    other.close()
    other.path.rename(runs / "second")
    page.until(f"document.querySelectorAll('#runs li').length === 2 && {CURVES} === 9")
    page.until("[...document.querySelectorAll('.status')].some((each) => each.textContent === 'complete')")
    page.ask("document.querySelectorAll('#runs input')[1].click()")
    assert page.ask(CURVES) == 6
    page.ask("document.querySelectorAll('#runs input')[1].click()")
    assert page.ask(CURVES) == 9


def test_quantities_are_chosen_and_steps_are_logarithmic(page: Chromium) -> None:
    page.ask("document.querySelector('#quantities input[value=\"ledger/learning_rate\"]').click()")
    page.until(f"{CURVES} === 10")
    assert "learning_rate" in page.ask("location.hash")
    page.ask("document.getElementById('step-axis').click()")
    ticks = page.ask(
        "[...document.querySelectorAll('#panels figure:first-child .along')].map((each) => each.textContent)"
    )
    assert "10" in ticks and "0" not in ticks
    page.ask("document.getElementById('step-axis').click()")


def test_the_pointer_shows_numbers_and_enlarges(page: Chromium) -> None:
    frame = page.ask("(({x, y, width, height}) => [x, y, width, height])"
                     "(document.querySelector('.plot').getBoundingClientRect())")  # fmt: skip
    x, y, width, height = frame

    def pointer(kind: str, share: float) -> None:
        page.call("Input.dispatchMouseEvent", type=kind, x=x + share * width, y=y + height / 2, button="left",
                  clickCount=1)  # fmt: skip

    pointer("mouseMoved", 0.5)
    page.until("/\\nstep \\d+$/.test(document.querySelector('.tip:not([hidden])')?.textContent ?? '')")
    ticks = "[...document.querySelectorAll('#panels figure:first-child .along')]"
    last = f"Number({ticks}.at(-1).textContent.replace(',', ''))"
    before = page.ask(last)
    for kind, share in (("mousePressed", 0.3), ("mouseMoved", 0.5), ("mouseReleased", 0.6)):
        pointer(kind, share)
    assert page.ask(last) < before


def test_numbers_are_written_as_everywhere(page: Chromium) -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=200) * 10.0 ** rng.integers(-9, 7, size=200)).tolist()
    errors = [abs(value) * 10.0**power for value, power in zip(values, rng.integers(-4, 2, size=200), strict=True)]
    pairs = list(zip(values, errors, strict=True))
    asked = f"import('./words.js').then((words) => {json.dumps(pairs)}.map((each) => words.withBand(...each)))"
    assert page.ask(asked) == [with_error(value, error) for value, error in pairs]


def test_huge_numbers_have_few_ticks(page: Chromium) -> None:
    points = "{ x: [0, 1, 2], y: [1e20, 1e20 + 20000, 1e300], half: [null, 1e308, null] }"
    for shown in (points, points.replace("1e300", "null"), points.replace("1e300", "-1e308")):
        asked = (
            "import('./plot.js').then(({ Plot }) => { const host = document.querySelector('.plot').cloneNode(false);"
            " document.querySelector('#panels').append(host); const plot = new Plot(host);"
            f" plot.show([{{ points: {shown}, name: '', unit: '', colour: 'red', dash: '' }}], false);"
            " const found = host.querySelectorAll('.up').length; host.remove(); return found; })"
        )
        assert page.ask(asked) < 20


def test_hostile_text_is_only_text(page: Chromium, runs: Path, hostile_text: str, begin: Begin) -> None:
    with_names = begin("hostile")
    with_names.annotate(
        status="broken", broken_because=hostile_text, coordinate_names={"reservoir/group": [hostile_text, "x"]}
    )
    with_names.append("reservoir", 1, {"temperature_noise": [1.0, 2.0]})
    with_names.abandon()
    with_names.path.rename(runs / "<img src=x onerror=document.title=1>")
    page.until("document.querySelectorAll('#runs li').length === 3")
    page.ask("document.querySelector('#quantities input[value=\"reservoir/temperature_noise\"]').click()")
    page.until("[...document.querySelectorAll('.values .name')].some((each) => each.textContent.includes('script'))")
    assert page.ask("document.title") == "szilard live"
    assert page.ask("document.querySelectorAll('img, script').length") == 1  # the page's own script
    assert page.said == []


def test_nothing_is_asked_of_anybody_else_and_an_end_is_told(page: Chromium, server: LiveServer) -> None:
    assert page.asked and all(each.startswith((server.address, "data:")) for each in page.asked)
    server.board.end()
    server.shutdown()
    server.server_close()
    page.until("document.getElementById('connection').textContent.startsWith('szilard live has ended')")
