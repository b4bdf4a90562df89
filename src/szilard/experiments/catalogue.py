"""The runs that szilard knows by name."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from szilard.errors import SpecError, nearest
from szilard.experiments import overrides
from szilard.experiments.base import Spec
from szilard.experiments.budget import budget
from szilard.experiments.families.ebm import EBM, ebm
from szilard.experiments.families.finetune import FineTuning, finetune
from szilard.experiments.families.flow import FlowRun, flow
from szilard.experiments.families.rbm import BoltzmannRun, rbm
from szilard.experiments.families.text import CharacterText, text
from szilard.experiments.families.vae import VAE, vae
from szilard.experiments.fig3 import Figure3, fig3
from szilard.experiments.heat_capacity import HeatCapacity
from szilard.experiments.heat_capacity.named import heat_capacity
from szilard.experiments.memorisation import memorisation
from szilard.experiments.reversal import Reversal
from szilard.experiments.reversal.named import reversal
from szilard.experiments.single import single
from szilard.experiments.spec import Experiment
from szilard.experiments.tradeoff import TradeOff
from szilard.experiments.tradeoff.named import tradeoff

NAMED: dict[str, Callable[..., Spec]] = {
    "single": single,
    "memorisation": memorisation,
    "budget": budget,
    "fig3": fig3,
    "reversal": reversal,
    "heat-capacity": heat_capacity,
    "tradeoff": tradeoff,
    "vae": vae,
    "flow": flow,
    "ebm": ebm,
    "rbm": rbm,
    "text": text,
    "finetune": finetune,
}
"""Each takes the name of a data set, or its own default, and returns the experiment."""

_KINDS: tuple[type[Spec], ...] = (
    Experiment,
    Figure3,
    Reversal,
    HeatCapacity,
    TradeOff,
    VAE,
    FlowRun,
    EBM,
    BoltzmannRun,
    CharacterText,
    FineTuning,
)
KINDS: dict[str, type[Spec]] = {kind.kind: kind for kind in _KINDS}
"""What a TOML file may hold, by its ``kind``; without one it is an :class:`Experiment`."""


def find(name: str, data: str | None = None) -> Spec:
    """An experiment by its name, or from a TOML file.

    Args:
        name: one of :data:`NAMED`, or the path of a file, recognised by its ending or by being there.
        data: the data set; None takes the named run's own, mostly ``digits``, or what the file says.

    Raises:
        SpecError: if there is neither such a name nor such a file, or the spec does not fit.
    """
    if name in NAMED:
        return NAMED[name]() if data is None else NAMED[name](data)
    if name.endswith(".toml") or Path(name).is_file():
        experiment = _load(name)
        return experiment if data is None else overrides.apply(experiment, [f"data={data}"])
    raise SpecError(f"there is no experiment {name!r}, nor a TOML file of that path: {nearest(name, NAMED)}")


def _load(path: str) -> Spec:
    """The spec in a TOML file, of the class that its kind says."""
    try:
        kind = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("kind", "")
    except (OSError, ValueError):
        kind = ""  # said by Experiment.load, in its words
    if kind not in KINDS:
        raise SpecError(f"{path}: there is no kind of run {kind!r}: {nearest(str(kind), filter(None, KINDS))}")
    return KINDS[kind].load(path)
