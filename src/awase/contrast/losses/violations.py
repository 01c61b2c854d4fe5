"""StarSpace's hinge: of many negatives, only the first few that violate the margin are paid for."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.contrast.losses.negatives_of import shares
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Violations:
    """Mean hinge over the first ``k`` negatives that violate the margin (Wu et al. 2018, arXiv 1709.03856, section 3).

        h_ij = margin + S_ij - S_i,target(i)            over unmasked j != target(i)
        value_i = mean of h_ij over the first k columns after the target, around the end, with h_ij > 0

    The mean is weighted by ``candidates.share``.
    Easy negatives cost nothing and do not water down the mean; with few steps left to gain, most are easy. Candidates come in any order, so
    to begin behind the target favours none.

    >>> import numpy as np
    >>> loss, four = Violations(margin=0.1, k=2), Candidates(items=np.arange(4), target=np.array([1]))
    >>> value, dS, _ = loss(np.array([[0.7, 0.5, 0.2, 0.6]]), four, loss.init())
    >>> value.round(3).tolist(), dS.tolist()
    ([0.25], [[0.5, -1.0, 0.0, 0.5]])
    """

    margin: float = 0.05
    k: int = 10
    name = "first violations"

    def __post_init__(self):
        if not self.margin >= 0:
            raise ConfigError("E0502", "margin must not be negative", value=self.margin, remedy="0.05 is usual here")
        if self.k < 1:
            raise ConfigError("E0577", "at least 1 violation must be paid for", value=self.k, remedy="10 is the default")

    def init(self) -> np.ndarray:
        """No parameters."""
        return np.zeros(0)

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (0,)) for scores S (b, c): values times ``candidates.weight``, and the gradient of their sum."""
        xp = array_namespace(S)
        rows, columns, target = xp.arange(S.shape[0]), xp.arange(S.shape[1]), candidates.target
        hinge = self.margin + S - S[rows, target][:, None]
        counted = shares(xp, S, candidates, rows)
        violates = (hinge > 0) & (counted > 0)
        up_to = xp.cumulative_sum(xp.astype(violates, S.dtype), axis=1)
        # How many violations stand from behind the target to here, counted around the end.
        rank = (
            up_to
            - up_to[rows, target][:, None]
            + xp.where(columns[None, :] < target[:, None], up_to[:, -1:], xp.zeros_like(up_to))
        )
        paid = xp.where(violates & (rank <= self.k), counted, xp.zeros_like(S))
        total = xp.sum(paid, axis=1, keepdims=True)
        dS = paid / xp.where(total == 0, xp.ones_like(total), total)
        value = xp.sum(hinge * dS, axis=1)
        dS[rows, target] = -xp.sum(dS, axis=1)
        if candidates.weight is not None:
            value, dS = value * candidates.weight, dS * candidates.weight[:, None]
        return value, dS, np.zeros(0)
