"""The page of runs whose X is sampled: whole, poor, broken and hostile records of every capability."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

import szilard
from szilard.audit import audit
from szilard.page.safe import embed
from szilard.report import render
from szilard.studies.registry import study_of
from szilard.studies.sampled.figures import FIGURES, LEADING, figures
from szilard.studies.sampled.gallery import Gallery
from szilard.studies.sampled.reading import read
from szilard.studies.sampled.words import outcome

CAPABILITIES = ("sequential", "tractable", "bounded", "energetic")
EVERYWHERE = {"ledger", "space", "detailed", "entropy", "score", "training", "fluctuation", "pool"}
OWN = {
    "sequential": {"intervals"},
    "tractable": {"intervals"},
    "bounded": {"bounds", "intervals"},
    "energetic": {"dissipation", "relaxation", "chains", "jarzynski"},
}


@pytest.fixture(scope="module", params=CAPABILITIES)
def capability(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def trees(made_up: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., xr.DataTree]:
    """The maker of records, each made once."""
    known: dict[str, xr.DataTree] = {}

    def make(kind: str, **changes: Any) -> xr.DataTree:
        key = f"{kind} {changes}"
        if key not in known:
            out = made_up(tmp_path_factory.mktemp("sampled") / "run", kind, **changes)
            known[key] = szilard.open(out).tree
        return known[key]

    return make


class Page(HTMLParser):
    """Elements, attributes and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self._data: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside != "script":
            self._data.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self._data))


def page_of(tree: xr.DataTree) -> Page:
    return Page(render(tree, audit(tree)))


def said_on(tree: xr.DataTree) -> str:
    """All that the page says, without making HTML of all of it."""
    study = study_of(tree)
    told = study.content(study.read(tree), audit(tree))
    cards = [f"{card.words} {card.value} {card.rest}" for card in told.cards]
    drawn = [f"{each.title} {each.caption} {each.html}" for each in (told.leading, *told.figures) if each is not None]
    embed([figure.data for figure in told.figures])
    return " ".join([*(each.text for each in told.remarks), *cards, *(text for _, text in told.paragraphs), *drawn])


def test_every_figure_is_there_and_valid(capability: str, trees: Callable[..., xr.DataTree]) -> None:
    reading = read(trees(capability))
    drawn = figures(reading)
    assert {figure.key for figure in drawn} == EVERYWHERE | OWN[capability]
    first = LEADING(reading)
    assert first is not None
    assert first.key == "samples"
    for figure in [each for each in (first, *drawn) if not each.html]:
        for shown in (figure.layout, figure.narrow):
            plain = json.loads(embed({"data": figure.data, "layout": figure.layout if shown is None else shown}))
            assert go.Figure(plain, skip_invalid=False).data  # plotly checks every name and value
            named = {name for name, axis in plain["layout"].items() if "axis" in name and axis["title"]["text"]}
            assert any(name.startswith("x") for name in named), figure.key
            assert any(name.startswith("y") for name in named) or figure.key == "score", figure.key
            used = {f"{axis[0]}axis{axis[1:]}" for trace in plain["data"] for axis in _axes(trace)}
            assert used <= plain["layout"].keys(), figure.key


def _axes(trace: dict[str, Any]) -> tuple[str, str]:
    return trace.get("xaxis", "x"), trace.get("yaxis", "y")


def test_every_figure_belongs_to_some_capability() -> None:
    assert len(FIGURES) == len(EVERYWHERE.union(*OWN.values()))


def test_it_says_what_was_seen(capability: str, trees: Callable[..., xr.DataTree]) -> None:
    text = said_on(trees(capability)).replace("\u00a0", " ")
    said = {
        "sequential": ("What the model writes", "It was a truth", "nat per token", "more samples of the last record"),
        "tractable": ("What the model makes", "samples of the model in all"),
        "bounded": ("lower to upper bound", "How the bounds close", "known between bounds only"),
        "energetic": ("Chains that lag behind", "leaves", "τ = 20", "What a short sampler costs"),
    }[capability]
    for words in (*said, "Complete record", "the model is better", "H(p*) = 1.4", "Gaussian of full covariance"):
        assert words in text, words
    per = "token (a sequence has 64)" if capability == "sequential" else "dimension (a sample has 64)"
    assert f"nat per {per} at the first record" in text and f"Numbers are per {per}." in text


def test_an_outcome_is_told_in_a_sentence(trees: Callable[..., xr.DataTree]) -> None:
    tree = trees("tractable").copy()
    tree.attrs |= {"held_out": {"value": 1.5, "error": 0.01, "units": "nat"},
                   "baseline": {"name": "bigrams", "value": 2.0, "error": 0.01}}  # fmt: skip
    said = "Held-out data cost the model 1.500 ± 0.010 nat, and the baseline (bigrams) 2.000 ± 0.010: the model is"
    assert outcome(read(tree)) == f"{said} better."
    tree.attrs["baseline"] = {"value": 1.0, "error": 0.01}
    assert outcome(read(tree)).endswith("and the baseline (the baseline) 1.000 ± 0.010: the model is worse.")
    tree.attrs["baseline"] = {"name": "bigrams", "value": 1.51}
    assert outcome(read(tree)).endswith("a tie.")
    del tree.attrs["baseline"]
    assert outcome(read(tree)) == "Held-out data cost the model 1.500 ± 0.010 nat."
    del tree.attrs["held_out"]
    assert outcome(read(tree)) == ""


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_a_short_record_has_a_page(rows: int, capability: str, trees: Callable[..., xr.DataTree]) -> None:
    text = said_on(trees(capability, rows=rows, status="incomplete"))
    assert "Incomplete" in text
    assert ("nothing to account for yet" in text) == (rows < 2)


