"""Scores that are an inner product, of the vectors or of their directions."""

from dataclasses import dataclass

from array_api_compat import array_namespace


@dataclass(frozen=True)
class Dot:
    """S = A Cᵀ; A is (b, d), C (c, d) for all anchors or (b, c, d), each anchor's own.

    >>> import numpy as np
    >>> Dot()(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([[11.,  2.]])
    """

    name = "dot"
    normalized = False

    def __call__(self, A, C):
        return A @ C.T if C.ndim == 2 else (C @ A[:, :, None])[:, :, 0]

    def pull(self, A, C, S, dS):
        """(dA, dC of C's shape) for an upstream gradient dS (b, c)."""
        if C.ndim == 2:
            return dS @ C, dS.T @ A
        return (dS[:, None, :] @ C)[:, 0, :], dS[:, :, None] * A[:, None, :]


@dataclass(frozen=True)
class Cosine:
    """S = A Cᵀ / (|A| |C|), of the shapes of ``Dot``. A zero vector scores 0 with everything, and gets no gradient.

    >>> import numpy as np
    >>> Cosine()(np.array([[3.0, 4.0]]), np.array([[6.0, 8.0], [0.0, 0.0]]))
    array([[1., 0.]])
    """

    name = "cosine"
    normalized = True

    def __call__(self, A, C):
        return Dot()(A * inverse_norm(A), C * inverse_norm(C))

    def pull(self, A, C, S, dS):
        """(dA, dC): the projection of the dot product's gradient on each vector's tangent plane, over its length."""
        xp = array_namespace(A, C)
        ia, ic = inverse_norm(A), inverse_norm(C)
        unit_a, unit_c = A * ia, C * ic
        dA, dC = Dot().pull(unit_a, unit_c, S, dS)
        along = dS * S
        along_c = (xp.sum(along, axis=0) if C.ndim == 2 else along)[..., None]
        return (dA - unit_a * xp.sum(along, axis=1, keepdims=True)) * ia, (dC - unit_c * along_c) * ic


def inverse_norm(V):
    """1 / |v| for each vector along the last axis, which is kept with length 1; 0 for a zero vector."""
    xp = array_namespace(V)
    norm = xp.sqrt(xp.sum(V * V, axis=-1, keepdims=True))
    zero = norm == 0
    return xp.where(zero, xp.zeros_like(norm), 1 / xp.where(zero, xp.ones_like(norm), norm))
