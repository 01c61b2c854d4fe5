"""Kernels that do whole batches at once: encode, score, loss, pull and step, for recipes whose batches are too small for matrices.

Each file has one family. Its class has the interface of ``train.step.Generic`` and computes what that computes; ``of`` says whether this
very combination of parts has a kernel.
"""

from .metric import Metric
from .order import OrderSteps
from .poincare import PoincareSteps
from .skipgram import PairSteps, SkipGram
from .translation import TranslationSteps

FAMILIES = (Metric, OrderSteps, PairSteps, PoincareSteps, SkipGram, TranslationSteps)


def find(encoder, batcher, score, loss, optimizer, threads: int):
    """The kernel for these parts, or None."""
    found = (family.of(encoder, batcher, score, loss, optimizer, threads) for family in FAMILIES)
    return next((one for one in found if one is not None), None)
