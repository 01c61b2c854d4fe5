"""Two roads to the same steps, compared one step at a time and each from equal arrays.

Processors round differently (fused multiply-add, another BLAS), and training makes of a last digit what it likes: where a 1-norm meets 0 or a
hinge its margin, the slope jumps, and twenty epochs carry that on. So both roads start every step from the arrays that the first one left.
A step at such a kink is one that comes out differently when the arrays are nudged by a few roundings: it is counted and not compared, and few
may be.
"""

from collections.abc import Callable

import numpy as np

Arrays = dict[str, np.ndarray]
_NUDGES, _ROUNDINGS = 8, 16
_FEW = 0.02  # of the steps may lie at kinks


def compare(
    found: tuple[Callable[[int], float], Arrays],
    expected: tuple[Callable[[int], float], Arrays],
    n: int,
    *,
    rtol: float = 0.0,
    atol: float,
) -> int:
    """Asserts that n steps on one road are those on the other, and returns how many lay at kinks. The first road's arrays are left.

    found, expected: (step, arrays): step(k) takes step k, writes to the arrays and returns a value; arrays of the same names, of any
    float type. A value may differ by rtol, or atol if it is small, an array by rtol and atol.
    """
    (step, arrays), (other, others) = found, expected
    kinks = 0
    for k in range(n):
        before = {name: array.copy() for name, array in arrays.items()}
        _set(others, before)
        value, wanted = step(k), other(k)
        if _equal(value, arrays, wanted, others, rtol, atol):
            continue
        outcome = {name: array.copy() for name, array in others.items()}
        at_kink = any(
            not _equal(_nudged(other, k, others, before, seed), others, wanted, outcome, rtol, atol) for seed in range(_NUDGES)
        )
        assert at_kink, f"step {k}: {_difference(value, arrays, wanted, outcome)}"
        kinks += 1
    assert kinks <= max(_FEW * n, 1), f"{kinks} of {n} steps differ, all at kinks"
    return kinks


def _set(arrays: Arrays, to: Arrays) -> None:
    for name, array in to.items():
        arrays[name][...] = array


def _nudged(step: Callable[[int], float], k: int, arrays: Arrays, before: Arrays, seed: int) -> float:
    rng = np.random.default_rng([k, seed])
    for name, array in before.items():
        arrays[name][...] = array * (1 + _ROUNDINGS * np.finfo(array.dtype).eps * rng.uniform(-1, 1, array.shape))
    return step(k)


def _equal(value: float, arrays: Arrays, wanted: float, others: Arrays, rtol: float, atol: float) -> bool:
    return bool(np.isclose(value, wanted, rtol=max(rtol, atol), atol=atol)) and all(
        np.allclose(array, others[name], rtol=rtol, atol=atol) for name, array in arrays.items()
    )


def _difference(value: float, arrays: Arrays, wanted: float, others: Arrays) -> str:
    apart = {name: float(np.abs(array - others[name]).max()) for name, array in arrays.items()}
    return f"value {value} against {wanted}; arrays apart by up to {apart}"
