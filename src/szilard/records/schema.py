"""What a record holds: every variable with its unit, kind, equation and dimensions. Names are defined only here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from szilard.estimate import Kind

SCHEMA_VERSION = 1
"""Raised when a reader of an older szilard could misread a record."""

ERROR_OVER_INPUTS = (
    "standard error over probe inputs of the cumulative per-input quantity (the inputs are shared between steps)"
)
ERROR_OVER_STEPS = "standard error over the training steps since the previous record"
ERROR_OF_LABELS = "standard error over sampled labels, at fixed probe inputs"
ERROR_OF_PATHS = "standard error over probe inputs and sampled labels"


@dataclass(frozen=True, slots=True)
class Variable:
    """One quantity of a record.

    Attributes:
        name: as in theory and docs; the error bar, where there is one, is stored beside it as ``<name>_error``.
        long_name: in words, for figures.
        units: ``"nat"``, ``"nat**0.5"``, ``"1"``, ``"s"``, …; informational quantities are per input.
        kind: see :class:`szilard.estimate.Kind`; None for what is no estimate (a counter, a setting).
        cumulative: sums since the first record (W, Q, L and their kin) as against functions of state.
        error: what the error bar means; None when there is none.
        equation: the definition, in the symbols of the paper.
        dims: dimensions after ``step``.
        integer: stored as int64 instead of float64.
    """

    name: str
    long_name: str
    units: str
    kind: Kind | None = None
    cumulative: bool = False
    error: str | None = None
    equation: str = ""
    dims: tuple[str, ...] = ()
    integer: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a record: variables that share a ``step`` coordinate.

    Attributes:
        name: ``ledger``, ``samples``, ``information`` or ``reservoir``.
        variables: what each row holds.
        coordinates: the values of every dimension but ``step``.
        labels: further coordinates that lie along a dimension: its name and the values.
    """

    name: str
    variables: tuple[Variable, ...]
    coordinates: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def columns(self) -> Iterable[tuple[str, Variable]]:
        """Each stored column's name with its variable: ``step`` excepted, error bars included."""
        for variable in self.variables:
            yield variable.name, variable
            if variable.error is not None:
                yield f"{variable.name}_error", variable


def _state(name: str, long_name: str, equation: str) -> Variable:
    return Variable(name, long_name, "nat", Kind.EXACT, False, ERROR_OVER_INPUTS, equation)


def _path(name: str, long_name: str, equation: str, units: str = "nat", dims: tuple[str, ...] = ()) -> Variable:
    return Variable(name, long_name, units, Kind.EXACT, True, ERROR_OVER_INPUTS, equation, dims)


LEDGER = (
    Variable("interval", "training steps since the previous record", "step", integer=True),
    Variable("wall_time", "time since the monitor was made", "s"),
    _state("energy", "energy U", "U_t = <phi_t>_{p_t}"),
    _state("entropy_conditional", "conditional entropy S(X|theta)", "S_t = <-ln p_t>_{p_t}"),
    _path("work", "work W", "W = sum_t KL(p_{t-1}||p_t)"),
    _path("heat", "heat Q absorbed by X", "Q = sum_t <phi_t>_{p_t} - <phi_t>_{p_{t-1}}"),
    _path("entropy_change", "change of conditional entropy since the first record", "S_n - S_0"),
    _path("ep_conditional", "conditional entropy production", "Sigma = -Q + S_n - S_0"),
    _path("work_reverse", "work of the reversed protocol", "W_rev = sum_t KL(p_t||p_{t-1})"),
    _path("length", "statistical length L", "L = sum_t 2 arccos <sum_y sqrt(p_{t-1} p_t)>", "nat**0.5"),
    _path("length_mean", "mean over inputs of the per-input length", "<sum_t 2 arccos sum_y sqrt(p p')>", "nat**0.5"),
    _path("length_rms", "length from root-mean-square angles over inputs", "sum_t rms(2 arccos ...)", "nat**0.5"),
    _state("work_direct", "work of one jump from the first model", "KL(p_0||p_n)"),
    Variable(
        "length_direct", "statistical distance to the first model", "nat**0.5", Kind.EXACT, False,
        ERROR_OVER_INPUTS, "L(p_0,p_n) = 2 arccos <sum_y sqrt(p_0 p_n)>",
    ),
    Variable(
        "fluctuation", "integral fluctuation theorem of the last step", "1", Kind.EXACT, False,
        ERROR_OVER_INPUTS, "<exp(-d_t)>_{p_{t-1}} = 1",
    ),
    Variable(
        "precision_floor", "spurious work from rounding, an estimate", "nat", Kind.ASYMPTOTIC, True,
        None, "sum_t eps^2 sum_y p(1-p) z^2 / 2",
    ),
    Variable("measuring_interval", "training steps between records at this time", "step", integer=True),
    _path("work_by_interval", "work at coarser measuring intervals", "W(k)", "nat", ("path_interval",)),
    _path("heat_by_interval", "heat at coarser measuring intervals", "Q(k)", "nat", ("path_interval",)),
    _path("length_by_interval", "length at coarser measuring intervals", "L(k)", "nat**0.5", ("path_interval",)),
    Variable(
        "steps_by_interval", "training steps covered at each measuring interval", "step", cumulative=True,
        dims=("path_interval",), integer=True,
    ),
    Variable(
        "jumps_by_interval", "jumps made at each measuring interval", "1", cumulative=True,
        dims=("path_interval",), integer=True,
    ),
)  # fmt: skip
"""Always there. Per-interval quantities are at multiples of each row's own ``measuring_interval``, and start together:
at the first record, or at the first after calibration where the first steps were not recorded."""

