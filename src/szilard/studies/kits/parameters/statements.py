"""What the paper claims of the parameters as a heat reservoir, and which design would tell."""

from __future__ import annotations

import math

from szilard.verdicts import bounds
from szilard.verdicts.claim import Claim

MEASURE = "measure it: measures=[szilard.Ledger(), szilard.Reservoir(loss_fn, train_data)]"
FIGURE = "or see the paper's own experiment: szilard run fig3"

WHITE = Claim(
    "white noise",
    "the noise of one step tells nothing of that of another: ⟨η(t) η(t′)⟩ = 0 for t ≠ t′",
    "paper Eqs. 33–34, Fig. 3d",
    f"the ledger sees the model, not its gradients; {MEASURE}, {FIGURE}.",
    bound=(0.0, bounds.COLOUR),
)
COLOUR = Claim(
    "temperature of white noise",
    "summed over lags, the noise's correlations leave the temperature as white noise would have it",
    "paper Eq. 34; Green–Kubo",
    f"it needs the noise of consecutive steps; {MEASURE}.",
    bound=(0.0, bounds.HEATED),
)
STATIONARY = Claim(
    "stationary noise",
    "the variance of the noise does not change along the training",
    "paper Eqs. 33–34, Fig. 3c",
    f"it needs the variance of the gradients at fixed parameters, again and again; {MEASURE}, {FIGURE}.",
    bound=(0.0, bounds.STEADY),
)
ONE_TEMPERATURE = Claim(
    "one temperature",
    "the noise sustains the same temperature in every layer",
    "paper Eq. 34, §6.2",
    f"it needs the noise of each layer; {MEASURE}.",
    measure="largest |ln(T_i/T_j)| of two layers",
    bound=(0.0, bounds.ONE_TEMPERATURE),
)
ISOTROPIC = Claim(
    "isotropic noise",
    "the noise has the same variance in every direction, and no two directions are correlated: δ_ij",
    "paper Eq. 34",
    f"it needs several noises at about the same parameters; {MEASURE}.",
    measure="directions that share the noise over those there are, the worst layer",
    bound=(bounds.ISOTROPIC, math.inf),
)
FINITE = Claim(
    "finite variance",
    "the tails of the noise are light enough for a variance, without which there is no temperature",
    "paper Eq. 34",
    f"it needs many noises; {MEASURE}.",
    measure="tail index of the norm of the noise, the worst layer",
    bound=(bounds.FINITE, math.inf),
)
YAIDA = Claim(
    "first fluctuation–dissipation relation",
    "⟨θ·∇U⟩ equals the kinetic temperature in each layer, as wherever the parameters are stationary",
    "Yaida 2018, Eq. (FDR1); paper Eqs. 33–34",
    f"it needs the gradients that the optimiser saw; {MEASURE}.",
    measure="⟨θ·∇U⟩ over the kinetic temperature, the worst layer",
    bound=bounds.STATIONARY_RATIO,
)
SETTLED = Claim(
    "stationary parameters",
    "kinetic and configurational temperature agree in each layer; where they need not, under shuffled epochs and "
    "decoupled decay, ⟨θ·Δθ⟩ = −½⟨|Δθ|²⟩. This tests stationarity only: it holds out of equilibrium too",
    "paper Eq. 36",
    f"it needs parameters and forces along a long stretch at stationarity; {MEASURE}.",
    measure="configurational over kinetic temperature, or −2⟨θ·Δθ⟩/⟨|Δθ|²⟩, the worst layer",
    bound=bounds.STATIONARY_RATIO,
)
CANONICAL = Claim(
    "canonical state",
    "the parameters settle into exp(−U_B + F): one temperature for all directions of a layer",
    "paper Eq. 36",
    f"it needs the stationary distribution of the parameters, direction by direction; {MEASURE}; what a layer's energy "
    "does when it is heated: szilard run heat-capacity.",
    measure="spread of ⟨(θ − θ̄)∇Uᵀ⟩/T over directions, squared, the worst layer",
    bound=(-math.inf, bounds.CANONICAL),
)
BALANCE = Claim(
    "detailed balance",
    "forward and backward transitions of Θ differ by ΔU_B alone: no current flows",
    "paper Eq. 37",
    f"it needs currents of the parameters at stationarity; {MEASURE}.",
    measure="turning over relaxing, squared, the worst layer",
    bound=(-math.inf, bounds.TURNING),
)
IDEAL = Claim(
    "reservoir without entropy production",
    "the reservoir itself makes no entropy, Σ(Θ|B) = 0: it is ideal, and moves quasi-statically",
    "paper Eqs. 27–28",
    f"currents of the parameters bound it from below; {MEASURE}.",
    measure="entropy production proved by currents, nat per record, the worst layer",
    bound=(-math.inf, bounds.REVERSIBLE),
)
FORCE = Claim(
    "greatest force above the noise",
    "the deterministic force is large beside the random one: max |∇U_B| against the noise of a parameter",
    "paper §6.2, last paragraph, Fig. 3c",
    f"it needs force and noise apart; {MEASURE}, {FIGURE}.",
    measure="max|∇U_B| over the standard deviation of the noise, the worst layer",
    bound=(bounds.OUTWEIGHS, math.inf),
)
SIGNAL = Claim(
    "force above the noise",
    "the same for all parameters of a layer together: ‖∇U_B‖² against tr C/|b|",
    "paper §6.2, last paragraph",
    f"it needs force and noise apart; {MEASURE}.",
    measure="‖∇U_B‖² over tr C/|b|, the worst layer",
    bound=(bounds.OUTWEIGHS, math.inf),
)
LAZY = Claim(
    "lazy dynamics",
    "training backwards retraces the parameters: gradients do not depend on where θ is",
    "paper Eq. 35, Appendix A",
    "nothing was run backwards: szilard run reversal repeats the minibatches in reverse order with gradient ascent, "
    "and measures the change of the tangent kernel.",
)

RESERVOIR = (
    WHITE, COLOUR, STATIONARY, ONE_TEMPERATURE, ISOTROPIC, FINITE, YAIDA, SETTLED, CANONICAL, BALANCE, IDEAL, FORCE,
    SIGNAL, LAZY,
)  # fmt: skip
"""In the order of the audit."""

# Of the record rather than of the theory, or of nothing that the paper says: no row where nothing was measured.
LOOP = Claim(
    "noise of the loop",
    "the loop's gradients are as noisy as those of fresh batches at the same parameters",
    "paper Eqs. 32–33; docs: gradient noise",
    measure="loop's over fresh noise variance, less 1, the worst layer",
    bound=(0.0, bounds.SAME_NOISE),
)
PREDICTED = Claim(
    "predicted work",
    "½ r² ∇U·F∇U of drift and ½ r² tr(F C)/|b| of diffusion add up to the measured work per step",
    "docs: measuring interval",
    measure="predicted over measured work",
    bound=(1 - bounds.LEADING_ORDER, 1 + bounds.LEADING_ORDER),
    at_interval=True,
)
REGIMES = Claim(
    "one regime",
    "loss and noise run through the whole training without a break",
    "paper §6.1",
    measure="breaks of ln loss and ln noise from straight lines, where no smooth course does as well",
)
