"""What can be wrong with how callbacks were told to watch, before a training begins: each said in one sentence."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import nn

from szilard.errors import SpecError, nearest
from szilard.monitor.arguments import check_settings
from szilard.monitor.monitor import Monitor

if TYPE_CHECKING:
    from szilard.integrations.attachment import Attachment

_SETTLED = ("ppm", "optimizer", "out", "automatic", "first_step")
"""What a callback knows of itself, and no user need say."""


def check_told(probe: Any, labels: Any, wrap: Any, inputs: Any, settings: Mapping[str, Any]) -> None:
    """What can be told before a training begins.

    Raises:
        SpecError: naming what makes no sense.
    """
    known = [name for name in inspect.signature(Monitor).parameters if name not in _SETTLED]
    for name in settings:
        if name not in known:
            raise SpecError(f"the callback has no setting {name!r}: {nearest(name, known)}")
    given = {"every": None, "budget": 0.05, "seed": 0, "overwrite": False, "attributes": None}
    check_settings(**{name: settings.get(name, default) for name, default in given.items()})
    if inputs is not None and (not isinstance(inputs, int) or isinstance(inputs, bool) or inputs < 1):
        raise SpecError(f"inputs is how many elements make the probe, at least 1, not {inputs!r}: give 512.")
    if isinstance(probe, str) and labels is not None:
        raise SpecError(f"labels come with the evaluation set {probe!r}: leave them out, or give the probe itself.")
    if wrap is not None and (isinstance(wrap, nn.Module) or not callable(wrap)):
        raise SpecError("wrap is a function from the model to what it is: give wrap=lambda model: szilard.Flow(model).")
    if wrap is not None and probe is not None:
        raise SpecError("wrap gives the model its probe, and another probe is given: leave one of them out.")


def check_beside(attachments: Sequence[Attachment]) -> None:
    """That callbacks of one training write to different places.

    Raises:
        SpecError: if one was added twice, or two name the same directory.
    """
    places = [each.out.absolute() for each in attachments]
    if len(set(places)) == len(places):
        return
    if len({id(each) for each in attachments}) < len(attachments):
        raise SpecError("szilard's callback was added twice to the same training: add it once.")
    twice = next(each for each in places if places.count(each) > 1)
    raise SpecError(
        f"two of szilard's callbacks write to {twice}: add one, or give the other an out of its own, as "
        "out='runs/second'."
    )
