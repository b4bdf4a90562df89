"""Whether a model still stands where it was observed last, from a few of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

_PARAMETERS, _VALUES = 4, 16


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """A record's step, and what tells the model of that moment from a later one; nothing waits for the device.

    Attributes:
        step: of the record.
        values: a few of the model's parameters then.
    """

    step: int
    values: Tensor

    @classmethod
    def of(cls, module: nn.Module, step: int) -> Standing:
        """As the model stands."""
        return cls(step, _values(module))

    def holds(self, module: nn.Module) -> bool:
        """Whether the model stands there still; waits for the device."""
        return bool(torch.equal(self.values, _values(module)))


def _values(module: nn.Module) -> Tensor:
    # the last ones first: they are the ones that any step moves
    trained = [each for each in module.parameters() if each.requires_grad] or list(module.parameters())
    picked = [each.detach().flatten()[:_VALUES].double() for each in trained[-_PARAMETERS:]]
    return torch.cat(picked) if picked else torch.zeros(0)
