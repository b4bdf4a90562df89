"""The named run ``heat-capacity`` on each data set."""

from __future__ import annotations

from szilard.studies.heat_capacity.spec import HeatCapacity
from szilard.studies.kits.running.sizes import size_of
from szilard.training import factory


def heat_capacity(data: str = "digits") -> HeatCapacity:
    """A perceptron with two hidden layers of 100 (of 50 on larger images) and weight decay, on 1,000 examples.

    Raises:
        SpecError: if there are no settings for ``data``.
    """
    features = size_of("heat-capacity", data).widths[0]
    if data == "digits":
        return HeatCapacity(factory("nets:mlp", widths=[features, 100, 100, 10]), data, threads=1)
    model = factory("nets:mlp", widths=[features, 50, 50, 10])
    return HeatCapacity(model, data, rates=(0.1,), widths=(25, 100), burn=4000, window=4000, looks=25, threads=1)
