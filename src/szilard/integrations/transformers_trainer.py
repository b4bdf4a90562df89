"""What a Trainer of transformers has: its evaluation sets, and how its loss is made from the model's own."""

from __future__ import annotations

import math
import sys
from typing import Any

import transformers
from torch import nn
from transformers import Trainer

from szilard.errors import SpecError
from szilard.integrations.attachment import to_device
from szilard.integrations.evaluation_sets import EvaluationSet, EvaluationSets, device_of
from szilard.models.evaluation import undisturbed

_ALIASES = {"eval": "validation", "evaluation": "validation", "val": "validation", "dev": "validation"}
_ALIKE = 1e-3
"""How much the Trainer's loss may differ from the model's own, as a share, without a word."""


def trainer_of_call() -> Any:
    """The Trainer whose callback was called: it tells its callbacks of its model, but not of its evaluation sets."""
    frame = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals.get("self")
        if isinstance(found, Trainer):
            return found
        frame = frame.f_back  # type: ignore[assignment]
    raise SpecError(
        "the callback HuggingFaceCallback was called outside of a Trainer: give it to one, by callbacks=[…] or "
        "add_callback; in a loop of your own, use szilard.watch."
    )


def sets_of(trainer: Any) -> EvaluationSets:
    """The Trainer's evaluation sets, and its training set, with batches as it makes them."""
    given = trainer.eval_dataset
    named = dict(given) if isinstance(given, dict) else {"validation": given}
    return EvaluationSets(
        {name: _set(trainer, each) for name, each in {"train": trainer.train_dataset, **named}.items()},
        aliases=None if isinstance(given, dict) else _ALIASES,
    )


def _set(trainer: Any, elements: Any) -> EvaluationSet | None:
    """Elements with the columns that the model takes, and the Trainer's collator."""
    if elements is None:
        return None
    if hasattr(elements, "remove_columns") and hasattr(elements, "__len__"):
        return EvaluationSet(trainer._remove_unused_columns(elements), trainer.data_collator)
    return EvaluationSet(elements, trainer._get_collator_with_removed_columns(trainer.data_collator))


def only_set(trainer: Any) -> str:
    """The evaluation set that is meant where none is named.

    Raises:
        SpecError: if there is none, or there are several.
    """
    given = trainer.eval_dataset
    if given is None:
        raise SpecError(
            "the Trainer has no evaluation set to take a probe from: give it eval_dataset=…, or give the callback "
            "'train' or the inputs themselves."
        )
    if not isinstance(given, dict):
        return "validation"
    if len(given) == 1:
        return str(next(iter(given)))
    raise SpecError(f"the Trainer has several evaluation sets: name one of {', '.join(map(repr, given))}.")


def told_of(trainer: Any, model: nn.Module, probe: Any) -> dict[str, Any]:
    """For the record: whose loss and gradient these are, and where they part from the model's own."""
    args = trainer.args
    clip = float(args.max_grad_norm or 0)
    told = {
        "name": "transformers",
        "version": transformers.__version__,
        "trainer": type(trainer).__name__,
        "probe": probe if isinstance(probe, str) else None,
        "accumulation": args.gradient_accumulation_steps,
        "precision": str(trainer.accelerator.mixed_precision),
        "clipping": clip or None,
        "gradient": "as the optimiser gets it: accumulated, unscaled"
        + (f", clipped to a norm of {clip:g}" if clip else ", not clipped"),
        "loss": "of training_step, summed over the micro-batches of a step: what is differentiated",
    }
    if (share := share_of_own(trainer, model)) is not None and abs(share - 1) > _ALIKE:
        told["loss_over_own"] = share
        told["parts"] = (
            f"loss and gradient are {share:.4g} times those of the model's own mean loss, on two training examples: "
            "the Trainer divides by what it counts as labels, and takes a forward with **kwargs to do so itself; the "
            "ledger's numbers are the model's own."
        )
    return told


def share_of_own(trainer: Any, model: nn.Module) -> float | None:
    """What a step's loss, as the Trainer makes it of micro-batches, is of the model's own mean loss.

    Measured on two examples of the training set, as every micro-batch of a step; None where that cannot be done: in a
    Trainer with a loss of its own, on several devices, or where examples are streamed or have no loss.
    """
    args, device = trainer.args, device_of(model)
    made = type(trainer).compute_loss
    known = made is Trainer.compute_loss or made.__qualname__ == "SFTTrainer.compute_loss"  # which only adds metrics
    own = not known or trainer.compute_loss_func is not None or trainer.label_smoother is not None
    if own or args.world_size > 1 or args.n_gpu > 1 or trainer.train_dataset is None:
        return None
    try:
        batch = to_device(sets_of(trainer).take("train", 2, device), device)
        times = args.gradient_accumulation_steps
        count = trainer._get_num_items_in_batch([batch] * times, device)
        scaled = getattr(trainer, "loss_is_scaled_for_ga", None)
        if scaled is None:
            scaled = trainer.model_accepts_loss_kwargs and count is not None
        with undisturbed(model, device):
            given: Any = Trainer.compute_loss(trainer, model, dict(batch), num_items_in_batch=count)
            output = model(**batch)
        plain = output["loss"] if isinstance(output, dict) else output[0]
        share = (times if scaled else 1) * float(given) / float(plain)
    except Exception:  # other batches, other models, other versions: then nothing is said
        return None
    return share if math.isfinite(share) else None
