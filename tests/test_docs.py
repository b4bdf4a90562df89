"""The documentation is true: its code runs and prints what it says, its links resolve, its tables match the code."""

from __future__ import annotations

import contextlib
import dataclasses
import doctest
import importlib
import importlib.util
import io
import itertools
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import szilard
from szilard import data
from szilard.cli.app import app
from szilard.experiments import Experiment
from szilard.monitor.reservoir import schema as reservoir_schema
from szilard.records import schema
from szilard.studies import registry
from szilard.studies.ensemble import schema as ensemble_schema
from szilard.studies.fig3 import schema as fig3_schema
from szilard.studies.fig3.spec import fig3

ROOT = Path(__file__).parent.parent
SOURCE = Path(szilard.__file__).parent
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

MODULE = re.compile(r"# (\w+/\w+\.py)\n")
"""First line of a block that is a file, which is written and not run."""
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SHORT = ("--set", "training.steps=60")
"""Added to every ``szilard run``: the command is the page's, the training is shorter."""
SHORTER = {
    "forgetting": (),
    "budget": ("--set", "training.steps=60", "--set", "design.tasks.count=2", "--set", "record_at=[0,10,60]"),
    "memorisation": ("--set", "training.steps=20", "--set", "record_at=[0,5,20]"),
    "fig3": (
        "--data", "digits", "--set", "trials=[2]", "--set", "steps=4", "--set", "records=2", "--set", "points=2",
        "--set", "starts=[0]", "--set", "lags=2", "--set", "window=2", "--set", "examples=16", "--set", "fresh=4",
        "--set", "watched=1", "--quiet",
    ),
    "reversal": (
        "--data", "digits", "--set", "starts=[0]", "--set", "steps=1", "--set", "seeds=1", "--set", "window=1",
        "--set", "looks=1", "--set", "halvings=1", "--set", "kernel_inputs=2", "--set", "probe=8", "--set", "wide=none",
        "--set", "twin=none", "--quiet",
    ),
    "tradeoff": (
        "--data", "digits", "--set", "records=2", "--set", "updates=[4]", "--set", "sampler_steps=[1,2]", "--set",
        "shape=[2,2]", "--set", "distance=1", "--quiet",
    ),
    "heat-capacity": (
        "--data", "digits", "--set", "size=50", "--set", "seeds=2", "--set", "looks=2", "--set", "burn=4",
        "--set", "window=4", "--set", "widths=[30]", "--quiet",
    ),
    "flow": ("--data", "ring", "--set", "training.steps=4", "--set", "gallery=8", "--set", "kept=3"),
    "vae": (
        "--set", "training.steps=10", "--set", "samples=16", "--set", "gallery=4", "--set", "held_out_draws=8",
        "--set", "held_out=30", "--set", "kept=0",
    ),
    "ebm": (
        "--set", "training.steps=10", "--set", "chains=64", "--set", "lag_steps=2", "--set", "annealing=4",
        "--set", "held_out=30", "--set", "gallery=4", "--set", "kept=0",
    ),
    "rbm": ("--set", "training.steps=10", "--set", "annealing=10", "--set", "gallery=4", "--set", "kept=0"),
    "text": (
        "--data", str(ROOT / "docs" / "conventions.md"), "--quick", "--set", "training.steps=20", "--set", "samples=8",
        "--set", "model.width=16", "--set", "model.blocks=1", "--set", "model.heads=2", "--set", "kept=0",
    ),
}  # fmt: skip
"""Instead of it, for named runs with settings of their own; quiet where telling how long they take takes longest."""
ELSEWHERE = ("pip install", "git clone", "cd ", "python benchmarks/")
"""What the pages may tell a reader to type besides ``szilard`` and ``make``."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


LONG = (
    "README.md", "docs/choosing.md", "docs/clusters.md", "docs/energy-based-models.md", "docs/ensembles.md",
    "docs/extending.md", "docs/figure-3.md", "docs/flows.md", "docs/frameworks.md", "docs/latent-variables.md",
    "docs/memorisation.md", "docs/notebooks.md", "docs/quantities/equilibrium.md", "docs/quantities/heat-capacity.md",
    "docs/quantities/information.md", "docs/quantities/measuring-interval.md", "docs/quantities/reversibility.md",
    "docs/reading.md", "docs/systems.md", "docs/tradeoff.md", "docs/verify.md",
)  # fmt: skip
"""Pages whose code takes a second or more: `make check` leaves it to `make test`."""
pages = pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name, marks=[pytest.mark.slow] * (name in LONG))
        for page, name in ((page, name_of(page)) for page in PAGES)
    ],
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, text, line, and the output that the page shows right below it."""

    language: str
    text: str
    line: int
    output: str | None


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for match, following in itertools.zip_longest(found, found[1:]):
        output = None
        if following and following[1] == "text" and not text[match.end() : following.start()].strip():
            output = following[2]
        yield Block(match[1], match[2], text.count("\n", 0, match.start()) + 1, output)


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


