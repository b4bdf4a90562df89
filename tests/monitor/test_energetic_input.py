"""Energies and samplers that cannot be watched get an error that names cause and remedy, or a flagged record."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import szilard
from szilard import Ledger, Monitor
from szilard.errors import ModelError, SpecError, SzilardWarning
from szilard.monitor.energetic import EnergeticRecorder, EnergeticSettings
from szilard.monitor.measure import Occasion
from szilard.samplers import MALA, Relaxation

SETTINGS = EnergeticSettings(3, chains=8, islands=2, particles=8, burn_in=20)


class Trap:
    """A harmonic energy with Metropolis-adjusted Langevin, any part of which can be replaced."""

    def __init__(self, **parts: Callable[..., Any]) -> None:
        self.module = nn.Linear(2, 1)
        self.device = torch.device("cpu")
        self.kernel = MALA(step_size=0.2)
        self.parts = parts
        self.shared = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def energy(self, x: Tensor) -> Any:
        value = x.double().square().sum(1) / 2
        return self.parts["energy"](value) if "energy" in self.parts else value

    def start(self, count: int, generator: torch.Generator) -> Any:
        x = torch.randn(count, 2, generator=generator, dtype=torch.float64)
        return self.parts["start"](self, x) if "start" in self.parts else x

    def relax(self, x: Tensor, sampler_steps: int, generator: torch.Generator) -> Any:
        if "relax" in self.parts:
            return self.parts["relax"](self, x, sampler_steps, generator)
        return self.kernel.relax(self.energy, x, sampler_steps, generator)


def still(x: Tensor) -> Relaxation:
    nothing = torch.zeros(len(x), dtype=torch.float64)
    return Relaxation(x.clone(), nothing, nothing)


def in_place(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = trap.kernel.relax(trap.energy, x, steps, generator)
    x.copy_(moved.x)
    return moved


def of_global_chance(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = still(x)
    return Relaxation(moved.x + torch.randn_like(x), moved.acceptance + 1, moved.shadow_work)


def of_chains_that_train(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    trap.shared += 1  # training's persistent chains move on as well
    moved = still(x)
    return Relaxation(x + trap.shared[: len(x)], moved.acceptance + 1, moved.shadow_work)


def diverging(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = still(x)
    return Relaxation(x * torch.inf, moved.acceptance + 1, moved.shadow_work)


def far(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = still(x)
    return Relaxation(x * 1e160, moved.acceptance + 1, moved.shadow_work)


def flattened(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = still(x)
    return Relaxation(x.flatten(), moved.acceptance, moved.shadow_work)


def mean_acceptance(trap: Trap, x: Tensor, steps: int, generator: torch.Generator) -> Relaxation:
    moved = trap.kernel.relax(trap.energy, x, steps, generator)
    return Relaxation(moved.x, moved.acceptance.mean(), moved.shadow_work)


BAD: dict[str, tuple[dict[str, Callable[..., Any]], str]] = {
    "energy NaN": ({"energy": lambda e: e * torch.nan}, "not finite at the chains' states: look for NaN"),
    "energy of a wrong shape": ({"energy": lambda e: e[:, None]}, "gives shape (24, 1) for 24 states, not (24,)"),
    "one energy for all": ({"energy": lambda e: e.sum()}, "return one number for each, summed over all its dimensions"),
    "energy in float32": ({"energy": lambda e: e.float()}, "not float64 in nats: return energies with .double()"),
    "energy no tensor": ({"energy": lambda e: e.tolist()}, "gives list, not float64"),
    "energy at random": ({"energy": lambda e: e + torch.rand(())}, "differ, and the noise would pass for work"),
    "start of a wrong shape": ({"start": lambda trap, x: x[:-1]}, "gives shape (23, 2): return 24 states"),
    "start no tensor": ({"start": lambda trap, x: x.tolist()}, "gives list: return 24 states"),
    "start not finite": ({"start": lambda trap, x: x / 0}, "states that are not finite"),
    "start of shared memory": ({"start": lambda trap, x: trap.shared[: len(x)]}, "chains are shared, with training"),
    "sampler that stands still": ({"relax": lambda trap, x, steps, g: still(x)}, "the sampler does not move: "),
    "sampler in place": ({"relax": in_place}, "changes the states it is given in place: work on x.clone()"),
    "sampler of global chance": ({"relax": of_global_chance}, "Draw all random numbers from the generator"),
    "chains shared with training": ({"relax": of_chains_that_train}, "never move chains that training moves too"),
    "sampler that diverges": (
        {"relax": diverging},
        "chains diverge within 3 sampler steps: give the",
    ),
    "sampler that diverges in the burn-in": ({"relax": far}, "chains diverge within a burn-in of 20 sampler steps"),
    "sampler that flattens": ({"relax": flattened}, "return as many states of the same kind"),
    "one acceptance for all": ({"relax": mean_acceptance}, "acceptance or shadow work shaped ()"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_watched(name: str) -> None:
    parts, says = BAD[name]
    with pytest.raises(ModelError, match=re.escape(says)):
        EnergeticRecorder(Trap(**parts), SETTINGS, 0)


def test_through_monitor_before_a_record_is_begun(tmp_path: Path) -> None:
    trap = Trap(energy=lambda e: e * torch.nan)
    with pytest.raises(ModelError, match="not finite"):
        Monitor(trap, None, tmp_path / "run", measures=[Ledger(every=1)])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"sampler_steps": 0}, "sampler_steps must be a whole number of at least 1, not 0"),
        ({"chains": 1}, "chains must be a whole number of at least 2"),
        ({"particles": 2.5}, "particles must be a whole number"),
        ({"islands": True}, "islands must be a whole number"),
        ({"reference_steps": 0}, "reference_steps must be a whole number of at least 1"),
        ({"burn_in": -1}, "burn_in must be a whole number of at least 0"),
    ],
)
def test_settings(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        EnergeticSettings(**settings)


def test_a_burn_in_that_is_too_short_is_flagged() -> None:
    class Far(Trap):
        """Chains that begin far out."""

        def start(self, count: int, generator: torch.Generator) -> Tensor:
            return torch.randn(count, 2, generator=generator, dtype=torch.float64) + 100

    trap = Far()
    with pytest.warns(SzilardWarning, match="energies still drift at the end of the burn-in .* raise burn_in"):
        recorder = EnergeticRecorder(trap, SETTINGS, 0)
    assert recorder.attributes["burn_in_drift"] < -5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder = EnergeticRecorder(Trap(), SETTINGS, 0)
    assert abs(recorder.attributes["burn_in_drift"]) < 5


def test_a_sampler_that_stops_moving_is_flagged() -> None:
    trap = Trap()
    recorder = EnergeticRecorder(trap, SETTINGS, 0)
    trap.parts["relax"] = lambda trap, x, steps, generator: still(x)
    for step in range(5):
        recorder.observe(Occasion(step, 1))
    with pytest.warns(SzilardWarning, match="does not move any more: at 5 records up to step 4"):
        rows = recorder.rows()
    assert all(row["acceptance"] == 0 for _, row in rows[0].to_host())


def test_a_sampler_is_not_blamed_for_an_energy_that_breaks() -> None:
    trap = Trap()
    recorder = EnergeticRecorder(trap, SETTINGS, 0)
    for step in range(12):
        if step == 2:
            trap.parts["energy"] = lambda energy: energy * torch.nan
        recorder.observe(Occasion(step, 1))
    assert len(recorder.rows()[0].steps) == 12  # a warning would be an error


def test_chains_that_diverge_end_the_record(tmp_path: Path) -> None:
    trap = Trap()
    monitor = Monitor(trap, None, tmp_path / "run", measures=[Ledger(every=1, samples=8, sampler_steps=2)], quiet=True)
    monitor.step()
    trap.parts["relax"] = far
    with pytest.warns(SzilardWarning, match="the run broke at step 2: .* is not finite: .*smaller step size"):
        monitor.step()
        monitor.close()
    run = szilard.open(tmp_path / "run")
    assert run.data.step.values.tolist() == [0, 1] and run.tree.attrs["status"] == "broken"
