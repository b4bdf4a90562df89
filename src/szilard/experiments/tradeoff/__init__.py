"""The named run ``tradeoff``: efficiency of learning against sampler steps and learning rate (paper §5)."""

from szilard.experiments.tradeoff.spec import TradeOff

__all__ = ["TradeOff"]
