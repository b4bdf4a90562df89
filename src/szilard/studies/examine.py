"""The examination: of one run, or of an ensemble, as the record has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from szilard.studies.ensemble import claims as ensemble
from szilard.studies.ensemble.evidence import EnsembleEvidence
from szilard.studies.fig3 import claims as fig3
from szilard.studies.fig3.evidence import Fig3Evidence
from szilard.studies.heat_capacity import claims as heat_capacity
from szilard.studies.heat_capacity.evidence import HeatEvidence
from szilard.studies.kinds import ENSEMBLE, FIG3, HEAT_CAPACITY, REVERSAL, SAMPLED, SINGLE, TRADEOFF, kind_of
from szilard.studies.kits.watched.evidence import Evidence
from szilard.studies.reversal import claims as reversal
from szilard.studies.reversal.evidence import ReversalEvidence
from szilard.studies.sampled import claims as sampled
from szilard.studies.sampled.evidence import SampledEvidence
from szilard.studies.single import claims as single
from szilard.studies.tradeoff import claims as tradeoff
from szilard.studies.tradeoff.evidence import TradeOffEvidence
from szilard.verdicts.audit import Audit, Subject

if TYPE_CHECKING:
    import xarray as xr


def audit(tree: xr.DataTree) -> Audit:
    """Hold every assumption behind a record's numbers against the record.

    Args:
        tree: groups and root attributes as in the record. A group ``information`` makes it an ensemble; a single run
            has group ``ledger`` and, where labels were sampled, ``samples``.

    Raises:
        RecordError: if the record is of a kind that is not known.
    """
    return AUDITS[kind_of(tree)](tree)


def _of_single(tree: xr.DataTree) -> Audit:
    evidence = Evidence.of(tree)
    name = evidence.attributes.get("name") or "run"
    return Audit(single.findings(evidence), f"Audit of {name}, {evidence.span()}")


def _of_sampled(tree: xr.DataTree) -> Audit:
    evidence = SampledEvidence.of(tree)
    name = evidence.attributes.get("name") or "run"
    return Audit(sampled.findings(evidence), f"Audit of {name}, {evidence.span()}")


def _of_ensemble(tree: xr.DataTree) -> Audit:
    of_many = EnsembleEvidence.of(tree)
    name = of_many.attributes.get("name") or "ensemble"
    return Audit(ensemble.findings(of_many), f"Audit of {name}, {of_many.span()}", Subject.ENSEMBLE)


def _of_fig3(tree: xr.DataTree) -> Audit:
    evidence = Fig3Evidence.of(tree)
    name = evidence.attributes.get("name") or "Figure 3"
    return Audit(fig3.findings(evidence), f"Audit of {name}, {evidence.span()}", Subject.ENSEMBLE)


def _of_reversal(tree: xr.DataTree) -> Audit:
    evidence = ReversalEvidence.of(tree)
    name = evidence.attributes.get("name") or "reversal"
    return Audit(reversal.findings(evidence), f"Audit of {name}, {evidence.span()}")


def _of_heat_capacity(tree: xr.DataTree) -> Audit:
    evidence = HeatEvidence.of(tree)
    name = evidence.attributes.get("name") or "heat capacity"
    return Audit(heat_capacity.findings(evidence), f"Audit of {name}, {evidence.span()}", Subject.ENSEMBLE)


def _of_tradeoff(tree: xr.DataTree) -> Audit:
    evidence = TradeOffEvidence.of(tree)
    name = evidence.attributes.get("name") or "trade-off"
    return Audit(tradeoff.findings(evidence), f"Audit of {name}, {evidence.span()}", Subject.ENSEMBLE)


AUDITS: dict[str, Callable[[xr.DataTree], Audit]] = {
    SINGLE: _of_single,
    SAMPLED: _of_sampled,
    ENSEMBLE: _of_ensemble,
    FIG3: _of_fig3,
    REVERSAL: _of_reversal,
    HEAT_CAPACITY: _of_heat_capacity,
    TRADEOFF: _of_tradeoff,
}
"""By kind of record."""
