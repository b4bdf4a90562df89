"""The loop's noise against that of fresh batches: whether the reservoir that was measured is the one that trained."""

from __future__ import annotations

import numpy as np

from szilard.numbers import with_error
from szilard.reservoir.contrasts import largest_effect
from szilard.reservoir.replicates import ratio_of_means
from szilard.studies.kits.parameters.statements import LOOP
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_BURSTS, GROSS, LEVEL
from szilard.verdicts.finding import Concern, Finding, Verdict


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The one row of this family: the largest departure of a layer's ratio of means from 1.

    A loop that is known to draw with replacement must agree, or the record is of another training, unless it was said
    to clip. Batches of shuffled epochs are no fresh ones: they hold what the model has not seen for longest; but that
    makes no factor of two.
    """
    bursts = reading.bursts
    assert bursts is not None
    if bursts.records < FEWEST_BURSTS:
        return (LOOP.unchecked(bursts.too_few(FEWEST_BURSTS), Concern.RECORD),)
    if bursts.unseen:
        return (_unseen(bursts),)
    layers = [layer for layer in range(bursts.groups) if len(bursts.noisy(layer)) >= FEWEST_BURSTS]
    if not layers:
        return (LOOP.unchecked("There is no noise: its variance is 0 in every layer.", Concern.RECORD),)
    loop, fresh = bursts.values("noise_variance_loop"), bursts.values("noise_variance")
    found = [ratio_of_means(loop[:, layer], fresh[:, layer]) for layer in layers]
    values, errors = (np.array([getattr(one, name) for one in found]) for name in ("value", "error"))
    largest = largest_effect(values - 1, errors, float(bursts.records - 1), LEVEL)
    layer, worst = layers[largest.where[0]], found[largest.where[0]]
    half = largest.high - largest.value
    gross = worst.value + half < 1 / GROSS or worst.value - half > GROSS
    declared = bursts.settings.get("clipped") is True
    clipped, skipped = (int(np.asarray(bursts.data[name]).sum()) for name in ("clipped_steps", "skipped_steps"))
    said = [f"{with_error(worst.value, worst.error)} times as large in {bursts.names[layer]}."]
    if declared:
        said.append("Gradients are clipped, as was said: temperatures are those of the unclipped ones.")
    elif largest.low > 0:
        said.append("Other training data, augmentation, dropout, clipping or another batch size would do that.")
        if not bursts.replacement and not gross:
            said.append(
                "So would shuffled epochs: what they serve was not seen for long, and is harder than the average."
            )
    if clipped:
        said.append(f"{clipped:,} steps look clipped.")
    if skipped:
        said.append(f"{skipped:,} training steps came without an optimiser's step.")
    if bursts.undefined:
        said.append(f"{bursts.undefined} bursts without finite numbers were set aside.")
    return (
        LOOP.tested(
            largest.value,
            largest.interval,
            where=f"{bursts.span()}, {bursts.names[layer]}",
            detail=" ".join(said),
            concerns=Concern.RECORD if (bursts.replacement or gross) and not declared else Concern.THEORY,
        ),
    )


def _unseen(bursts: Bursts) -> Finding:
    """Layers of which fresh gradients say nothing at all."""
    names = [bursts.names[layer] for layer in bursts.unseen]
    one = len(names) == 1
    return LOOP.tested(
        None,
        where=f"{bursts.span()}, {names[0]}",
        detail=(
            f"{', '.join(names)} {'moves' if one else 'move'} by gradients that fresh batches do not have, so "
            f"{'its' if one else 'their'} noise and temperature are unknown: loss_fn is not the loop's whole loss (an "
            "auxiliary term, inputs that require a gradient), or those layers see other data."
        ),
        verdict=Verdict.FAILED,
        concerns=Concern.RECORD,
    )
