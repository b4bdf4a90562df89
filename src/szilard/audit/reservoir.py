"""Claims of the paper about the parameters as a reservoir, which no record of models alone can check."""

from __future__ import annotations

RESERVOIR = (
    ("reservoir noise", "the gradient noise is white, stationary and of one temperature", "paper Eqs. 33–34",
     "the ledger sees the model, not its gradients: measure the noise of the minibatch gradients at fixed parameters."),
    ("canonical state", "the parameters settle into exp(−U_B + F)", "paper Eq. 36",
     "it needs the stationary distribution of the parameters: long runs at stationarity, direction by direction."),
    ("detailed balance", "forward and backward transitions of Θ differ by ΔU_B", "paper Eq. 37",
     "it needs the transition probabilities of the parameters: measure their currents at stationarity."),
    ("lazy dynamics", "training backwards retraces the parameters", "paper Eq. 35, Appendix A",
     "nothing was run backwards: repeat the minibatches in reverse order with gradient ascent."),
)  # fmt: skip
"""Name, claim, source, and what it would take."""
