"""The logistic loss: each pair alone is told to belong together or not."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.contrast.losses.negatives_of import shares


@dataclass(frozen=True)
class Logistic:
    """Negative sampling (Mikolov et al. 2013, arXiv 1310.4546, equation 4).

        value_i = -log σ(S_i,target(i)) - sum_j share_ij log σ(-S_ij)        over unmasked j != target(i)

    share is 1 where ``candidates.share`` does not say otherwise. At its optimum a dot product is the pointwise mutual information less
    the log of the number of negatives (Levy and Goldberg 2014).

    >>> import numpy as np
    >>> two = Candidates(items=np.array([7, 8]), target=np.array([0]))
    >>> value, dS, _ = Logistic()(np.array([[0.0, 0.0]]), two, Logistic().init())
    >>> bool(abs(value[0] - 2 * np.log(2)) < 1e-12), dS.tolist()
    (True, [[-0.5, 0.5]])
    """

    name = "logistic"

    def init(self) -> np.ndarray:
        """No parameters."""
        return np.zeros(0)

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (0,)) for scores S (b, c): values times ``candidates.weight``, and the gradient of their sum."""
        xp = array_namespace(S)
        rows, target = xp.arange(S.shape[0]), candidates.target
        counted = shares(xp, S, candidates, rows)
        counted[rows, target] = 1
        counted[candidates.mask] = 0
        sign = xp.ones_like(S)
        sign[rows, target] = -1
        # log(1 + e^z) without overflow: z⁺ + log(1 + e^-|z|).
        z = S * sign
        small = xp.exp(-xp.abs(z))
        softplus = xp.where(z > 0, z, xp.zeros_like(z)) + xp.log1p(small)
        sigmoid = xp.where(z > 0, 1 / (1 + small), small / (1 + small))
        value, dS = xp.sum(counted * softplus, axis=1), counted * sigmoid * sign
        if candidates.weight is not None:
            value, dS = value * candidates.weight, dS * candidates.weight[:, None]
        return value, dS, np.zeros(0)