# Code


def test_every_block_says_what_it_is() -> None:
    for page in PAGES:
        assert page.read_text(encoding="utf-8").count("\n```") % 2 == 0, name_of(page)
        languages = {block.language for block in blocks(page)}
        assert languages <= {"python", "shell", "toml", "text", "mermaid"}, name_of(page)


@pytest.fixture
def dask_client() -> Iterator[None]:
    """A client in this process, which ``--executor dask`` takes where there is one: processes are test_cluster's."""
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None):
        yield


@pages
@pytest.mark.filterwarnings(  # of Lightning, and of Ignite as it is imported
    "ignore:.*does not have many workers.*", "ignore:.*LeafSpec.*", "ignore:.torch.jit.*:DeprecationWarning"
)
def test_code_runs_and_prints_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    if "--executor dask" in page.read_text(encoding="utf-8"):
        request.getfixturevalue("dask_client")
    if "szilard verify" in page.read_text(encoding="utf-8"):
        verified = request.getfixturevalue("verified")
        monkeypatch.setattr("szilard.verify.verify", lambda: verified)
    if "szilard live" in page.read_text(encoding="utf-8"):
        monkeypatch.setattr("szilard.live.server.LiveServer.serve_forever", interrupted)
        monkeypatch.setattr("typer.launch", lambda address: 0)
    namespace: dict[str, object] = {"__name__": "__main__"}
    precision = torch.get_float32_matmul_precision()
    request.addfinalizer(lambda: torch.set_float32_matmul_precision(precision))
    request.addfinalizer(lambda: forget_modules(tmp_path))
    monkeypatch.setattr(registry, "_STUDIES", dict(registry._STUDIES))
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.language == "python" and (module := MODULE.match(block.text)):
            printed = ""
            write_module(Path(module[1]), block.text[module.end() :])
        elif block.language == "python":
            printed = run_python(block, namespace, where)
        elif block.language == "shell":
            printed = "".join(run_shell(command, where) for command in block.text.splitlines())
        elif block.language == "toml":
            printed = ""
            path = Path(block.text.splitlines()[0].removeprefix("# "))
            path.write_text(block.text, encoding="utf-8")
            if path.name == "pyproject.toml":
                assert registry.OFFERED in tomllib.loads(block.text)["project"]["entry-points"]
            else:
                Experiment.from_toml(block.text)
        else:
            continue
        if block.output is not None:
            assert same(block.output, printed), f"{where} prints\n{printed}"


def interrupted(server: object) -> None:
    """What Ctrl+C does to a server."""
    raise KeyboardInterrupt


def write_module(path: Path, text: str) -> None:
    """What a page shows as a file, where Python finds it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    importlib.invalidate_caches()


def forget_modules(directory: Path) -> None:
    """As if the modules in a directory had never been imported."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(directory)):
            del sys.modules[name]


def run_python(block: Block, namespace: dict[str, object], where: str) -> str:
    out = io.StringIO()
    # Line numbers in a traceback are those of the page.
    code = compile("\n" * block.line + block.text, where, "exec")
    with contextlib.redirect_stdout(out):
        exec(code, namespace)
    return out.getvalue()


def run_shell(line: str, where: str) -> str:
    """What a command of ``szilard`` prints; ``make demo`` runs the command of the Makefile's recipe."""
    words = shlex.split(line, comments=True)
    if not words or line.startswith(ELSEWHERE):
        return ""
    if words[0] == "make":
        assert words[1] in targets(), f"{where}: no target {words[1]!r}"
        recipe = targets()[words[1]]
        words = shlex.split(recipe[recipe.index("szilard ") :]) if "szilard " in recipe else words
    if words[0] == "make":
        return ""
    assert words[0] == "szilard", f"{where}: {line}"
    words = words[1:]
    if words[0] == "run":
        words = [available(word) for word in words]
        words += SHORTER.get(words[1], SHORT) if "--help" not in words else ()
        return run_once(words, where)
    return invoke(words, where)


RECORDS: dict[tuple[str, ...], tuple[Path, str]] = {}
"""Of every ``szilard run`` that a page has called, where its record lies, and what was printed."""


