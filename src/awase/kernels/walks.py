"""Random walks of many walkers over a handful of states.

A draw depends on (key, walker, step) alone (``kernels.draws``), so that a walk does not change with the number of walkers or its own length.
"""

import numpy as np

from awase.kernels.draws import bits, unit
from awase.kernels.lazy import njit
from awase.kernels.policy import fill_units


def ladders(transitions: np.ndarray) -> np.ndarray:
    """Cumulative sums of rows (..., n) of probabilities, with 2 from the last one above 0 on: no rounding error leads past it.

    >>> ladders(np.array([0.25, 0.75, 0.0]))
    array([0.25, 2.  , 2.  ])
    """
    n = transitions.shape[-1]
    last = n - 1 - np.argmax(transitions[..., ::-1] > 0, axis=-1)
    return np.where(np.arange(n) < last[..., None], transitions.cumsum(axis=-1), 2.0)


@njit(cache=True, nogil=True)
def walk(ladder, group, key, out):
    """Fills out (u, n) from its first column on: from s walker i goes to the first whose rung of ladder[group[i], s] is above its draw.

    ladder: (g, n_states, n_states) float64 of ``ladders``; group: (u,) int64. n is at most 2^20.
    """
    for i in range(out.shape[0]):
        for t in range(1, out.shape[1]):
            rungs = ladder[group[i], out[i, t - 1]]
            drawn, to = unit(bits(key, i, t)), 0
            while rungs[to] <= drawn:
                to += 1
            out[i, t] = to


def walk_twin(ladder, group, key, out):
    """What ``walk`` computes, in numpy: all walkers step by step."""
    units = np.empty(out.shape)
    for i, row in enumerate(units):
        fill_units(key, i, row)
    for t in range(1, out.shape[1]):
        out[:, t] = (ladder[group, out[:, t - 1]] <= units[:, t, None]).sum(axis=1)
