"""The ledger where X is sampled: sets of samples that serve many records by their weights, and are renewed in time."""

from szilard.monitor.sampled.start import start

__all__ = ["start"]
