"""What a record of Figure 3 holds: the noise of every member along training, at several batch sizes."""

from __future__ import annotations

from collections.abc import Sequence

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

MEMBER = ("batch", "member")
GROUP = ("batch", "member", "group")
WATCHED = ("batch", "watched", "group")
LAG = ("batch", "member", "group", "lag")
FORCE = "nat**2"
"""Of a squared force: the loss is in nats and parameters have no unit."""

FIG3 = (
    Variable("interval", "training steps since the previous record", "step", integer=True),
    Variable("accuracy", "accuracy on the probe", "1", Kind.UNBIASED, dims=MEMBER),
    Variable("potential", "mean loss U_B over the training set, from fresh examples", "nat", Kind.UNBIASED,
             equation="U_B = <phi(b)>", dims=MEMBER),
    Variable("noise_variance", "variance of the gradient noise, mean over parameters, from fresh examples", FORCE,
             Kind.UNBIASED, equation="1/dim sum_i C_ii(t, 0), C = <eta eta>, eta = -grad phi(b) + grad U_B (Eq. 33)",
             dims=GROUP),
    Variable("signal_variance", "squared force, mean over parameters, from fresh examples", FORCE, Kind.UNBIASED,
             equation="|grad U_B|^2/dim", dims=GROUP),
    Variable("potential_full", "mean loss U_B over the whole training set", "nat", Kind.EXACT,
             equation="U_B = <phi(b)>", dims=("batch", "watched")),
    Variable("noise_variance_full", "variance of the gradient noise, mean over parameters, from all examples", FORCE,
             Kind.EXACT, equation="1/dim sum_i C_ii(t, 0)", dims=WATCHED),
    Variable("signal_variance_full", "squared force, mean over parameters, from all examples", FORCE, Kind.EXACT,
             equation="|grad U_B|^2/dim", dims=WATCHED),
    Variable("max_force", "largest component of the force", "nat", Kind.EXACT, equation="max_i |d U_B/d theta_i|",
             dims=WATCHED),
    Variable("finite", "whether all of the member's numbers are finite: 1, or 0 once it has diverged", "1",
             dims=MEMBER, integer=True),
)  # fmt: skip
"""Group ``fig3``. Members beyond a batch size's own number of trials are NaN."""

PATHS = (
    Variable("theta", "value of a parameter of the last layer", "1", Kind.EXACT, dims=("batch", "member", "parameter"),
             equation="theta_i(t)"),
)  # fmt: skip
"""Group ``paths``, with more steps than the others."""

CORRELATION = (
    Variable("noise_covariance", "covariance of the gradient noise with that some steps later, mean over parameters",
             FORCE, Kind.UNBIASED, equation="1/dim sum_i C_ii(t, h), C(t, h) = <eta_t eta_{t+h}> (Eq. 33)", dims=LAG),
)  # fmt: skip
"""Group ``correlation``; its steps are those at which a window of steps t begins, over which it is averaged."""


def fig3_groups(
    batches: Sequence[int], *, members: int, groups: int, watched: int, parameters: Sequence[int], lags: Sequence[int]
) -> tuple[Group, Group, Group]:
    """The groups of a record.

    Args:
        batches: sizes of a batch.
        members: at the batch size that has most of them.
        groups: of parameters; the first one is all of them.
        watched: members, the first ones, whose force is known exactly; with none, nothing of them is recorded.
        parameters: whose paths are kept: their places in the last layer's weights.
        lags: between gradients, in steps.
    """
    along = {"batch": tuple(batches), "member": tuple(range(members))}
    of_groups = {**along, "group": tuple(range(groups))}
    of_watched = {"watched": tuple(range(watched))} if watched else {}
    variables = tuple(variable for variable in FIG3 if watched or "watched" not in variable.dims)
    return (
        Group("fig3", variables, {**of_groups, **of_watched}),
        Group("paths", PATHS, {**along, "parameter": tuple(parameters)}),
        Group("correlation", CORRELATION, {**of_groups, "lag": tuple(lags)}),
    )
