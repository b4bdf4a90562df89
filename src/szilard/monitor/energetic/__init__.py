"""The ledger of an energy with unknown normalisation: a reference population in equilibrium, and chains that lag."""

from szilard.monitor.energetic.recorder import EnergeticRecorder
from szilard.monitor.energetic.settings import EnergeticSettings

__all__ = ["EnergeticRecorder", "EnergeticSettings"]
