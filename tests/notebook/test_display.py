"""What notebooks show: nothing that a record says is obeyed, audits are folded, figures are Plotly's."""

from __future__ import annotations

import base64
import re
import struct
import tarfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import szilard
from szilard.data import from_arrays
from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.notebook.html import escape, framed, head, pairs
from szilard.notebook.images import png, strip
from szilard.notebook.progress import NotebookBar, in_notebook
from szilard.verdicts.audit import Audit
from szilard.verdicts.finding import Basis, Concern, Finding, Verdict

RECORDS = Path(__file__).parent.parent / "frozen" / "records"


class Elements(HTMLParser):
    """The elements of a piece of HTML, with their attributes, and whether all that are opened are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def harmless(text: str) -> None:
    """That nothing in it runs or reaches out of it, and that it is one element with a style of its own."""
    found = Elements(text)
    assert not found.open
    assert not {"script", "iframe", "object", "embed", "link", "form", "a"} & set(found.tags)
    assert not {name for name in found.attributes if name.startswith("on")}
    assert "http" not in text
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    selectors = [each for rule in re.findall(r"([^{}]+)\{", style) for each in rule.split(",")]
    assert all(each.startswith(".szilard") for each in selectors)
    assert text.startswith('<div class="szilard">')


def finding(number: int, verdict: Verdict, text: str = "") -> Finding:
    return Finding(
        name=f"row {number}{text}", claim=f"claim{text}", source=f"source{text}", basis=Basis.TESTED,
        concerns=Concern.THEORY, verdict=verdict, detail=f"detail{text}", measure=f"nat{text}", effect=0.1,
        interval=(0.0, 0.2), bound=(-1.0, 1.0), where=f"layer{text}",
    )  # fmt: skip


@pytest.fixture(name="record", scope="module")
def _record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A single run of an older version."""
    place = tmp_path_factory.mktemp("record")
    with tarfile.open(RECORDS / "single.tar.gz") as archive:
        archive.extractall(place, filter="data")
    return next(place.rglob("record.zarr")).parent


def test_estimates() -> None:
    shown = Estimate(0.25, 0.01, Kind.UNBIASED)._repr_html_()
    harmless(shown)
    assert "0.250 ± 0.010" in shown
    assert "unbiased" in shown
    assert "[0.2304, 0.2696]" in shown
    assert "interval" not in Estimate(0.25, 0.0, Kind.EXACT)._repr_html_()
    harmless(Estimate(np.ones(3), np.ones(3), Kind.EXACT)._repr_html_())


def test_an_audit_is_folded_and_can_be_gone_through(hostile_text: str) -> None:
    verdicts = [Verdict.HELD, Verdict.FAILED, Verdict.UNCHECKABLE, Verdict.UNDECIDED]
    rows = tuple(finding(number, verdicts[number % 4], hostile_text) for number in range(48))
    audit = Audit(rows, hostile_text)
    assert list(audit) == list(audit.rows) == list(rows)
    assert len(audit) == 48
    shown = audit._repr_html_()
    harmless(shown)
    body, _, rest = shown.partition("<summary>18 more rows")
    assert body.count('<td class="mark') == 30
    assert rest.count('<td class="mark') == 18
    assert body.index("✗ failed") < body.index("? undecided") < body.index("✓ held")
    lines = repr(audit).splitlines()
    assert sum(line[:1] in "✗?✓–" for line in lines if line) == 30
    assert max(map(len, lines[1:])) <= 100
    assert any(line.startswith("… 18 more rows (6 held, 12 cannot be checked here)") for line in lines)
    assert "\u202e" not in repr(audit)
    assert "more rows" not in repr(Audit(rows[:30]))
    harmless(Audit(())._repr_html_())


def test_a_run(record: Path) -> None:
    run = szilard.open(record)
    shown = run._repr_html_()
    harmless(shown)
    assert "work (= Σ)" in shown
    assert "complete" in shown
    assert [row.name for row in run.audit()][:1] == ["complete record"]


