"""Whether what belongs together lies closer than what does not: each true pair against drawn ones."""

from collections.abc import Callable

import numpy as np

from awase.tasks.answers import checked_scores

_BLOCK = 64


def closer_than_drawn(
    score: Callable[[np.ndarray, np.ndarray], np.ndarray], anchors: np.ndarray, targets: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """(n,) float64: for each pair (anchor, target) the share of its drawn items (n, m) that score lower than the target; a tie is a half.

    The mean over pairs is the area under the ROC curve of telling true pairs from drawn ones. Draw items as often as they are targets, or
    popularity alone will look like knowledge. score(anchors (b,), items (b, c)) -> (b, c), higher is closer; it is asked about 64
    pairs at a time. Errors: E0821 scores of another shape or NaN.

    >>> score = lambda anchors, items: -abs(anchors[:, None] - items)
    >>> closer_than_drawn(score, np.array([5]), np.array([7]), np.array([[0, 3, 6, 20]])).tolist()
    [0.625]
    """
    found = np.empty(len(anchors))
    for start in range(0, len(anchors), _BLOCK):
        at = slice(start, start + _BLOCK)
        items = np.column_stack([targets[at], drawn[at]])
        scores = checked_scores(score(anchors[at], items), items.shape)
        found[at] = ((scores[:, :1] > scores[:, 1:]) + (scores[:, :1] == scores[:, 1:]) / 2).mean(axis=1)
    return found
