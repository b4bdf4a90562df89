"""What the record of an ensemble says of it besides numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from szilard.ensemble.plan import Plan


def describe(plan: Plan) -> dict[str, Any]:
    """Attributes of the record, as JSON."""
    from szilard.records.provenance import provenance

    optimizer = plan.training.optimizer.as_table()
    return {
        "name": plan.name,
        "seed": plan.seed,
        "spec": dict(plan.spec),
        "fingerprint": plan.fingerprint,
        "kind_of_run": "ensemble",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "design": plan.design.described(),
        "clusters": plan.design.clusters,
        "probe": {
            "inputs": len(plan.probe),
            "heads": 1,
            "outcomes": plan.trial.outcomes,
            "labelled": plan.labelled,
            "split": plan.split,
        },
        "model": {
            "class": plan.model.as_table()["factory"],
            "parameters": plan.parameters,
            "dtype": plan.trial.precision.name,
            "device": plan.device,
        },
        "optimizer": {"class": type(plan.training.optimizer).__name__, **optimizer},
        "forward_precision": plan.trial.precision.name,
        "forward_flagged": plan.trial.precision.flagged,
        "trainer": {"chunk": plan.chunk_size},
        "unavailable": {},
        "diverged": [],
        "provenance": provenance(plan.device),
    }
