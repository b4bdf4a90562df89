"""What a model of transformers is: a classifier of inputs or of their tokens, or a language model; and its probe."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.auto import modeling_auto

from szilard.errors import ModelError, SpecError
from szilard.integrations.evaluation_sets import split_labels
from szilard.models.autoregressive import Autoregressive
from szilard.models.classifier import Classifier
from szilard.models.gradients import call, logits_of
from szilard.models.ppm import PPM

IGNORED = -100
"""The label that losses leave out."""
LENGTH = 32
"""Tokens of a language model's own text that are followed, unless the user says otherwise."""


def beneath(model: nn.Module) -> nn.Module:
    """The model that adapters (peft) hand on to; else itself."""
    base = getattr(model, "get_base_model", None)
    return base() if callable(base) else model


def is_language_model(model: nn.Module) -> bool:
    """Whether it gives the next token of a text, by its class; not what is made from one, such as a classifier."""
    names = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    return type(beneath(model)).__name__ in _flat(names.values())


def language_model(model: nn.Module, length: int, prompt: Any, tokenizer: Any, device: torch.device) -> Autoregressive:
    """A language model as it writes its own text.

    Args:
        model: with its configuration, which says what ends a text, and what begins one.
        length: tokens that are followed.
        prompt: what texts go on from: words, tokens, or None for the model's own beginning.
        tokenizer: where there is one.
        device: of the model.

    Raises:
        SpecError: for words without a tokenizer.
        ModelError: as :class:`szilard.Autoregressive`.
    """
    if isinstance(prompt, str):
        if tokenizer is None:
            raise SpecError("the prompt is text, and the trainer has no tokenizer: give processing_class=… or tokens.")
        prompt = torch.as_tensor(tokenizer(prompt)["input_ids"], dtype=torch.int64).to(device)
    config = getattr(beneath(model), "config", None)
    end = getattr(config, "eos_token_id", None)
    reads = tokenizer if callable(getattr(tokenizer, "decode", None)) else None
    return Autoregressive(model, length, prompt=prompt, end=end, tokenizer=reads)


def text_of(batch: Any, length: int, source: str) -> Tensor:
    """Given text for a language model: the first tokens of each sequence of a batch that has as many, without padding.

    Args:
        batch: as the trainer makes it, with ``input_ids`` and, where sequences are padded, ``attention_mask``, where
            several share a row, ``position_ids``; or the tokens themselves, shaped ``(count, tokens)``.
        length: tokens of each.
        source: what the batch is, for messages.

    Raises:
        SpecError: if there are no tokens in it, or less than two sequences are long enough.
    """
    tokens = batch.get("input_ids") if isinstance(batch, Mapping) else batch
    if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.dim() != 2:
        raise SpecError(
            f"{source} holds no input_ids to be read as text: leave the probe out, so that the model's own text is "
            "watched alone, or give tokens shaped (texts, tokens)."
        )
    pieces = [piece[:length] for piece in _texts(tokens, batch) if len(piece) >= length]
    if len(pieces) < 2:
        raise SpecError(
            f"of {source}, {len(pieces)} texts have {length} tokens, and 2 are needed: give a smaller length=…, or "
            "larger inputs=…, so that more texts are looked at."
        )
    return torch.stack(pieces)


def _texts(tokens: Tensor, batch: Any) -> list[Tensor]:
    """The texts of a batch, each without padding, and apart from those that share its row."""
    named = batch if isinstance(batch, Mapping) else {}
    mask, places = named.get("attention_mask"), named.get("position_ids")
    kept = torch.ones_like(tokens) if mask is None or mask.shape != tokens.shape else mask
    texts: list[Tensor] = []
    for number, (row, keep) in enumerate(zip(tokens, kept.bool(), strict=True)):
        starts = [] if places is None else (places[number][keep] == 0).nonzero().flatten().tolist()
        texts += torch.tensor_split(row[keep], starts[1:])
    return texts


