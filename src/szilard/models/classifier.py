"""A classifier as a PPM: X is the label given an input, ``p_θ(y|u)``, averaged over a fixed probe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from szilard.errors import ModelError
from szilard.models.checks import check_logits, check_same_device, explain
from szilard.models.evaluation import undisturbed, unwrap
from szilard.models.gradients import call, logits_of, own
from szilard.models.probe import own_probe
from szilard.models.shortage import out_of_memory
from szilard.models.state.keeping import accompany, as_at_first

_CHUNK_ELEMENTS = 2**19
_CHUNK_INPUTS = 1024
_IGNORED = -100


@final
class Classifier:
    """Any ``nn.Module`` that turns inputs into logits, watched on a fixed set of probe inputs.

    Quantities are means per probe input, in nats. Evaluation leaves the model exactly as it was; dropout is off and
    batch-norm uses its running statistics, which are part of θ.

    Args:
        model: the network in training; ``torch.compile``d or data-parallel wrappers are looked through.
        inputs: the probe: a tensor, or a tuple or dict of tensors (a list counts as a tuple, a ``BatchEncoding`` as a
            dict, NumPy arrays as tensors), first dimension = number of inputs, on the model's device. They are copied:
            the same inputs serve every record.
        labels: true labels, shape ``(inputs,)`` or ``(inputs, heads)``: adds accuracy and cross-entropy to the record.
        forward: ``forward(model, inputs) -> logits`` for signatures other than ``model(inputs)``,
            ``model(*inputs)`` or ``model(**inputs)``; also the place to move a class dimension last.
        chunk: probe inputs per forward pass; by default at most 1,024, fewer for many classes.

    The model must give floating-point logits ``(inputs, outcomes)``, or ``(inputs, heads…, outcomes)`` for several
    labels per input (summed over heads), or an object with such ``.logits``.

    Raises:
        ModelError: the probe is empty, on another device, or of the wrong shape; the output is no logits or not finite.

    Example:
        >>> import torch
        >>> from szilard.models import Classifier
        >>> ppm = Classifier(torch.nn.Linear(4, 3), inputs=torch.zeros(8, 4))
        >>> ppm.inputs, ppm.heads, ppm.outcomes
        (8, 1, 3)
    """

    def __init__(
        self,
        model: nn.Module,
        inputs: Any,
        labels: Tensor | None = None,
        *,
        forward: Callable[[nn.Module, Any], Any] | None = None,
        chunk: int | None = None,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise ModelError(f"the model must be a torch.nn.Module, not {type(model).__name__}: wrap it in one.")
        self.module = unwrap(model)
        self._probe = own_probe(inputs, self.module)
        self._forward = forward or call
        accompany(self.module, forward)
        self.inputs = self._count()
        self.device = check_same_device(self.module, self._leaves())
        if chunk is not None and (not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1):
            raise ModelError(f"chunk must be at least 1, a whole number, not {chunk!r}: leave it out for the default.")
        self._chunk = min(self.inputs, _CHUNK_INPUTS) if chunk is None else chunk
        self._in_place: bool | None = None
        """Whether the model writes to its input."""
        self.heads, self.outcomes = self._try_forward()
        if chunk is None:
            self._chunk = max(1, min(self._chunk, _CHUNK_ELEMENTS // (self.heads * self.outcomes)))
        self.labels = None if labels is None else self._check_labels(labels)

    def chunks(self) -> Iterator[slice]:
        """Slices of the probe in order, as many inputs as are evaluated at once."""
        for start in range(0, self.inputs, self._chunk):
            yield slice(start, min(start + self._chunk, self.inputs))

    def logits(self, chunk: slice) -> Float[Tensor, "chunk heads outcomes"]:
        """Logits of these probe inputs, as the model gives them."""
        output = self._output(chunk)
        return output.reshape(output.shape[0], -1, output.shape[-1])

    def _output(self, chunk: slice) -> Any:
        as_at_first(self.module)  # what remembers must not tell one chunk of another
        rows = pytree.tree_map(lambda leaf: leaf[chunk], self._probe)
        given = rows if self._in_place is False else own(rows)
        output = self._forward(self.module, given)
        if self._in_place is None:
            self._in_place = _differ(rows, given)
        if any(leaf._version for leaf in self._leaves() if not leaf.is_inference()):
            raise ModelError(
                "the model worked in place on its input, which it had left alone when it was first looked at: let it "
                "take a copy, or make a new monitor."
            )
        return logits_of(output)

    def _leaves(self) -> list[Tensor]:
        leaves: list[Tensor] = pytree.tree_leaves(self._probe)
        return leaves

    def _count(self) -> int:
        leaves = self._leaves()
        counts = {leaf.shape[0] if leaf.dim() else 0 for leaf in leaves}
        if len(counts) != 1:
            raise ModelError(
                f"the probe's tensors differ in their first dimension ({sorted(counts)}): give one per input."
            )
        count = counts.pop()
        if count == 0:
            raise ModelError("the probe is empty: give at least one input, better 256 or more.")
        return count

    def _try_forward(self) -> tuple[int, int]:
        first = slice(0, min(self._chunk, 2))
        shapes = [tuple(leaf.shape) for leaf in self._leaves()]
        with undisturbed(self.module, self.device):
            try:
                output = self._output(first)
            except Exception as error:
                if out_of_memory(error):
                    raise ModelError(f"there was no memory for a forward pass over {first.stop} inputs.") from error
                raise ModelError(
                    f"the model could not be evaluated on the probe (shapes {shapes}): {explain(error)}. Give inputs "
                    "as the model takes them, or say how to call it with forward=lambda model, inputs: …"
                ) from error
            check_logits(output, first.stop)
        heads = output[0].numel() // output.shape[-1]
        return heads, output.shape[-1]

    def _check_labels(self, labels: Any) -> Int[Tensor, "inputs heads"]:
        expected = (self.inputs, self.heads)
        if isinstance(labels, np.ndarray) and labels.dtype.kind in "biuf":
            labels = torch.as_tensor(labels)
        if not isinstance(labels, Tensor):
            raise ModelError(f"labels must be a tensor, not {type(labels).__name__}: give torch.as_tensor(labels).")
        fits = labels.numel() == self.inputs * self.heads and labels.shape[:1] == (self.inputs,)
        if labels.is_floating_point() or not fits:
            raise ModelError(
                f"labels must be integers of shape {expected}, not {labels.dtype} {tuple(labels.shape)}: "
                "give one class index per probe input."
            )
        if labels.is_meta:
            raise ModelError("the labels are on the meta device, which holds no numbers: give the labels themselves.")
        labels = labels.reshape(expected).to(device=self.device, dtype=torch.int64).clone()
        if bool(((labels < 0) | (labels >= self.outcomes)).any()):
            remedy = f"this model has {self.outcomes} classes"
            if bool((labels == _IGNORED).any()):  # what losses leave out
                remedy += ", and −100 is none of them: leave such inputs out of the probe, or give no labels"
            raise ModelError(f"labels must lie in 0 … {self.outcomes - 1}: {remedy}.")
        return labels


def _differ(rows: Any, given: Any) -> bool:
    """Whether copies of some rows were written to."""
    pairs = zip(pytree.tree_leaves(rows), pytree.tree_leaves(given), strict=True)
    return any(copy._version > 0 or not torch.equal(copy, leaf) for leaf, copy in pairs)
