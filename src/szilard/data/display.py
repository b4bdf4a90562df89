"""A data set in a notebook: how much of what, and what it looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from szilard.notebook.html import escape, framed, head, pairs
from szilard.notebook.images import png, strip

if TYPE_CHECKING:
    from torch import Tensor

    from szilard.data.dataset import Dataset

_PICTURES, _CLASSES = 16, 12
_HEIGHT = 48
"""Pixels on the screen."""


def as_html(data: Dataset) -> str:
    """Counts, shapes, classes, and a few examples where they are images."""
    shape = " × ".join(map(str, data.train_inputs.shape[1:])) or "one number"
    train, test = (f"{len(inputs):,} examples" for inputs in (data.train_inputs, data.test_inputs))
    rows = [
        ("training", f"{train}, {_balance(data.train_labels, len(data.classes))}"),
        ("test", f"{test}{'' if data.test_labelled else ', without labels'}"),
        ("input", f"{shape}, {str(data.train_inputs.dtype).removeprefix('torch.')}"),
        ("classes", _classes(data)),
    ]
    return framed(head(data.name, f"{len(data.classes)} classes"), _pictures(data), pairs(rows))


def _balance(labels: Tensor, classes: int) -> str:
    """How many examples the classes have."""
    counts = torch.bincount(labels.cpu(), minlength=classes)
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,} of each class" if low == high else f"{low:,} to {high:,} of each class"


def _classes(data: Dataset) -> str:
    """The names of the first, and how many more there are."""
    more = len(data.classes) - _CLASSES
    return ", ".join(data.classes[:_CLASSES]) + (f" … and {more:,} more" if more > 0 else "")


def _pictures(data: Dataset) -> str:
    """The first training examples, if they are images."""
    images = data.train_inputs[:_PICTURES]
    if images.ndim != 4 or images.shape[1] not in (1, 3) or max(images.shape[2:]) > 256 or min(images.shape[2:]) < 2:
        return ""
    low, high = images.min(), images.max()
    scaled = (images - low) / (high - low) if high > low else images - low
    names = ", ".join(data.classes[label] for label in data.train_labels[:_PICTURES].tolist())
    picture = png(strip(scaled.detach().cpu().float().numpy(), gap=1))
    return f'<img class="strip" height="{_HEIGHT}" src="{picture}" alt="Examples of {escape(names)}">'
