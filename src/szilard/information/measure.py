"""One look at an ensemble: probabilities of its members on the probe go in chunk by chunk, estimates come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from szilard.errors import SpecError
from szilard.information.assemble import assemble
from szilard.information.contrast import Contrast
from szilard.information.jackknife import cluster_weights
from szilard.information.measurement import Measurement
from szilard.information.mixture_sums import ELEMENTS, OUTCOMES, JointBlocks, MixtureSums
from szilard.information.mixtures import FLOOR, log_of
from szilard.information.nesting import Nesting
from szilard.information.pairs import PERMUTATIONS, PairSums

Chunk = Float[ndarray, "members inputs *heads outcomes"]


def measure(
    nesting: Nesting,
    chunks: Iterable[Chunk] | Chunk,
    *,
    seed: int = 0,
    blocks: Sequence[int] = (1, 2, 3),
    keep: Bool[ndarray, " members"] | None = None,
    permutations: int = PERMUTATIONS,
) -> Measurement:
    """Everything that predictions alone say of an ensemble (docs/quantities; names as in the record).

    Args:
        nesting: the place of every member.
        chunks: normalised log-probabilities in nats, float64, shaped ``(members, inputs, outcomes)`` or
            ``(members, inputs, heads, outcomes)``, for one chunk of probe inputs after another (or a single array).
            Heads are taken jointly where their joint outcomes can be enumerated (at most 1,000); where they cannot,
            each counts as an input of its own, and values are means per head (``Measurement.per``).
        seed: of the contrast's choice of members and of the permutation test; the same at every step of a run.
        blocks: numbers m of probe inputs to be taken jointly; 1 is all inputs one by one.
        keep: members to count; those that diverged are left out of every mixture.
        permutations: of the test whether datasets differ at all.

    Raises:
        SpecError: for chunks that do not fit the nesting, or are not log-probabilities.

    Example:
        >>> import numpy as np
        >>> logits = np.random.default_rng(0).normal(size=(6, 1, 1, 1, 4)) + np.zeros((6, 3, 1, 50, 4))
        >>> log_p = (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).reshape(18, 50, 4)
        >>> result = measure(Nesting.regular(datasets=6, seeds=3), log_p)
        >>> abs(result["info_seed"].value) < 1e-12, result["info_dataset"].value > 0.1
        (True, True)
    """
    mask = np.ones(nesting.members, dtype=bool) if keep is None else nesting.complete(keep)
    counted = nesting.keep(mask) if not mask.all() else nesting
    if any(not isinstance(size, int) or size < 1 for size in blocks):
        raise SpecError(f"blocks is {tuple(blocks)!r}: give numbers of inputs to be taken jointly, 1 or more.")
    sums: _Sums | None = None
    for chunk in [chunks] if isinstance(chunks, ndarray) else chunks:
        log_p, per = _checked(chunk, nesting, mask)
        if sums is None:
            sums = _Sums(counted, seed, blocks, log_p.shape[-1], per)
        sums.add(log_p)
    if sums is None or not sums.inputs:
        raise SpecError("there were no probe inputs: give at least one chunk of log-probabilities.")
    return assemble(sums, mask, permutations=permutations)


class _Sums:
    """All that is added up over inputs."""

    def __init__(self, nesting: Nesting, seed: int, blocks: Sequence[int], outcomes: int, per: str) -> None:
        self.nesting, self.seed, self.per, self.outcomes = nesting, seed, per, outcomes
        self.blocks = tuple(blocks)
        self.mixtures = MixtureSums(nesting)
        self.pairs = PairSums(nesting.members)
        self.contrast = Contrast(nesting, seed)
        self.joint = [JointBlocks(nesting, size, outcomes) for size in blocks if size > 1]
        self.inputs = 0
        self._weights = np.nan_to_num(cluster_weights(nesting))
        self._under = np.zeros((nesting.members, len(self._weights)))

    def add(self, log_p: Float[ndarray, "members inputs outcomes"]) -> None:
        """Add a chunk of inputs."""
        if log_p.shape[-1] != self.outcomes:
            raise SpecError(f"a chunk has {log_p.shape[-1]} outcomes and the first {self.outcomes}: give them alike.")
        step = max(ELEMENTS // max(self.nesting.members, self.contrast.rows) // self.outcomes, 1)
        for first in range(0, log_p.shape[1], step):
            self._add(log_p[:, first : first + step])

    def _add(self, log_p: ndarray) -> None:
        p = np.exp(log_p)
        for joint in self.joint:
            joint.add(p, -np.einsum("muo,muo->mu", p, log_p))
        self.inputs += p.shape[1]
        flat, flat_log = p.reshape(len(p), -1), log_p.reshape(len(p), -1)
        self.mixtures.add(flat, self.pairs.add(flat, flat_log))
        self.contrast.add(flat)
        self._under -= flat @ log_of(self._weights @ flat).T

    @property
    def under(self) -> Float[ndarray, "members deletions"]:
        """Mean cross-entropy of each member under the mixture of all, whole and with deletions."""
        return self._under / self.inputs


def _checked(chunk: Chunk, nesting: Nesting, mask: ndarray) -> tuple[Float[ndarray, "members inputs outcomes"], str]:
    """Members counted, heads made joint or spread, logarithms bounded from below."""
    log_p = np.asarray(chunk, dtype=np.float64)
    if log_p.ndim not in (3, 4) or log_p.shape[0] != nesting.members:
        raise SpecError(
            f"a chunk has shape {log_p.shape}: give log-probabilities as (members, inputs, outcomes) or "
            f"(members, inputs, heads, outcomes), with all {nesting.members} members."
        )
    log_p = log_p if mask.all() else log_p[mask]
    total = np.exp(log_p).sum(-1)
    if not (np.abs(total - 1) < 1e-6).all():
        raise SpecError(
            "log-probabilities do not add up to 1: normalise them (log_softmax in float64), and leave members that "
            "diverged out by `keep`."
        )
    per = "input"
    if log_p.ndim == 4:
        log_p, per = _without_heads(log_p)
    return np.maximum(log_p, np.log(FLOOR)), per


def _without_heads(log_p: ndarray) -> tuple[ndarray, str]:
    members, inputs, heads, outcomes = log_p.shape
    if heads > 1 and outcomes**heads > OUTCOMES:
        return log_p.reshape(members, inputs * heads, outcomes), "head"
    joint = log_p[:, :, 0]
    for head in range(1, heads):
        joint = (joint[..., None] + log_p[:, :, head, None]).reshape(members, inputs, -1)
    return joint, "input"


def chunked(log_p: Chunk, inputs: int) -> Iterator[Chunk]:
    """The array in chunks of at most so many probe inputs, one after the other."""
    for first in range(0, log_p.shape[1], inputs):
        yield log_p[:, first : first + inputs]
