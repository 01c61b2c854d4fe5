"""Order embeddings: a thing lies below another when it exceeds it in every coordinate. The only score with a direction."""

from dataclasses import dataclass

from array_api_compat import array_namespace


@dataclass(frozen=True)
class Order:
    """S = -|max(0, c - a)|²: by how much it fails that the anchor a is the more specific of the two (Vendrov et al. 2016,
    arXiv 1511.06361, equation 3).

    A (b, d); C (c, d) shared by all anchors, or (b, c, d) each anchor's own; S (b, c). The most general thing of all is the origin, as vectors
    are not negative. Turning the signs of both swaps their roles: S(-c, -a) = S(a, c).

    >>> import numpy as np
    >>> Order()(np.array([[2.0, 1.0]]), np.array([[1.0, 0.0], [3.0, 3.0]]))
    array([[-0., -5.]])
    """

    name = "order"

    def __call__(self, A, C):
        over = _over(A, C)
        return -array_namespace(A, C).sum(over * over, axis=-1)

    def pull(self, A, C, S, dS):
        """(dA, dC of C's shape) for an upstream gradient dS (b, c)."""
        xp = array_namespace(A, C)
        G = -2 * dS[..., None] * _over(A, C)
        return -xp.sum(G, axis=1), G if C.ndim == 3 else xp.sum(G, axis=0)


def _over(A, C):
    """max(0, c - a), (b, c, d)."""
    xp = array_namespace(A, C)
    excess = (C if C.ndim == 3 else C[None, :, :]) - A[:, None, :]
    return xp.where(excess > 0, excess, xp.zeros_like(excess))
