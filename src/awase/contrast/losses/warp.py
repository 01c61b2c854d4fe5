"""WARP: the hinge with the hardest negative, weighted by the rank that the positive seems to have."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.contrast.candidates import Candidates
from awase.contrast.losses.margin import Margin
from awase.contrast.losses.negatives_of import shares
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Warp:
    """Weighted approximate-rank pairwise loss (Weston, Bengio and Usunier 2011), with the rank taken from all negatives of the anchor at
    once (collaborative metric learning: Hsieh et al. 2017, section 3.2).

        value_i = w_i max(0, margin + max_j S_ij - S_i,target(i))        over unmasked j != target(i)
        w_i     = log(1 + rank_i),    rank_i = n_items |{j: margin + S_ij - S_i,target(i) > 0}| / n_negatives_i

    n_items: out of how many the negatives are drawn; a job sets it from its data. The weight is a constant: no gradient goes through it.

    >>> import numpy as np
    >>> three = Candidates(items=np.array([7, 8, 9]), target=np.array([0]))
    >>> loss = Warp(margin=0.5, n_items=100)
    >>> value, dS, _ = loss(np.array([[1.0, 0.75, 0.0]]), three, loss.init())
    >>> bool(np.isclose(value[0], np.log(1 + 50) * 0.25)), (dS[0] / np.log(51)).tolist()
    (True, [-1.0, 1.0, 0.0])
    """

    margin: float = 1.0
    n_items: int = 0
    name = "warp"

    def __post_init__(self):
        Margin(self.margin)  # says what is wrong with it
        if self.n_items < 0:
            raise ConfigError("E0560", "the number of items must not be negative", value=self.n_items)

    def init(self) -> np.ndarray:
        """No parameters."""
        return np.zeros(0)

    def __call__(self, S, candidates: Candidates, params):
        """(value (b,), dS (b, c), dparams (0,)) for scores S (b, c): values times ``candidates.weight``, and the gradient of their sum."""
        if not self.n_items:
            raise ConfigError(
                "E0560", "a rank needs the number of items", remedy="set n_items: out of how many negatives are drawn"
            )
        xp = array_namespace(S)
        value, dS, none = Margin(self.margin, over="hardest")(S, candidates, params)
        rows = xp.arange(S.shape[0])
        negative = shares(xp, S, candidates, rows) > 0
        impostor = negative & (self.margin + S - S[rows, candidates.target][:, None] > 0)
        n_negatives, n_impostors = (xp.sum(xp.astype(which, S.dtype), axis=1) for which in (negative, impostor))
        rank = self.n_items * n_impostors / xp.where(n_negatives > 0, n_negatives, xp.ones_like(n_negatives))
        weight = xp.log1p(rank)
        return value * weight, dS * weight[:, None], none
