"""The named run ``reversal``: training backwards, and how lazy the network is meanwhile (paper Eq. 35, Appendix A)."""

from szilard.experiments.reversal.spec import Reversal, Wide

__all__ = ["Reversal", "Wide"]
