"""Latent variables as PPMs, against probabilistic PCA, whose likelihood and posterior are Gaussian closed forms."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence

from szilard.errors import ModelError
from szilard.models import Bounded, LatentVariable, laws
from szilard.models.evaluation import undisturbed

D, K, SIGMA = 5, 2, 0.6


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class PCA:
    """``x = A z + μ + σ ε`` in float64, with an encoder whose means are the posterior's and whose scales are not."""

    def __init__(self, widening: float = 1.2, draws: int = 4) -> None:
        source = generator(3)
        self.loadings = torch.randn(D, K, generator=source).double()
        self.mean = torch.randn(D, generator=source).double()
        precision = torch.eye(K).double() + self.loadings.T @ self.loadings / SIGMA**2
        self.posterior_covariance = torch.linalg.inv(precision)
        gain = self.posterior_covariance @ self.loadings.T / SIGMA**2
        decoder, encoder = nn.Linear(K, D).double(), nn.Linear(D, 2 * K).double()
        with torch.no_grad():
            decoder.weight.copy_(self.loadings)
            decoder.bias.copy_(self.mean)
            encoder.weight.copy_(torch.cat([gain, torch.zeros(K, D)]))
            scales = widening * self.posterior_covariance.diagonal().sqrt()
            encoder.bias.copy_(torch.cat([-gain @ self.mean, scales.log()]))
        self.encoder = encoder
        self.ppm = LatentVariable(encoder, decoder, latent=K, likelihood=laws.Normal(SIGMA), draws=draws, chunk=97)

    def surprise(self, x: Tensor) -> Tensor:
        """Exact −ln p(x)."""
        return -MultivariateNormal(self.mean, self.loadings @ self.loadings.T + SIGMA**2 * torch.eye(D)).log_prob(x)

    def gap_above(self) -> float:
        """KL(q‖posterior), the same for every x: the gap of the upper bound of −ln p with one draw."""
        scales = self.encoder.bias[K:].detach().exp()
        q = MultivariateNormal(torch.zeros(K).double(), torch.diag(scales**2))
        return float(kl_divergence(q, MultivariateNormal(torch.zeros(K).double(), self.posterior_covariance)))

    def gap_below(self) -> float:
        """KL(posterior‖q)."""
        scales = self.encoder.bias[K:].detach().exp()
        q = MultivariateNormal(torch.zeros(K).double(), torch.diag(scales**2))
        return float(kl_divergence(MultivariateNormal(torch.zeros(K).double(), self.posterior_covariance), q))


