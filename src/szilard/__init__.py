"""szilard measures the stochastic thermodynamics of learning: what a run learned and what it cost, in nats.

Everything public is reached from here and imported when first asked for: ``import szilard`` itself loads nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_MODULES = ("audit", "data", "experiments", "ledger", "models", "monitor", "records", "report", "systems", "verify")
"""Reached as ``szilard.NAME``."""

_DOOR = {
    "Adam": "training",
    "AdamW": "training",
    "Classifier": "models",
    "Cosine": "training",
    "Decay": "training",
    "Estimate": "estimate",
    "Experiment": "experiments",
    "Kind": "estimate",
    "Ledger": "monitor",
    "Monitor": "monitor",
    "Outcomes": "models",
    "Probe": "experiments",
    "Run": "handle",
    "SGD": "training",
    "SzilardError": "errors",
    "SzilardWarning": "errors",
    "Training": "training",
    "factory": "training",
    "open": "handle",
    "run": "experiments.runner",
}
"""Where each public name lives."""

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Classifier",
    "Cosine",
    "Decay",
    "Estimate",
    "Experiment",
    "Kind",
    "Ledger",
    "Monitor",
    "Outcomes",
    "Probe",
    "Run",
    "SzilardError",
    "SzilardWarning",
    "Training",
    "__version__",
    "audit",
    "data",
    "experiments",
    "factory",
    "ledger",
    "models",
    "monitor",
    "open",
    "records",
    "report",
    "run",
    "systems",
    "verify",
]

if TYPE_CHECKING:
    from szilard import audit, data, experiments, ledger, models, monitor, records, report, systems, verify
    from szilard.errors import SzilardError, SzilardWarning
    from szilard.estimate import Estimate, Kind
    from szilard.experiments import Experiment, Probe
    from szilard.experiments.runner import run
    from szilard.handle import Run, open
    from szilard.models import Classifier, Outcomes
    from szilard.monitor import Ledger, Monitor
    from szilard.training import SGD, Adam, AdamW, Cosine, Decay, Training, factory


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"szilard.{name}")
    if name not in _DOOR:
        raise AttributeError(f"module 'szilard' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"szilard.{_DOOR[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