def classifier(model: nn.Module, batch: Any, labels: Any, names: Sequence[str] = ("labels",)) -> PPM:
    """A model that gives logits of classes, of each input or of each of its tokens, on this batch.

    Where labels are ignored (−100) so are the logits, as losses have it: at these tokens nothing can be learned. If
    they are ignored at other tokens from input to input, accuracy and cross-entropy are left out of the record.

    Args:
        model: of transformers.
        batch: inputs by name, with labels among them or not.
        labels: where they are not.
        names: that labels have in the batch.

    Raises:
        ModelError: if the model gives numbers instead of classes, or cannot be evaluated.
    """
    inputs, found = split_labels(batch, names)
    labels, config = found if labels is None else labels, getattr(beneath(model), "config", None)
    if found is not None and (getattr(config, "is_encoder_decoder", False) or _demands_labels(model)):
        inputs = batch  # what is decoded is made from the labels
    classes, problem = getattr(config, "num_labels", None), getattr(config, "problem_type", None)
    headed = type(beneath(model)).__name__.endswith("ForSequenceClassification")
    if problem == "regression" or (headed and classes == 1):
        raise ModelError(
            f"{type(beneath(model)).__name__} with num_labels={classes} gives numbers, of a regression or a reward, "
            "and no classes: give wrap=… with what it is, or watch another model."
        )
    several = isinstance(labels, Tensor) and labels.is_floating_point() and labels.dim() == 2 and headed
    if problem == "multi_label_classification" or several:
        return Classifier(model, inputs, labels=None if labels is None else labels.long(), forward=_yes_or_no)
    if isinstance(labels, Tensor) and labels.dim() == 2 and bool((labels == IGNORED).any()):
        return _of_some_tokens(model, inputs, labels)
    if isinstance(labels, Tensor) and labels.dim() == 1 and bool((labels == IGNORED).any()):
        kept = labels != IGNORED
        inputs, labels = {name: each[kept] for name, each in inputs.items()}, labels[kept]
    return Classifier(model, inputs, labels=labels, forward=_logits)


def _of_some_tokens(model: nn.Module, inputs: Any, labels: Tensor) -> Classifier:
    """Only those tokens whose labels count."""
    counted = labels != IGNORED
    everywhere = counted[0]
    if bool((counted == everywhere).all()):
        places = everywhere.nonzero().squeeze(-1)
        return Classifier(
            model, inputs, labels=labels[:, places], forward=lambda model, x: _logits(model, x)[:, places]
        )
    return Classifier(model, {**inputs, _COUNTED: counted}, forward=_counted_alone)


_COUNTED = "_szilard_counted"


def _counted_alone(model: nn.Module, inputs: Any) -> Tensor:
    """Logits, at tokens that do not count those of a certain outcome, which no model can change."""
    given = dict(inputs)
    counted = given.pop(_COUNTED).unsqueeze(-1)
    logits = _logits(model, given)
    certain = torch.full_like(logits[0, 0], -torch.inf)
    certain[0] = 0.0
    return torch.where(counted, logits, certain)


def _logits(model: nn.Module, inputs: Any) -> Tensor:
    """Logits among what a model gives: by their name, or after the loss in a tuple."""
    output = call(model, inputs)
    if isinstance(output, tuple):
        output = next((each for each in output if isinstance(each, Tensor) and each.dim() > 1), output)
    logits: Tensor = logits_of(output)
    return logits


def _demands_labels(model: nn.Module) -> bool:
    """Whether a module of one's own cannot be called without labels."""
    labels = inspect.signature(beneath(model).forward).parameters.get("labels")
    return labels is not None and labels.default is inspect.Parameter.empty


def _yes_or_no(model: nn.Module, inputs: Any) -> Tensor:
    """One logit a label, as those of no and yes."""
    return F.pad(_logits(model, inputs).unsqueeze(-1), (1, 0))


def _flat(names: Any) -> set[str]:
    """Names, where some stand several together."""
    return {name for each in names for name in ([each] if isinstance(each, str) else each)}
