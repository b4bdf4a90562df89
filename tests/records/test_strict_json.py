"""Strict JSON: what goes in is plain data, what comes out any parser can read."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from szilard.errors import RecordError
from szilard.records.strict_json import dumps, loads


@pytest.mark.parametrize("indent", [None, 2])
def test_every_kind_of_value(indent):
    value = {
        "nan": math.nan, "inf": [math.inf, -math.inf], "tensor": torch.tensor([1.5, math.nan]), "int": np.int64(3),
        "array": np.eye(2), "text": "φ\n", "nested": {"tuple": (1, 2.5, None, True)}, 4: "key",
        "float": np.float32(0.5),
    }  # fmt: skip

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(dumps(value, indent), parse_constant=refuse) == {
        "nan": None, "inf": ["Infinity", "-Infinity"], "tensor": [1.5, None], "int": 3, "array": [[1, 0], [0, 1]],
        "text": "φ\n", "nested": {"tuple": [1, 2.5, None, True]}, "4": "key", "float": 0.5,
    }  # fmt: skip


def test_one_line_is_one_line():
    assert "\n" not in dumps({"text": "two\nlines", "nan": math.nan})


def test_what_is_no_data_is_refused():
    with pytest.raises(RecordError, match="not function"):
        dumps({"f": lambda: None, "nan": math.nan})


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "{", "", "[" * 100_000])
def test_what_is_not_strict_is_refused(text):
    with pytest.raises(ValueError):
        loads(text)
