"""The page in a browser: every figure draws, nothing is asked of the network, nothing hostile runs."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr

import szilard
from szilard.audit import audit
from szilard.report import write
from szilard.studies.ensemble.figures import FIGURES as OF_ENSEMBLES
from szilard.studies.fig3.figures import FIGURES as OF_FIG3
from szilard.studies.fig3.spec import fig3
from szilard.studies.kits.parameters.figures import FIGURES as OF_RESERVOIRS
from szilard.studies.sampled.figures import figures as of_sampled
from szilard.studies.sampled.reading import read as read_sampled
from szilard.studies.single.figures import FIGURES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="CHROMIUM IS MISSING: the report was not looked at in a browser; install chromium"
    ),
]


def visit(page: Path, profile: Path) -> tuple[str, str, list[str]]:
    """The page's document once drawn, what the console said, and every address that the page asked for."""
    log = profile / "net.json"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        "--disable-default-apps", "--disable-dev-shm-usage", f"--user-data-dir={profile / 'profile'}",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}", "--enable-logging=stderr",
        "--virtual-time-budget=30000", "--window-size=1200,4000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    asked = [
        event["params"]["url"]
        for event in json.loads(log.read_text(encoding="utf-8", errors="replace"))["events"]
        # What the browser asks for on its own account has no origin.
        if "url" in event.get("params", {}) and event["params"].get("initiator", "not an origin") != "not an origin"
    ]
    console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return done.stdout, console, asked


def test_every_figure_draws_without_a_network(run: szilard.Run, tmp_path: Path) -> None:
    page = write(run.tree, run.audit(), tmp_path / "report.html")
    document, console, asked = visit(page, tmp_path)
    assert f'data-drawn="{len(FIGURES)}"' in document
    assert document.count('class="main-svg"') >= 2 * len(FIGURES)
    assert document.count('class="scatterlayer') >= len(FIGURES) - 1
    assert console == ""
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_every_figure_of_a_reservoir_draws(hot: szilard.Run, tmp_path: Path) -> None:
    page = write(hot.tree, hot.audit(), tmp_path / "report.html")
    document, console, asked = visit(page, tmp_path)
    assert f'data-drawn="{len(FIGURES) + len(OF_RESERVOIRS)}"' in document
    assert console == ""
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_every_figure_of_an_ensemble_draws(on_paper: Callable[..., szilard.Run], tmp_path: Path) -> None:
    made = on_paper(tmp_path / "run", tasks=3, datasets=4, seeds=4, crossed=True, diverged=5)
    document, console, asked = visit(made.report(), tmp_path)
    assert f'data-drawn="{len(OF_ENSEMBLES) + 1}"' in document
    assert 'aria-pressed="true">Logarithmic steps' in document
    assert console == ""
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_every_figure_of_figure_3_draws(tmp_path: Path) -> None:
    small = {"trials": (3,), "steps": 120, "records": 20, "starts": (20,), "window": 4, "examples": 64, "fresh": 16}
    made = szilard.run(dataclasses.replace(fig3("digits"), **small), tmp_path / "run", quiet=True)
    document, console, asked = visit(made.report(), tmp_path)
    assert f'data-drawn="{len(OF_FIG3) + 1}"' in document
    assert all(f"<b>{panel}</b>" in document or f">{panel}</tspan>" in document for panel in "abcd")
    assert console == ""
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("capability", ["sequential", "energetic"])
def test_every_figure_of_a_sampled_run_draws(capability: str, made_up: Callable[..., Path], tmp_path: Path) -> None:
    made = szilard.open(made_up(tmp_path / "run", capability))
    document, console, asked = visit(made.report(), tmp_path)
    drawn = of_sampled(read_sampled(made.tree))
    assert f'data-drawn="{len(drawn) + (capability != "sequential")}"' in document  # text is read, not drawn
    assert console == ""
    assert [address for address in asked if not address.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("clicks", [1, 2])
def test_step_axes_are_switched_and_back(clicks: int, on_paper: Callable[..., szilard.Run], tmp_path: Path) -> None:
    page = on_paper(tmp_path / "run").report()
    text = page.read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)
    assert policy is not None
    script = (
        "const click = () => document.getElementById('step-axis').click();"
        f"const press = () => {{ for (let i = 0; i < {clicks}; i++) setTimeout(click, 2000 * i); }};"
        "const root = document.documentElement;"
        "if (root.dataset.drawn) press();"
        "else new MutationObserver(press).observe(root, { attributeFilter: ['data-drawn'] });"
    )
    text = text.replace(policy[0], "").replace("</body>", f"<script>{script}</script></body>")
    page.write_text(text, encoding="utf-8")
    document, console, _ = visit(page, tmp_path)
    ticks = re.search(r'id="budget".*?id="stopping"', document, re.DOTALL)
    assert ticks is not None and console == ""
    shown = re.findall(r'class="xtick"><text[^>]*>([^<]*)</text>', ticks[0])
    assert shown[0] == "0"
    assert ("4,000" in shown, "100" in shown) == ((True, False) if clicks == 1 else (False, True)), shown


def test_a_page_that_asks_the_network_is_caught(tmp_path: Path) -> None:
    page = tmp_path / "asks.html"
    page.write_text('<!DOCTYPE html><img src="http://example.invalid/a.png"><script>console.log("said")</script>')
    _, console, asked = visit(page, tmp_path)
    assert set(asked) == {"http://example.invalid/a.png"}
    assert "said" in console


def test_hostile_text_does_not_run(hostile: xr.DataTree, run: szilard.Run, tmp_path: Path) -> None:
    page = write(hostile, audit(hostile), tmp_path / "report.html")
    document, console, _ = visit(page, tmp_path)
    title = re.search(r"<title>(.*?)</title>", document)
    assert title is not None and title[1].startswith("&lt;/script&gt;")
    assert console == ""
    assert document.count("<script") == write(run.tree, run.audit(), page).read_text(encoding="utf-8").count("<script")
