"""The probe's logits under the first model, with what is checked of them once: finite, repeatable, of inputs alone."""

from __future__ import annotations

import random
import warnings

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from szilard.errors import ModelError, SzilardError, SzilardWarning
from szilard.models.checks import are_logits, check_separate, explain, possible
from szilard.models.evaluation import undisturbed
from szilard.models.ppm import Enumerable
from szilard.models.shortage import memory_named, out_of_memory
from szilard.models.state.keeping import as_at_first, remembers
from szilard.monitor.schedule import device_time

_MANY_CHUNKS, _LONG_SECONDS = 4, 10.0
"""From how many passes over the probe on one is timed, and what is said to be long."""
_SAME = 1e3
"""Rounding units of the greatest logit within which two evaluations of one model agree, whatever order sums run in."""


def first_logits(ppm: Enumerable) -> Tensor:
    """Logits of the model as it stands; refused where a second evaluation, by other random numbers, differs."""
    with undisturbed(ppm.module, ppm.device), memory_named(ppm):
        logits = _all_logits(ppm)
        torch.rand(1), torch.rand(1, device=ppm.device), np.random.random(), random.random()  # noqa: NPY002
        as_at_first(ppm.module)  # what remembers is not random
        change = (possible(logits_of(ppm)) - possible(logits)).abs().max()
        # observers for quantisation, which remember, take a batch for no set of examples
        apart = ppm.inputs > 2 and not remembers(ppm.module)
        among_others = ppm.logits(slice(1, 3)) if apart else logits[1:3]
    if not are_logits(logits):
        raise ModelError("the model's logits are not finite on the probe: look for NaN or Inf in weights and inputs.")
    near = _SAME * torch.finfo(logits.dtype).eps * possible(logits).abs().max()
    if change > near:
        raise ModelError(
            "two evaluations of the same model differ, and the noise would pass for work: something in it is "
            "random in evaluation mode too (F.dropout needs training=self.training, or use nn.Dropout), or "
            "remembers outside of its attributes what it was shown."
        )
    check_separate(logits[1:3], among_others, near)
    return logits


def logits_of(ppm: Enumerable) -> Float[Tensor, "inputs heads outcomes"]:
    """Logits of the whole probe, in memory of their own."""
    chunks = [ppm.logits(chunk) for chunk in ppm.chunks()]
    # a copy: the model may reuse its output's memory
    return torch.cat(chunks).detach() if len(chunks) > 1 else chunks[0].detach().clone()


def _all_logits(ppm: Enumerable) -> Tensor:
    try:
        _foretell(ppm)
        return logits_of(ppm)
    except SzilardError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise
        raise ModelError(
            f"the model could not be evaluated on all {ppm.inputs:,} inputs of the probe: {explain(error)}. "
            "Give inputs as the model takes them, and another chunk= where the last one is too short for it."
        ) from error


def _foretell(ppm: Enumerable) -> None:
    """Says what a record of a probe of many passes will take, before all of them are made."""
    chunks = list(ppm.chunks())
    if len(chunks) < _MANY_CHUNKS:
        return
    begin = device_time(ppm.device)
    ppm.logits(chunks[0])
    seconds = len(chunks) * (device_time(ppm.device) - begin)
    if seconds > _LONG_SECONDS:
        warnings.warn(
            f"a record evaluates {ppm.inputs:,} inputs in {len(chunks):,} passes, which takes about {seconds:.0f} s:"
            " a quarter of the inputs takes a quarter of that, and errors are twice as large.",
            SzilardWarning,
            stacklevel=8,
        )
