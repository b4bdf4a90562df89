"""Which way the gradients of single examples are taken."""

from __future__ import annotations

from torch import nn

from szilard.ensemble.gradients.by_vmap import VmapGradients
from szilard.ensemble.gradients.perceptron import PerceptronGradients
from szilard.ensemble.gradients.sums import Gradients
from szilard.ensemble.trainer.mlp import layers_of, plain
from szilard.training.training import Loss


def make_gradients(model: nn.Module, loss: Loss, usual: bool = True) -> Gradients:
    """Written down for plain perceptrons under the mean cross-entropy, by ``vmap`` for all else.

    Args:
        model: one member; its own values do not matter.
        loss: the mean loss of a batch.
        usual: whether that is the mean cross-entropy.

    Raises:
        ModelError: if examples of the model see one another.

    Example:
        >>> import torch.nn.functional as F
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> [group.name for group in make_gradients(model, F.cross_entropy).groups]
        ['all', 'layer 1 (4 → 3)', 'layer 2 (3 → 2)']
    """
    layers = layers_of(model)
    if usual and not isinstance(layers, str) and plain(model) is None:
        return PerceptronGradients(layers, {name: value.shape for name, value in model.named_parameters()})
    return VmapGradients(model, loss)
