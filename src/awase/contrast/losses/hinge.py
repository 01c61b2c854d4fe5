"""The hinge on scores themselves: positives near zero, negatives at a margin below."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.contrast.losses.negatives_of import shares
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Hinge:
    """For scores that are never above 0, such as a negated distance or violation (Vendrov et al. 2016, arXiv 1511.06361, equation 3).

        value_i = -S_i,target(i) + sum_j share_ij max(0, margin + S_ij)        over unmasked j != target(i)

    share is 1 where ``candidates.share`` does not say otherwise.

    >>> import numpy as np
    >>> three = Candidates(items=np.array([7, 8, 9]), target=np.array([0]))
    >>> Hinge(margin=1.0)(np.array([[-0.25, -0.5, -2.0]]), three, np.zeros(0))[0].tolist()
    [0.75]
    """

    margin: float = 1.0
    name = "hinge"

    def __post_init__(self):
        if not self.margin > 0:
            raise ConfigError("E0502", "margin must be above 0", value=self.margin, remedy="1 is usual for distances")

    def init(self) -> np.ndarray:
        """No parameters."""
        return np.zeros(0)

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (0,)) for scores S (b, c): values times ``candidates.weight``, and the gradient of their sum."""
        xp = array_namespace(S)
        rows, target = xp.arange(S.shape[0]), candidates.target
        counted = shares(xp, S, candidates, rows)
        own = xp.zeros_like(S)
        own[rows, target] = 1
        own[candidates.mask] = 0
        hinge = self.margin + S
        dS = xp.where(hinge > 0, counted, xp.zeros_like(S)) - own
        value = xp.sum(xp.where(hinge > 0, hinge * counted, xp.zeros_like(S)) - own * S, axis=1)
        if candidates.weight is not None:
            value, dS = value * candidates.weight, dS * candidates.weight[:, None]
        return value, dS, np.zeros(0)