def test_figures_are_plotlys(record: Path) -> None:
    figures = szilard.open(record).figures()
    assert len(figures) == len(list(figures)) > 10
    assert figures["ledger"] is figures[0]
    assert "ledger" in repr(figures)
    drawn = figures["ledger"].plotly
    assert type(drawn).__module__.startswith("plotly")
    assert drawn.layout.title.text == "The ledger"
    assert drawn.layout.title.subtitle.text
    assert drawn.layout.height > 300
    assert all(each.plotly is not None for each in figures)
    assert "text/plain" in figures[0]._repr_mimebundle_()
    with pytest.raises(RecordError, match="did you mean 'ledger'"):
        figures["ledgr"]


def test_a_hostile_run_and_its_monitor(tmp_path: Path, hostile_text: str) -> None:
    model = torch.nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    place = tmp_path / "<b>run"
    monitor = szilard.watch(
        model, optimizer, torch.eye(4), out=place, every=2, quiet=True, attributes={"name": hostile_text}
    )
    for _ in range(4):
        model(torch.eye(4)).square().mean().backward()
        optimizer.step()
    shown = monitor._repr_html_()
    harmless(shown)
    assert "recording" in shown
    assert "Linear, 15 parameters" in shown
    assert "every 2 steps" in shown
    run = monitor.close()
    assert "closed" in monitor._repr_html_()
    harmless(run._repr_html_())
    assert escape(hostile_text[:9]) in run._repr_html_()
    assert "<script" not in str(run.figures()[0].plotly.layout.title)


def test_data_sets(hostile_text: str) -> None:
    digits = szilard.data.load("digits")
    shown = digits._repr_html_()
    harmless(shown)
    assert "1,437 examples" in shown
    assert "data:image/png" in shown
    numbers = from_arrays(
        np.zeros((4, 7)), [0, 1, 0, 1], np.zeros((2, 7)), classes=[hostile_text, "b"], name=hostile_text
    )
    harmless(numbers._repr_html_())
    assert "without labels" in numbers._repr_html_()
    colour = from_arrays(np.random.default_rng(0).random((3, 3, 5, 6)), [0, 1, 0], np.zeros((2, 3, 5, 6)), [0, 1])
    assert "data:image/png" in colour._repr_html_()


def test_pictures_are_png() -> None:
    row = strip(np.random.default_rng(0).random((3, 3, 4, 5)), gap=1)
    assert row.shape == (4, 17, 3)
    raw = base64.b64decode(png(row).partition(",")[2])
    assert raw[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(raw):
        length, name = struct.unpack(">I4s", raw[at : at + 8])
        chunks[name] = raw[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", raw[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(name + chunks[name])
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBB", chunks[b"IHDR"][:10]) == (17, 4, 8, 2)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(4, 1 + 17 * 3)
    assert np.array_equal(lines[:, 1:].reshape(row.shape), row)
    assert not lines[:, 0].any()


class Handle:
    """Stands for an output of a notebook."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def update(self, what: Any) -> None:
        self.shown.append(what)


def test_progress_is_one_line(monkeypatch: pytest.MonkeyPatch, hostile_text: str) -> None:
    handle = Handle()
    display = pytest.importorskip("IPython.display")
    monkeypatch.setattr(display, "display", lambda what, display_id: handle)
    assert not in_notebook()
    bar = NotebookBar(hostile_text, 200)
    bar.update(50, "member-steps", 10.0)
    bar.stop(finished=True)
    first, last = handle.shown
    assert repr(first).endswith("50 of 200 member-steps, about 30 s left")
    assert "width:25.0%" in first._repr_html_()
    assert "done" in repr(last)
    for each in handle.shown:
        harmless(each._repr_html_())


def test_pieces() -> None:
    assert "soft" in head("a", "b", beside="c")
    assert pairs([("a", ""), ("b", None), ("c", "d")]).count("<tr>") == 1
    harmless(framed())
