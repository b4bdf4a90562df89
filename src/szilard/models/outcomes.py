"""A table of outcomes as a PPM: an unconditional distribution over finitely many x, summed exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.checks import check_logits, check_same_device, explain
from szilard.models.evaluation import undisturbed, unwrap


@final
class Outcomes:
    """A module that gives an unnormalised log-probability (a logit, or ``−E_θ(x)``) to each of finitely many outcomes.

    There is a single "input", so exact sums carry no sampling error.

    Args:
        model: the network in training.
        table: the outcomes x, first dimension = outcomes (for example all states of a small spin system); the model is
            called on it. Without a table the model is called without arguments and returns all log-probabilities.
        forward: ``forward(model, table) -> logits`` for other signatures.
        chunk: outcomes per forward pass; by default all of them.

    Raises:
        ModelError: the output is not one finite number per outcome, or the table is empty or on another device.

    Example:
        >>> import torch
        >>> from szilard.models import Outcomes
        >>> class Softmax(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.weights = torch.nn.Parameter(torch.zeros(5))
        ...     def forward(self):
        ...         return self.weights
        >>> Outcomes(Softmax()).outcomes
        5
    """

    inputs = 1
    heads = 1
    labels = None

    def __init__(
        self,
        model: nn.Module,
        table: Tensor | None = None,
        *,
        forward: Callable[[nn.Module, Any], Tensor] | None = None,
        chunk: int | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ModelError(f"the model must be a torch.nn.Module, not {type(model).__name__}: wrap it in one.")
        if table is not None and (table.dim() == 0 or table.shape[0] == 0):
            raise ModelError("the table of outcomes is empty: give at least two outcomes.")
        self.module = unwrap(model)
        self._table = table
        self._forward = forward
        self._chunk = chunk
        self.device = check_same_device(self.module, [] if table is None else [table])
        self.outcomes = self._try_forward()

    def chunks(self) -> Iterator[slice]:
        """One slice, of the one input that an unconditional distribution has."""
        yield slice(0, 1)

    def logits(self, chunk: slice) -> Float[Tensor, "1 1 outcomes"]:
        """Log-probabilities of all outcomes, up to a constant."""
        return self._log_weights().reshape(1, 1, -1)

    def _log_weights(self) -> Tensor:
        if self._table is None:
            return self._forward(self.module, None) if self._forward else self.module()
        call = self._forward or (lambda model, rows: model(rows))
        parts = [call(self.module, rows) for rows in self._table.split(self._chunk or len(self._table))]
        return torch.cat([part.reshape(-1) for part in parts])

    def _try_forward(self) -> int:
        with undisturbed(self.module, self.device):
            try:
                weights = self._log_weights()
            except Exception as error:
                raise ModelError(
                    f"the model could not be evaluated on the table of outcomes: {explain(error)}. Say how to call it "
                    "with forward=lambda model, table: …"
                ) from error
        check_logits(weights.reshape(1, -1) if isinstance(weights, Tensor) else weights, 1)
        if self._table is not None and weights.numel() != len(self._table):
            raise ModelError(
                f"the model gave {weights.numel()} numbers for {len(self._table)} outcomes: it must give one for each."
            )
        return weights.numel()
