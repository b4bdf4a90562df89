"""What the record of an ensemble holds: the ledger of every member, and the information that only the many have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from szilard.estimate import Kind
from szilard.records.schema import ERROR_OVER_INPUTS, Group, Variable

ERROR_OVER_CLUSTERS = (
    "standard error by delete-one jackknife over the outermost clusters (tasks, else datasets, else seeds)"
)
MEMBER = ("member",)
BLOCK = ("block",)
CLUSTER = ("cluster",)


def _of_member(
    name: str, long_name: str, equation: str, *, cumulative: bool = False, units: str = "nat", error: bool = True
) -> Variable:
    meaning = ERROR_OVER_INPUTS if error else None
    return Variable(name, long_name, units, Kind.EXACT, cumulative, meaning, equation, MEMBER)


MEMBERS_LEDGER = (
    Variable("interval", "training steps since the previous record", "step", integer=True),
    _of_member("energy", "energy U", "U_t = <phi_t>_{p_t}"),
    _of_member("entropy_conditional", "conditional entropy S(X|theta)", "S_t = <-ln p_t>_{p_t}"),
    _of_member("entropy_change", "change of conditional entropy since the first record", "S_n - S_0", cumulative=True),
    _of_member("work", "work W", "W = sum_t KL(p_{t-1}||p_t)", cumulative=True),
    _of_member("heat", "heat Q absorbed by X", "Q = sum_t <phi_t>_{p_t} - <phi_t>_{p_{t-1}}", cumulative=True),
    _of_member("ep_conditional", "conditional entropy production", "Sigma = -Q + S_n - S_0", cumulative=True),
    _of_member("work_reverse", "work of the reversed protocol", "W_rev = sum_t KL(p_t||p_{t-1})", cumulative=True),
    _of_member(
        "length", "statistical length L", "L = sum_t 2 arccos <sum_y sqrt(p_{t-1} p_t)>", cumulative=True,
        units="nat**0.5",
    ),
    _of_member("work_direct", "work of one jump from the first model", "KL(p_0||p_n)"),
    _of_member(
        "length_direct", "statistical distance to the first model", "L(p_0,p_n) = 2 arccos <sum_y sqrt(p_0 p_n)>",
        units="nat**0.5",
    ),
    _of_member(
        "fluctuation", "integral fluctuation theorem of the last step", "<exp(-d_t)>_{p_{t-1}} = 1", units="1",
    ),
    Variable(
        "precision_floor", "spurious work from rounding, an estimate", "nat", Kind.ASYMPTOTIC, True, None,
        "sum_t eps^2 sum_y p(1-p) z^2 / 2", MEMBER,
    ),
    Variable("loss", "mean training loss since the previous record", "as given", None, False, None, "", MEMBER),
    Variable("learning_rate", "learning rate", "1"),
    Variable("finite", "whether the member's predictions are finite: 1, or 0 once it has diverged", "1",
             dims=MEMBER, integer=True),
)  # fmt: skip
"""Group ``ledger`` of an ensemble: every row has one number for each member."""

MEMBERS_LABELLED = (
    Variable("accuracy", "accuracy on the probe", "1", Kind.UNBIASED, False, "standard error over probe inputs", "",
             MEMBER),
    Variable("cross_entropy", "cross-entropy on the probe", "nat", Kind.UNBIASED, False,
             "standard error over probe inputs", "<-ln p_t(y|u)>", MEMBER),
)  # fmt: skip
"""Only where the probe has labels."""


def _information(
    name: str, long_name: str, equation: str, kind: Kind = Kind.ASYMPTOTIC, units: str = "nat", cumulative: bool = False
) -> Variable:
    return Variable(name, long_name, units, kind, cumulative, ERROR_OVER_CLUSTERS, equation)


_LEVELS = (
    ("info_task", "learned of the task", "I(X;task) = H(p) - <H(p_task)>"),
    ("info_dataset", "memorised of the very sample", "I(X;dataset|task) = <H(p_task)> - <H(p_dataset)>"),
    ("info_seed", "luck of the seed", "I(X;seed|dataset) = <H(p_dataset)> - <H(p)>"),
)


def _bracketed(name: str, long_name: str, equation: str) -> Iterator[Variable]:
    """The reported estimate, its bracket and whether the bracket is as wide as the value."""
    yield _information(name, long_name, equation)
    yield _information(f"{name}_lower", f"{long_name}: lower end of the bracket", equation, Kind.LOWER)
    yield _information(f"{name}_upper", f"{long_name}: upper end of the bracket", equation, Kind.UPPER)
    yield Variable(f"{name}_saturated", f"{long_name}: 1 where the number of runs caps the estimate", "1", integer=True)


def _routes(name: str, long_name: str, equation: str) -> Iterator[Variable]:
    """Columns of one quantity by three routes, to be compared."""
    yield _information(f"{name}_plugin", f"{long_name}: plug-in, biased in small designs", equation)
    yield _information(f"{name}_first_order", f"{long_name}: corrected to first order", equation)
    yield _information(f"{name}_jackknife", f"{long_name}: each entropy corrected by a jackknife", equation)
    yield _information(
        f"{name}_quadratic", f"{long_name}: quadratic (Gini) information", "E|p_level - p_above|^2", Kind.UNBIASED, "1"
    )


INFORMATION = (
    *(variable for level in _LEVELS for make in (_bracketed, _routes) for variable in make(*level)),
    _information("info_data", "learned of task and sample together", "I(X;B) = info_task + info_dataset"),
    *_bracketed("l_info", "L-info: all that a prediction tells of its model", "I(X;Theta) = H(p) - <H(p_theta)>"),
    _information("l_info_plugin", "L-info: plug-in, biased in small designs", "H(p) - <H(p_theta)>"),
    _information("l_info_pairwise", "L-info: mean pairwise KL, which does not saturate", "<KL(p_i||p_j)>", Kind.UPPER),
    Variable("l_info_spread", "spread of L-info over members", "nat", Kind.ASYMPTOTIC, False, ERROR_OVER_CLUSTERS,
             "std_theta KL(p_theta||p)"),
    _information("info_dataset_contrast", "memorised, by the matched-size contrast (0 without an effect)",
                 "m/(m-1) [H(m members of m datasets) - H(m members of one)]"),
    Variable("info_dataset_permutation_p", "permutation test of no dataset effect: p-value", "1"),
    _information("entropy_marginal", "marginal entropy S_X", "S_X = <S> + I(X;Theta)"),
    _information("entropy_marginal_plugin", "entropy of the mixture of all members", "H(p)"),
    _information("entropy_marginal_lower", "marginal entropy: lower end of the bracket", "H(p)", Kind.LOWER),
    _information("entropy_marginal_upper", "marginal entropy: upper end of the bracket", "H(p)", Kind.UPPER),
    _information("entropy_task", "entropy of the mixtures of a task", "<H(p_task)>"),
    _information("entropy_dataset", "entropy of the mixtures of a dataset", "<H(p_dataset)>"),
    _information("entropy_marginal_change", "change of marginal entropy", "dS_X", cumulative=True),
    _information("ep_marginal", "marginal entropy production", "Sigma_X = dS_X - Q", cumulative=True),
    _information("ep_ignorance", "ignorance: change of L-info", "Sigma_X - Sigma = dI(X;Theta)", cumulative=True),
    _information("cross_entropy_between", "cross-entropy between members of different datasets",
                 "<-sum_y p_i ln p_j> = S + <KL(p_i||p_j)>", Kind.UNBIASED),
    _information("entropy_conditional_mean", "mean conditional entropy of the members", "<S(X|theta)>", Kind.UNBIASED),
    _information("work_mean", "mean work of the members", "<W>", Kind.UNBIASED, cumulative=True),
    _information("heat_mean", "mean heat of the members", "<Q>", Kind.UNBIASED, cumulative=True),
    _information("m_info_lower", "M-info I(Theta;B), from below", "I(X_1..X_m;B) <= I(Theta;B)", Kind.LOWER),
    Variable("m_info_upper", "M-info I(Theta;B), from above", "nat", Kind.UPPER, False, None,
             "ln K, or sum_t d/2 ln(1 + r^2 tr Cov g/(d nu))"),
    _information("clausius_information", "the paper's Clausius number -Q", "-Q", Kind.HYPOTHESIS, cumulative=True),
    *(Variable(f"{name}_block", f"{words}, of m probe inputs jointly", "nat", Kind.ASYMPTOTIC, False,
               ERROR_OVER_CLUSTERS, f"{equation} of (X_1 … X_m)", BLOCK)
      for name, words, equation in (*_LEVELS, ("l_info", "L-info", "I(X;Theta)"))),
    Variable("l_info_member", "what a prediction tells of this member", "nat", Kind.ASYMPTOTIC, False, None,
             "KL(p_theta||p)", MEMBER),
    Variable("entropy_marginal_member", "cross-entropy of the member under the mixture", "nat", Kind.ASYMPTOTIC,
             False, None, "<-ln p>_{p_theta}", MEMBER),
    Variable("ep_marginal_member", "marginal entropy production of the member", "nat", Kind.ASYMPTOTIC, True, None,
             "change of <-ln p>_{p_theta} - Q", MEMBER),
    *(Variable(f"{name}_deleted", f"{words}, with one outermost cluster left out after another", "nat", None, False,
               None, "pairs the errors of two records", CLUSTER)
      for name, words in (("l_info", "L-info"), ("cross_entropy_between", "cross-entropy between members"))),
    Variable("clusters_counted", "outermost clusters in the mixtures: error bars have one degree of freedom less", "1",
             integer=True),
    Variable("members_counted", "members in the mixtures: those that have not diverged", "1", integer=True),
)  # fmt: skip
"""Group ``information``: what is known of the ensemble at each recorded step."""

INFORMATION_CROSSED = (
    _information("info_seed_initialisation", "luck of the initialisation", "I(X;initialisation|dataset)"),
    _information("info_seed_order", "luck of the batch order", "I(X;order|dataset,initialisation)"),
    *(_information(f"info_seed_{part}_quadratic", f"luck of {words}: quadratic (Gini) information",
                   "two-way components of E|p - p_dataset|^2", Kind.UNBIASED, "1")
      for part, words in (("initialisation", "the initialisation"), ("order", "the batch order"),
                          ("interaction", "initialisation and order together"))),
)  # fmt: skip
"""Only where initialisations and batch orders were crossed."""

INFORMATION_LABELLED = (
    _information("cross_entropy_mean", "mean cross-entropy of the members on the probe", "<-ln p(y|u)>", Kind.UNBIASED),
    _information("accuracy_mean", "mean accuracy of the members on the probe", "<argmax p = y>", Kind.UNBIASED, "1"),
)
"""Only where the probe has labels."""

INFORMATION_SUPERSAMPLE = (
    _information(
        "supersample_information", "what the answers on a supersample tell of which half was trained on",
        "sum_i I(Y_i;U_i|Z) <= I(Theta;U|Z) <= N ln 2", Kind.ASYMPTOTIC,
    ),
)  # fmt: skip
"""Only in a supersample design; nats for the whole supersample."""


def ensemble_groups(
    members: Mapping[str, Sequence[int]],
    *,
    blocks: Sequence[int],
    clusters: int,
    labelled: bool,
    crossed: bool = False,
    supersample: bool = False,
) -> tuple[Group, Group]:
    """Groups ``ledger`` and ``information`` of an ensemble.

    Args:
        members: ``task``, ``dataset``, ``seed``, ``initialisation`` and ``order`` of each member.
        blocks: numbers of probe inputs that are taken jointly.
        clusters: outermost clusters, or groups of them, that are left out one after another.
        labelled: whether the probe has labels.
        crossed: whether initialisations and batch orders were crossed.
        supersample: whether the datasets are halves of one supersample.
    """
    along = {"member": tuple(range(len(members["task"])))}
    labels = {name: (MEMBER[0], tuple(values)) for name, values in members.items()}
    information = (
        *INFORMATION,
        *(INFORMATION_CROSSED if crossed else ()),
        *(INFORMATION_LABELLED if labelled else ()),
        *(INFORMATION_SUPERSAMPLE if supersample else ()),
    )
    ledger = (*MEMBERS_LEDGER, *(MEMBERS_LABELLED if labelled else ()))
    return (
        Group("ledger", ledger, along, labels),
        Group("information", information, {**along, "block": tuple(blocks), "cluster": tuple(range(clusters))}, labels),
    )
