"""What a record holds of the parameters as a heat reservoir: noise, temperatures and forces of every group of them.

A *group* is a set of parameters, a layer by default; its name stands in the coordinate ``group`` and its number of
parameters in the attribute ``reservoir``. A row is a *burst*: the record's step and the few that follow it, over which
the loop's own gradients are compared with fresh ones at the same parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

ERROR_OVER_BURST = "standard error over the steps of the burst"
ERROR_OF_ONE_STEP = "standard deviation of single steps' values over the burst, each as good as this one"
ERROR_OVER_BURST_RATIO = "standard error of the ratio of means, by delete-one jackknife over the steps of the burst"
ERROR_OVER_PAIRS = "standard error from the products of all pairs of steps of the burst, as if the noise were white"
ERROR_OVER_RECORDS = "standard error over the records of the window, their autocorrelation allowed for"
ERROR_OVER_RECORDS_RATIO = "standard error of the ratio of sums, by jackknife over blocks of the records so far"
ERROR_OF_TAIL = "standard error over the noises of the window above the threshold"
ERROR_OVER_EXAMPLES = "standard error over the training examples drawn"
ERROR_OF_FDR = "standard error over the steps of the bursts at both ends of the interval"

GROUP = ("group",)


def _of_group(
    name: str, long_name: str, units: str, kind: Kind, error: str | None, equation: str, *, dims: tuple[str, ...] = ()
) -> Variable:
    return Variable(name, long_name, units, kind, False, error, equation, (*GROUP, *dims))


def _time_average(name: str, of: str) -> Iterator[Variable]:
    """What stands beside every time average: how long it remembers, and how many independent values it is worth."""
    yield Variable(
        f"{name}_autocorrelation_time", f"integrated autocorrelation time of {of}", "sample", dims=GROUP,
        equation="1 + 2 sum_h rho(h)",
    )  # fmt: skip
    yield Variable(f"{name}_effective_samples", f"independent samples that {of} is worth", "1", dims=GROUP)


COUNTS = (
    Variable("interval", "training steps since the previous record", "step", integer=True),
    Variable("burst_steps", "optimiser's steps over which the row's gradients were compared", "step", integer=True),
    Variable("skipped_steps", "training steps without an optimiser's step during the burst, as by a gradient scaler",
             "step", integer=True),
    Variable("clipped_steps", "steps of the burst whose gradient norm equals another's, as after clipping", "step",
             integer=True),
    Variable("rate", "learning rate, mean over the group's parameters and the burst", "1", dims=GROUP),
    Variable("unseen_parameters", "parameters that the loop moves by gradients which no fresh batch has", "1",
             dims=GROUP),
)  # fmt: skip
"""Counts and settings of the burst itself."""

NOISE = (
    _of_group(
        "noise_variance", "noise variance of a batch's gradient, mean over the group's parameters", "loss**2",
        Kind.UNBIASED, ERROR_OVER_BURST, "c = tr C / (|b| dim), from <|g_a - g_b|^2> of two fresh half-batches",
    ),
    *_time_average("noise_variance", "the noise variance, in steps"),
    _of_group(
        "noise_variance_loop", "noise variance of the loop's own gradient, mean over the group's parameters",
        "loss**2", Kind.UNBIASED, ERROR_OVER_BURST, "<|g' - g|^2> / dim less the variance of the fresh g'",
    ),
    _of_group(
        "signal_variance", "squared force, mean over the group's parameters", "loss**2", Kind.UNBIASED,
        ERROR_OVER_BURST, "|grad U_B|^2 / dim = <g_a . g_b> / dim",
    ),
    *_time_average("signal_variance", "the squared force, in steps"),
    _of_group(
        "gradient_noise_scale", "gradient noise scale, in examples", "example", Kind.ASYMPTOTIC,
        ERROR_OVER_BURST_RATIO, "tr C / |grad U_B|^2, ratio of means over the burst",
    ),
    _of_group(
        "gradient_noise_scale_pooled", "gradient noise scale over all records so far, in examples", "example",
        Kind.ASYMPTOTIC, ERROR_OVER_RECORDS_RATIO, "sum tr C / sum |grad U_B|^2",
    ),
    _of_group(
        "noise_covariance", "covariance of the loop's noise by lag, mean over the group's parameters", "loss**2",
        Kind.ASYMPTOTIC, ERROR_OVER_PAIRS, "C(h) = <d_s . d_{s+h}> / dim, d_s = g'_s - g_s", dims=("lag",),
    ),
    _of_group(
        "noise_autocorrelation", "autocorrelation of the loop's noise by lag", "1", Kind.ASYMPTOTIC, ERROR_OVER_PAIRS,
        "rho(h) = C(h) / C(0)", dims=("lag",),
    ),
    _of_group(
        "participation_ratio", "number of directions that share the noise", "1", Kind.ASYMPTOTIC, ERROR_OVER_RECORDS,
        "(tr C)^2 / tr C^2, ratio of unbiased means over the window",
    ),
    _of_group(
        "tail_index", "tail index of the norm of the noise", "1", Kind.ASYMPTOTIC, ERROR_OF_TAIL,
        "alpha in P(|noise| > x) ~ x^-alpha, by Hill's estimator over the window",
    ),
)  # fmt: skip
"""What fresh and own gradients say of the noise."""

TEMPERATURES = (
    _of_group(
        "temperature_noise", "temperature that the noise sustains, mean over the group's parameters", "loss",
        Kind.ASYMPTOTIC, ERROR_OVER_BURST, "T = r c / 2 for plain SGD, in general by the optimiser's own law",
    ),
    _of_group(
        "temperature_kinetic", "kinetic temperature, mean over the group's parameters", "loss", Kind.ASYMPTOTIC,
        ERROR_OVER_BURST, "r <g^2> / 2; with momentum r (1 + beta) <v^2> / 2",
    ),
    Variable("temperature_share", "share of the group's parameters that have a temperature", "1", dims=GROUP),
    *_time_average("temperature_kinetic", "the kinetic temperature, in steps"),
    _of_group(
        "temperature_configurational", "configurational temperature, mean over the group's parameters", "loss",
        Kind.ASYMPTOTIC, ERROR_OVER_RECORDS, "<(theta - <theta>) . grad U_B> / dim over the window",
    ),
    *_time_average("temperature_configurational", "the configurational temperature, in records"),
    _of_group(
        "fdr_ratio", "first fluctuation-dissipation relation since the previous record", "1", Kind.ASYMPTOTIC,
        ERROR_OF_FDR, "<theta . grad U> / (r <g^2> / 2) = 1 where the parameters are stationary",
    ),
)  # fmt: skip
"""All in units of the loss."""

FORCE = (
    _of_group(
        "max_force", "greatest force on a parameter", "loss", Kind.UPPER, None,
        "max |grad U_B|, of the mean of the burst's fresh gradients",
    ),
    Variable("reservoir_energy", "mean loss over the training data, penalty included", "loss", Kind.UNBIASED, False,
             ERROR_OVER_BURST, "U_B"),
)  # fmt: skip
"""From fresh batches."""

FORCE_FULL = (
    _of_group("max_force", "greatest force on a parameter", "loss", Kind.EXACT, None, "max |grad U_B|"),
    Variable("reservoir_energy", "mean loss over the training data, penalty included", "loss", Kind.EXACT, False, None,
             "U_B"),
    _of_group("signal_variance_full", "squared force at the record's step, mean over the group's parameters",
              "loss**2", Kind.EXACT, None, "|grad U_B|^2 / dim"),
)  # fmt: skip
"""In their place with ``force="full"``: from every training example, at the record's own step."""

