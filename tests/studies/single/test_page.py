"""The page of sound, poor and hostile records."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import plotly.graph_objects as go
import pytest
import xarray as xr

import szilard
from szilard.audit import audit
from szilard.page.curve import thinned
from szilard.page.safe import embed
from szilard.report import render, write
from szilard.studies.single.figures import FIGURES, figures
from szilard.studies.single.reading import SingleReading


class Page(HTMLParser):
    """Elements, attributes, visible text and embedded data of a page."""

    VOID = frozenset({"meta", "input", "br", "img", "link", "base"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.data: list[str] = []
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open[-1] == tag, (tag, self._open)
        self._open.pop()

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        (self.scripts if inside == "script" else self.data).append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.data))


def page_of(tree: xr.DataTree) -> Page:
    return Page(render(tree, audit(tree)))


def test_every_figure_is_there_and_valid(run: szilard.Run) -> None:
    drawn = figures(SingleReading(run.tree))
    assert len(drawn) == len(FIGURES)
    assert len({figure.key for figure in drawn}) == len(drawn)
    for figure in drawn:
        for frame in figure.frames or [{"data": figure.data, "layout": figure.layout}]:
            plain = json.loads(embed({"data": frame["data"], "layout": frame["layout"]}))
            assert go.Figure(plain, skip_invalid=False).data  # plotly checks every name and value
            assert all(axis["title"]["text"] for name, axis in plain["layout"].items() if "axis" in name)


def test_the_page_needs_nothing_from_elsewhere(run: szilard.Run) -> None:
    page = page_of(run.tree)
    names = [name for name, _ in page.attributes]
    assert not {"src", "srcset", "action", "onclick", "onload", "background"} & set(names)
    assert [value for name, value in page.attributes if name == "href"] == ["#figures"]
    assert page.tags["link"] == page.tags["img"] == page.tags["iframe"] == 0
    policy = next(value for name, value in page.attributes if name == "content" and value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_the_page_is_written_whole(run: szilard.Run, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.html"
    assert write(run.tree, run.audit(), target) == target
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
    assert target.read_text(encoding="utf-8").endswith("</html>\n")


def test_it_says_what_was_seen(run: szilard.Run) -> None:
    text = page_of(run.tree).text
    for words in (
        "Complete record", "601 records", "more certain", "accuracy on the probe", "Drift: it makes up",
        "The model learned: ΔS",
        "The numbers stand", "The first law closes", "Cannot be checked here", "by construction", "Open it in Python",
    ):  # fmt: skip
        assert words.lower() in text.lower(), words


@pytest.mark.slow
def test_it_calls_noise_noise(noisy: szilard.Run) -> None:
    text = page_of(noisy.tree).text
    assert "Diffusion: drift makes up" in text
    assert "No learning visible" in text
    assert "The model learned" not in text


def test_hostile_text_stays_text(hostile: xr.DataTree, run: szilard.Run, hostile_text: str) -> None:
    sound, page = page_of(run.tree), page_of(hostile)
    assert page.tags["script"] == sound.tags["script"]
    assert page.tags["img"] == 0
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("document.title") >= 10  # shown, many times, as text
    assert not any("hacked" in script for script in page.scripts)
    assert "\u202e" not in page.text


def test_hostile_labels_reach_no_figure_as_markup(hostile: xr.DataTree) -> None:
    for figure in figures(SingleReading(hostile)):
        assert "<script" not in json.dumps(figure.layout, default=str) + json.dumps(figure.data, default=str)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "incomplete"}, "Incomplete"),
        ({"status": "broken", "broken_at_step": 77, "broken_because": "odd loss"}, "broke at step 77: odd loss"),
        ({"forward_flagged": True, "forward_precision": "bfloat16"}, "The forward pass ran in bfloat16"),
    ],
)  # fmt: skip
def test_the_banner_says_what_to_mind(changes: dict, said: str, retold: Callable[..., xr.DataTree]) -> None:
    page = page_of(retold(**changes))
    assert said in page.text
    assert "✓ Complete record" not in page.text


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"rows": 0}, 10),
        ({"rows": 1}, 10),
        ({"rows": 2}, 2),
        ({"groups": ("ledger",)}, 2),
        ({"drop": ("loss", "accuracy", "cross_entropy")}, 1),
        ({"drop": ("work_by_interval",)}, 2),
        ({"drop": ("work_direct", "fluctuation")}, 1),
        ({"optimizer": None, "model": None, "probe": None, "every": None, "provenance": "odd"}, 0),
        ({"optimizer": [1], "model": "odd", "probe": {"inputs": "many", "outcomes": "odd"}, "every": "odd"}, 0),
    ],
)
def test_what_is_missing_is_left_out(changes: dict, missing: int, retold: Callable[..., xr.DataTree]) -> None:
    tree = retold(**changes)
    drawn = figures(SingleReading(tree))
    assert len(FIGURES) - len(drawn) == missing
    page_of(tree)


def test_a_run_without_labels_and_loss(bare: szilard.Run) -> None:
    page = page_of(bare.tree)
    assert "Loss and accuracy" not in page.text
    assert "accuracy on the probe" not in page.text


def test_long_records_are_thinned_to_both_ends() -> None:
    kept = thinned(100_000)
    assert len(kept) <= 1000
    assert (kept[0], kept[-1]) == (0, 99_999)
    assert set(range(20)) <= set(kept.tolist())
    assert thinned(7).tolist() == list(range(7))
