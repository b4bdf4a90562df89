"""An earlier θ in a model for the time of a block: an energy, unlike logits, must be asked again at samples to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.utils import stateless

State = Mapping[str, Tensor]


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """A copy of θ as it stands: all parameters and buffers by name. This is a copy of the model, in memory too."""
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach().clone() for name, tensor in named.items()}


@contextmanager
def held_at(module: nn.Module, state: State) -> Iterator[None]:
    """The module with the parameters and buffers of ``state``; its own come back to the bit, for none is written to.

    Args:
        module: of a PPM.
        state: from :func:`state_of` of the same module.
    """
    with stateless._reparametrize_module(module, dict(state), tie_weights=True):
        yield
