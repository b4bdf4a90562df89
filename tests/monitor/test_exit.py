"""A loop that ends without closing its monitor leaves everything it had observed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

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


def test_a_loop_that_ends_without_close_keeps_its_last_rows(tmp_path: Path, programs: Any) -> None:
    out = tmp_path / "run"
    code = textwrap.dedent(LOOP).format(out=str(out))
    programs.start(code, tmp_path)
    ended = programs.end()
    assert "KeyboardInterrupt" in ended.stderr
    run = szilard.open(out)
    assert run.data["step"].values.tolist() == [0, 1, 2, 3, 4, 5]
    assert run.status == "incomplete"


WATCHED = """
    import torch, szilard

    def watched(out, steps):
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        szilard.watch(model, optimizer, torch.eye(4), out=out, every=2)
        for step in range(steps):
            optimizer.zero_grad()
            model(torch.eye(4)).logsumexp(1).sum().backward()
            optimizer.step()
        return optimizer

    kept = watched({out!r} + "/run", 5), watched({out!r} + "/idle", 0)
    {end}
"""


STATUS = {
    "": "complete",
    "raise ValueError": "broken",
    "import sys; sys.exit(3)": "broken",
    "raise SystemExit(3)": "incomplete",
}
"""The code of an exit is seen where ``sys.exit`` is called."""


@pytest.mark.parametrize("end", STATUS)
def test_a_watched_loop_is_closed_at_exit(tmp_path: Path, programs: Any, end: str) -> None:
    """As what it then is; one that made no step says what was amiss."""
    code = textwrap.dedent(WATCHED).format(out=str(tmp_path), end=end)
    programs.start(code, tmp_path)
    ended = programs.end()
    run = szilard.open(tmp_path / "run")
    assert "watching Linear as a classifier: 4 inputs, 3 classes" in ended.stderr
    assert run.status == STATUS[end]
    assert run.data["step"].values.tolist() == ([0, 2, 4] if end else [0, 2, 4, 5])
    assert szilard.open(tmp_path / "idle").status == (STATUS[end] if end else "broken")
    if STATUS[end] == "broken":
        name = "ValueError" if "Value" in end else "SystemExit(3)"
        assert run.attributes["broken_because"] == f"the program ended with {name}"
    elif not end:
        assert "no step of SGD was seen: give szilard.watch the optimiser" in ended.stderr
