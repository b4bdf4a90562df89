"""In how many directions noise points alike: the participation ratio (tr C)²/tr C², without bias.

It is d for isotropic noise, 1 for noise along one direction. From independent vectors with covariance C,
``E[(d_s·d_t)²] = tr C²`` and ``E[‖d_s‖²‖d_t‖²] = (tr C)²`` for s ≠ t, whatever their distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind


def participation_ratio(vectors: Any) -> Estimate:
    """Participation ratio of the covariance that independent, zero-mean vectors share.

    Args:
        vectors: shaped ``(draws, d)``, as differences of gradients of independent batches at one θ.

    Returns:
        Between 1 and d in expectation; a single estimate may lie outside, and stays there. Kind ``asymptotic``.
    """
    return participation_of_gram(vectors @ vectors.T)


def participation_of_gram(gram: Any) -> Estimate:
    """The same from the vectors' Gram matrix, shaped ``(draws, draws)``.

    The error is the jackknife's over draws, on draws − 1 degrees of freedom; bias of order 1/draws is removed with it.

    Raises:
        RecordError: with fewer than three draws, or a matrix that is not square.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> x = generator.normal(size=(200, 10))  # isotropic: 10 directions
        >>> print(participation_of_gram(x @ x.T))
        9.91 ± 0.16 (asymptotic)
    """
    matrix = np.asarray(gram.detach().cpu() if hasattr(gram, "detach") else gram, dtype=np.float64)
    count = len(matrix)
    if matrix.ndim != 2 or matrix.shape[1] != count or count < 3:
        raise RecordError(f"a Gram matrix of at least three draws is needed, not one shaped {matrix.shape}.")
    norms = np.diagonal(matrix)
    square = np.square(matrix)
    rows = square.sum(1) - norms**2  # Σ_{t≠s} (d_s·d_t)²
    trace, of_squares = norms.sum(), np.square(norms).sum()
    whole = (trace**2 - of_squares) / rows.sum()
    left_traces = (trace - norms) ** 2 - (of_squares - norms**2)
    left_out = left_traces / (rows.sum() - 2 * rows)
    return _jackknifed(float(whole), left_out)


def _jackknifed(whole: float, left_out: ndarray) -> Estimate:
    count = len(left_out)
    value = count * whole - (count - 1) * left_out.mean()
    error = np.sqrt((count - 1) * np.square(left_out - left_out.mean()).mean())
    return Estimate(float(value), float(error), Kind.ASYMPTOTIC, float(count - 1))