@torch.no_grad()
def bounds(system: PCA, draws: int, count: int = 4000, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Exact −ln p, the upper bound with z ~ q, and the lower one with z* among the draws, at fresh samples."""
    ppm, source = system.ppm, generator(seed)
    x, z = ppm.sample_joint(count, source)
    proposals = ppm.propose(x, draws, source)
    with_own = torch.cat([z.unsqueeze(1), proposals[:, 1:]], 1)
    upper, lower = (
        math.log(draws) - torch.logsumexp(ppm.log_joint(x, zs) - ppm.log_proposal(x, zs), 1)
        for zs in (proposals, with_own)
    )
    return system.surprise(x), upper, lower


def z_score(each: Tensor, truth: float) -> float:
    return float((each.mean() - truth) / (each.std() / math.sqrt(len(each))))


def test_one_draw_misses_by_the_divergences_to_the_posterior() -> None:
    system = PCA(widening=1.4)
    exact, upper, lower = bounds(system, 1)
    assert abs(z_score(upper - exact, system.gap_above())) < 3
    assert abs(z_score(exact - lower, system.gap_below())) < 3


def test_the_gap_shrinks_with_the_draws_and_holds_the_truth() -> None:
    system = PCA(widening=1.4)
    found = [bounds(system, draws) for draws in (1, 2, 4, 16, 64)]
    gaps = [float((upper - lower).mean()) for _, upper, lower in found]
    assert all(later < 0.75 * earlier for earlier, later in itertools.pairwise(gaps))
    for exact, upper, lower in found:
        assert z_score(upper - exact, 0) > -3
        assert z_score(lower - exact, 0) < 3
    assert gaps[-1] < 0.02


def test_samples_have_the_moments_of_the_model() -> None:
    system = PCA()
    x, z = system.ppm.sample_joint(20_000, generator())
    covariance = system.loadings @ system.loadings.T + SIGMA**2 * torch.eye(D)
    error = (covariance.diagonal() / 20_000).sqrt()
    assert ((x.detach().mean(0) - system.mean) / error).abs().max() < 4
    torch.testing.assert_close(torch.cov(x.detach().T), covariance, rtol=0.1, atol=0.1)
    assert ((x - system.ppm.module["decoder"](z)) / SIGMA).std().item() == pytest.approx(1, abs=0.02)


def test_log_joint_is_its_transcription_whatever_the_chunk() -> None:
    system = PCA()
    x, _ = system.ppm.sample_joint(60, generator())
    z = torch.randn(60, 4, K, generator=generator(1)).double()
    naive = Normal(0.0, 1.0).log_prob(z).sum(-1) + Normal(z @ system.loadings.T + system.mean, SIGMA).log_prob(
        x.unsqueeze(1)
    ).sum(-1)
    torch.testing.assert_close(system.ppm.log_joint(x, z), naive)


def binary_pair(**changes: Any) -> LatentVariable:
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 4))
    return LatentVariable(encoder, nn.Linear(2, 6), **{"latent": 2, "draws": 8, **changes})


def test_it_is_bounded_harmless_and_a_seed_is_a_sample() -> None:
    ppm = binary_pair()
    assert isinstance(ppm, Bounded)
    state = torch.get_rng_state()
    with undisturbed(ppm.module, ppm.device):
        x, z = ppm.sample_joint(9, generator())
        again = ppm.sample_joint(9, generator())
        assert torch.equal(x, again[0])
        assert torch.equal(z, again[1])
        assert set(x.unique().tolist()) <= {0.0, 1.0}
        proposals = ppm.propose(x, 3, generator())
        assert torch.equal(proposals, ppm.propose(x, 3, generator()))
        for value in (ppm.log_joint(x, proposals), ppm.log_proposal(x, proposals)):
            assert value.shape == (9, 3)
            assert value.dtype is torch.float64
    assert torch.equal(torch.get_rng_state(), state)
    assert all(part.training for part in ppm.module.modules())


def test_probabilities_of_all_binary_images_sum_to_one() -> None:
    """With so many draws that the bound has closed: Σ_x p(x) = 1 over the 64 images."""
    ppm = binary_pair()
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 6)
    with undisturbed(ppm.module, ppm.device):
        z = ppm.propose(x, 4000, generator())
        p = torch.exp(torch.logsumexp(ppm.log_joint(x, z) - ppm.log_proposal(x, z), 1)) / 4000
    assert float(p.sum()) == pytest.approx(1, abs=0.02)


def test_other_signatures_and_pairs_of_outputs() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean, self.scale = nn.Linear(6, 2), nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"mean": self.mean(x), "log_scale": self.scale}

    ppm = LatentVariable(
        Heads(), nn.Linear(2, 6), latent=2, encode=lambda net, x: (net(x)["mean"], net(x)["log_scale"]),
        decode=lambda net, z: (net(z), torch.zeros(())), likelihood=laws.Normal(),
    )  # fmt: skip
    x, _ = ppm.sample_joint(3, generator())
    z = ppm.propose(x, 5, generator())
    assert ppm.log_joint(x, z).shape == ppm.log_proposal(x, z).shape == (3, 5)


def test_laws_are_those_of_torch() -> None:
    output, source = torch.randn(4, 3, 6, generator=generator()), generator(1)
    pixels = laws.Bernoulli().sample(output, source)
    expected = Independent(Bernoulli(logits=output.double()), 2).log_prob(pixels.double())
    torch.testing.assert_close(laws.Bernoulli().log_prob(output, pixels, 2), expected)
    mean, log_scale = output.chunk(2, -1)
    values = laws.Normal().sample(output, source)
    for law, given, scale in ((laws.Normal(), output, log_scale.exp()), (laws.Normal(0.3), mean, 0.3)):
        expected = Independent(Normal(mean.double(), torch.as_tensor(scale, dtype=torch.float64)), 1).log_prob(
            values.double()
        )
        torch.testing.assert_close(law.log_prob(given, values, 1), expected)


BAD: dict[str, tuple[Any, str]] = {
    "no module": (lambda: LatentVariable(lambda x: x, nn.Linear(2, 6), latent=2), "encoder must be a torch.nn.Module"),
    "no draws": (lambda: binary_pair(draws=0), "draws is 0"),
    "decoder of another width": (lambda: binary_pair(latent=3), "could not be evaluated"),
    "encoder of another width": (
        lambda: LatentVariable(nn.Linear(6, 2), nn.Linear(2, 6), latent=2), "proposals shaped \\(1,\\) for 2 latent"
    ),
    "odd output": (
        lambda: LatentVariable(nn.Linear(6, 3), nn.Linear(2, 6), latent=2), "takes means and logarithms of"
    ),
    "not finite": (
        lambda: binary_pair(decode=lambda net, z: net(z) * math.nan), "not finite at the model's own samples"
    ),
    "scale": (lambda: laws.Normal(0.0), "positive"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_it_cannot_take_is_named(name: str) -> None:
    make, words = BAD[name]
    with pytest.raises(ModelError, match=words):
        make()
