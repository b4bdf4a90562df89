"""Identities of the information budget: what adds up, what is a mean of what, and Eq. 25 for ensemble and members."""

from __future__ import annotations

import numpy as np

from szilard.studies.ensemble.reading import LEVELS, EnsembleReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding

SOURCE = "docs: the nested budget"
CROSSED = Claim("seed information adds up", "info_seed = info_seed_initialisation + info_seed_order", SOURCE)
"""Only for crossed designs, and only while every table is whole."""

INFORMATION = Claim("information adds up", "I(X;Θ) = I(X;B) + info_seed", "paper Eq. 6, its sign mended")
DATA = Claim("I(X;B) adds up", "I(X;B) = info_task + info_dataset, of those that vary", "paper Eq. 6")
PLUGIN = Claim(
    "plug-in information adds up", "l_info = info_task + info_dataset + info_seed on the very mixtures", SOURCE
)
MARGINAL = Claim("marginal entropy adds up", "S_X = ⟨S(X|Θ)⟩ + I(X;Θ)", "paper Table 1")
PRODUCTION = Claim("marginal entropy production", "Σ_X = ΔS_X − Q", "paper Eq. 25")
SUMS = (
    (INFORMATION, "l_info", ("info_data", "info_seed"), ()),
    (DATA, "info_data", (), LEVELS[:2]),
    (PLUGIN, "l_info_plugin", (), tuple(f"{level}_plugin" for level in LEVELS)),
    (CROSSED, "info_seed", ("info_seed_initialisation", "info_seed_order"), ()),
    (MARGINAL, "entropy_marginal", ("entropy_conditional_mean", "l_info"), ()),
    (PRODUCTION, "entropy_marginal_change", ("ep_marginal", "heat_mean"), ()),
)
"""The claim, the whole, parts that all must be there, and parts of which only those that vary are."""

MEMBERS = Claim(
    "means of the members", "work, heat and S(X|Θ) of the ensemble are the means of its members'", "paper Eq. 25"
)
OF_MEMBERS = Claim(
    "information of the members", "the mean of KL(p_θ‖p) over members is the plug-in l_info", "paper Eq. 10"
)
MEANS = (
    (MEMBERS, (("work_mean", "work"), ("heat_mean", "heat"), ("entropy_conditional_mean", "entropy_conditional"))),
    (OF_MEMBERS, (("l_info_plugin", "l_info_member"), ("entropy_marginal_plugin", "entropy_marginal_member"))),
)
"""The claim, and pairs of a column and what it is the mean of, over members, each weighed by its cluster."""

IGNORANCE = Claim(
    "ignorance is information", "Δl_info = Σ_X − Σ(X|Θ), and that is the ignorance EP", "paper Eqs. 25–26"
)
EACH_MEMBER = Claim(
    "Eq. 25 of each member", "ΔI(θ_n) = Σ_X(θ_n) − Σ(X|Θ)(θ_n), Σ_X(θ_n) = ΔS_X(θ_n) − Q(θ_n)", "paper Eq. 25"
)
SIGN = Claim(
    "sign of Eq. 6",
    "I(X;B) ≤ I(X;Θ): B → Θ → X makes I(X;Θ) = I(X;B) + I(X;Θ|B)",
    "docs: theory of the nested budget; paper Eq. 6",
)


def findings(reading: EnsembleReading) -> tuple[Finding, ...]:
    """The rows of this family; residuals are relative to the largest term up to their row."""
    if not reading.records:
        return ()
    rows = [_sum(reading, *row) for row in SUMS if row[0] is not CROSSED or _crossed(reading)]
    rows += [_mean(reading, *row) for row in MEANS]
    return (*rows, _ignorance(reading), _ignorance_of_members(reading), _ordering(reading))


def _sum(
    reading: EnsembleReading, claim: Claim, whole: str, all_of: tuple[str, ...], some_of: tuple[str, ...]
) -> Finding:
    """A level without variation has no number and counts as nothing, wherever the design does not lump it together."""
    total = reading.column(whole)
    terms = [reading.column(part) for part in all_of]
    optional = [reading.column(part) for part in some_of if reading.known_at_the_end(part)]
    if some_of and not (optional and _apart(reading, some_of)):
        why = reading.missing(*some_of) or "Levels that vary together cannot be told apart."
        return claim.unchecked(why, Concern.RECORD)
    if all_of and not reading.known_at_the_end(*all_of):
        return claim.unchecked(reading.missing(*all_of), Concern.RECORD)
    terms += optional
    if claim is CROSSED and reading.nesting is not None:  # a dataset whose table broke has a part in info_seed only
        whole_tables = reading.column("members_counted") == reading.nesting.members
        total = np.where(whole_tables, total, np.nan)
    return claim.identity((total - np.sum(terms, axis=0)) / _scale(total, *terms), reading.steps)


