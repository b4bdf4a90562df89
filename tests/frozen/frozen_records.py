"""The frozen records, what is kept of each, and the same read again today: through szilard's public doors alone."""

from __future__ import annotations

import json
import math
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import frozen_comparison as comparison
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


def unpack(name: str, directory: Path) -> Path:
    """The record's files, in ``directory/name``."""
    target = directory / name
    with tarfile.open(HERE / "records" / f"{name}.tar.gz") as archive:
        archive.extractall(target, filter="data")
    return target


def audit_of(run: szilard.Run) -> str:
    """As ``szilard audit --json`` prints it."""
    return run.audit().to_json() + "\n"


def path_of(name: str) -> Path:
    """Where the audit of a record is kept."""
    return HERE / "audits" / f"{name}.json"


def differences(name: str, now: str) -> list[str]:
    """What differs between the audit that is kept and the same of today."""
    old = path_of(name).read_text(encoding="utf-8")
    return comparison.json_differences(json.loads(old), json.loads(now), comparison.AUDIT_RELATIVE)


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
