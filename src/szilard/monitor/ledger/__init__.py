"""The ledger of one run as a measure: logits of a probe, accounted for in batches of records."""

from szilard.monitor.ledger.measure import Ledger

__all__ = ["Ledger"]
