"""In a real kernel: what its outputs are, progress of an ensemble among them."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

CELLS = (
    "import szilard, szilard.studies.progress as progress\nprogress._PATIENCE = progress._IN_NOTEBOOKS = 0.0",
    "experiment = szilard.Experiment(model=szilard.factory('nets:mlp', widths=[64, 8, 10]), data='digits', "
    "training=szilard.Training(optimizer=szilard.SGD(lr=0.1), batch_size=20, steps=20), "
    "design=szilard.Design(datasets=szilard.Disjoint(2, size=40), seeds=1), "
    "probe=szilard.Probe(split='test', size=20), record_at=[0, 10, 20])\n"
    "run = szilard.run(experiment, out='ensemble')",
    "run",
    "run.audit()",
    "run.estimate('work', 20) if 'work' in run.data else None\nszilard.Estimate(0.5, 0.1, szilard.Kind.EXACT)",
    "run.figures()[0]",
    "run.figures()",
)


@pytest.fixture(scope="module", name="outputs")
def _outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    """The outputs of each cell."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    place = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(place)}})
    client.execute(env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    return [cell.outputs for cell in notebook.cells]


def html_of(outputs: list[Any]) -> list[str]:
    return [each.data["text/html"] for each in outputs if "text/html" in each.get("data", {})]


def test_everything_is_shown_as_html(outputs: list[list[Any]]) -> None:
    for cell in outputs[2:5]:
        (shown,) = html_of(cell)
        assert shown.startswith('<div class="szilard">')


def test_progress_of_an_ensemble_is_one_output(outputs: list[list[Any]]) -> None:
    (bar,) = html_of(outputs[1])
    assert "done, after" in bar


def test_figures_are_shown_inline(outputs: list[list[Any]]) -> None:
    mime = "application/vnd.plotly.v1+json"
    (one,) = [each.data[mime] for each in outputs[5] if mime in each.get("data", {})]
    assert one["layout"]["title"]["text"]
    assert len([each for each in outputs[6] if mime in each.get("data", {})]) > 3
