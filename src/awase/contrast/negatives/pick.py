"""Drawing some entries of each of many lists."""

import numpy as np


def pick_from_lists(starts: np.ndarray, items: np.ndarray, which: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n entries, with replacement, of each non-empty list items[starts[w]:starts[w + 1]] for w in which.

    >>> pick_from_lists(np.array([0, 1, 1]), np.array([7]), np.array([0, 1]), 2, np.random.default_rng(0)).tolist()
    [7, 7]
    """
    first, length = starts[which], starts[which + 1] - starts[which]
    at = first[:, None] + (rng.random((len(which), n)) * length[:, None]).astype(np.int64)
    return items[at[length > 0]].ravel()
