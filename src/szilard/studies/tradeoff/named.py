"""The named run ``tradeoff`` on each data set."""

from __future__ import annotations

from szilard.studies.tradeoff.spec import TradeOff


def tradeoff(data: str = "digits") -> TradeOff:
    """RBMs of 12 pixels and 5 hidden bits on 6 data sets of 60 images; any data of images will do."""
    return TradeOff(data)
