"""The frozen records, what is kept of each, and the same read again today: through szilard's public doors alone."""

from __future__ import annotations

import gzip
import json
import math
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frozen_comparison as comparison
import frozen_figures
import numpy as np

import szilard

HERE = Path(__file__).parent
RECORDS = {
    "single": "single",
    "single-adam": "single",
    "single-plain": "single",
    "single-broken": "single",
    "single-killed": "single",
    "single-start": "single",
    "single-two-records": "single",
    "sampled-flow": "sampled",
    "sampled-vae": "sampled",
    "sampled-ebm": "sampled",
    "sampled-ebm-modes": "sampled",
    "sampled-rbm": "sampled",
    "sampled-text": "sampled",
    "memorisation": "ensemble",
    "budget": "ensemble",
    "crossed": "ensemble",
    "supersample": "ensemble",
    "unfinished": "ensemble",
    "fig3": "fig3",
    "reversal": "reversal",
    "heat-capacity": "heat-capacity",
    "tradeoff": "tradeoff",
    "tradeoff-exact": "tradeoff",
}
"""Name of each record and its kind."""

ESTIMATES = HERE / "estimates.json"
ESTIMATES_EACH = 5
FAVOURED = (
    "info_dataset", "info_seed", "info_task", "l_info", "work", "heat", "entropy_change", "length", "noise_variance",
    "temperature_noise", "log_normaliser", "work_dissipated", "efficiency", "energy", "distance",
)  # fmt: skip
"""Quantities that are kept first, where a record has them."""


@dataclass(frozen=True)
class Meant:
    """A difference that is meant: in the old text, what the pattern finds is read as the replacement.

    Attributes:
        part: ``"audit"``, ``"summary"`` or ``"page"``; of an audit the JSON text.
        pattern: a regular expression that must find something in at least one record of the kind.
        replacement: as :func:`re.sub` takes it.
        reason: why it changed, in a sentence.
    """

    part: str
    pattern: str
    replacement: str
    reason: str


NOT_CLOSED = "a run that was not closed leaves something out, in every study: it is a matter of coverage"


def closed(*details: tuple[str, str]) -> tuple[Meant, ...]:
    """The row on a run that was not closed, as it is in every study: what it covers, by pattern and replacement."""
    rows = (
        Meant(
            "audit",
            r'"name": "closed run",(\s+"claim": "[^"]*",\s+"source": )"record",(\s+"basis": "tested",\s+"concerns": )'
            r'"record"',
            r'"name": "complete record",\1"the record",\2"coverage"',
            NOT_CLOSED,
        ),
        Meant(
            "page",
            r"<strong>closed run</strong>(.*?)\[record\]",
            r"<strong>complete record</strong>\1[the record]",
            NOT_CLOSED,
        ),
    )
    told = tuple(
        Meant(part, f"The run was closed; {pattern}", f"The run was closed; {replacement}", NOT_CLOSED)
        for part in ("audit", "page")
        for pattern, replacement in details
    )
    return (*rows, *told)


ONE_SENTENCE = "terminal, page and audit say what moved the model, and that the first law closes, in the same sentence"
OF_MOTION = (
    Meant(
        "page",
        r"(<strong>The motion\.</strong> )(?!There were)[^<]*( All of this holds )(?=(?s:.*?)<strong>drift</strong>: "
        r"(?s:.*?)<br><small>((?:(?! The model | No learning)[^<])*))",
        r"\1\3\2",
        ONE_SENTENCE,
    ),
    Meant("page", "There were too few jumps at two measuring intervals to", "Too few jumps to", ONE_SENTENCE),
    Meant(
        "page",
        r"The first law closes to \S+ nat at every record",
        "W + Q − ΔU is at most 1e-16 nat at any record, 1e-16 of the largest term",
        ONE_SENTENCE,
    ),
)
STANDING = "the terminal and pages say in the same words that a run broke, or was never closed"
NEVER_CLOSED = (
    Meant("summary", r"incomplete: (the run is still going)", r"Incomplete: \1", STANDING),
    Meant("page", r"was killed\. This page shows what was recorded\.", "was killed; what was recorded so far is here.",
          STANDING),
)  # fmt: skip
BROKEN = (
    Meant("summary", r"broken (at step \d+: .*)$", r"The run broke \1. Everything before is kept.", STANDING),
    Meant("page", "Everything before is kept and shown", "Everything before is kept", STANDING),
)
MEANT: dict[str, tuple[Meant, ...]] = {
    "single": (*OF_MOTION, *NEVER_CLOSED, *BROKEN),
    "ensemble": NEVER_CLOSED,
    "heat-capacity": closed((r"(.* (\d+) looks each)", r"\2 records, \1")),
    "reversal": closed(("paths of 10 steps", "11 records, paths of 10 steps")),
    "tradeoff": closed(("18 states", "5 records, 18 states"), ("4 states", "3 records, 4 states")),
}
"""By kind of record. Once many have gathered, look at them again, rewrite the snapshots, and empty it."""
for kind, changes in frozen_figures.CHANGES.items():
    MEANT[kind] = (*MEANT.get(kind, ()), *(Meant("page", *change) for change in changes))


