"""Data of one's own: arrays, PyTorch datasets, addresses, and inputs without labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import TensorDataset

import szilard
from szilard import Design, Disjoint, Experiment, Probe, Training, data, factory
from szilard.errors import DataError, SpecError

INPUTS = np.arange(24.0).reshape(12, 2)
LABELS = np.arange(12) % 3


def test_arrays_become_float32_and_int64_and_classes_are_counted() -> None:
    own = data.from_arrays(INPUTS, LABELS.astype(float), INPUTS[:4], LABELS[:4])
    assert own.train_inputs.dtype is torch.float32 and own.train_labels.dtype is torch.int64
    assert own.classes == ("0", "1", "2") and own.test_labelled
    assert data.from_arrays(INPUTS, LABELS, INPUTS, LABELS, classes="abcd").classes == ("a", "b", "c", "d")


def test_what_is_no_label_is_refused() -> None:
    with pytest.raises(DataError, match="not whole numbers"):
        data.from_arrays(INPUTS, LABELS + 0.5, INPUTS, LABELS)
    with pytest.raises(DataError, match="give one label for each"):
        data.from_arrays(INPUTS, LABELS[:3], INPUTS, LABELS)


def test_torch_datasets_are_read_whole() -> None:
    train = TensorDataset(torch.from_numpy(INPUTS), torch.from_numpy(LABELS))
    own = data.from_torch(train, train, name="mine")
    assert own.name == "mine" and torch.equal(own.train_inputs, torch.from_numpy(INPUTS).float())

    class Odd(TorchDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return torch.zeros(index + 1), 0

    with pytest.raises(DataError, match="not pairs of an input tensor and a label"):
        data.from_torch(Odd(), train)


def test_data_go_by_the_address_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of_mine.py").write_text(
        "import numpy as np\nfrom szilard import data\n"
        "def points():\n    return data.from_arrays(np.eye(6), np.arange(6) % 2, np.eye(6), np.arange(6) % 2)\n"
        "def nothing():\n    return 7\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert len(data.load("of_mine:points").train_inputs) == 6
    with pytest.raises(SpecError, match="returned a int"):
        data.load("of_mine:nothing")
    with pytest.raises(SpecError, match="cannot be had"):
        data.load("of_mine:elsewhere")


def test_a_probe_of_ones_own_needs_no_labels(tmp_path: Path) -> None:
    own = data.from_arrays(INPUTS, LABELS, INPUTS[:5] + 100)
    experiment = Experiment(
        model=factory("nets:mlp", widths=[2, 3]),
        data=own,
        training=Training(batch_size=2, steps=4),
        design=Design(datasets=Disjoint(2, size=4), seeds=2),
        record_at=(4,),
        probe=Probe(labelled=False),
    )
    run = szilard.run(experiment, tmp_path / "run", quiet=True)
    assert run.attributes["probe"]["inputs"] == 5 and "cross_entropy" not in run.data
    labelled = Experiment(**{**vars(experiment), "probe": Probe()})
    with pytest.raises(SpecError, match="have no labels: set probe"):
        szilard.run(labelled, tmp_path / "other", quiet=True)
