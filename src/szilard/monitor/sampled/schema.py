"""What a record holds of one run whose X is sampled: language models, flows, latent variables, energies.

The group ``ledger`` has the names of the exact ledger, with the kinds that samples can give. Which variables there are
depends on the root attribute ``capability``: ``sequential``, ``tractable``, ``bounded`` or ``energetic``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from szilard.estimate import Kind
from szilard.records.schema import TRAINING, Group, Variable

ERROR_OVER_SAMPLES = "standard error over independent samples, each accumulated along the run"
ERROR_OVER_REPLICATES = "standard error over independent replicates of the sampler's population"
ERROR_WITH_NORMALISER = "standard error over independent replicates of the sampler's population and that of ln Z_0"
ERROR_OVER_CHAINS = "standard error over independent chains"
ERROR_OVER_EXAMPLES = "standard error over held-out examples"

_COUNTS = (
    Variable("interval", "training steps since the previous record", "step", integer=True),
    Variable("wall_time", "time since the monitor was made", "s"),
)


def sampled(
    name: str, long_name: str, equation: str, kind: Kind, *, cumulative: bool, error: str = ERROR_OVER_SAMPLES,
    units: str = "nat", dims: tuple[str, ...] = (),
) -> Variable:  # fmt: skip
    """A variable that is estimated from samples, and so has an error bar, in nats where no unit is given."""
    return Variable(name, long_name, units, kind, cumulative, error, equation, dims)


summed = partial(sampled, kind=Kind.UNBIASED, cumulative=True)
"""A sum along the run, unbiased."""
momentary = partial(sampled, kind=Kind.UNBIASED, cumulative=False)
"""What holds at a record, unbiased."""
replicated = partial(sampled, kind=Kind.ASYMPTOTIC, cumulative=True, error=ERROR_OVER_REPLICATES)
"""A sum along the run from replicates of the sampler's population."""

_POOL = (
    Variable("effective_sample_size", "effective samples over samples, in the set in use", "1",
             equation="(sum w)^2/(N sum w^2), from samples that measure nothing else"),
    Variable("refreshes", "times that fresh samples were drawn", "1", cumulative=True, integer=True),
    Variable("samples_drawn", "samples drawn from the model", "1", cumulative=True, integer=True),
    Variable("precision_floor", "spurious work from rounding, an estimate", "nat", Kind.ASYMPTOTIC, True, None,
             "sum_t eps^2 <phi^2>/2"),
)  # fmt: skip

_EXCESS = summed(
    "fluctuation_excess",
    "work that a phi which is not normalised would feign, over jumps within the samples' reach",
    "sum_t <w (exp(-d_t) - 1)> = 0",
)

_BY_INTERVAL = (
    summed("work_by_interval", "work at coarser measuring intervals", "W(k)", dims=("path_interval",)),
    Variable("steps_by_interval", "training steps covered at each measuring interval", "step", cumulative=True,
             dims=("path_interval",), integer=True),
    Variable("jumps_by_interval", "jumps made at each measuring interval", "1", cumulative=True,
             dims=("path_interval",), integer=True),
)  # fmt: skip

TRACTABLE = (
    *_COUNTS,
    momentary("energy", "energy U", "U_t = <phi_t>_{p_t}"),
    momentary("entropy_conditional", "conditional entropy S(X|theta)", "S_t = <-ln p_t>_{p_t}"),
    summed("work", "work W", "W = sum_t <w (d + exp(-d) - 1)>, w = p_{t-1}/p_s, x ~ p_s"),
    summed("heat", "heat Q absorbed by X", "Q = S_n - S_0 - W"),
    summed("heat_stepwise", "heat Q, step by step", "sum_t <w (exp(-d) - 1)(phi_t - c)>"),
    summed("entropy_change", "change of conditional entropy since the first record", "S_n - S_0"),
    summed("ep_conditional", "conditional entropy production", "Sigma = -Q + S_n - S_0"),
    summed("work_reverse", "work of the reversed protocol", "W_rev = sum_t KL(p_t||p_{t-1})"),
    momentary("work_direct", "work of one jump from the first model", "KL(p_0||p_n)"),
    sampled("length", "statistical length L", "L = sum_t 2 arccos <sqrt(p_t/p_{t-1})>_{p_{t-1}}", Kind.ASYMPTOTIC,
            cumulative=True, units="nat**0.5"),
    momentary("fluctuation", "integral fluctuation theorem, mean over the steps since the previous record",
              "<w exp(-d_t)> = 1", units="1"),
    _EXCESS,
    *_BY_INTERVAL,
    *_POOL,
)  # fmt: skip
"""Fresh samples with their φ; a set of samples serves several steps by its weights."""

