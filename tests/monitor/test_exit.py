"""A loop that ends without closing its monitor leaves everything it had observed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

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
