"""Margin (hinge, triplet) loss: the positive must beat each negative by a margin."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.contrast.losses.negatives_of import shares
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Margin:
    """Hinge on score differences (triplet loss: Schroff et al. 2015, arXiv 1503.03832; batch-hard: Hermans et al. 2017,
    arXiv 1703.07737).

        h_ij = max(0, margin + S_ij - S_i,target(i))        over unmasked j != target(i)
        value_i = mean_j h_ij  ("all")   or   max_j h_ij  ("hardest")

    The mean is weighted by ``candidates.share``; the hardest is sought where the share is above 0.

    >>> import numpy as np
    >>> two = Candidates(items=np.array([7, 8]), target=np.array([0]))
    >>> loss = Margin(margin=0.5)
    >>> loss(np.array([[1.0, 0.75]]), two, loss.init())[0].tolist()
    [0.25]
    """

    margin: float = 0.2
    over: Literal["all", "hardest"] = "all"
    name = "margin"

    def __post_init__(self):
        if not self.margin >= 0:
            raise ConfigError(
                "E0502", "margin must not be negative", value=self.margin, remedy="0.2 is usual for cosine scores"
            )
        if self.over not in ("all", "hardest"):
            raise ConfigError("E0502", "over must be 'all' or 'hardest'", value=self.over)

    def init(self) -> np.ndarray:
        """No parameters."""
        return np.zeros(0)

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (0,)) for scores S (b, c): values times ``candidates.weight``, and the gradient of their sum."""
        xp = array_namespace(S)
        rows, target = xp.arange(S.shape[0]), candidates.target
        counted = shares(xp, S, candidates, rows)
        hinge = self.margin + S - S[rows, target][:, None]
        if self.over == "hardest":
            # Any negative number will do for what does not count: only what is above 0 is paid.
            hardest = xp.argmax(xp.where(counted > 0, hinge, -xp.ones_like(S)), axis=1)
            share = xp.zeros_like(S)
            share[rows, hardest] = xp.astype(counted[rows, hardest] > 0, S.dtype)
        else:
            total = xp.sum(counted, axis=1, keepdims=True)
            share = counted / xp.where(total == 0, xp.ones_like(total), total)
        active = (hinge > 0) & (share > 0)
        value = xp.sum(xp.where(active, hinge * share, xp.zeros_like(S)), axis=1)
        dS = xp.where(active, share, xp.zeros_like(S))
        dS[rows, target] = -xp.sum(dS, axis=1)
        if candidates.weight is not None:
            value, dS = value * candidates.weight, dS * candidates.weight[:, None]
        return value, dS, np.zeros(0)
