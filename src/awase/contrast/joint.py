"""The joint: vectors in, vector gradients out. Array API only, so it serves numpy and torch alike."""

from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace

from awase.contrast import nested
from awase.contrast.candidates import Candidates


class Contrast(NamedTuple):
    """The loss of a batch and its gradients.

    value: (b,) per anchor; dA: (b, d); dC: like C; dparams: gradient of the loss's own parameters. Gradients are of the mean over anchors
    (weighted by ``candidates.weight``), summed over the prefixes. scores: (b, c) of the longest prefix; None where they were not held.
    """

    value: np.ndarray
    dA: np.ndarray
    dC: np.ndarray
    dparams: np.ndarray
    scores: np.ndarray | None = None


def contrast(A, C, candidates: Candidates, score, loss, params, *, dims=None, threads: int = 1) -> Contrast:
    """Score anchors A (b, d) against candidates C, and pull the loss back to both.

    C is (c, d) where all anchors share the candidates, and (b, c, d) where each has its own.

    ``dims``: Matryoshka prefixes (Kusupati et al. 2022, arXiv 2205.13147): the loss is the mean over the prefixes, each with its own
    normalisation. Takes the fast path where there is one; both give the same figures.

    >>> import numpy as np
    >>> from awase.contrast.losses import InfoNCE
    >>> from awase.contrast.scores import Cosine
    >>> loss, V = InfoNCE(temperature=0.1), np.eye(2)
    >>> out = contrast(V, V, Candidates(np.array([0, 1]), np.array([0, 1])), Cosine(), loss, loss.init())
    >>> bool(out.value.max() < 1e-4)
    True
    """
    dims = _prefixes(dims, A.shape[1])
    if nested.fits(A, C, score, loss):
        return Contrast(*nested.contrast(A, C, candidates, score, loss, params, dims=dims, threads=threads))
    return generic(A, C, candidates, score, loss, params, dims=dims)


def generic(A, C, candidates: Candidates, score, loss, params, *, dims=None) -> Contrast:
    """The definition: one prefix after the other, the whole (b, c) matrix at once."""
    xp, candidates = array_namespace(A, C), candidates.like(A)
    dims = _prefixes(dims, A.shape[1])
    dA, dC = xp.zeros_like(A), xp.zeros_like(C)
    value = xp.zeros_like(A[:, 0])
    dparams = np.zeros_like(params)
    n, S = A.shape[0] * len(dims), None
    for dim in dims:
        a, c = A[:, :dim], C[..., :dim]
        S = score(a, c)
        one, dS, dp = loss(S, candidates, params)
        da, dc = score.pull(a, c, S, dS / n)
        value = value + one / len(dims)
        dA[:, :dim] += da
        dC[..., :dim] += dc
        dparams = dparams + dp / n
    return Contrast(value, dA, dC, dparams, S)


def _prefixes(dims, dim: int) -> tuple[int, ...]:
    return tuple(sorted(dims)) if dims else (dim,)
