"""Dimensions that say different things: their covariances are pulled to zero."""

from dataclasses import dataclass

import numpy as np

from awase.contrast.regularisers.pull import Pull
from awase.core.errors import ConfigError


@dataclass(frozen=True)
class Covariance:
    """weight * the sum of C_pq² over p != q, where C is the covariance matrix of the batch's vectors (Hsieh et al. 2017, section 3.4, after
    Cogswell et al. 2016, arXiv 1511.06068).

        C = (V - mean)ᵀ (V - mean) / n          gradient in V:  4 weight / n (V - mean) offdiagonal(C)

    Squares, and not the sum of the entries as in the authors' code: that one falls without bound as they turn negative.

    >>> cross = np.array([[1.0, 1.0], [-1.0, -1.0]])
    >>> Covariance(weight=0.5)(np.arange(2), cross).value
    1.0
    """

    weight: float = 1.0
    name = "covariance"
    parameters = {}  # noqa: RUF012, it has none

    def __post_init__(self):
        if not self.weight > 0:
            raise ConfigError(
                "E0562",
                "the weight of a regulariser must be above 0",
                value=self.weight,
                remedy="leave the regulariser out instead",
            )

    def __call__(self, items: np.ndarray, V: np.ndarray) -> Pull:
        centred = V - V.mean(axis=0)
        C = centred.T @ centred / np.asarray(len(V), V.dtype)
        np.fill_diagonal(C, 0)
        return Pull(self.weight * float(np.vdot(C, C)), centred @ (C * V.dtype.type(4 * self.weight / len(V))), [])
