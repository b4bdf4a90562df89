"""What a record holds of the models kept along a training: the group ``model_space``."""

from __future__ import annotations

from szilard.estimate import Kind
from szilard.monitor.sampled.schema import ERROR_OVER_EXAMPLES, sampled
from szilard.records.schema import HISTOGRAM_BINS, Variable

MODEL_SPACE = (
    Variable("model_step", "training step of the model kept in each place; -1 where there is none", "step",
             dims=("model",), integer=True),
    Variable("previous_step", "training step of the kept model before, from which sigma leads here", "step",
             integer=True),
    sampled("jeffreys", "symmetric divergence to every kept model, of its dimension or token",
            "KL(p_i||p_j) + KL(p_j||p_i)", Kind.UNBIASED, cumulative=False, dims=("model",)),
    sampled("separation", "the same with log ratios cut at four times their median, for the map",
            "J, with |d| <= max(4, 4 median |d|)", Kind.ASYMPTOTIC, cumulative=False, dims=("model",)),
    sampled("cross_entropy", "cross-entropy on held-out data, of its dimension or token", "<phi_t>_{p*}",
            Kind.UNBIASED, cumulative=False, error=ERROR_OVER_EXAMPLES),
    sampled("free_energy_bar", "free energy against the previous kept model by Bennett's acceptance ratio",
            "dF", Kind.ASYMPTOTIC, cumulative=False),
    Variable("forward_histogram", "histogram of sigma from the previous kept model", "1", dims=("bin",), integer=True,
             equation="sigma = phi_j(x) - phi_i(x), x ~ p_i"),
    Variable("backward_histogram", "histogram of -sigma of the way back", "1", dims=("bin",), integer=True,
             equation="sigma = phi_i(x) - phi_j(x), x ~ p_j, turned over"),
    Variable("histogram_low", "lower edge of both histograms", "nat"),
    Variable("histogram_high", "upper edge of both histograms", "nat"),
    sampled("detailed_slope", "slope of the log ratio of the two histograms in sigma (Eq. 22)",
            "ln P_F(sigma)/P_B(-sigma) = sigma", Kind.ASYMPTOTIC, cumulative=False, units="1"),
)  # fmt: skip
"""Group ``model_space``: a few models kept along the way, held against one another and against the data."""

BINS = {"bin": tuple(float(number) for number in range(HISTOGRAM_BINS))}
