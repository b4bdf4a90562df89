"""What the record of a reversed training holds: distances by steps taken back, laziness, and both against width."""

from __future__ import annotations

from collections.abc import Sequence

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

PLACE = ("network", "start", "seed")
PATH = ("network", "start", "seed", "rate")
PATH_GROUP = ("network", "start", "seed", "rate", "group")
GROUP = ("network", "start", "seed", "group")
WIDTH = ("seed", "width")


def _exact(name: str, long_name: str, equation: str, dims: tuple[str, ...], units: str = "1") -> Variable:
    return Variable(name, long_name, units, Kind.EXACT, equation=equation, dims=dims)


REVERSAL = (
    _exact("distance", "distance of the reversed path from the forward path", "|theta+_t - theta_t|", PATH_GROUP),
    _exact("displacement", "way that there was to go back", "|theta_n - theta_t|", PATH_GROUP),
    _exact("defect", "what one step back from the forward path misses by, over r^2",
           "|grad phi_{theta_{t+1}}(b_t) - grad phi_{theta_t}(b_t)|/r", PATH_GROUP, "nat"),
    _exact("curvature", "its limit for small steps, along the path at the smallest rate", "|H_t g_t|", GROUP, "nat"),
    _exact("distance_single", "distance of the reversed path in float32 arithmetic", "|theta+_t - theta_t|", PATH),
)  # fmt: skip
"""Group ``reversal``: ``step`` counts the steps taken back, k = n − t. What overflowed is infinite."""

LAZINESS = (
    _exact("kernel_change", "relative change of the tangent kernel", "|K - K*|/|K*|", GROUP),
    _exact("kernel_turn", "turn of the tangent kernel", "1 - <K, K*>/(|K| |K*|)", GROUP),
    _exact("gradient_change", "relative change of a batch's gradient",
           "rms |grad phi_theta(b) - grad phi_theta*(b)| / rms |grad phi_theta*(b)|", GROUP),
    _exact("outputs_error", "relative error of the outputs' linearisation",
           "rms |f_theta - f_theta* - (theta - theta*) grad f_theta*| / rms |f_theta - f_theta*|", PLACE),
    _exact("losses_error", "relative error of the loss's linearisation (Eq. 35)",
           "rms |phi_theta - phi_theta* - (theta - theta*) grad phi_theta*| / rms |phi_theta - phi_theta*|", PLACE),
)  # fmt: skip
"""Group ``laziness``: ``step`` counts the training steps since θ*, the start."""

REACH = (
    _exact("nearest_return", "how near a forward step of batch size 1 comes to undoing one, in steps",
           "min_x |g_x(theta_1) + g(theta_0)|/|g(theta_0)|", ("network", "seed")),
)  # fmt: skip
"""Group ``reach``: ``step`` is the start."""

WIDTHS = (
    *(_exact(each.name, each.long_name, each.equation, WIDTH) for each in LAZINESS),
    _exact("relative_return", "distance of the reversed path's end over the way back",
           "|theta+_0 - theta_0|/|theta_n - theta_0|", WIDTH),
    _exact("relative_step", "what one step back from the forward path misses by over the step, along the path",
           "rms r |grad phi_{theta_{t+1}}(b_t) - grad phi_{theta_t}(b_t)| / rms |theta_{t+1} - theta_t|", WIDTH),
    _exact("loss_before", "loss on the probe at the start", "<phi>", WIDTH, "nat"),
    _exact("loss_after", "loss on the probe after the path", "<phi>", WIDTH, "nat"),
)  # fmt: skip
"""Group ``width``, one row: ``step`` is the length n of the path."""


def reversal_groups(
    *, networks: int, starts: Sequence[int], seeds: int, rates: Sequence[float], groups: int, widths: Sequence[int]
) -> tuple[Group, ...]:
    """The groups of a record.

    Args:
        networks: how many take each path: the model, and its smooth twin.
        starts: training steps at which paths begin.
        seeds: replicates.
        rates: learning rates of the paths, falling.
        groups: of parameters; the first one is all of them.
        widths: of the wide networks; empty leaves their group out.
    """
    place = {"network": tuple(range(networks)), "start": tuple(starts), "seed": tuple(range(seeds))}
    of_groups = {**place, "group": tuple(range(groups))}
    found = [
        Group("reversal", REVERSAL, {**of_groups, "rate": tuple(rates)}),
        Group("laziness", LAZINESS, of_groups),
        Group("reach", REACH, {"network": place["network"], "seed": place["seed"]}),
    ]
    if widths:
        found.append(Group("width", WIDTHS, {"seed": place["seed"], "width": tuple(widths)}))
    return tuple(found)
