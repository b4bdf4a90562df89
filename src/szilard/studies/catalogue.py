"""The runs that szilard knows by name."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

from szilard.errors import SpecError, nearest
from szilard.studies import overrides
from szilard.studies.ensemble.budget import budget
from szilard.studies.ensemble.memorisation import memorisation
from szilard.studies.fig3.spec import Figure3, fig3
from szilard.studies.heat_capacity.named import heat_capacity
from szilard.studies.heat_capacity.spec import HeatCapacity
from szilard.studies.kits.experiment import Experiment
from szilard.studies.reversal.named import reversal
from szilard.studies.reversal.spec import Reversal
from szilard.studies.sampled.families.ebm import EBM, ebm
from szilard.studies.sampled.families.finetune import FineTuning, finetune
from szilard.studies.sampled.families.flow import FlowRun, flow
from szilard.studies.sampled.families.rbm import BoltzmannRun, rbm
from szilard.studies.sampled.families.text import CharacterText, text
from szilard.studies.sampled.families.vae import VAE, vae
from szilard.studies.single.named import single
from szilard.studies.spec import Spec
from szilard.studies.tradeoff.named import tradeoff
from szilard.studies.tradeoff.spec import TradeOff

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
