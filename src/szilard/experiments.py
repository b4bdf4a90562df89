"""Experiments as data: specs that go to TOML and back, by name or from a file, and the studies that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from szilard.studies.study import at

_ADDRESSES = {
    "BoltzmannRun": "szilard.studies.sampled.families.rbm:BoltzmannRun",
    "CharacterText": "szilard.studies.sampled.families.text:CharacterText",
    "EBM": "szilard.studies.sampled.families.ebm:EBM",
    "Experiment": "szilard.studies.kits.experiment:Experiment",
    "FamilySpec": "szilard.studies.sampled.spec:FamilySpec",
    "Figure3": "szilard.studies.fig3.spec:Figure3",
    "FineTuning": "szilard.studies.sampled.families.finetune:FineTuning",
    "FlowRun": "szilard.studies.sampled.families.flow:FlowRun",
    "HeatCapacity": "szilard.studies.heat_capacity.spec:HeatCapacity",
    "Probe": "szilard.studies.kits.experiment:Probe",
    "ReservoirSettings": "szilard.studies.kits.experiment:ReservoirSettings",
    "Reversal": "szilard.studies.reversal.spec:Reversal",
    "Spec": "szilard.studies.spec:Spec",
    "Study": "szilard.studies.study:Study",
    "TradeOff": "szilard.studies.tradeoff.spec:TradeOff",
    "VAE": "szilard.studies.sampled.families.vae:VAE",
    "find": "szilard.studies.catalogue:find",
    "register": "szilard.studies.registry:register",
    "run": "szilard.studies.runner:run",
}
"""Where each public name lives; it is imported when first asked for."""

__all__ = [
    "EBM",
    "VAE",
    "BoltzmannRun",
    "CharacterText",
    "Experiment",
    "FamilySpec",
    "Figure3",
    "FineTuning",
    "FlowRun",
    "HeatCapacity",
    "Probe",
    "ReservoirSettings",
    "Reversal",
    "Spec",
    "Study",
    "TradeOff",
    "find",
    "register",
    "run",
]

if TYPE_CHECKING:
    from szilard.studies.catalogue import find
    from szilard.studies.fig3.spec import Figure3
    from szilard.studies.heat_capacity.spec import HeatCapacity
    from szilard.studies.kits.experiment import Experiment, Probe, ReservoirSettings
    from szilard.studies.registry import register
    from szilard.studies.reversal.spec import Reversal
    from szilard.studies.runner import run
    from szilard.studies.sampled.families.ebm import EBM
    from szilard.studies.sampled.families.finetune import FineTuning
    from szilard.studies.sampled.families.flow import FlowRun
    from szilard.studies.sampled.families.rbm import BoltzmannRun
    from szilard.studies.sampled.families.text import CharacterText
    from szilard.studies.sampled.families.vae import VAE
    from szilard.studies.sampled.spec import FamilySpec
    from szilard.studies.spec import Spec
    from szilard.studies.study import Study
    from szilard.studies.tradeoff.spec import TradeOff


def __getattr__(name: str) -> Any:
    if name not in _ADDRESSES:
        raise AttributeError(f"module 'szilard.experiments' has no attribute {name!r}")
    value = globals()[name] = at(_ADDRESSES[name])
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
