"""A loop that ends without closing its monitor leaves everything it had observed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import szilard

LOOP = """
    import torch, szilard
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    monitor = szilard.Monitor(szilard.Classifier(model, torch.eye(4)), out={out!r}, every=1, quiet=True)
    for step in range(5):
        with torch.no_grad():
            model.weight += 0.1
        monitor.step()
    raise KeyboardInterrupt
"""


def test_a_loop_that_ends_without_close_keeps_its_last_rows(tmp_path: Path) -> None:
    out = tmp_path / "run"
    code = textwrap.dedent(LOOP).format(out=str(out))
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert "KeyboardInterrupt" in ended.stderr
    run = szilard.open(out)
    assert run.data["step"].values.tolist() == [0, 1, 2, 3, 4, 5]
    assert run.status == "incomplete"


WATCHED = """
    import torch, szilard
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    szilard.watch(model, optimizer, torch.eye(4), out={out!r}, every=2, quiet={quiet})
    for step in range({steps}):
        optimizer.zero_grad()
        model(torch.eye(4)).logsumexp(1).sum().backward()
        optimizer.step()
    {end}
"""


@pytest.mark.parametrize(("end", "status"), [("", "complete"), ("raise ValueError", "broken")])
def test_a_watched_loop_is_closed_at_exit(tmp_path: Path, end: str, status: str) -> None:
    out = tmp_path / "run"
    code = textwrap.dedent(WATCHED).format(out=str(out), steps=5, end=end, quiet=True)
    subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    run = szilard.open(out)
    assert run.status == status
    assert run.data["step"].values.tolist() == ([0, 2, 4, 5] if status == "complete" else [0, 2, 4])
    assert "ValueError" in run.attributes.get("broken_because", "ValueError")


def test_a_watched_loop_without_a_step_says_so_at_exit(tmp_path: Path) -> None:
    out = tmp_path / "run"
    code = textwrap.dedent(WATCHED).format(out=str(out), steps=0, end="", quiet=False)
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert "no step of SGD was seen: give szilard.watch the optimiser" in ended.stderr
    assert szilard.open(out).status == "broken"
