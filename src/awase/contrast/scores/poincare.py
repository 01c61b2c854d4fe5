"""The distance of the Poincaré ball, in which a tree fits: there is room for more nodes with every step outwards."""

from dataclasses import dataclass

from array_api_compat import array_namespace


@dataclass(frozen=True)
class Poincare:
    """S = -d(a, c) with  d = arcosh(1 + x),  x = 2 |a - c|² / ((1 - |a|²) (1 - |c|²))   (Nickel and Kiela 2017, arXiv 1705.08039, equation 1).

    A (b, d); C (c, d) shared by all anchors, or (b, c, d) each anchor's own; S (b, c). All vectors lie inside the unit ball. arcosh(1 + x) is
    taken as log1p(x + sqrt(x (x + 2))), which keeps the distance of close vectors. Where two vectors meet, the gradient is taken as 0.

    >>> import numpy as np
    >>> Poincare()(np.array([[0.0, 0.0]]), np.array([[0.5, 0.0], [0.0, 0.0]])).round(4)
    array([[-1.0986, -0.    ]])
    """

    name = "poincare"

    def __call__(self, A, C):
        xp = array_namespace(A, C)
        apart = _apart(A, C)
        x = 2 * xp.sum(apart * apart, axis=-1) / (_room(A)[:, None] * _room(C))
        return -xp.log1p(x + xp.sqrt(x * (x + 2)))

    def pull(self, A, C, S, dS):
        """(dA, dC of C's shape) for an upstream gradient dS (b, c); in d, x is 2 sinh²(d / 2) and its derivative sinh(d)."""
        xp = array_namespace(A, C, S)
        apart, room_a, room_c = _apart(A, C), _room(A), _room(C)
        met = S == 0
        slope = xp.where(met, xp.zeros_like(S), dS / xp.sinh(xp.where(met, xp.ones_like(S), S)))  # of the loss by x
        x = 2 * xp.sinh(S / 2) ** 2
        across = (4 * slope / (room_a[:, None] * room_c))[..., None] * apart
        outward_a = 2 * xp.sum(slope * x, axis=1) / room_a
        outward_c = 2 * slope * x / room_c
        dA = xp.sum(across, axis=1) + outward_a[:, None] * A
        if C.ndim == 2:
            return dA, xp.sum(outward_c, axis=0)[:, None] * C - xp.sum(across, axis=0)
        return dA, outward_c[..., None] * C - across


def _apart(A, C):
    """a - c, (b, c, d): the difference itself, as |a|² + |c|² - 2 a·c loses what matters of it near the edge."""
    return A[:, None, :] - (C if C.ndim == 3 else C[None, :, :])


def _room(V):
    """1 - |v|²: how far from the edge."""
    return 1 - array_namespace(V).sum(V * V, axis=-1)