def run_once(words: list[str], where: str) -> str:
    """What ``szilard run`` prints; where another page has run the same, its record is copied and nothing is trained."""
    if "--out" not in words or "--resume" in words or words[1].endswith(".toml") or words[1] == "forgetting":
        return invoke(words, where)
    place = words.index("--out")
    out = Path(words[place + 1])
    asked = tuple(word for word in words[:place] + words[place + 2 :] if word != "--overwrite")
    if asked in RECORDS:
        there, said = RECORDS[asked]
        shutil.copytree(there, out)
        return said.replace(str(there), str(out))
    said = invoke(words, where)
    RECORDS[asked] = out.resolve(), said.replace(str(out), str(out.resolve()))
    return said


def invoke(words: list[str], where: str) -> str:
    """What a command prints that ends well."""
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, f"{where}: {shlex.join(words)}\n{result.output}"
    return result.stdout


def available(word: str) -> str:
    """The embedded digits in place of a data set whose files are not on this machine."""
    files = data.cache_directory() / word
    return "digits" if word in data.names()[1:] and not files.is_dir() else word


def targets() -> dict[str, str]:
    """The Makefile's targets with their recipes."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return {match[1]: match[2] for match in re.finditer(r"^(\w+):.*\n((?:\t.*\n)*)", text, re.MULTILINE)}


def test_what_is_to_be_made_can_be_made() -> None:
    for page in PAGES:
        named = set(re.findall(r"`make (\w+)`", page.read_text(encoding="utf-8")))
        assert named <= targets().keys(), name_of(page)


def same(wanted: str, got: str) -> bool:
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(wanted, got, options)


def test_the_harness_sees_a_wrong_output(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", encoding="utf-8")
    block = next(blocks(page))
    assert block.output == "3\n"
    assert not same(block.output, run_python(block, {}, "page"))


# Links


def slugs(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings, and explicit ones."""
    text = prose(page)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {*plain, *re.findall(r'<a id="([^"]+)">', text)}


def test_links_resolve() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(prose(page))]
    for page, link in links:
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)}: {link}"
        assert ROOT in target.parents, f"{name_of(page)}: {link} leaves the repository"
        assert not anchor or anchor in slugs(target), f"{name_of(page)}: {link} has no such anchor"


def test_every_page_is_reached_from_the_index() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(prose(page)) if "://" not in link)
        waiting += [(page.parent / link).resolve() for link in links if link]
    assert set(PAGES) <= reached


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        assert picture.stat().st_size < 300_000, picture.name


# Tables that repeat what the code says

VARIABLES = {
    variable.name: variable
    for variable in (
        *schema.LEDGER, schema.WORK_QUADRATIC, *schema.TRAINING, *schema.LABELLED, *schema.SAMPLES,
        *reservoir_schema.FORCE_FULL, *reservoir_schema.COUNTS, *reservoir_schema.NOISE, *reservoir_schema.TEMPERATURES,
        *reservoir_schema.FORCE, *reservoir_schema.PROJECTIONS, *reservoir_schema.PER_EXAMPLE, *reservoir_schema.WORK,
    )
}  # fmt: skip


OF_ENSEMBLES = {
    variable.name: variable
    for variable in (
        *ensemble_schema.MEMBERS_LEDGER, *ensemble_schema.MEMBERS_LABELLED, *ensemble_schema.INFORMATION,
        *ensemble_schema.INFORMATION_LABELLED, *ensemble_schema.INFORMATION_CROSSED,
        *ensemble_schema.INFORMATION_SUPERSAMPLE,
    )
}  # fmt: skip


OF_FIGURE_3 = {
    variable.name: variable for variable in (*fig3_schema.FIG3, *fig3_schema.PATHS, *fig3_schema.CORRELATION)
}


def rows(page: Path) -> Iterator[list[str]]:
    """The cells of every table row."""
    for line in prose(page).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(
    "name, variables",
    [("records.md", VARIABLES), ("ensemble-records.md", OF_ENSEMBLES), ("figure-3.md", OF_FIGURE_3)],
)
def test_every_variable_of_a_record_has_its_place(name: str, variables: dict[str, schema.Variable]) -> None:
    page = ROOT / "docs" / name
    documented = {}
    for cells in rows(page):
        named = re.fullmatch(r"\[`(\w+)`\]\(([^)]+)\)", cells[0])
        if named:
            documented[named[1]] = (named[2], cells)
    assert documented.keys() == variables.keys()
    for name, (link, cells) in documented.items():
        variable = variables[name]
        target = (page.parent / link.partition("#")[0]).resolve() if not link.startswith("#") else page
        assert f"`{name}`" in target.read_text(encoding="utf-8"), f"{link} does not speak of {name}"
        _, units, kind, cumulative, error = cells[:5]
        assert units == f"`{variable.units}`", name
        assert kind == (f"`{variable.kind}`" if variable.kind else "–"), name
        assert cumulative == ("yes" if variable.cumulative else "no"), name
        assert (error != "–") == (variable.error is not None), name


