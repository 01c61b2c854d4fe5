"""Scores that are a distance with its sign turned, so that higher is closer here too."""

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from awase.core.errors import ConfigError
from awase.kernels.distances import manhattan


@dataclass(frozen=True)
class Distance:
    """S = -||a - c||_p for p 1 or 2; with ``squared``, S = -||a - c||_2².

    A (b, d); C (c, d) shared by all anchors, or (b, c, d) each anchor's own; S (b, c). With shared candidates nothing of size b x c x d is
    held. Where two vectors meet, the gradient is taken as 0.

    >>> import numpy as np
    >>> Distance(p=1)(np.array([[1.0, 2.0]]), np.array([[4.0, 6.0], [1.0, 2.0]]))
    array([[-7., -0.]])
    """

    p: int = 2
    squared: bool = False
    name = "distance"

    def __post_init__(self):
        if self.p not in (1, 2):
            raise ConfigError("E0550", "p must be 1 or 2", value=self.p)
        if self.squared and self.p == 1:
            raise ConfigError("E0550", "only the distance with p = 2 can be squared", value=self.p)

    def __call__(self, A, C):
        xp = array_namespace(A, C)
        if C.ndim == 3:
            apart = A[:, None, :] - C
            total = xp.sum(xp.abs(apart) if self.p == 1 else apart * apart, axis=-1)
        elif self.p == 1:
            total = _manhattan(xp, A, C)
        else:
            total = xp.sum(A * A, axis=1)[:, None] + xp.sum(C * C, axis=1) - 2 * (A @ C.T)
            total = xp.where(total > 0, total, xp.zeros_like(total))  # rounding can fall below
        return -total if self.p == 1 or self.squared else -xp.sqrt(total)

    def pull(self, A, C, S, dS):
        """(dA, dC of C's shape) for an upstream gradient dS (b, c)."""
        xp = array_namespace(A, C)
        slope = self._slope(S, dS)
        if C.ndim == 3:
            apart = A[:, None, :] - C
            dC = slope[:, :, None] * (xp.sign(apart) if self.p == 1 else apart)
            return -xp.sum(dC, axis=1), dC
        if self.p == 1:
            signs = [xp.sign(A[:, k, None] - C[None, :, k]) * slope for k in range(A.shape[1])]
            return -xp.stack([xp.sum(one, axis=1) for one in signs], axis=1), xp.stack(
                [xp.sum(one, axis=0) for one in signs], axis=1
            )
        dA = slope @ C - xp.sum(slope, axis=1)[:, None] * A
        dC = slope.T @ A - xp.sum(slope, axis=0)[:, None] * C
        return dA, dC

    def _slope(self, S, dS):
        """What multiplies a - c (its signs, for p = 1) in the gradient by c."""
        if self.p == 1:
            return dS
        if self.squared:
            return 2 * dS
        xp = array_namespace(S)
        apart = S < 0
        return xp.where(apart, dS / xp.where(apart, -S, xp.ones_like(S)), xp.zeros_like(S))


def _manhattan(xp, A, C):
    """(b, c) distances of the 1-norm, by a kernel where there is one."""
    if isinstance(A, np.ndarray) and A.dtype == np.float32:
        total = np.empty((len(A), len(C)), np.float32)
        manhattan(np.ascontiguousarray(A), np.ascontiguousarray(C), total)
        return total
    return sum(xp.abs(A[:, k, None] - C[None, :, k]) for k in range(A.shape[1]))
