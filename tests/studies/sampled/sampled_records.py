"""Records of sampled runs made up by formula, so that a page can be drawn for every capability without a training."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from szilard.ledger.embedding import classical_scaling
from szilard.monitor.gallery import GALLERY
from szilard.monitor.model_space.kept import BINS, MODEL_SPACE
from szilard.monitor.sampled.schema import (
    CAPABILITIES,
    LOG_NORMALISER,
    RELAXATION,
    ledger_group,
)
from szilard.records.schema import HISTOGRAM_BINS, Group
from szilard.records.writer import RecordWriter

RECORDS, EVERY = 60, 10
PATH = (1.0, 2.0, 4.0)
DRAWS = (1.0, 4.0, 16.0, 64.0)
SUB_STEPS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
FORMS: dict[str, dict[str, Any]] = {
    "sequential": {"form": "text", "shape": [80]},
    "tractable": {"form": "points", "shape": [2]},
    "bounded": {"form": "image", "shape": [8, 8]},
    "energetic": {"form": "image", "shape": [1, 8, 8], "sampler_steps": 100},
}
MODELS = 8


def _along(row: int) -> float:
    return 1 - math.exp(-4 * row / RECORDS)


def _ledger(capability: str, row: int) -> dict[str, Any]:
    """One row: W and ΔS grow towards 1.2 and −0.8, errors with them."""
    s = _along(row)
    work, change = 1.2 * s, -0.8 * s
    values = {
        "energy": 2.0 + change, "entropy_conditional": 2.0 + change, "work": work, "heat": change - work,
        "heat_stepwise": change - work + 0.01 * s, "entropy_change": change, "ep_conditional": work,
        "work_reverse": 1.1 * s, "work_direct": 0.9 * s, "length": 3 * s, "fluctuation": 1 + 0.01 * math.sin(row),
        "tokens": 80.0, "work_per_sequence": 80 * work, "heat_per_sequence": 80 * (change - work),
        "entropy_per_sequence": 80 * (2 + change), "work_joint": 1.5 * s,
        "free_energy_change": 0.5 * s, "energy_lagged": 2.1 + change, "work_lagged": work + 0.5 * s + 0.4 * s,
        "heat_lagged": change - work, "work_shadow": 0.0, "work_dissipated": work + 0.4 * s, "lag_work": 0.4 * s,
        "jarzynski": 1 + 0.05 * math.sin(row), "detailed_balance": 0.01 * math.cos(row), "acceptance": 0.6 + 0.1 * s,
        "log_normaliser": 3 - 0.5 * s,
    }  # fmt: skip
    errors = {f"{name}_error": 0.02 * (0.2 + s) for name in values} | {"energy_lagged_error": 0.02}
    values["heat_lagged"] = change - values["work_lagged"]  # the first law of the chains
    lower = {f"{name}_lower": value - 0.2 * s - 0.02 for name, value in values.items()}
    if capability == "bounded":  # the first law, from both sides
        values["heat"] = change - lower["work_lower"]
        lower["heat_lower"] = lower["entropy_change_lower"] - work
    lower |= {f"{name}_lower_error": 0.02 for name in values}
    plain = {
        "interval": EVERY if row else 0, "wall_time": 0.1 * row,
        "effective_sample_size": 1 - 0.4 * abs(math.sin(row / 7)),
        "refreshes": row // 20, "samples_drawn": 64 * (1 + row // 20), "precision_floor": 1e-9 * row,
        "jarzynski_effective_samples": 200 * math.exp(-s), "autocorrelation_time": 12 + 10 * s,
        "resamplings": row // 9, "sampler_steps": 20 * row, "loss": 2 * math.exp(-2 * s), "loss_error": 0.01,
        "learning_rate": 0.01,
        "work_by_interval": [1.2 * s * k for k in PATH], "work_by_interval_error": [0.02] * 3,
        "steps_by_interval": [EVERY * k * (row // k) for k in PATH], "jumps_by_interval": [row // k for k in PATH],
        "entropy_gap": [0.6 * (0.2 + s) / k**0.5 for k in DRAWS], "entropy_gap_error": [0.01] * 4,
    }  # fmt: skip
    return values | errors | lower | plain


def _sample(form: dict[str, Any], row: int, number: int) -> list[float]:
    generator = np.random.default_rng([row, number])
    s, kind, places = _along(row), form["form"], math.prod(form["shape"])
    if kind == "tokens" or (kind == "points" and places != 2):
        return generator.integers(50, size=places).astype(float).tolist()
    if kind == "text":
        text, letters = (
            "It was a truth universally acknowledged, that a reader must be in want of words.",
            "abcdefg <>&",
        )
        kept = [c if generator.random() < s else letters[generator.integers(len(letters))] for c in text[:70]]
        return [*map(float, map(ord, kept)), *[math.nan] * 10]
    if kind == "points":
        return (
            (1 - s) * generator.normal(size=2) + s * np.array([2 * (number % 2) - 1, 0.3 * generator.normal()])
        ).tolist()
    x, y = np.meshgrid(np.arange(8) - 3.5, np.arange(8) - 3.5)
    ring = np.exp(-((np.hypot(x, y) - 2.5) ** 2))
    return ((1 - s) * generator.random((8, 8)) + s * ring).ravel().tolist()


def _space(capability: str) -> list[tuple[int, dict[str, Any]]]:
    """Models on an arc, the target beyond its end; σ normal as Eq. 22 has it: mean J/2, variance J."""
    steps = np.unique(np.geomspace(1, RECORDS, MODELS).round().astype(int) - 1) * EVERY
    angle = np.linspace(0, 1.5, len(steps))
    points = 2.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    target = 2.0 * np.array([math.cos(1.7), math.sin(1.7)])
    generator = np.random.default_rng(0)
    rows = []
    for j, step in enumerate(steps.tolist()):
        jeffreys = [float(((points[j] - points[i]) ** 2).sum()) if i < j else math.nan for i in range(MODELS)]
        row: dict[str, Any] = {
            "model_step": [int(steps[i]) if i <= j else -1 for i in range(MODELS)],
            "jeffreys": jeffreys, "jeffreys_error": [0.02 * each for each in jeffreys],
            "separation": jeffreys, "separation_error": [0.02 * each for each in jeffreys],
            "cross_entropy": 1.4 + 0.5 * float(((target - points[j]) ** 2).sum()) + 0.045, "cross_entropy_error": 0.01,
        }  # fmt: skip
        if j:
            nats = 2 * jeffreys[j - 1]
            forward = generator.normal(nats / 2, math.sqrt(nats), 500)
            backward = generator.normal(-nats / 2, math.sqrt(nats), 500)
            low, high = min(forward.min(), backward.min()), max(forward.max(), backward.max())
            counts = [np.histogram(each, HISTOGRAM_BINS, (low, high))[0].tolist() for each in (forward, backward)]
            row |= {
                "previous_step": int(steps[j - 1]), "free_energy_bar": 0.01, "free_energy_bar_error": 0.02,
                "forward_histogram": counts[0], "backward_histogram": counts[1], "histogram_low": low,
                "histogram_high": high, "detailed_slope": 1 + 0.05 * generator.normal(), "detailed_slope_error": 0.05,
            }  # fmt: skip
        rows.append((step, row))
    assert classical_scaling(((points[:, None] - points[None]) ** 2).sum(-1)).explained > 0.99
    return rows


def make(
    out: Path, capability: str, *, rows: int = RECORDS, gallery: bool = True, space: bool = True,
    status: str = "complete", form: dict[str, Any] | None = None, **attributes: Any,
) -> Path:  # fmt: skip
    """A record of this capability in ``out``.

    Args:
        out: its directory.
        capability: of ``szilard.monitor.sampled.schema.CAPABILITIES``.
        rows: of the ledger.
        gallery: whether samples were kept.
        space: whether models were kept.
        status: as a monitor leaves it.
        form: of the samples; None: that of :data:`FORMS`.
        attributes: further ones of the root.
    """
    more = LOG_NORMALISER if capability == "energetic" else ()
    dims = {dim for variable in CAPABILITIES[capability] for dim in variable.dims}
    path, draws = PATH if "path_interval" in dims else (), DRAWS if "draw" in dims else ()
    groups = [ledger_group(capability, more, path_intervals=path, draws=draws)]
    form = form or FORMS[capability]
    samples = 6 if form["form"] != "points" else 60
    places = math.prod(form["shape"])
    if gallery:
        extents = {"row": tuple(map(float, range(samples))), "place": tuple(map(float, range(places)))}
        groups.append(Group("gallery", GALLERY, extents))
    if space:
        groups.append(Group("model_space", MODEL_SPACE, {"model": tuple(map(float, range(MODELS))), **BINS}))
    if capability == "energetic":
        groups.append(Group("relaxation", RELAXATION, {"sub_step": SUB_STEPS}))
    told = {
        "kind_of_run": "sampled", "capability": capability, "family": capability, "name": f"made up, {capability}",
        "every": EVERY, "gallery": form, "sampler_steps": 20,
        "model": {"class": "Made", "parameters": 1234}, "optimizer": {"class": "Adam", "lr": 0.01},
        "model_space": {"unit": "token" if capability == "sequential" else "dimension", "target_entropy": 1.4,
                        "held_out": 500, "samples": 500, "most": MODELS, "cross_entropy_from": "0",
                        "units_of_a_sample": 64.0},
        "held_out": {"name": "negative log-likelihood", "value": 1.45, "error": 0.02, "units": "nat per dimension"},
        "baseline": {"name": "Gaussian of full covariance", "value": 1.9, "error": 0.02, "units": "nat per dimension"},
        **attributes,
    }  # fmt: skip
    writer = RecordWriter(out, groups=groups, attributes=told)
    known = set(writer.columns("ledger"))
    for row in range(rows):
        writer.append("ledger", row * EVERY, {k: v for k, v in _ledger(capability, row).items() if k in known})
        if capability == "energetic" and row:
            s = _along(row)
            profile = [2.0 - 0.8 * s + 0.5 * math.exp(-each / 15) for each in SUB_STEPS]
            writer.append("relaxation", row * EVERY, {"relaxation": profile, "relaxation_error": [0.02] * len(profile)})
        if gallery and row in (0, 1, 2, 4, 8, 16, 32, RECORDS - 1):
            writer.append("gallery", row * EVERY, {"sample": [_sample(form, row, n) for n in range(samples)]})
    if space:
        for step, numbers in _space(capability):
            if step < rows * EVERY:
                writer.append("model_space", step, numbers)
    writer.close(status)
    return out
