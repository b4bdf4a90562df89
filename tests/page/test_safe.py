"""Text and numbers on their way into a page."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from szilard.numbers import with_error
from szilard.page.safe import embed, escape, prose


@pytest.mark.parametrize("text", ["<b>", "a&b", "\"'", "</script>", "\u202eevil", "a\x00b", "a\nb"])
def test_escaped_text_holds_no_markup_and_no_controls(text: str) -> None:
    escaped = escape(text)
    assert not set("<>\"'\u202e\x00\n") & set(escaped)
    assert escaped.count("&") == sum(escaped.count(entity) for entity in ("&lt;", "&gt;", "&amp;", "&quot;", "&#x27;"))


@pytest.mark.parametrize("text", ["</script>", "<!--", "\u2028", "]]>&", 'quote " and \\'])
def test_embedded_json_reads_back_and_cannot_end_its_script(text: str) -> None:
    embedded = embed({text: [text]})
    assert not set("<>&\u2028") & set(embedded)
    assert json.loads(embedded) == {text: [text]}


def test_numbers_are_rounded_and_undefined_ones_null() -> None:
    value = {"a": np.array([1.23456789, math.nan, math.inf]), "b": np.int64(3), "c": (np.float64(2.0), None, True)}
    assert json.loads(embed(value)) == {"a": [1.23457, None, None], "b": 3, "c": [2.0, None, True]}


def test_prose_raises_the_unit_of_length_only() -> None:
    assert prose("<3 nat^½") == "&lt;3 nat<sup>½</sup>"


def test_errors_keep_together_with_a_true_minus() -> None:
    assert prose(with_error(-1.25, 0.1)) == "−1.25\u00a0±\u00a00.10"
