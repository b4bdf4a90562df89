"""szilard measures the stochastic thermodynamics of learning: what a run learned and what it cost, in nats.

Everything public is reached from here and imported when first asked for: ``import szilard`` itself loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from szilard.doors import door

__version__ = "0.1.0"

_MODULES = (
    "audit",
    "data",
    "ensemble",
    "experiments",
    "information",
    "integrations",
    "ledger",
    "loggers",
    "models",
    "monitor",
    "records",
    "report",
    "reservoir",
    "samplers",
    "systems",
    "training",
    "verify",
)
"""Reached as ``szilard.NAME``."""

_DOOR = {
    "Adam": "training",
    "AdamW": "training",
    "Autoregressive": "models",
    "Bootstrap": "ensemble.datasets",
    "ClassSubset": "ensemble.tasks",
    "Classifier": "models",
    "Cosine": "training",
    "Crossed": "ensemble.design",
    "Decay": "training",
    "Design": "ensemble.design",
    "Disjoint": "ensemble.datasets",
    "EnergyBased": "models",
    "Estimate": "estimate",
    "Experiment": "experiments",
    "Gallery": "monitor",
    "Flow": "models",
    "Identical": "ensemble.datasets",
    "Kind": "estimate",
    "LabelPermutation": "ensemble.tasks",
    "LatentVariable": "models",
    "Ledger": "monitor",
    "ModelSpace": "monitor",
    "Monitor": "monitor",
    "Outcomes": "models",
    "Probe": "experiments",
    "RBM": "models",
    "Reservoir": "monitor",
    "RestrictedBoltzmann": "models",
    "Run": "handle",
    "SGD": "training",
    "Supersample": "ensemble.datasets",
    "SzilardError": "errors",
    "SzilardWarning": "errors",
    "Teacher": "ensemble.tasks",
    "Training": "training",
    "evenly": "ensemble.record_at",
    "factory": "training",
    "geometric": "ensemble.record_at",
    "open": "handle",
    "run": "studies.runner",
    "watch": "monitor",
}
"""Where each public name lives."""

__all__ = [
    "RBM",
    "SGD",
    "Adam",
    "AdamW",
    "Autoregressive",
    "Bootstrap",
    "ClassSubset",
    "Classifier",
    "Cosine",
    "Crossed",
    "Decay",
    "Design",
    "Disjoint",
    "EnergyBased",
    "Estimate",
    "Experiment",
    "Flow",
    "Gallery",
    "Identical",
    "Kind",
    "LabelPermutation",
    "LatentVariable",
    "Ledger",
    "ModelSpace",
    "Monitor",
    "Outcomes",
    "Probe",
    "Reservoir",
    "RestrictedBoltzmann",
    "Run",
    "Supersample",
    "SzilardError",
    "SzilardWarning",
    "Teacher",
    "Training",
    "__version__",
    "audit",
    "data",
    "ensemble",
    "evenly",
    "experiments",
    "factory",
    "geometric",
    "information",
    "integrations",
    "ledger",
    "loggers",
    "models",
    "monitor",
    "open",
    "records",
    "report",
    "reservoir",
    "run",
    "samplers",
    "systems",
    "training",
    "verify",
    "watch",
]

if TYPE_CHECKING:
    from szilard import (
        audit,
        data,
        ensemble,
        experiments,
        information,
        integrations,
        ledger,
        loggers,
        models,
        monitor,
        records,
        report,
        reservoir,
        samplers,
        systems,
        training,
        verify,
    )
    from szilard.ensemble.datasets import Bootstrap, Disjoint, Identical, Supersample
    from szilard.ensemble.design import Crossed, Design
    from szilard.ensemble.record_at import evenly, geometric
    from szilard.ensemble.tasks import ClassSubset, LabelPermutation, Teacher
    from szilard.errors import SzilardError, SzilardWarning
    from szilard.estimate import Estimate, Kind
    from szilard.handle import Run, open
    from szilard.models import (
        RBM,
        Autoregressive,
        Classifier,
        EnergyBased,
        Flow,
        LatentVariable,
        Outcomes,
        RestrictedBoltzmann,
    )
    from szilard.monitor import Gallery, Ledger, ModelSpace, Monitor, Reservoir, watch
    from szilard.studies.kits.experiment.spec import Experiment, Probe
    from szilard.studies.runner import run
    from szilard.training import SGD, Adam, AdamW, Cosine, Decay, Training, factory
else:
    __getattr__, __dir__ = door(__name__, _DOOR, _MODULES)