def unpack(name: str, directory: Path) -> Path:
    """The record's files, in ``directory/name``."""
    target = directory / name
    with tarfile.open(HERE / "records" / f"{name}.tar.gz") as archive:
        archive.extractall(target, filter="data")
    return target


def audit_of(run: szilard.Run) -> str:
    """As ``szilard audit --json`` prints it."""
    return run.audit().to_json() + "\n"


def summary_of(run: szilard.Run) -> str:
    """As ``szilard show`` prints it."""
    return run.summary() + "\n"


def page_of(run: szilard.Run) -> str:
    """The report without plotly.js; written into a directory of the record's name, which the page shows."""
    path = run.report(run.path.parent / "pages" / run.path.name / "report.html")
    return comparison.bare(path.read_text(encoding="utf-8"))


def frozen(part: str, name: str) -> str:
    """The snapshot of a record's ``audit``, ``summary`` or ``page``, with what is meant to differ put in."""
    text = _read(part, name)
    for meant in MEANT.get(RECORDS[name], ()):
        if meant.part == part:
            text = re.sub(meant.pattern, meant.replacement, text)
    return text


def finds_something(kind: str, meant: Meant) -> bool:
    """Whether a meant difference is one in any record."""
    names = [name for name, each in RECORDS.items() if each == kind]
    return any(re.search(meant.pattern, _read(meant.part, name)) for name in names)


def path_of(part: str, name: str) -> Path:
    """Where a snapshot is kept."""
    folder, ending = {"audit": ("audits", "json"), "summary": ("summaries", "txt"), "page": ("pages", "html.gz")}[part]
    return HERE / folder / f"{name}.{ending}"


def _read(part: str, name: str) -> str:
    content = path_of(part, name).read_bytes()
    return (gzip.decompress(content) if part == "page" else content).decode("utf-8")


def differences(part: str, name: str, now: str) -> list[str]:
    """What differs between a snapshot and the same text of today."""
    old = frozen(part, name)
    if part == "audit":
        return comparison.json_differences(json.loads(old), json.loads(now), comparison.AUDIT_RELATIVE)
    return comparison.page_differences(old, now) if part == "page" else comparison.text_differences(old, now)


def readings_of(run: szilard.Run, names: Iterable[str] | None = None) -> dict[str, Any]:
    """What ``run.tree``, ``run.data`` and ``run.estimate`` give, in small.

    Args:
        run: the record.
        names: quantities to be estimated; None chooses some.
    """
    groups = {}
    for name, node in run.tree.children.items():
        variables = {str(key): _mean(variable.values) for key, variable in sorted(node.data_vars.items())}
        groups[name] = {"sizes": _sizes(node.sizes), "mean_of_what_is_finite": variables}
    chosen = _some(run) if names is None else list(names)
    return {
        "status": run.status,
        "data": {"sizes": _sizes(run.data.sizes), "variables": len(run.data.data_vars)},
        "groups": groups,
        "estimates": {name: _estimate(run, name) for name in chosen},
    }


def _some(run: szilard.Run) -> list[str]:
    """A few quantities that have an estimate, those of :data:`FAVOURED` first."""
    known = [str(name) for node in run.tree.children.values() for name in node.data_vars]
    found: list[str] = []
    for name in [*(name for name in FAVOURED if name in known), *known]:
        if len(found) < ESTIMATES_EACH and name not in found and _has_estimate(run, name):
            found.append(name)
    return found


def _has_estimate(run: szilard.Run, name: str) -> bool:
    try:
        run.estimate(name)
    except szilard.SzilardError:
        return False
    return True


def _estimate(run: szilard.Run, name: str) -> dict[str, Any]:
    estimate = run.estimate(name)
    return {
        "shape": list(np.shape(estimate.value)),
        "value": _first(estimate.value),
        "error": _first(estimate.error),
        "kind": str(estimate.kind),
        "degrees_of_freedom": _plain(estimate.degrees_of_freedom),
    }


def _first(values: Any) -> list[Any]:
    """The first few of them."""
    return [_plain(value) for value in np.ravel(values)[:6].tolist()]


def _mean(values: Any) -> Any:
    if values.dtype.kind not in "biuf":
        return None
    finite = values[np.isfinite(values)].astype(float)
    return _plain(float(finite.mean())) if finite.size else None


def _plain(value: float) -> Any:
    return float(value) if math.isfinite(value) else str(value)


def _sizes(sizes: Any) -> dict[str, int]:
    return {str(dim): int(size) for dim, size in sorted(sizes.items())}
