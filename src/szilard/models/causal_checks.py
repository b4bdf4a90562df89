"""What is checked of a language model once, before it is watched: that its logits are causal ones, and its tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.causal import Causal
from szilard.models.checks import are_logits, explain, possible
from szilard.models.evaluation import undisturbed


def vocabulary_of(causal: Causal, module: nn.Module, prompt: Tensor) -> int:
    """Number of tokens in the vocabulary, from the model's logits on the beginning of a sequence.

    Raises:
        ModelError: if they are no logits.
    """
    tokens = prompt[:2]
    with undisturbed(module, prompt.device):
        try:
            logits = causal.logits(tokens, tokens.shape[1])
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the model could not be evaluated on the prompt (tokens {tuple(tokens.shape)}): {explain(error)}."
                " Tokens must lie within its vocabulary and context; forward=lambda model, tokens: … says how to"
                " call it."
            ) from error
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        what = f"a {logits.dtype} tensor" if isinstance(logits, Tensor) else type(logits).__name__
        raise ModelError(f"the model's output is {what}, not floating-point logits: pick them out with forward=….")
    if logits.dim() != 3 or logits.shape[:2] != tokens.shape:
        raise ModelError(
            f"the model's output has shape {tuple(logits.shape)} for tokens shaped {tuple(tokens.shape)}, not"
            " (count, length, vocabulary): one row of logits for each position, with forward=… if need be."
        )
    if logits.shape[-1] < 2:
        raise ModelError(
            "the vocabulary has one token, and a single outcome carries no information: give a tokenizer with two"
            " tokens or more."
        )
    if not are_logits(logits):
        raise ModelError("the model's logits are not finite on the prompt: look for NaN or Inf in its weights.")
    return logits.shape[-1]


def check_causal(causal: Causal, module: nn.Module, prompt: Tensor, vocabulary: int, fresh: int, read: int) -> None:
    """That logits do not depend on later tokens, and that the cache gives the same ones.

    Args:
        causal: calls the module.
        module: the model.
        prompt: what sequences go on from.
        vocabulary: number of tokens.
        fresh: tokens to try after the prompt, at most 4.
        read: tokens that the model must read of a whole sequence.

    Raises:
        ModelError: if either fails.
    """
    generator = torch.Generator().manual_seed(0)
    width = min(4, fresh)
    random = torch.randint(vocabulary, (2, width), generator=generator).to(prompt.device)
    tokens = torch.cat([prompt[:1].expand(2, -1), random], 1)
    tokens = tokens[:, : causal.context][:, :read]
    if tokens.shape[1] < 2:  # a context of one token, which has no later ones
        return
    tokens[1] = tokens[0]
    tokens[1, -1] = (tokens[0, -1] + 1) % vocabulary
    with undisturbed(module, prompt.device):
        logits = possible(causal.logits(tokens, tokens.shape[1]).float())
        first, cache = causal.extend(tokens[:, :-1], None)
        second, _ = causal.extend(tokens[:, -1:], cache)
    near = 0.02 * (1 + logits.abs().amax())
    if bool(((logits[0, :-1] - logits[1, :-1]).abs() > near).any()):
        raise ModelError(
            "the model's logits depend on later tokens, so they are no distribution of the next one: mask its"
            " attention, or give a causal model."
        )
    both = possible(torch.stack([first, second], 1).float())
    if bool(((both - logits[:, -2:]).abs() > near).any()):
        raise ModelError(
            "the model's cache gives other logits than one pass over the same tokens: mend its extend(tokens,"
            " cache), or sample without it by forward=lambda model, tokens: model(tokens)."
        )


def check_whole_length(causal: Causal, module: nn.Module, prompt: Tensor, length: int, read: int) -> None:
    """That a sequence of the whole length can be read: a plain module does not say how much it takes.

    Args:
        causal: calls the module.
        module: the model.
        prompt: what sequences go on from.
        length: tokens of a sequence, for the message.
        read: tokens that the model must read of it.

    Raises:
        ModelError: if it cannot.
    """
    if causal.context is not None:
        return
    tokens = prompt[:1].repeat(1, read)[:, :read]
    with undisturbed(module, prompt.device):
        try:
            causal.logits(tokens, read)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(
                f"the model takes its prompt but no sequence of length={length}, which needs {read}"
                f" tokens to be read at once: {explain(error)}. Give a length that fits into its table of positions"
                " or context."
            ) from error


def check_tokens(what: str, tokens: Tensor, vocabulary: int) -> None:
    """That all tokens are of the vocabulary; ``what`` names them in the message.

    Raises:
        ModelError: if one is not.
    """
    if bool(((tokens < 0) | (tokens >= vocabulary)).any()):
        raise ModelError(
            f"{what} has tokens outside 0 … {vocabulary - 1}, the model's vocabulary: encode it with the"
            " tokenizer that the model was made for."
        )


def check_not_padded(prompts: Tensor, padding: int | None) -> None:
    """That no prompt is filled up with a token that is no text: there is no mask to tell the model so.

    Raises:
        ModelError: if one is.
    """
    if padding is not None and bool((prompts == padding).any()):
        raise ModelError(
            f"prompts are filled up with the padding token {padding}, which the model would read as text: cut them to "
            "one length, or watch each length by itself."
        )
