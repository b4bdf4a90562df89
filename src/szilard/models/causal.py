"""How a causal language model is called: all positions at once, or token by token with a cache where it has one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.gradients import logits_of

Forward = Callable[[nn.Module, Tensor], Any]


@runtime_checkable
class Extends(Protocol):
    """A module that goes on from where it was: what it needs of earlier tokens is in a cache."""

    def extend(self, tokens: Int[Tensor, "count new"], cache: Any) -> tuple[Float[Tensor, "count new vocabulary"], Any]:
        """Logits of the new positions, and the cache with them in it; a cache of None is an empty one."""


@final
class Causal:
    """Calls a module as tokens → logits, whichever of the known kinds it is.

    Args:
        module: with ``extend(tokens, cache)`` (see :class:`Extends`), of Hugging Face, or any ``module(tokens)``.
        forward: ``forward(module, tokens) -> logits`` for other signatures; sampling then calls it on all tokens.
    """

    def __init__(self, module: nn.Module, forward: Forward | None = None) -> None:
        self._module, self._forward = module, forward
        self.hugging_face = forward is None and hasattr(module, "config") and hasattr(module, "generate")
        takes = _parameters(module) if self.hugging_face else {}
        self._keeps = "logits_to_keep" in takes
        # What older versions of transformers call past_key_values; some models have a state of another kind.
        self._cache = next((name for name in ("cache", "past_key_values") if name in takes), None)
        self.cached = forward is None and (self._cache is not None or isinstance(module, Extends))

    @property
    def context(self) -> int | None:
        """Most tokens that the module takes, where it says so: ``context``, or Hugging Face's configuration."""
        config = getattr(self._module, "config", None)
        places = [(self._module, "context"), *((config, name) for name in ("max_position_embeddings", "n_positions"))]
        return next((found for owner, name in places if isinstance(found := getattr(owner, name, None), int)), None)

    @property
    def padding(self) -> int | None:
        """The token that fills up sequences of a Hugging Face model and nothing else, where it names one."""
        config = getattr(self._module, "config", None)
        found = getattr(config, "pad_token_id", None)
        others = [getattr(config, name, None) for name in ("bos_token_id", "eos_token_id", "decoder_start_token_id")]
        others = [token for each in others for token in (each if isinstance(each, list) else [each])]
        return found if isinstance(found, int) and found not in others else None

    @property
    def beginning(self) -> int | None:
        """The token that a Hugging Face model's sequences begin with, where its configuration names one."""
        found = getattr(getattr(self._module, "config", None), "bos_token_id", None)
        return found if isinstance(found, int) else None

    def logits(self, tokens: Int[Tensor, "count length"], last: int) -> Any:
        """What the module gives at the ``last`` of these positions, from one pass over all of them.

        Raises:
            ModelError: if it gives those of fewer positions.
        """
        tokens = tokens.contiguous()  # a slice is not, and modules call view on it
        if self.hugging_face:
            output = self._module(input_ids=tokens, use_cache=False, **self._keep(last))
        else:
            output = self._module(tokens) if self._forward is None else self._forward(self._module, tokens)
        found = logits_of(output)
        if not isinstance(found, Tensor) or found.dim() != 3:
            return found
        if found.shape[1] < last:
            raise ModelError(
                f"the model gives logits of {found.shape[1]} of {tokens.shape[1]} positions, and those of {last} are "
                "needed: ask it for all with forward=…, as by forward=lambda model, tokens: model(tokens, tokens)[0] "
                "where it gives them with targets only."
            )
        return found[:, -last:]

    def extend(self, tokens: Int[Tensor, "count new"], cache: Any) -> tuple[Float[Tensor, "count vocabulary"], Any]:
        """Logits at the last of these positions, which follow those in ``cache`` (None: nothing yet)."""
        tokens = tokens.contiguous()
        if self._cache is not None:
            output = self._module(input_ids=tokens, use_cache=True, **{self._cache: cache}, **self._keep(1))
            return output.logits[:, -1], getattr(output, self._cache)
        if self.cached:
            assert isinstance(self._module, Extends)
            logits, cache = self._module.extend(tokens, cache)
            return logits[:, -1], cache
        seen = tokens if cache is None else torch.cat([cache, tokens], 1)
        return self.logits(seen, 1)[:, -1], seen

    def _keep(self, last: int) -> dict[str, int]:
        return {"logits_to_keep": last} if self._keeps else {}


def _parameters(module: nn.Module) -> Mapping[str, inspect.Parameter]:
    """What a Hugging Face model's call takes; adapters (peft) hand on to the model beneath what they do not name."""
    found = inspect.signature(module.forward).parameters
    beneath = getattr(module, "get_base_model", None)
    hands_on = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in found.values())
    if not callable(beneath) or not hands_on or (inner := beneath()) is module:
        return found
    return {**_parameters(inner), **found}
