"""Batches to contrast."""

from typing import NamedTuple

import numpy as np
import pytest

from awase.contrast.candidates import Candidates


class Batch(NamedTuple):
    """Anchors (b, d), candidates (c, d) and which of them belong together."""

    A: np.ndarray
    C: np.ndarray
    candidates: Candidates


def _batch(seed, b=4, c=6, d=5, *, masked=0.2, logq=True, weight=True, share=False, dtype=np.float64) -> Batch:
    """A random batch. Targets are drawn with replacement, so anchors share documents; a target is never masked."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, c, b)
    mask = rng.random((b, c)) < masked
    mask[np.arange(b), target] = False
    candidates = Candidates(
        items=np.arange(c),
        target=target,
        mask=np.nonzero(mask),
        logq=np.log(rng.dirichlet(np.ones(c))) if logq else None,
        weight=rng.uniform(0.2, 2, b).astype(np.float32) if weight else None,
        share=rng.uniform(0, 2, (b, c)) * (rng.random((b, c)) < 0.8) if share else None,
    )
    A, C = (rng.standard_normal((n, d)).astype(dtype) for n in (b, c))
    return Batch(A, C, candidates)


@pytest.fixture(scope="session")
def batch():
    return _batch
