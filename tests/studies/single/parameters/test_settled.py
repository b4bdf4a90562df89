"""Stationary parameters under shuffled epochs, decoupled decay and schedules of the rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from szilard.audit import audit
from szilard.verdicts.finding import Verdict

NAME, RELATION = "stationary parameters", "first fluctuation–dissipation relation"


@pytest.fixture(scope="module")
def at_rest(attached: Callable[..., xr.DataTree], learned: xr.DataTree, makers: dict[str, Any]) -> xr.DataTree:
    return attached(learned, makers["Setting"](records=80, every=13))


def changed(tree: xr.DataTree, *, rate: np.ndarray | None = None, optimizer: Any = None, **reservoir: Any) -> Any:
    """The audit of the record with other learning rates, optimiser or settings of the reservoir."""
    tree = tree.copy()
    tree.attrs["reservoir"] = {**tree.attrs["reservoir"], **reservoir}
    if optimizer is not None:
        tree.attrs["optimizer"] = optimizer
    data = tree["reservoir"].to_dataset().copy(deep=True)
    data["temperature_configurational"][:] *= 0.3  # as under decay and shuffled epochs, at rest
    data["temperature_configurational_error"][:] *= 0.1
    if rate is not None:
        data["rate"][:] = rate[:, None]
    tree["reservoir"] = xr.DataTree(data)
    return audit(tree)


@pytest.mark.parametrize(
    "settings",
    [
        {"replacement": False},
        {"replacement": None},
        {"optimizer": {"class": "AdamW", "weight_decay": 0.01}},
        {"optimizer": {"class": "Mine", "weight_decay": 0.0, "groups": [{"weight_decay": 0.1}]}},
        {
            "optimizer": {
                "class": "SGD + AdamW",
                "optimizers": [{"class": "SGD"}, {"class": "AdamW", "weight_decay": 1}],
            }
        },
    ],
)
def test_where_temperatures_differ_at_rest_displacements_decide(settings: dict[str, Any], at_rest: xr.DataTree) -> None:
    row = changed(at_rest, **settings)[NAME]
    assert row.verdict in (Verdict.HELD, Verdict.UNDECIDED), row
    assert "⟨θ·Δθ⟩" in row.detail and row.effect == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("optimizer", [{"class": "SGD", "weight_decay": 0.1}, {"class": "AdamW", "weight_decay": 0.0}])
def test_elsewhere_temperatures_do(optimizer: dict[str, Any], at_rest: xr.DataTree) -> None:
    assert changed(at_rest, optimizer=optimizer)[NAME].verdict is Verdict.FAILED


def test_while_the_rate_is_scheduled_nothing_can_be_checked(at_rest: xr.DataTree) -> None:
    report = changed(at_rest, rate=np.linspace(0.1, 0.001, 80))
    for name in (NAME, RELATION):
        assert report[name].verdict is Verdict.UNCHECKABLE and "hold the rate" in report[name].detail


def test_a_plateau_is_told_alone(at_rest: xr.DataTree) -> None:
    """Of 80 records the last 30 at one rate: they are compared, and nothing before them."""
    report = changed(at_rest, rate=np.where(np.arange(80) < 50, 0.2, 0.1))
    steps = 13 * 51
    for name in (NAME, RELATION):
        assert report[name].verdict in (Verdict.HELD, Verdict.UNDECIDED)
        assert f"steps {steps:,} to" in report[name].where