SEQUENCES = (
    Variable("tokens", "mean tokens of a sequence", "1", Kind.UNBIASED, False, ERROR_OVER_SAMPLES),
    summed("work_per_sequence", "work W of a whole sequence", "W, not divided by its tokens"),
    summed("heat_per_sequence", "heat Q of a whole sequence", "Q, not divided by its tokens"),
    momentary("entropy_per_sequence", "conditional entropy of a whole sequence", "S_t, not divided by its tokens"),
)  # fmt: skip
"""Beside :data:`TRACTABLE` for sequences, whose other quantities are per token of the horizon."""

TEACHER_FORCED = (
    Variable("work_conditional", "work on next tokens after given prefixes (teacher forcing)", "nat", Kind.EXACT, True,
             ERROR_OVER_EXAMPLES, "sum_t <KL(p_{t-1}(.|u)||p_t(.|u))> over the prefixes u of given text"),
    Variable("cross_entropy", "cross-entropy on the given text, per token", "nat", Kind.UNBIASED, False,
             ERROR_OVER_EXAMPLES, "<-ln p_t(x_i|x_<i)>"),
)  # fmt: skip
"""Only where text was given: another quantity than ``work``, whose prefixes are the model's own."""


def _bound(name: str, long_name: str, equation: str, *, cumulative: bool) -> tuple[Variable, Variable]:
    return (
        sampled(name, f"{long_name}, from above", equation, Kind.UPPER, cumulative=cumulative),
        sampled(f"{name}_lower", f"{long_name}, from below", equation, Kind.LOWER, cumulative=cumulative),
    )


BOUNDED = (
    *_COUNTS,
    *_bound("entropy_conditional", "conditional entropy S(X|theta)", "S_t = <-ln p_t>_{p_t}", cumulative=False),
    *_bound("work", "work W", "W = sum_t KL(p_{t-1}||p_t)", cumulative=True),
    *_bound("heat", "heat Q absorbed by X", "Q = S_n - S_0 - W", cumulative=True),
    *_bound("entropy_change", "change of conditional entropy since the first record", "S_n - S_0", cumulative=True),
    *_bound("ep_conditional", "conditional entropy production", "Sigma = -Q + S_n - S_0 = W", cumulative=True),
    summed("work_joint", "work on x and the latent variables together", "sum_t KL(p_{t-1}(x,z)||p_t(x,z))"),
    momentary("entropy_gap", "upper less lower bound of the entropy, by number of draws",
              "<-ln p^K(x; z ~ q)> - <-ln p^K(x; z* and z ~ q)>", dims=("draw",)),
    sampled("work_direct", "work of one jump from the first model, from above", "KL(p_0||p_n)", Kind.UPPER,
            cumulative=False),
    sampled("fluctuation", "integral fluctuation theorem of x and all draws, mean over the steps since the last record",
            "<w exp(-d_t)> = 1", Kind.UNBIASED, cumulative=False, units="1"),
    _EXCESS,
    *(replace(variable, kind=variable.kind and Kind.UPPER) for variable in _BY_INTERVAL),
    *_POOL,
)  # fmt: skip
"""φ between bounds: every quantity has its upper bound under its name and its lower one as ``<name>_lower``."""

