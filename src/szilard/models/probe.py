"""A probe as the model takes it: tensors of the monitor's own, from whatever the user has them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import ModelError
from szilard.models.sharding import compute_device


def own_probe(inputs: Any, module: nn.Module) -> Any:
    """A copy of the probe inputs, which nobody else refills: a tensor, or a tuple or dict of tensors.

    NumPy arrays become tensors, floating ones of the model's own precision; mappings (``BatchEncoding``) become dicts,
    without entries that are None; lists become tuples.

    Raises:
        ModelError: for what has no tensors in it.
    """
    if isinstance(inputs, Mapping):
        inputs = {name: each for name, each in inputs.items() if each is not None}
    elif isinstance(inputs, list):
        inputs = tuple(inputs)
    leaves, structure = pytree.tree_flatten(inputs)
    if not leaves:
        raise ModelError("the probe is empty: give at least one input, better 256 or more.")
    return pytree.tree_unflatten([_own(leaf, inputs, module) for leaf in leaves], structure)


def _own(leaf: Any, inputs: Any, module: nn.Module) -> Tensor:
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biuf":
        leaf = torch.as_tensor(np.array(leaf, order="C"))
        first = next(module.parameters(), leaf)
        own = first.dtype if leaf.is_floating_point() and first.is_floating_point() else leaf.dtype
        leaf = leaf.to(compute_device(first), own)
    if not isinstance(leaf, Tensor):
        remedy = "convert them first"
        if isinstance(inputs, dict):
            remedy = "convert them first (a tokenizer does it with return_tensors='pt')"
        elif isinstance(inputs, torch.utils.data.DataLoader | torch.utils.data.Dataset):
            remedy = f"take some inputs out of the {type(inputs).__name__} and stack them"
        raise ModelError(f"probe inputs must be a tensor, or a tuple or dict of tensors: {remedy}.")
    if leaf.is_nested or leaf.layout != torch.strided:
        kind = "nested" if leaf.is_nested else str(leaf.layout).removeprefix("torch.")
        raise ModelError(f"probe inputs must be ordinary tensors, not {kind} ones: convert them first.")
    return leaf.detach().clone()