def test_the_architecture_page_lists_what_there_is() -> None:
    listing = next(block.text for block in blocks(ROOT / "docs" / "architecture.md") if "src/szilard/" in block.text)
    listed = set(re.findall(r"^  ([\w.]+/?) ", listing, re.MULTILINE))
    there = {f"{path.name}/" for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    there |= {path.name for path in SOURCE.iterdir() if path.suffix in (".py", ".typed")}
    assert listed == there


def test_the_architecture_page_says_who_may_import_whom() -> None:
    specification = importlib.util.spec_from_file_location("import_rules", ROOT / "tests" / "test_imports.py")
    assert specification is not None
    assert specification.loader is not None
    rules = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(rules)
    said = {}
    for cells in rows(ROOT / "docs" / "architecture.md"):
        if len(cells) == 2 and (room := re.fullmatch(r"`(\w+)`", cells[0])):
            said[room[1]] = set(re.findall(r"`(\w+)`", cells[1]))
    allowed = {room: below - {"", *rules.BASE} for room, below in rules.MAY_IMPORT.items() if room}
    assert said == {room: below for room, below in allowed.items() if room not in {*rules.BASE, "__main__"}}


@pytest.fixture(scope="module", name="run")
def _run(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A record with everything that a single run may hold."""
    experiment = Experiment(
        model=szilard.factory("nets:mlp", widths=[64, 10]), data="digits", training=szilard.Training(steps=30),
        probe=szilard.Probe(size=8),
    )  # fmt: skip
    return szilard.run(experiment, tmp_path_factory.mktemp("docs") / "run", quiet=True)


@pytest.fixture(scope="module", name="ensemble")
def _ensemble(tmp_path_factory: pytest.TempPathFactory) -> szilard.Run:
    """A record with everything that an ensemble may hold."""
    experiment = Experiment(
        model=szilard.factory("nets:mlp", widths=[64, 10]), data="digits", training=szilard.Training(steps=30),
        design=szilard.Design(datasets=szilard.Disjoint(3, size=100), seeds=szilard.Crossed(2, 2)),
        probe=szilard.Probe(size=8), record_at=(0, 30),
    )  # fmt: skip
    return szilard.run(experiment, tmp_path_factory.mktemp("docs") / "ensemble", quiet=True)


def test_the_pages_on_ensembles_name_every_finding_and_attribute(ensemble: szilard.Run) -> None:
    said = {cells[0] for cells in rows(ROOT / "docs" / "audit.md")}
    assert {finding.name for finding in ensemble.audit().rows} <= said
    pages = ("records.md", "ensemble-records.md")
    cells = [cells for page in pages for cells in rows(ROOT / "docs" / page) if len(cells) == 2]
    named = {name for pair in cells for name in re.findall(r"`(\w+)`", pair[0])}
    assert ensemble.attributes.keys() <= named


@pytest.mark.slow
def test_the_page_on_figure_3_names_every_finding_and_attribute(tmp_path: Path) -> None:
    spec = dataclasses.replace(fig3("digits"), trials=(2,), steps=20, examples=16, fresh=4)
    made = szilard.run(spec, tmp_path / "run", quiet=True)
    pages = [ROOT / "docs" / name for name in ("audit.md", "figure-3.md", "records.md", "ensemble-records.md")]
    first = [cell for page in pages for cell in re.findall(r"^\| ((?:[^|\\]|\\.)*?) \|", prose(page), re.MULTILINE)]
    said = {cell.replace("\\|", "|") for cell in first}
    assert {finding.name.partition(", |b| = ")[0] for finding in made.audit().rows} <= said
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert made.attributes.keys() <= named


def test_the_audit_page_names_every_finding(run: szilard.Run) -> None:
    said = {cells[0] for cells in rows(ROOT / "docs" / "audit.md")}
    assert {finding.name for finding in run.audit().rows} <= said


def test_the_records_page_names_every_attribute(run: szilard.Run) -> None:
    named = {
        name
        for cells in rows(ROOT / "docs" / "records.md")
        if len(cells) == 2
        for name in re.findall(r"`(\w+)`", cells[0])
    }
    assert run.attributes.keys() <= named


def test_nothing_speaks_of_one_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|home|root|tmp|Users)/", page.read_text(encoding="utf-8")), page.name