ENERGETIC = (
    *_COUNTS,
    sampled("energy", "mean energy <E>, Z left out", "<E_t>_{p_t}", Kind.ASYMPTOTIC, cumulative=False,
            error=ERROR_OVER_REPLICATES),
    replicated("work", "work W with an ideal sampler", "W = sum_t <E_t - E_{t-1}>_{p_{t-1}} - dF_t"),
    replicated("heat", "heat Q absorbed by X with an ideal sampler",
               "Q = d<E> - dF - W, joined with heat_stepwise by their scatter over replicates"),
    replicated("heat_stepwise", "heat Q, step by step", "sum_t Cov(exp(-dE), E_t)/<exp(-dE)> over p_{t-1}"),
    replicated("free_energy_change", "change of free energy since the first record", "dF = -ln(Z_n/Z_0)"),
    replicated("entropy_change", "change of conditional entropy since the first record", "S_n - S_0 = W + Q"),
    replicated("ep_conditional", "conditional entropy production with an ideal sampler", "Sigma = -Q + S_n - S_0"),
    sampled("fluctuation", "integral fluctuation theorem of the step, by chains on both its sides",
            "<exp(-(dE - dF))> with dF by BAR", Kind.ASYMPTOTIC, cumulative=False, error=ERROR_OVER_REPLICATES,
            units="1"),
    sampled("energy_lagged", "mean energy of the lagging chains", "<E_t>_{rho_t}", Kind.UNBIASED, cumulative=False,
            error=ERROR_OVER_CHAINS),
    sampled("work_lagged", "work done on the lagging chains", "sum_t <E_t - E_{t-1}>_{rho_{t-1}}", Kind.UNBIASED,
            cumulative=True, error=ERROR_OVER_CHAINS),
    sampled("heat_lagged", "heat absorbed by the lagging chains", "sum_t <E_t>_{rho_t} - <E_t>_{rho_{t-1}}",
            Kind.UNBIASED, cumulative=True, error=ERROR_OVER_CHAINS),
    sampled("work_shadow", "work that the kernel itself does by not leaving exp(-E) invariant; 0 where it does",
            "sum ln g(x->y)exp(-E(x)) / g(y->x)exp(-E(y))", Kind.UNBIASED, cumulative=True, error=ERROR_OVER_CHAINS),
    sampled("work_dissipated", "dissipated work of the lagging chains", "W_diss = W_lagged + W_shadow - dF", Kind.UPPER,
            cumulative=True, error=ERROR_OVER_CHAINS),
    sampled("lag_work", "dissipated work beyond that of an ideal sampler: what the lag costs", "W_diss - W",
            Kind.ASYMPTOTIC, cumulative=True, error=ERROR_OVER_CHAINS),
    sampled("jarzynski", "Jarzynski average over the lagging chains", "<exp(-(W_lagged + W_shadow - dF))>",
            Kind.ASYMPTOTIC, cumulative=False, error=ERROR_OVER_CHAINS, units="1"),
    Variable("jarzynski_effective_samples", "effective chains of the Jarzynski average", "1"),
    sampled("detailed_balance", "asymmetry in time of pairs of states a relaxation apart, over its scale",
            "<f(x)g(x') - f(x')g(x)>/scale = 0", Kind.UNBIASED, cumulative=False, error=ERROR_OVER_REPLICATES,
            units="1"),
    sampled("acceptance", "acceptance of the sampler", "<a>", Kind.UNBIASED, cumulative=False,
            error=ERROR_OVER_CHAINS, units="1"),
    Variable("autocorrelation_time", "integrated autocorrelation time of the energy", "sampler step", Kind.ASYMPTOTIC),
    Variable("effective_sample_size", "effective samples over samples in the reference population", "1"),
    Variable("reference_memory", "correlation of the reference population over its relaxation, of energy or x", "1"),
    Variable("reference_steps", "sampler steps of the reference population at this record", "1", integer=True),
    Variable("resamplings", "times that the reference population was resampled", "1", cumulative=True, integer=True),
    Variable("sampler_steps", "sampler steps of each lagging chain", "1", cumulative=True, integer=True),
)  # fmt: skip
"""An energy and a sampler: an ideal sampler by a weighted reference population, and chains that lag behind."""

LOG_NORMALISER = (
    sampled("log_normaliser", "ln Z", "ln Z_0 - dF", Kind.ASYMPTOTIC, cumulative=False, error=ERROR_WITH_NORMALISER),
    sampled("entropy_conditional", "conditional entropy S(X|theta)", "<E_t>_{p_t} + ln Z_t", Kind.ASYMPTOTIC,
            cumulative=False, error=ERROR_WITH_NORMALISER),
)  # fmt: skip
"""Beside :data:`ENERGETIC` where ``ln Z_0`` is known or was annealed."""

RELAXATION = (
    sampled("relaxation", "mean energy of the lagging chains inside an update", "<E_t> after s sampler steps",
            Kind.UNBIASED, cumulative=False, error=ERROR_OVER_CHAINS, dims=("sub_step",)),
)  # fmt: skip
"""Group ``relaxation``: the fine resolution δt; sub-step 0 is the moment after the update. Beyond τ copies go on."""

CAPABILITIES = {
    "sequential": (*TRACTABLE, *SEQUENCES),
    "tractable": TRACTABLE,
    "bounded": BOUNDED,
    "energetic": ENERGETIC,
}
"""The variables of ``ledger`` by capability; those of :data:`TRAINING` always join them."""


def ledger_group(
    capability: str,
    more: tuple[Variable, ...] = (),
    *,
    path_intervals: tuple[int, ...] = (),
    draws: tuple[int, ...] = (),
) -> Group:
    """The group ``ledger``.

    Args:
        capability: one of :data:`CAPABILITIES`.
        more: variables that only some runs have.
        path_intervals: multiples of the measuring interval.
        draws: numbers of proposals at which the gap between bounds is recorded.
    """
    coordinates: dict[str, tuple[float, ...]] = {}
    if path_intervals:
        coordinates["path_interval"] = tuple(map(float, path_intervals))
    if draws:
        coordinates["draw"] = draws
    return Group("ledger", (*CAPABILITIES[capability], *more, *TRAINING), coordinates)
