"""Sums of gradients against gradients written out, and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import written_out
from torch import nn

from szilard.ensemble.gradient_sums import dot, largest
from szilard.ensemble.per_example import PerceptronGradients, VmapGradients, make_gradients
from szilard.ensemble.trainer.stack import ModelStack, initialise
from szilard.errors import ModelError
from szilard.studies.fig3.engine.observation import exact, sampled, thinning
from szilard.training.nets import mlp

MEMBERS, EXAMPLES = 3, 14
NETS = {
    "relu": lambda: mlp([5, 7, 6, 3]),
    "tanh, standing alone": lambda: nn.Sequential(nn.Linear(5, 4, bias=False), nn.Tanh(), nn.Linear(4, 3)),
    "gelu": lambda: mlp([5, 7, 3], activation="gelu"),
    "linear": lambda: mlp([5, 3]),
}


@pytest.fixture
def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(EXAMPLES, 5, generator=generator), torch.randint(3, (EXAMPLES,), generator=generator)


def stacked(build) -> tuple[list[nn.Module], dict[str, torch.Tensor]]:
    models = initialise(build, range(MEMBERS))
    return models, ModelStack(models, torch.device("cpu")).parameters


@pytest.mark.parametrize("by_vmap", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_force_and_noise_are_those_written_out(net: str, by_vmap: bool, data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("szilard.ensemble.per_example._ACTIVATION_ROOM", 2000)  # several slices
    monkeypatch.setattr("szilard.ensemble.per_example._GRADIENT_ROOM", 4 * 500)
    inputs, labels = data
    models, parameters = stacked(NETS[net])
    gradients = VmapGradients(models[0], F.cross_entropy) if by_vmap else make_gradients(models[0], F.cross_entropy)
    assert isinstance(gradients, VmapGradients if by_vmap else PerceptronGradients)
    sums = gradients(parameters, inputs.expand(MEMBERS, -1, -1), labels.expand(MEMBERS, -1), True)
    seen = exact(gradients.groups, sums, 1 / 4)
    assert [group.size for group in gradients.groups] == [s.stop - s.start for s in written_out.spans(models[0])]
    for member, model in enumerate(models):
        truth = written_out.noise(model, inputs, labels, batch=4)
        for ours, name in (("noise_variance_full", "noise_variance"), ("signal_variance_full", "signal_variance"),
                           ("max_force", "max_force")):  # fmt: skip
            np.testing.assert_allclose(seen[ours][member].numpy(), truth[name], rtol=2e-5)
        loss = F.cross_entropy(model.double()(inputs.double()), labels)
        assert seen["potential_full"][member].item() == pytest.approx(loss.item(), rel=1e-6)


def test_norms_that_are_not_wanted_are_not_taken(data) -> None:
    inputs, labels = data
    models, parameters = stacked(NETS["relu"])
    gradients = make_gradients(models[0], F.cross_entropy)
    several = inputs.expand(MEMBERS, -1, -1), labels.expand(MEMBERS, -1)
    with_norms, without = (gradients(parameters, *several, squares) for squares in (True, False))
    assert without.squares is None and with_norms.squares is not None
    for name, value in with_norms.gradient.items():
        torch.testing.assert_close(value, without.gradient[name])
        torch.testing.assert_close(with_norms.mean(name), value / EXAMPLES)


def test_estimates_from_fresh_examples_have_no_bias(data) -> None:
    inputs, labels = data
    models, parameters = stacked(NETS["relu"])
    gradients = make_gradients(models[0], F.cross_entropy)
    one = {name: value[:1].expand(2000, *value.shape[1:]) for name, value in parameters.items()}
    rows = torch.randint(EXAMPLES, (2000, 4), generator=torch.Generator().manual_seed(0))
    seen = sampled(gradients.groups, gradients(one, inputs[rows], labels[rows], True), 1 / 10)
    truth = written_out.noise(models[0], inputs, labels, batch=10)
    for name in ("noise_variance", "signal_variance"):
        mean, error = seen[name].mean(0), seen[name].std(0) / 2000**0.5
        assert ((mean - torch.from_numpy(truth[name])).abs() < 3.5 * error).all()
    assert (seen["signal_variance"] < 0).any(), "an estimate of a small square must be let be negative"


def test_noise_goes_with_one_over_the_batch_at_the_same_parameters(data) -> None:
    inputs, labels = data
    models, parameters = stacked(NETS["relu"])
    gradients = make_gradients(models[0], F.cross_entropy)
    sums = gradients(parameters, inputs.expand(MEMBERS, -1, -1), labels.expand(MEMBERS, -1), True)
    seen = {
        batch: exact(gradients.groups, sums, thinning(EXAMPLES, batch, "replacement") / batch) for batch in (1, 10, 100)
    }
    for batch, share in ((10, 0.1), (100, 0.01)):
        torch.testing.assert_close(seen[batch]["noise_variance_full"], share * seen[1]["noise_variance_full"])
    # Whole epochs have no noise within them left when the batch is the whole training set.
    assert thinning(EXAMPLES, EXAMPLES, "epochs") == 0


def test_the_noise_of_batches_is_what_many_batches_show(data) -> None:
    """C/|b| is derived; here batches are drawn, with and without replacement, and their spread is taken."""
    inputs, labels = data
    model = initialise(NETS["relu"], [0])[0]
    each = written_out.singles(model, inputs, labels)
    generator = np.random.default_rng(0)
    truth = written_out.noise(model, inputs, labels, batch=1)["noise_variance"][0]
    for shuffle in ("replacement", "epochs"):
        means = np.stack(
            [each[generator.choice(EXAMPLES, 5, replace=shuffle == "replacement")].mean(0) for _ in range(6000)]
        )
        squares = ((means - each.mean(0)) ** 2).mean(1)
        share = thinning(EXAMPLES, 5, shuffle) / 5
        assert abs(squares.mean() - share * truth) < 3.5 * squares.std() / 6000**0.5


def test_models_whose_examples_see_one_another_are_refused() -> None:
    with pytest.raises(ModelError, match="buffers"):
        make_gradients(mlp([4, 3, 2], batch_norm=True), F.cross_entropy)


def test_dot_and_largest_go_group_by_group(data) -> None:
    _, parameters = stacked(NETS["relu"])
    groups = make_gradients(NETS["relu"](), F.cross_entropy).groups
    flat = torch.cat([value.flatten(1) for value in parameters.values()], 1)
    torch.testing.assert_close(dot(groups, parameters, parameters)[:, 0], flat.square().sum(1).double())
    torch.testing.assert_close(largest(groups, parameters)[:, 0], flat.abs().amax(1).double())
    last = torch.cat([parameters[name].flatten(1) for name in groups[-1].parameters], 1)
    torch.testing.assert_close(largest(groups, parameters)[:, -1], last.abs().amax(1).double())
