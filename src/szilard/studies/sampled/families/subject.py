"""What a family makes of its spec and its data: all that the life cycle of a run needs to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import torch
from torch import Tensor

from szilard.models.ppm import PPM
from szilard.studies.sampled.families.held_out import HeldOut


@final
@dataclass(frozen=True, slots=True)
class Subject:
    """A model about to be trained and watched.

    Attributes:
        ppm: what is watched; the parameters of its module that require gradients are what is trained.
        loss: of a training step, by its number from 0: the gradient of what it returns trains the model. Chains that it
            runs are its own. Global random numbers are the run's own, so dropout and ``torch.randn`` are welcome.
        held_out: the trained model's score beside a baseline's; called once at the end, on a model in evaluation mode
            without gradients, with a generator on the CPU.
        examples: some of the held-out data, shaped as the model's samples: what the target is in model space.
        ledger: further settings of :class:`szilard.Ledger`, as ``sampler_steps``.
        gallery: further settings of :class:`szilard.Gallery`, as ``shape``.
        model_space: further settings of :class:`szilard.ModelSpace`, as ``target_entropy``.
        after: is called after every step of the optimiser.
        attributes: more for the record, as JSON.
    """

    ppm: PPM
    loss: Callable[[int], Tensor]
    held_out: Callable[[torch.Generator], HeldOut]
    examples: Tensor | None = None
    ledger: Mapping[str, Any] = field(default_factory=dict)
    gallery: Mapping[str, Any] = field(default_factory=dict)
    model_space: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[], None] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
