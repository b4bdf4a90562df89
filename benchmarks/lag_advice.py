"""Is the advice on sampler steps right? Asked of a short sampler, and checked by doing it, on a training of an energy.

The energy of the named run ``ebm`` learns a density of the plane by chains of adjusted Langevin; its parameters and its
kernel are kept at every record. Ledgers with chains of several τ then go over the same path, their kernel made slower
by smaller steps. From each τ the advice predicts the lag of the others.

    .venv/bin/python benchmarks/lag_advice.py [--data ring --updates 120 --every 4 --batch 4096 --slower 30]
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import replace

import torch
from machine import machine

from szilard import ledger
from szilard.estimate import Estimate, Kind
from szilard.experiments.families.ebm import ebm
from szilard.models.energy import EnergyBased
from szilard.models.evaluation import undisturbed
from szilard.models.held import State, held_at, state_of
from szilard.monitor.energetic import EnergeticRecorder, EnergeticSettings
from szilard.monitor.measure import Occasion
from szilard.samplers import MALA

Path = list[tuple[State, MALA]]
STEPS = (5, 20, 80, 320)


def trained(data: str, updates: int, every: int, batch: int) -> tuple[EnergyBased, Path]:
    """Parameters and kernels along a training."""
    spec = ebm(data)
    spec = replace(spec, chains=batch, training=replace(spec.training, batch_size=batch))
    torch.manual_seed(0)
    model = spec.model.build()
    subject = spec.begin(model, spec.load_data(), torch.device("cpu"))
    ppm = subject.ppm
    assert isinstance(ppm, EnergyBased) and isinstance(ppm.kernel, MALA)
    optimizer = spec.training.optimizer.build(model.parameters())
    path: Path = [(state_of(model), ppm.kernel)]
    for update in range(1, updates + 1):
        optimizer.zero_grad()
        subject.loss(update - 1).backward()
        optimizer.step()
        if update % every == 0:
            path.append((state_of(model), ppm.kernel))
    return ppm, path


def followed(ppm: EnergyBased, path: Path, sampler_steps: int, slower: float) -> dict[str, float]:
    """The last row of a ledger with chains of this many sampler steps."""
    settings = EnergeticSettings(sampler_steps, chains=512, particles=32, reference_steps=40)
    state, kernel = path[0]
    ppm.kernel = replace(kernel, step_size=kernel.step_size / slower)
    with held_at(ppm.module, state):
        recorder = EnergeticRecorder(ppm, settings, sampler_steps)
    row: dict[str, float] = {}
    for step, (state, kernel) in enumerate(path):
        ppm.kernel = replace(kernel, step_size=kernel.step_size / slower)
        with held_at(ppm.module, state), undisturbed(ppm.module, ppm.device):
            recorder.observe(Occasion(step, 1))
        row = recorder.rows()[0].to_host()[-1][1]  # type: ignore[assignment]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="ring")
    parser.add_argument("--updates", type=int, default=120)
    parser.add_argument("--every", type=int, default=4)
    parser.add_argument("--batch", type=int, default=4096, help="examples and chains that train: few shake θ")
    parser.add_argument("--slower", type=float, default=30)
    given = parser.parse_args()
    print(machine())
    ppm, path = trained(given.data, given.updates, given.every, given.batch)
    count = len(path) - 1
    found = {}
    for steps in STEPS:
        row = followed(ppm, path, steps, given.slower)
        found[steps] = ledger.advise(
            Estimate(row["work"], row["work_error"], Kind.ASYMPTOTIC),
            Estimate(row["lag_work"], row["lag_work_error"], Kind.ASYMPTOTIC),
            count,
            steps,
        )
        work, dissipated = (f"{row[name]:.3f} ± {row[f'{name}_error']:.3f}" for name in ("work", "work_dissipated"))
        time = row["autocorrelation_time"]
        print(f"tau = {steps:3}: W = {work}, W_diss = {dissipated}; autocorrelation time {time:.1f}", flush=True)
        print(f"           {found[steps].sentence}", flush=True)
    print("\nlag per record, predicted over measured:")
    for short, long in itertools.combinations(STEPS, 2):
        if found[short].seen and found[long].seen:
            ratio = found[short].lag_at(long) / found[long].lag.value
            print(f"  from tau = {short:3} for tau = {long:3}: {ratio:.2f}")


if __name__ == "__main__":
    main()