PROJECTIONS = (
    _of_group("projection_position", "parameters along fixed random directions, orthogonal in each group", "1",
              Kind.EXACT, None, "u_i . theta, u_i . u_j = delta_ij", dims=("direction",)),
    _of_group("projection_force", "force along the same directions at these parameters", "loss", Kind.UNBIASED,
              ERROR_OF_ONE_STEP, "-u_i . (g_a + g_b) / 2 at the burst's first step", dims=("direction",)),
)  # fmt: skip
"""Low-dimensional views: their currents bound the reservoir's entropy production from below."""

PER_EXAMPLE = (
    _of_group("noise_variance_per_example", "noise variance from the gradients of single examples", "loss**2",
              Kind.UNBIASED, ERROR_OVER_EXAMPLES, "tr C / (|b| dim), C over examples"),
)  # fmt: skip
"""With ``per_example``: a second route to the noise variance, at the record's own step."""

WORK = (
    Variable("work_drift", "work of a step that the force does", "nat", Kind.ASYMPTOTIC, False, ERROR_OVER_BURST,
             "r^2 grad U . F grad U / 2"),
    Variable("work_diffusion", "work of a step that the noise does", "nat", Kind.ASYMPTOTIC, False, ERROR_OVER_BURST,
             "r^2 tr(F C) / (2 |b|)"),
)  # fmt: skip
"""With ``diffusion_work``: predicted per training step and probe input, to leading order in the step."""

UNDEFINED = frozenset(
    {
        "rate",
        *(f"{name}{error}" for error in ("", "_error") for name in (
            "noise_variance", "noise_variance_loop", "signal_variance", "signal_variance_full", "noise_covariance",
            "noise_variance_per_example", "gradient_noise_scale", "gradient_noise_scale_pooled",
            "noise_autocorrelation", "participation_ratio", "tail_index", "temperature_configurational", "fdr_ratio",
            "temperature_noise", "temperature_kinetic", "max_force", "projection_force", "reservoir_energy",
        )),
        *(f"{name}_{beside}" for beside in ("autocorrelation_time", "effective_samples") for name in (
            "noise_variance", "signal_variance", "temperature_kinetic", "temperature_configurational",
        )),
    }
)  # fmt: skip
"""Columns that may be NaN in a sound record: ratios without noise or force, windows that are not full yet, what fresh
gradients cannot say of parameters that move by others, and temperatures that no law of the optimiser gives."""


def reservoir_group(
    groups: int,
    lags: Sequence[int],
    directions: int,
    *,
    full: bool = False,
    per_example: bool = False,
    diffusion_work: bool = False,
) -> Group:
    """The group ``reservoir`` of a record.

    Args:
        groups: how many groups of parameters there are; their names are in the attribute ``coordinate_names``.
        lags: of the noise's covariance, 0 among them.
        directions: random directions in each group; 0 leaves the projections out.
        full: whether the force is that of all training examples.
        per_example: whether single examples' gradients are taken.
        diffusion_work: whether the works of drift and diffusion are predicted.
    """
    variables = (
        *COUNTS,
        *NOISE,
        *TEMPERATURES,
        *(FORCE_FULL if full else FORCE),
        *(PROJECTIONS if directions else ()),
        *(PER_EXAMPLE if per_example else ()),
        *(WORK if diffusion_work else ()),
    )
    coordinates: dict[str, tuple[float, ...]] = {"group": tuple(range(groups)), "lag": tuple(lags)}
    if directions:
        coordinates["direction"] = tuple(range(directions))
    return Group("reservoir", variables, coordinates)
