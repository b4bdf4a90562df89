"""szilard in people's frameworks: one line puts it into the training that somebody already has.

Every name is imported when it is first asked for, and its framework with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.doors import door

_DOOR = {
    "Attachment": "attachment",
    "EvaluationSets": "evaluation_sets",
    "HuggingFaceCallback": "huggingface",
    "IgniteHandler": "ignite",
    "LightningCallback": "lightning",
    "watch_accelerate": "accelerate",
}
"""Where each public name lives."""

__all__ = [
    "Attachment",
    "EvaluationSets",
    "HuggingFaceCallback",
    "IgniteHandler",
    "LightningCallback",
    "watch_accelerate",
]

if TYPE_CHECKING:
    from szilard.integrations.accelerate import watch_accelerate
    from szilard.integrations.attachment import Attachment
    from szilard.integrations.evaluation_sets import EvaluationSets
    from szilard.integrations.huggingface import HuggingFaceCallback
    from szilard.integrations.ignite import IgniteHandler
    from szilard.integrations.lightning import LightningCallback
else:
    __getattr__, __dir__ = door(__name__, _DOOR)
