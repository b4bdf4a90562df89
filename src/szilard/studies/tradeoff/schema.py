"""What the record of a trade-off holds: dissipation, lag and information of ensembles, state by state."""

from __future__ import annotations

from szilard.estimate import Kind
from szilard.records.schema import Group, Variable

MEMBER = ("state", "member")
STATE = ("state",)
CLUSTER = ("state", "cluster")
WAY = ("way", "sampler_steps", "member")

ERROR_OVER_DATASETS = "standard error over data sets, by leaving one out at a time"


def _exact(name: str, long_name: str, equation: str, *, cumulative: bool = True, units: str = "nat") -> Variable:
    return Variable(name, long_name, units, Kind.EXACT, cumulative, None, equation, MEMBER)


def _over_datasets(
    name: str, long_name: str, equation: str, *, cumulative: bool = False, units: str = "nat"
) -> Variable:
    return Variable(name, long_name, units, Kind.ASYMPTOTIC, cumulative, ERROR_OVER_DATASETS, equation, STATE)


TRADEOFF = (
    _exact("work", "work W of fresh samples", "W = sum_t KL(p_{t-1}||p_t)"),
    _exact("work_coarse", "work of fresh samples at every second update", "W(2)"),
    _exact("work_lagged", "work on chains that lag", "W_lagged = sum_t <E_t - E_{t-1}>_{rho_{t-1}}"),
    _exact("free_energy_change", "change of free energy", "Delta F = -ln Z_n/Z_0"),
    _exact("work_dissipated", "dissipated work", "W_diss = W_lagged - Delta F"),
    _exact("heat", "heat Q absorbed by chains that lag", "Q = sum_t <E_t>_{rho_t} - <E_t>_{rho_{t-1}}"),
    _exact("entropy", "entropy of X given theta", "S = <-ln rho_t>_{rho_t}", cumulative=False),
    _exact("lag", "lag of the chains behind the model", "KL(rho_t||p_t)", cumulative=False),
    _exact("ep_conditional", "conditional entropy production", "Sigma = -Q + S_n - S_0"),
    _exact("jarzynski", "Jarzynski's average over the chains", "<exp(-(W_lagged - Delta F))> = 1", cumulative=False,
           units="1"),
    _exact("cross_entropy", "cross-entropy of held-out images under the model", "<-ln p_t>", cumulative=False),
    _over_datasets("l_info", "L-info of X as the chains have it", "I(X;Theta), X ~ rho_t"),
    _over_datasets("l_info_models", "L-info of fresh samples", "I(X;Theta), X ~ p_t"),
    _over_datasets("ep_marginal", "entropy production of the marginal", "Sigma_X = Delta S_X - Q", cumulative=True),
    _over_datasets("ep_ignorance", "change of L-info", "Delta I = Sigma_X - Sigma_{X|Theta}", cumulative=True),
    _over_datasets("efficiency", "efficiency of learning", "Delta I/(Delta I + Sigma_{X|Theta})", units="1"),
    Variable("l_info_lower", "lower side of the bracket of L-info", "nat", Kind.LOWER, dims=STATE),
    Variable("l_info_upper", "upper side of the bracket of L-info", "nat", Kind.UPPER, dims=STATE),
    Variable("l_info_without", "L-info of X with one data set left out", "nat", Kind.ASYMPTOTIC, dims=CLUSTER),
)  # fmt: skip
"""Group ``tradeoff``: ``step`` counts updates of the states with the fewest; others have proportionally more."""

LAG = (
    Variable("work_dissipated", "dissipated work of chains with another tau on the same way", "nat", Kind.EXACT, True,
             None, "W_diss = W_lagged - Delta F", WAY),
    Variable("lag", "lag behind the model of chains with another tau on the same way", "nat", Kind.EXACT, False, None,
             "KL(rho_t||p_t)", WAY),
)  # fmt: skip
"""Group ``lag``: states with infinitely many chains, each followed by chains of every τ that have no say in it."""


def tradeoff_groups(
    *, states: int, ways: int, members: int, datasets: int, steps: tuple[int, ...]
) -> tuple[Group, ...]:
    """The groups of a record.

    Args:
        states: numbers of updates × sampler steps × kinds of chains.
        ways: of these, those that chains of every τ follow: the first ones.
        members: data sets × seeds.
        datasets: how many.
        steps: every τ.
    """
    state = {"state": tuple(range(states)), "member": tuple(range(members)), "cluster": tuple(range(datasets))}
    way = {"way": tuple(range(ways)), "sampler_steps": steps, "member": tuple(range(members))}
    return Group("tradeoff", TRADEOFF, state), Group("lag", LAG, way)
