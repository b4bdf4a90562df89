"""Rows, attributes and coordinates that do not fit are refused, and leave nothing behind."""

from __future__ import annotations

import pytest
import torch

from szilard.errors import RecordError
from szilard.records.reader import read

ROW_MISTAKES = {
    "group": (("ledgre", 0, {}), "no group 'ledgre': did you mean 'ledger'"),
    "column": (("ledger", 0, {"wrok": 1.0}), "no column 'wrok': did you mean 'work'"),
    "text": (("ledger", 0, {"work": "much"}), "ledger/work at step 0 does not fit"),
    "vector for scalar": (("ledger", 7, {"work": [1.0, 2.0]}), "ledger/work at step 7 does not fit"),
    "scalar for vector": (("ledger", 0, {"work_by_interval": 1.0}), "ledger/work_by_interval at step 0 does not fit"),
    "short vector": (("ledger", 0, {"work_by_interval": [1.0, 2.0]}), "2 values where 3 belong"),
    "half an integer": (("ledger", 0, {"interval": 2.5}), "2.5 is no 64-bit integer"),
    "a huge integer": (("ledger", 0, {"interval": 2**63}), "is no 64-bit integer"),
    "a half tensor": (("samples", 0, {"ep_histogram": torch.tensor([1.0, 2.0, 0.5, 0.0])}), "0.5 is no 64-bit integer"),
    "infinite integer": (("samples", 0, {"ep_histogram": [1, 2, 3, float("inf")]}), "samples/ep_histogram at step 0"),
}


@pytest.mark.parametrize("case", ROW_MISTAKES)
def test_rows_that_do_not_fit_are_refused_whole(writer, case):
    arguments, message = ROW_MISTAKES[case]
    with pytest.raises(RecordError, match=message):
        writer.append(*arguments)
    writer.close()
    assert read(writer.path)["ledger/step"].size == 0


def test_attributes_and_coordinates_that_do_not_fit(writer):
    with pytest.raises(RecordError, match="not object"):
        writer.annotate(model=object())
    with pytest.raises(RecordError, match="2 values where 3 belong"):
        writer.set_coordinate("ledger", "path_interval", [1, 2])
    with pytest.raises(RecordError, match="no dimension 'bin' in group 'ledger'"):
        writer.set_coordinate("ledger", "bin", [1, 2])
    writer.close()
    assert "model" not in read(writer.path).attrs
