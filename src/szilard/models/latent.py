"""A latent-variable model as a PPM (a variational autoencoder): φ between importance-weighted bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.checks import check_same_device, explain
from szilard.models.evaluation import undisturbed, unwrap
from szilard.models.laws import Bernoulli, Law, Normal
from szilard.models.state.keeping import accompany

_AT_ONCE = 16_384
_PRIOR = Normal(scale=1.0)


@final
class LatentVariable:
    """``z ~ N(0, I)``, ``x ~ p_θ(x|z)`` from a decoder; proposals ``q_θ(z|x)`` from an encoder.

    What the model is, its φ, is fixed by the decoder alone; the encoder only decides how far apart the bounds lie:

        ``E ln (1/K) Σ_k p(x,z_k)/q(z_k|x)``, z ~ q:  at or below ln p(x), and → ln p(x) as K grows.

    Args:
        encoder: x, first dimension ``count``, to what ``proposal`` takes: by default means and logarithms of standard
            deviations, as a pair or one after the other in the last dimension. An encoder whose proposals have lighter
            tails than the posterior gives bounds of large variance.
        decoder: z shaped ``(count, latent)`` to what ``likelihood`` takes: by default logits of binary pixels, shaped
            as x.
        latent: number of latent variables.
        likelihood: ``p_θ(x|z)``: :class:`szilard.models.laws.Bernoulli`, :class:`~szilard.models.laws.Normal`, or an
            object with ``log_prob(output, x, event)`` and ``sample(output, generator)``.
        proposal: ``q_θ(z|x)``, likewise.
        draws: K, proposals per sample.
        encode: ``encode(encoder, x)`` for other signatures.
        decode: ``decode(decoder, z)`` for other signatures.
        chunk: latent points decoded at once.

    Raises:
        ModelError: a network cannot be called, or gives something that its law cannot take.

    Source: Burda, Grosse and Salakhutdinov, arXiv:1509.00519; from above: Sobolev and Vetrov, arXiv:1901.10902;
    Grosse, Ancha and Roy, arXiv:1606.02275.

    Example:
        >>> import torch
        >>> from szilard.models import LatentVariable
        >>> ppm = LatentVariable(torch.nn.Linear(6, 4), torch.nn.Linear(2, 6), latent=2, draws=8)
        >>> x, z = ppm.sample_joint(5, torch.Generator().manual_seed(0))
        >>> proposals = ppm.propose(x, ppm.draws, torch.Generator().manual_seed(1))
        >>> x.shape, z.shape, proposals.shape, ppm.log_joint(x, proposals).shape
        (torch.Size([5, 6]), torch.Size([5, 2]), torch.Size([5, 8, 2]), torch.Size([5, 8]))
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        latent: int,
        likelihood: Law = Bernoulli(),  # noqa: B008 - frozen
        proposal: Law = Normal(),  # noqa: B008 - frozen
        draws: int = 16,
        encode: Callable[[Any, Tensor], Any] | None = None,
        decode: Callable[[Any, Tensor], Any] | None = None,
        chunk: int = _AT_ONCE,
    ) -> None:
        for name, part in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(part, nn.Module):
                raise ModelError(f"the {name} must be a torch.nn.Module, not {type(part).__name__}: wrap it in one.")
        for name, number in (("latent", latent), ("draws", draws), ("chunk", chunk)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ModelError(f"{name} is {number!r}: give a whole number of at least 1.")
        self.module = nn.ModuleDict({"encoder": unwrap(encoder), "decoder": unwrap(decoder)})
        self.device = check_same_device(self.module, [])
        self.latent = latent
        self.draws = draws
        self.likelihood = likelihood
        self.proposal = proposal
        self._encode = encode or (lambda network, x: network(x))
        self._decode = decode or (lambda network, z: network(z))
        self._chunk = chunk
        self._dtype = next((each.dtype for each in decoder.parameters() if each.is_floating_point()), torch.float32)
        for function in (encode, decode):
            accompany(self.module, function)
        self._try()

    def sample_joint(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Fresh, independent pairs ``(x, z) ~ p_θ(x,z)``."""
        z = torch.randn(count, self.latent, generator=generator, device=self.device, dtype=self._dtype)
        parts = [self.likelihood.sample(self._decoded(rows), generator) for rows in z.split(self._chunk)]
        return (parts[0] if len(parts) == 1 else torch.cat(parts)), z

    def propose(self, x: Tensor, draws: int, generator: torch.Generator) -> Float[Tensor, "count draws latent"]:
        """Proposals ``z ~ q_θ(z|x)``, ``draws`` of them for each x."""
        output = _repeated(self._encode(self.module["encoder"], x.clone()), draws)
        return self.proposal.sample(output, generator)

    def log_proposal(self, x: Tensor, z: Float[Tensor, "count draws latent"]) -> Float[Tensor, "count draws"]:
        """``ln q_θ(z|x)`` of each proposal, in float64."""
        return self.proposal.log_prob(_repeated(self._encode(self.module["encoder"], x.clone()), 1), z, 1)

    def log_joint(self, x: Tensor, z: Float[Tensor, "count draws latent"]) -> Float[Tensor, "count draws"]:
        """``ln p_θ(x|z) + ln p(z)`` of each x with each of its z, in float64."""
        draws = z.shape[1]
        per_part = max(1, self._chunk // draws)
        parts = [
            self.likelihood.log_prob(_unflattened(self._decoded(zs.flatten(0, 1)), draws), xs.unsqueeze(1), x.dim() - 1)
            for xs, zs in zip(x.split(per_part), z.split(per_part), strict=True)
        ]
        return (parts[0] if len(parts) == 1 else torch.cat(parts)) + _PRIOR.log_prob(z, z.new_zeros(()), 1)

    def _decoded(self, z: Tensor) -> Any:
        return self._decode(self.module["decoder"], z.clone())

    def _try(self) -> None:
        with undisturbed(self.module, self.device):
            generator = torch.Generator(self.device).manual_seed(0)
            try:
                x, _ = self.sample_joint(2, generator)
                z = self.propose(x, 3, generator)
                self._check_proposals(z)
                values = {"log_joint": self.log_joint(x, z), "log_proposal": self.log_proposal(x, z)}
            except ModelError:
                raise
            except Exception as error:
                raise ModelError(
                    f"the encoder or the decoder could not be evaluated: {explain(error)}. Let the decoder take "
                    f"(count, {self.latent}) and give what the likelihood takes, and the encoder take samples; or say "
                    "how to call them with decode=… and encode=…"
                ) from error
        for name, value in values.items():
            if value.shape != (2, 3):
                raise ModelError(f"{name} of (2, 3) pairs has shape {tuple(value.shape)}: sum over all dimensions.")
            if not bool(torch.isfinite(value).all()):
                raise ModelError(
                    f"{name} is not finite at the model's own samples: look for NaN or Inf in the weights."
                )

    def _check_proposals(self, z: Tensor) -> None:
        if z.shape != (2, 3, self.latent):
            raise ModelError(
                f"the encoder's output makes proposals shaped {tuple(z.shape[2:])} for {self.latent} latent variables: "
                f"give {self.latent} means and as many logarithms of standard deviations, or set latent."
            )


def _repeated(output: Any, draws: int) -> Any:
    """One output for each draw, which come second."""
    return _each(output, lambda part: part.unsqueeze(1).expand(-1, draws, *part.shape[1:]))


def _unflattened(output: Any, draws: int) -> Any:
    """The output of all draws in a row by sample and draw."""
    return _each(output, lambda part: part.unflatten(0, (-1, draws)))


def _each(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Every tensor of the output changed, but for those that are the same for all samples, which broadcast."""
    if isinstance(output, tuple | list):
        most = max(part.dim() for part in output)
        return tuple(change(part) if part.dim() == most else part for part in output)
    return change(output)