def test_a_record_without_gallery_and_models_has_a_page(capability: str, trees: Callable[..., xr.DataTree]) -> None:
    tree = trees(capability, gallery=False, space=False, held_out=None, baseline=None)
    reading = read(tree)
    assert LEADING(reading) is None
    assert {figure.key for figure in figures(reading)} == (EVERYWHERE | OWN[capability]) - {
        "space",
        "detailed",
        "score",
    }
    assert "the space of models" not in said_on(tree)


@pytest.mark.parametrize(
    "told",
    [
        {"gallery": None}, {"gallery": {"form": 3, "shape": "x"}}, {"gallery": {"form": "image", "shape": [5]}},
        {"model_space": None}, {"model_space": {"unit": 7, "target_entropy": "odd"}}, {"sampler_steps": "odd"},
        {"held_out": {"value": "odd"}, "baseline": [1]}, {"model": "odd", "optimizer": [2], "every": "odd"},
    ],
)  # fmt: skip
def test_odd_attributes_do_not_stop_the_page(told: dict[str, Any], trees: Callable[..., xr.DataTree]) -> None:
    for kind in ("bounded", "energetic"):
        tree = trees(kind).copy()
        tree.attrs = {**tree.attrs, **told}
        assert "Complete record" in said_on(tree)


def test_undefined_numbers_do_not_stop_the_page(capability: str, trees: Callable[..., xr.DataTree]) -> None:
    nodes = {}
    for group, node in trees(capability).children.items():
        data = node.to_dataset(inherit=False).copy(deep=True)
        for name in data.data_vars:
            if data[name].dtype.kind == "f" and group in ("gallery", "model_space"):
                data[name].values[:] = math.nan
        nodes[group] = data
    tree = xr.DataTree.from_dict(nodes)
    tree.attrs = dict(trees(capability).attrs)
    reading = read(tree)
    assert "space" not in {figure.key for figure in figures(reading)}
    said_on(tree)


def test_what_a_model_writes_stays_text(trees: Callable[..., xr.DataTree], hostile_text: str) -> None:
    tree = trees("sequential").copy()
    hostile = tree["gallery"].to_dataset(inherit=False).copy(deep=True)
    letters = [float(ord(each)) for each in hostile_text][: hostile.sizes["place"]]
    hostile["sample"].values[..., : len(letters)] = letters
    hostile["sample"].values[0, 0, 0] = 1e12  # no character at all
    tree["gallery"] = xr.DataTree(hostile)
    tree.attrs["family"] = tree.attrs["name"] = hostile_text
    tree.attrs["baseline"] = {"name": hostile_text, "value": 2.0, "error": 0.1}
    sound, page = page_of(trees("sequential")), page_of(tree)
    assert page.tags["script"] == sound.tags["script"]
    assert page.tags["img"] == 0
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "\u202e" not in page.text


def test_the_map_lies_as_it_was_made(trees: Callable[..., xr.DataTree]) -> None:
    space = read(trees("tractable")).space
    assert space is not None
    assert space.map is not None
    assert space.target is not None
    assert space.map.explained > 0.99
    assert space.map.stress < 0.01
    # made on an arc of radius 2: the target's foot is on its continuation, at the same distance from the centre
    radius = np.linalg.norm(space.map.points - _centre(space.map.points), axis=1)
    assert np.allclose(radius, 2, atol=0.01)
    assert abs(np.linalg.norm(space.target.foot - _centre(space.map.points)) - 2) < 0.05
    assert abs(space.target.height - math.sqrt(2 * 0.045)) < 0.05


def test_a_map_without_held_out_data_stands_alone(trees: Callable[..., xr.DataTree]) -> None:
    whole = trees("tractable")
    nodes = {group: node.to_dataset(inherit=False) for group, node in whole.children.items()}
    nodes["model_space"] = nodes["model_space"].drop_vars(["cross_entropy", "cross_entropy_error"])
    tree = xr.DataTree.from_dict(nodes)
    tree.attrs = dict(whole.attrs)
    drawn = {figure.key: figure for figure in figures(read(tree))}
    assert "Without held-out data the target p* has no place here." in drawn["space"].caption
    assert "xaxis2" not in drawn["space"].layout
    said_on(tree)


def _centre(points: np.ndarray) -> np.ndarray:
    """Of the circle through these points, by least squares."""
    design = np.column_stack([2 * points, np.ones(len(points))])
    solution: np.ndarray = np.linalg.lstsq(design, (points**2).sum(1), rcond=None)[0][:2]
    return solution


@pytest.mark.parametrize(
    ("form", "kind"),
    [({"form": "image", "shape": [1, 8, 8]}, "image"), ({"form": "points", "shape": [5]}, "points"),
     ({"form": "points", "shape": [1]}, "points"), ({"form": "tokens", "shape": [12]}, "tokens")],
)  # fmt: skip
def test_other_forms_of_samples(form: dict[str, Any], kind: str, trees: Callable[..., xr.DataTree]) -> None:
    tree = trees("tractable", form=form)
    gallery = Gallery.of(tree)
    assert gallery is not None
    assert gallery.form == kind
    first = LEADING(read(tree))
    assert first is not None
    assert bool(first.html) == (kind == "tokens")
    said_on(tree)