WORK_QUADRATIC = Variable(
    "work_quadratic", "work by the Fisher quadratic form", "nat", Kind.ASYMPTOTIC, True, ERROR_OVER_INPUTS,
    "sum_t E[(dtheta . grad ln p)^2]/2",
)  # fmt: skip
"""Only where asked for (it keeps a copy of the parameters)."""

TRAINING = (
    Variable("loss", "training loss since the previous record", "as given", None, False, ERROR_OVER_STEPS),
    Variable("learning_rate", "learning rate of the first parameter group", "1"),
)

LABELLED = (
    Variable(
        "accuracy", "accuracy on the probe", "1", Kind.UNBIASED, False,
        "standard error over probe inputs, with one right and one wrong added",
    ),
    Variable(
        "cross_entropy", "cross-entropy on the probe", "nat", Kind.UNBIASED, False, "standard error over probe inputs",
        "<-ln p_t(y|u)>",
    ),
)  # fmt: skip
"""Only where the probe has labels."""

HISTOGRAM_BINS = 32


def _sampled(name: str, long_name: str, equation: str, cumulative: bool) -> Variable:
    return Variable(name, long_name, "nat", Kind.UNBIASED, cumulative, ERROR_OF_PATHS, equation)


def _discrepancy(name: str, of: str) -> Variable:
    return Variable(
        name, f"{of}, sampled route minus exact sum on the same inputs", "nat", Kind.UNBIASED, name[0] != "e",
        ERROR_OF_LABELS,
    )  # fmt: skip


SAMPLES = (
    _sampled("work_sampled", "work W along sampled trajectories", "<sum_t d_t(x_{t-1})>", True),
    _sampled("heat_sampled", "heat Q along sampled trajectories", "<sum_t phi_t(x_t) - phi_t(x_{t-1})>", True),
    _sampled("entropy_sampled", "conditional entropy from fresh labels", "<phi_t(x_t)>", False),
    _discrepancy("work_discrepancy", "work"),
    _discrepancy("heat_discrepancy", "heat"),
    _discrepancy("entropy_discrepancy", "conditional entropy"),
    Variable(
        "fluctuation_sampled", "integral fluctuation theorem, mean over the steps since the previous row", "1",
        Kind.UNBIASED, False, ERROR_OF_LABELS, "<exp(-d_t)>_{p_{t-1}} = 1",
    ),
    Variable(
        "ep_histogram", "histogram of the stochastic entropy production sigma over trajectories", "1",
        cumulative=False, equation="sigma = -q + s_n - s_0", dims=("bin",), integer=True,
    ),
    Variable("ep_histogram_low", "lower edge of the histogram of sigma", "nat"),
    Variable("ep_histogram_high", "upper edge of the histogram of sigma", "nat"),
    Variable(
        "heat_histogram", "histogram of the stochastic heat q over trajectories", "1",
        cumulative=False, equation="q = sum_t phi_t(x_t) - phi_t(x_{t-1})", dims=("bin",), integer=True,
    ),
    Variable("heat_histogram_low", "lower edge of the histogram of q", "nat"),
    Variable("heat_histogram_high", "upper edge of the histogram of q", "nat"),
)  # fmt: skip
"""The independent route: labels drawn from p_t, sums along trajectories (Eqs. 22-23). Histograms have equal bins."""
