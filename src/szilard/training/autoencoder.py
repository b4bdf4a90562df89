"""Encoders and decoders that specs name as ``autoencoders:…``."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from szilard.errors import SpecError
from szilard.training.nets import mlp


class Autoencoder(nn.Module):
    """The two networks of a variational autoencoder.

    Attributes:
        encoder: flat x to means and logarithms of standard deviations of z.
        decoder: z to logits of binary pixels.
        latent: number of latent variables.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent = latent

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Means and logarithms of standard deviations of ``q(z|x)``, and logits of x for one ``z ~ q(z|x)``."""
        mean, log_scale = self.encoder(x).chunk(2, -1)
        z = mean + log_scale.exp() * torch.randn_like(mean)
        return mean, log_scale, self.decoder(z)


def perceptrons(pixels: int, latent: int = 8, hidden: Sequence[int] = (128,), activation: str = "gelu") -> Autoencoder:
    """Two fully connected networks, each the other's mirror.

    Args:
        pixels: of x.
        latent: number of latent variables.
        hidden: widths from x to z.
        activation: as for :func:`szilard.training.nets.mlp`.

    Raises:
        SpecError: for a number that is not positive.

    Example:
        >>> model = perceptrons(64, latent=2, hidden=[16])
        >>> [tuple(part.shape) for part in model(torch.zeros(3, 64))]
        [(3, 2), (3, 2), (3, 64)]
    """
    if latent < 1:
        raise SpecError(f"an autoencoder has at least 1 latent variable, not {latent}: raise latent.")
    encoder = mlp([pixels, *hidden, 2 * latent], activation)
    decoder = mlp([latent, *reversed(hidden), pixels], activation)
    return Autoencoder(encoder, decoder, latent)
