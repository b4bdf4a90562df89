"""Many runs: what nested ensembles (task → dataset → seed) say of task, data and luck, with brackets and errors.

Everything takes log-probabilities of members on shared probe inputs, float64 in nats, and knows nothing of networks,
runs or files. :class:`Nesting` says where members belong, :func:`measure` makes a :class:`Measurement` of a look.
"""

from szilard.information.difference import change, changes, marginal_changes
from szilard.information.jackknife import ensemble_mean
from szilard.information.measure import chunked, measure
from szilard.information.measurement import Measurement
from szilard.information.nesting import Nesting
from szilard.information.stopping import StoppingPoint, label_free_stop

__all__ = [
    "Measurement",
    "Nesting",
    "StoppingPoint",
    "change",
    "changes",
    "chunked",
    "ensemble_mean",
    "label_free_stop",
    "marginal_changes",
    "measure",
]
