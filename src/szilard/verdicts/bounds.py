"""The bounds of the audit, each with its reason: a verdict means nothing without the bound it was held against."""

from __future__ import annotations

LEVEL = 0.95
"""Of every interval, two-sided."""

FLOAT = 1e-9
"""Relative residual of an identity between float64 sums: rounding over 10⁴ records stays below it."""

AGREEMENT = 0.1
"""The sampled route may differ from the exact sums by this share of their scale: a stale sample, a swapped sign or an
unnormalised φ moves it by about 1."""

FEWEST_ROWS = 20
"""Rows of samples that a comparison of the two routes needs."""

ROUNDING = 0.1
"""Share of the work that rounding of the forward pass may make up."""

ROUNDING_FACTOR = 3.0
"""By how much the precision floor may be too low; it may be too high by any factor, as close models round alike."""

DRIFT = 0.1
"""Drift share of the work below which the motion is called diffusion: W then changes by less than 10 % when the
measuring interval doubles."""

FEWEST_JUMPS = 16
"""Jumps at the coarser of two compared intervals."""

FEWEST_BLOCKS = 8
"""Blocks of time for the jackknife of the drift share."""

STILL = 0.05
"""Share of the initial entropy within which its change counts as none."""

QUASI_STATIC = 0.1
"""Conditional entropy production per change of entropy, Σ/|ΔS|, up to which a run counts as quasi-static."""

FEWEST_EFFECTIVE = 3
"""Effective number of blocks, (ΣF)²/ΣF² over their works F, below which the jackknife's error is worth nothing."""

CERTAIN_ERRORS = 3
"""Errors by which accuracy, cross-entropy or loss must change to be called changed."""

BY_CHANCE = 0.1
"""Change of accuracy that an untrained model may show by chance: inputs of one class go together."""

NOTICEABLE = 0.01
"""Share of ln C, the most that a label can tell of anything, below which information counts as none: at ten outcomes
0.02 nat, of which no mixture could be told from a single member."""

OUTSIDE = 0.1
"""An estimate may lie outside its bracket by this share of the wider of the two: the ends have errors as it has."""

ROUTES_APART = 0.3
"""Two corrections of the same plug-in may differ by this share of the larger: what either leaves out is of the order of
the correction squared, so that a third apart the correction is no longer a small one."""

FEWEST_CLUSTERS = 12
"""Outermost clusters from which on nominal 95 % intervals cover 93 to 97 %; with fewer they cover less."""

LOW_VARIANCE = 0.1
"""Spread over members, relative to the mean, up to which one run stands for the ensemble to its first digit."""

NEGLIGIBLE = 0.1
"""Share of a quantity up to which a part of it may be left out, as the paper leaves out the start, the luck of the
initialisation and ε: the first digit stays."""

MANY = 10.0
"""Parameters per dimension of X from which on Θ has "a much higher dimension": a power of ten."""

RELATION = 0.1
"""Share of the larger side within which two sides of a relation of the paper count as equal: it argues by assumptions
that hold to leading order, so it is not held to a digit."""

IDEAL = 0.9
"""L-info over M-info from which on nearly all that was memorised was learned."""

FEWEST_COMPARED, FEWEST_INDEPENDENT = 20, 10
"""Records of a comparison, below which they must be worth so many independent ones before a difference decides: of
fewer the memory itself is not known, and intervals are too narrow."""

FEWEST_BURSTS = 8
"""Bursts whose scatter an error is made of: with fewer, Student's t decides nothing that many layers share."""

COLOUR = 0.05
"""Autocorrelation of the noise at one lag: it counts twice in T ∝ 1 + 2 Σρ, so .05 moves the temperature by 10 %."""

HEATED = 0.1
"""Share of the temperature that correlations at all recorded lags may add or take away."""

STEADY = 0.2
"""Change of ln c between stretches of the training: the variance then stays within a tenth of its middle."""

ONE_TEMPERATURE = 0.1
"""|ln T_i/T_j| up to which two temperatures are one to the first digit."""

ISOTROPIC = 0.9
"""Share of the directions that noise must fill: (tr C)²/(d tr C²) = 1/(1 + s²), where s is the spread of the variances
over directions, relative to their mean; it is then below a third."""

FINITE = 2.0
"""Tail index above which the variance is finite."""

STATIONARY_RATIO = (0.9, 1.1)
"""Both sides of a fluctuation–dissipation relation are then alike to the first digit."""

CANONICAL = 0.01
"""‖G/T − 1‖²/d of G = ⟨(θ − θ̄)∇Uᵀ⟩: the temperatures of all directions lie within a tenth, root mean square."""

TURNING = 0.01
"""Turning over relaxing, squared: in the time in which the parameters relax they turn by a tenth of a radian."""

REVERSIBLE = 0.01
"""Entropy produced from one record to the next, nat: a hundred of them would have to be seen to tell which way time
runs."""

FEWEST_RELAXED = 20
"""Independent positions of the parameters without which the paths show no stationary state, only the way there."""

OUTWEIGHS = 1.0
"""Force over noise above which the force is the larger."""

SAME_NOISE = 0.1
"""Share by which the loop's noise variance may differ from that of fresh batches: other data, augmentation, clipping or
another batch size change it by more."""

GROSS = 2.0
"""Factor between the loop's noise and that of fresh batches which shuffling cannot make: it changes the variance by
a fifth at most in docs/figure-3.md and on the digits. Clipping, another batch size or other data do."""

LEADING_ORDER = 0.2
"""Predicted over measured work, less 1: the prediction is of leading order in the step, and from a few steps only."""

CONFINED = 1.0
"""Way of a parameter over the spread of its random start, up to which the start says more of where it is than the
training does."""

EXPONENT = 0.1
"""By how much a fitted exponent may differ from its law's: over a factor of ten the law is then off by a quarter."""

RETRACED = 0.1
"""Distance from the forward path over the way back up to which a path counts as retraced: nine tenths were undone."""

TANGENT = 0.1
"""Relative departure from a linearisation up to which its first digit stays: of kernel, outputs, loss or gradient."""

FALLS = -0.5
"""Exponent against width from which on laziness counts as coming with width: 1/√width is the slowest law that was
proven of the tangent kernel, 1/width the one that is seen."""

EFFECTIVE = 0.1
"""Effective samples over samples below which a few weights make an average: its error is then a guess."""

WITHIN_REACH = 0.5
"""Effective samples over samples from which a jump's weights have an error bar that can be believed."""

MOST_CHAINS = 0.5
"""Share of the chains that must be effective before the error of their exponential average is believed: the spread of
the dissipated work is then about one nat."""

ACCEPTANCE = 0.05
"""Share of proposals that a sampler must accept to move: below it most chains stand still through an update."""

ADVICE = (0.5, 2.0)
"""Lag that was foretold over the lag there is: within a factor of two it names the number of sampler steps to less than
a relaxation time."""

ANCESTORS = 0.75
"""Share of a population's particles with ancestors of their own: on the lagging Gaussian W is within 1.4 of its errors
at 0.77, and off by 8 of them, a fifth, at 0.63."""
