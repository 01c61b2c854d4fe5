"""Softmax cross-entropy over a block of scores, fused: a row is in the cache from its logits to its gradient."""

import numpy as np

from awase.kernels.lazy import njit

_LEAST = np.float32(-87.0)  # exp of less is no normal float32
_LOG2E = np.float32(1.4426950408889634)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LANES = 64
_OUT = np.float32(-1e30)  # a masked logit: far below any other


@njit(inline="always")
def exp32(x):
    """exp for float32 with relative error below 3e-7, in operations that the compiler vectorises (libm's call is not): 2^n times a
    polynomial on [-ln 2 / 2, ln 2 / 2], with Cephes' coefficients."""
    x = max(x, _LEAST)
    n = np.floor(x * _LOG2E + np.float32(0.5))
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1.0)
    return p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(inline="always")
def _largest(row, lanes):
    """The maximum of a row. In lanes side by side: one running maximum is a chain of compares that the compiler must not reorder,
    as NaN makes it depend on the order."""
    lanes[:] = row[0]
    whole = len(row) - len(row) % _LANES
    for j in range(0, whole, _LANES):
        for k in range(_LANES):
            lanes[k] = max(lanes[k], row[j + k])
    top = row[0]
    for k in range(_LANES):
        top = max(top, lanes[k])
    for j in range(whole, len(row)):
        top = max(top, row[j])
    return top


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def softmax_block(P, ia, ic, scale, shift, target, mask_starts, mask_columns, weight, value, W, along_a, along_c):
    """Cross-entropy of logits  z_ij = P_ij ia_i ic_j scale - shift_j  for a block of anchors.

    P: (b, c) raw inner products; ia (b,), ic (c,): inverse norms, or ones; target (b,); masked columns of row i:
    mask_columns[mask_starts[i]:mask_starts[i + 1]], never its target; weight (b,): the factor of each row's loss.
    Adds to value (b,) the weighted loss; writes W (b, c) = d loss / d P; writes along_a (b,) = sum_j W P;
    adds to along_c (c,) = sum_i W P.
    """
    b, c = P.shape
    lanes = np.empty(_LANES, np.float32)
    for i in range(b):
        first, last, own = mask_starts[i], mask_starts[i + 1], target[i]
        row_scale = ia[i] * scale
        for j in range(c):
            W[i, j] = P[i, j] * ic[j] * row_scale - shift[j]
        # The logits are masked, not the products: a masked zero vector has a product of 0 whatever it is multiplied with.
        for m in range(first, last):
            W[i, mask_columns[m]] = _OUT
        z_own = W[i, own]
        top = _largest(W[i], lanes)
        total = np.float32(0)
        for j in range(c):
            e = exp32(W[i, j] - top)
            W[i, j] = e
            total += e
        value[i] += weight[i] * (np.log(total) + top - z_own)
        for m in range(first, last):
            W[i, mask_columns[m]] = 0
        W[i, own] -= total  # e / total - 1, before the division below
        factor = weight[i] * row_scale / total
        along = np.float32(0)
        for j in range(c):
            w = W[i, j] * (factor * ic[j])
            wp = w * P[i, j]
            W[i, j] = w
            along += wp
            along_c[j] += wp
        along_a[i] = along


def softmax_block_twin(P, ia, ic, scale, shift, target, mask_starts, mask_columns, weight, value, W, along_a, along_c):
    """What ``softmax_block`` computes, in numpy."""
    rows = np.arange(len(P))
    z = P * ia[:, None] * ic * scale - shift
    out = np.zeros(P.shape, bool)
    out[np.repeat(rows, np.diff(mask_starts)), mask_columns] = True
    z[out] = -np.inf
    top = z.max(axis=1, keepdims=True)
    e = np.exp(z - top)
    total = e.sum(axis=1, keepdims=True)
    value += weight * ((np.log(total) + top)[:, 0] - z[rows, target])
    p = e / total
    p[rows, target] -= 1
    W[...] = p * (weight * scale * ia)[:, None] * ic
    along_a[...] = (W * P).sum(axis=1)
    along_c += (W * P).sum(axis=0)
