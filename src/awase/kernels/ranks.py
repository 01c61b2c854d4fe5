"""How many candidates stand ahead of each answer, without sorting: one pass over a row of scores for each answer."""

import numpy as np

from awase.kernels.lazy import njit


@njit(cache=True, nogil=True)
def count_ahead(scores, starts, targets, out_starts, left_out, greater, equal, others):
    """Fill greater, equal and others, int64 (n_targets,): of each target's competitors, those that score higher, the same, and all.

    scores: (b, n), higher is ahead, without NaN; targets[starts[i]:starts[i + 1]] are columns of row i. The competitors of a target are
    all other columns of its row except left_out[out_starts[i]:out_starts[i + 1]], distinct columns, among which it may be itself.
    """
    one, none = np.int32(1), np.int32(0)
    for i in range(len(scores)):
        row = scores[i]
        for t in range(starts[i], starts[i + 1]):
            level, above, same = row[targets[t]], np.int32(0), np.int32(0)
            for c in range(len(row)):
                above += one if row[c] > level else none
                same += one if row[c] == level else none
            n_out = 0
            for p in range(out_starts[i], out_starts[i + 1]):
                if left_out[p] != targets[t]:
                    n_out += 1
                    above -= one if row[left_out[p]] > level else none
                    same -= one if row[left_out[p]] == level else none
            greater[t], equal[t], others[t] = above, same - 1, len(row) - 1 - n_out


def count_ahead_twin(scores, starts, targets, out_starts, left_out, greater, equal, others):
    """What ``count_ahead`` computes, in numpy."""
    for i, row in enumerate(scores):
        for t in range(starts[i], starts[i + 1]):
            competes = np.ones(len(row), bool)
            competes[left_out[out_starts[i] : out_starts[i + 1]]] = False
            competes[targets[t]] = False
            level = row[targets[t]]
            greater[t], equal[t] = np.count_nonzero(row[competes] > level), np.count_nonzero(row[competes] == level)
            others[t] = np.count_nonzero(competes)