def _crossed(reading: EnsembleReading) -> bool:
    return "info_seed_initialisation" in reading.rows


def _apart(reading: EnsembleReading, parts: tuple[str, ...]) -> bool:
    """Whether every level that varies, of those that ``parts`` speak of, has a number of its own."""
    nesting = reading.nesting
    if nesting is None:
        return reading.known_at_the_end(*parts)
    varies = {
        "info_task": nesting.tasks > 1,
        "info_dataset": int(nesting.datasets_per_task.max()) > 1,
        "info_seed": int(nesting.seeds_per_dataset.max()) > 1,
    }
    return all(reading.known_at_the_end(part) for part in parts if varies[part.removesuffix("_plugin")])


def _mean(reading: EnsembleReading, claim: Claim, pairs: tuple[tuple[str, str], ...]) -> Finding:
    residuals = []
    weights = [reading.weights(row) for row in range(reading.records)]
    for mean, member in pairs:
        of_members = reading.column(member) if member in reading.rows else reading.of_members(member)
        mixed = np.full(reading.records, np.nan)
        for row, share in enumerate(weights):
            if share is not None and of_members.ndim == 2:
                mixed[row] = float(share[share > 0] @ of_members[row, share > 0])
        column = reading.column(mean)
        residuals.append((column - mixed) / _scale(column, mixed))
    return claim.identity(np.stack(residuals, 1), reading.steps)


def _ignorance(reading: EnsembleReading) -> Finding:
    """Rows whose mixtures are of other members than the first row's are left out."""
    information, production = reading.column("l_info"), reading.column("ep_marginal")
    ignorance, work = reading.column("ep_ignorance"), reading.column("work_mean")
    gained = np.where(reading.same_members(), information - information[0], np.nan)
    scale = _scale(information, production, work)
    residual = np.stack([production - work - gained, ignorance - gained], 1) / scale[:, None]
    return IGNORANCE.identity(residual, reading.steps)


def _ignorance_of_members(reading: EnsembleReading) -> Finding:
    """Eq. 25 before it is averaged: the partially averaged quantities of each member."""
    information, entropy = reading.column("l_info_member"), reading.column("entropy_marginal_member")
    marginal = reading.column("ep_marginal_member")
    work, heat = reading.of_members("work"), reading.of_members("heat")
    if any(values.ndim != 2 for values in (information, entropy, marginal)):
        return EACH_MEMBER.identity(np.full((reading.records, 1), np.nan), reading.steps)
    same = reading.same_members()[:, None]
    gained = np.where(same, information - information[:1], np.nan)
    spread = np.where(same, entropy - entropy[:1], np.nan)
    residual = np.stack([marginal - work - gained, marginal + heat - spread], -1)
    scale = _scale(information, entropy, work, heat)
    return EACH_MEMBER.identity(residual / scale[..., None], reading.steps, along="member")


def _ordering(reading: EnsembleReading) -> Finding:
    """What I(X;B) exceeds I(X;Θ) by, on the very mixtures of the record (plug-in), where concavity forbids it."""
    whole = reading.column("l_info_plugin")
    parts = np.stack([reading.column(f"{level}_plugin") for level in LEVELS[:2]])
    given = np.isfinite(parts).any(1)
    data = parts[given].sum(0) if given.any() else np.full_like(whole, np.nan)
    return SIGN.identity(
        np.maximum(data - whole, 0) / _scale(whole, data),
        reading.steps,
        detail="The paper's Eq. 6 writes I(X;B) = I(X;Θ) + ε with ε ≥ 0, which has the sign the wrong way round.",
    )


def _scale(*terms: np.ndarray) -> np.ndarray:
    """The largest absolute value of any term up to each row."""
    largest = np.nan_to_num(np.abs(np.stack(terms))).max(0)
    return np.maximum.accumulate(largest).clip(np.finfo(float).tiny)
