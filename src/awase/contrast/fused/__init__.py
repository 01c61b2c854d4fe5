"""Kernels that do whole batches at once: encode, score, loss, pull and step, for recipes whose batches are too small for matrices.

Each file has a family: its ``NAME``, how many batches a call should have (``AT_ONCE``), and ``bind``, which says whether these very parts have
a kernel, and gives it. Together they make a step (``Fused``) with the interface of ``train.step.Generic``, which computes what that computes.
"""

from . import metric, order, pairs, poincare, skipgram, translation
from .step import Fused

FAMILIES = (metric, order, pairs, poincare, skipgram, translation)


def find(encoder, batcher, score, loss, optimizer, threads: int) -> Fused | None:
    """The kernel for these parts, or None."""
    for family in FAMILIES:
        batches = family.bind(encoder, batcher, score, loss, optimizer)
        if batches is not None:
            return Fused(family.NAME, encoder, batcher, optimizer, batches, at_once=family.AT_ONCE, threads=threads)
    return None
