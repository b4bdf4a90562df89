"""Is the advice on sampler steps right? Asked of a short sampler, and checked by doing it, on a training with digits.

The machine of the named run ``rbm`` learns digits; its parameters are kept at every record. A ledger with chains of τ
sweeps goes over this path and says how many would leave ``target`` nats of an update's heat undone; another with as
many sweeps goes over the same path and says what they do leave.

    .venv/bin/python benchmarks/lag_advice.py [--sampler-steps 10 --target 0.1 --updates 1200]
"""

from __future__ import annotations

import argparse
import itertools
import math

import torch
from machine import machine

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.ledger.unrelaxed import Undone
from szilard.models import RestrictedBoltzmann
from szilard.models.evaluation import ModelState, held_at, state_of, undisturbed
from szilard.monitor.energetic import EnergeticRecorder, EnergeticSettings
from szilard.monitor.measure import Occasion
from szilard.studies.sampled.families.rbm import rbm


def trained(updates: int) -> tuple[RestrictedBoltzmann, list[ModelState]]:
    """The parameters along the run, at every record."""
    spec = rbm("digits").with_steps(updates)
    torch.manual_seed(0)
    model = spec.model.build()
    subject = spec.begin(model, spec.load_data(), torch.device("cpu"))
    optimizer = spec.training.optimizer.build(model.parameters())
    rate = optimizer.param_groups[0]["lr"]
    path: list[ModelState] = [state_of(model)]
    for update in range(updates):
        for group in optimizer.param_groups:
            group["lr"] = rate * spec.training.schedule.multiplier(update, updates) if spec.training.schedule else rate
        optimizer.zero_grad()
        subject.loss(update).backward()
        optimizer.step()
        if (update + 1) % (spec.every or 1) == 0:
            path.append(state_of(model))
    assert isinstance(subject.ppm, RestrictedBoltzmann)
    return subject.ppm, path


def followed(ppm: RestrictedBoltzmann, path: list[State], sampler_steps: int, target: float) -> Undone:
    """What a ledger with chains of this many sweeps says of the relaxation inside updates."""
    with held_at(ppm.module, path[0]):
        recorder = EnergeticRecorder(ppm, EnergeticSettings(sampler_steps, chains=1024), sampler_steps)
    energies, profiles, row = {}, {}, {}
    for step, state in enumerate(path):
        with held_at(ppm.module, state), undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, 1))
        rows = recorder.rows()
        row = rows[0].to_host()[0][1]
        energies[step] = row["energy"], row["energy_error"]
        if len(rows) > 1 and step > 0:
            profiles[step] = rows[1].to_host()[0][1]
    between = [float(later - earlier) for earlier, later in itertools.pairwise(profiles)]
    excess = ledger.excess_energies(
        [profile["relaxation"] for profile in profiles.values()],  # type: ignore[misc]
        [profile["relaxation_error"] for profile in profiles.values()],  # type: ignore[misc]
        [energies[step][0] for step in profiles],  # type: ignore[misc]
        [energies[step][1] for step in profiles],  # type: ignore[misc]
        ledger.independent_updates(between, sampler_steps, row["autocorrelation_time"]),  # type: ignore[arg-type]
    )
    (sub_steps,) = recorder.groups[1].coordinates.values()
    left = ledger.undone(sub_steps, *excess, sampler_steps, target)
    work, lag = (Estimate(row[name], row[f"{name}_error"], Kind.ASYMPTOTIC) for name in ("work", "lag_work"))
    print(f"tau = {sampler_steps}: W = {work}, W_diss - W = {lag}, autocorrelation {row['autocorrelation_time']:.1f}")
    print(f"  undone: {left.left} of {left.at_first}\n  {left.sentence}", flush=True)
    return left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler-steps", type=int, default=10)
    parser.add_argument("--target", type=float, default=0.1)
    parser.add_argument("--updates", type=int, default=1200)
    given = parser.parse_args()
    print(machine())
    ppm, path = trained(given.updates)
    advice = followed(ppm, path, given.sampler_steps, given.target)
    if math.isfinite(advice.steps):
        followed(ppm, path, math.ceil(advice.steps), given.target)


if __name__ == "__main__":
    main()
