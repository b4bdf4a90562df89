"""What a commit does to the warnings of the program that it is part of: nothing."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import szilard
from szilard.monitor import session
from szilard.records import writer
from szilard.records.reader import read
from szilard.records.store import Store

STEPS = 6
MINE = "this loop has something to say"


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every commit, of which there is one at each row."""
    made = []
    commit = Store.commit

    def watched(store: Store, *arguments: Any) -> None:
        commit(store, *arguments)
        made.append(store.path)

    monkeypatch.setattr(Store, "commit", watched)
    monkeypatch.setattr(writer, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(writer, "COMMIT_RATIO", 0.0)
    monkeypatch.setattr(session, "_FLUSH_SECONDS", 0.0)
    return made


def test_a_loops_own_warning_is_shown_once(tmp_path, commits):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    inputs = torch.randn(8, 3)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        with szilard.Monitor(
            szilard.Classifier(model, inputs), optimizer, out=tmp_path / "run", every=1, quiet=True
        ) as monitor:
            for _ in range(STEPS):
                optimizer.zero_grad()
                model(inputs).square().mean().backward()
                optimizer.step()
                monitor.step()
                warnings.warn(MINE, stacklevel=1)
    assert len(commits) > STEPS
    assert [str(warning.message) for warning in shown] == [MINE]


@pytest.mark.parametrize("action", ["error", "default", "always"])
def test_a_later_filter_of_the_users_stops_no_commit(tmp_path, groups, row, commits, action):
    """And none is put before it more than once."""
    with warnings.catch_warnings(record=True) as shown:
        record = writer.RecordWriter(tmp_path / "run", groups=groups, attributes={})
        warnings.simplefilter(action)
        lengths = []
        for i in range(STEPS):
            record.append("ledger", i, row(i))
            lengths.append(len(warnings.filters))
        record.close()
    assert len(commits) > STEPS
    assert len(set(lengths)) == 1
    assert not shown
    assert read(tmp_path / "run")["ledger/step"].size == STEPS
