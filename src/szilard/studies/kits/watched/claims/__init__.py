"""Claims that are held against any record of one watched training."""

from __future__ import annotations

from szilard.verdicts.claim import Claim

ENSEMBLE = "an ensemble of trainings over seeds, datasets and tasks"

UNCHECKABLE = (
    Claim("learned information", "L-info = I(X;Θ) = Σ_X − Σ(X|Θ) grows while the model learns",
          "paper Eqs. 6–7, 10, 25",
          f"I(X;Θ) needs the marginal p(x) over models, which one run does not have: run {ENSEMBLE}."),
    Claim("memorised information", "M-info = I(Θ;B) = S(Θ)", "paper Eq. 5",
          f"the distribution of the parameters over datasets is unknown: run {ENSEMBLE}, or a system with a known "
          "answer."),
    Claim("data processing", "M-info ≥ L-info", "paper Eq. 4", f"both sides are mutual informations: run {ENSEMBLE}."),
    Claim("low variance", "one run stands for the ensemble", "paper Eq. 9",
          "the spread between runs cannot be seen within one: run several seeds."),
    Claim("falling marginal entropy", "ΔS_X < 0 for a model initialised at random", "paper §7",
          f"S_X is the entropy of the mixture of models, not of this one: run {ENSEMBLE}."),
    Claim("Clausius relation", "ΔS(Θ) = −Q", "paper Eqs. 28–29",
          "S(Θ) of one trajectory is undefined, and the relation is no theorem: a system of known S(Θ) shows its "
          "residual."),
)  # fmt: skip
"""What no single run can check, and the design that would."""
