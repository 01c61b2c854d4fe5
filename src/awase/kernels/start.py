"""When to start numba, and how to start it quickly.

The first compiled kernel of a process costs about half a second, most of the time of `awase search`. So small work is done by the twins in
numpy, which compute the same, until they have taken about as long as starting would: then it is worth it, for good.
"""

import sys

_WORTH = 200_000  # microseconds of twins
_spent = 0.0
_one_answer = False
_UNUSED = ("scipy", "cffi")


def compiled(work: float, *, exact: bool = True) -> bool:
    """Whether to do some work with compiled kernels, and not with twins.

    work: about how many microseconds the twin takes. exact: whether the twin gives the same bits; one that rounds otherwise is for processes
    of ``one_answer`` only, so that in all others equal questions have equal answers.
    """
    global _spent
    if _spent + work > _WORTH or not (exact or _one_answer):
        if _one_answer and _spent <= _WORTH:
            start_lean()
        _spent = float("inf")
        return True
    _spent += work
    return False


def one_answer() -> None:
    """This process, one of the command line, gives one answer and ends: what does not pay for that is left out."""
    global _one_answer
    _one_answer = True


def start_lean() -> None:
    """Start numba without what it would import if it is installed: scipy.linalg, to look for BLAS, and cffi, to know its functions.

    No kernel of ours uses either. For a process of the command line, as a program of a user's may want them.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # pyright: ignore[reportArgumentType,reportCallIssue]
    try:
        import numpy as np

        from awase.kernels.topk import best_first

        best_first(np.zeros(1, np.float32), np.zeros(1, np.int64))
    finally:
        for name in hidden:
            del sys.modules[name]
