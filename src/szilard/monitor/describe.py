"""What a record says about its run besides numbers: model, probe, optimiser, precision and versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import torch

from szilard.models.ppm import PPM
from szilard.models.precision import Precision


def describe(ppm: PPM, optimizer: torch.optim.Optimizer | None, precision: Precision) -> dict[str, Any]:
    """Attributes of the record, as JSON."""
    from szilard.records.provenance import provenance

    parameters = list(ppm.module.parameters())
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {
            "class": type(ppm.module).__name__,
            "parameters": sum(p.numel() for p in parameters),
            "dtype": str(parameters[0].dtype).removeprefix("torch.") if parameters else None,
            "device": ppm.device.type,
        },
        "probe": {
            "family": type(ppm).__name__,
            "inputs": getattr(ppm, "inputs", None),
            "heads": getattr(ppm, "heads", None),
            "outcomes": getattr(ppm, "outcomes", None),
            "labelled": getattr(ppm, "labels", None) is not None,
        },
        "optimizer": None if optimizer is None else _optimizer(optimizer),
        "forward_precision": precision.name,
        "forward_flagged": precision.flagged,
        "provenance": provenance(ppm.device),
    }


def _optimizer(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    plain = (int, float, str, bool, type(None))
    settings: dict[str, Any] = {name: value for name, value in optimizer.defaults.items() if isinstance(value, plain)}
    settings |= {name: list(value) for name, value in optimizer.defaults.items() if isinstance(value, tuple | list)}
    return {"class": type(optimizer).__name__, **settings}
