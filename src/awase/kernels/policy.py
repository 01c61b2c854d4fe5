"""A softmax policy over candidates: its draws, its entropy, and the gradient of what REINFORCE maximises, one row at a time in the cache."""

import numpy as np
from numba import njit

from awase.kernels.draws import alias_draw, bits, unit
from awase.kernels.sets import contains
from awase.kernels.softmax import exp32

_BLOCK = 16


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"nnan", "reassoc", "nsz"})
def _top(row):
    """The maximum. Without NaN its order is free, so that it vectorises; with one, it is any number of the row."""
    top = row[0]
    for j in range(1, len(row)):
        top = max(top, row[j])
    return top


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _at(probabilities, unit):
    """The first column up to which the probabilities sum to more than unit; the last that has any, where rounding leaves none."""
    m, left, j = len(probabilities), unit, 0
    # Blocks first: column by column, each subtraction would wait for the one before.
    while j + _BLOCK <= m:
        total = np.float32(0)
        for of in range(_BLOCK):
            total += probabilities[j + of]
        if left < total:
            break
        left -= total
        j += _BLOCK
    while j < m:
        left -= probabilities[j]
        if left < 0:
            return j
        j += 1
    j = m - 1
    while j > 0 and probabilities[j] == 0:
        j -= 1
    return j


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def draw_policy(logits, units, probabilities, drawn, log_drawn, best, entropy):
    """Draws from softmax(logits_i) for each row i, by inverting its cumulative distribution at units (b, n) in [0, 1).

    logits: (b, m), replaced by the log-probabilities. Writes probabilities (b, m), drawn (b, n) columns, log_drawn (b, n) their
    log-probabilities, best (b,) the likeliest column and entropy (b,) in nats.
    """
    b, m = logits.shape
    nowhere = np.int32(m - 1)
    for i in range(b):
        top, likeliest = _top(logits[i]), nowhere
        for j in range(m):  # without a break, the compiler vectorises it
            likeliest = min(likeliest, np.int32(j) if logits[i, j] == top else nowhere)
        total, expected = np.float32(0), np.float32(0)
        for j in range(m):
            z = logits[i, j] - top
            e = exp32(z)
            probabilities[i, j] = e
            total += e
            expected += e * z
        log_total, inverse = np.log(total), np.float32(1) / total
        for j in range(m):
            logits[i, j] -= log_total + top
            probabilities[i, j] *= inverse
        best[i], entropy[i] = likeliest, log_total - expected * inverse
        for k in range(units.shape[1]):
            found = _at(probabilities[i], units[i, k])
            drawn[i, k], log_drawn[i, k] = found, logits[i, found]


def draw_policy_twin(logits, units, probabilities, drawn, log_drawn, best, entropy):
    """What ``draw_policy`` computes, in numpy."""
    best[:] = logits.argmax(axis=1)
    z = logits - logits.max(axis=1, keepdims=True)
    logits[...] = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    probabilities[...] = np.exp(logits)
    entropy[:] = -(probabilities * logits).sum(axis=1)
    cumulative = np.cumsum(probabilities, axis=1, dtype=np.float64)
    last = probabilities.shape[1] - 1 - (probabilities[:, ::-1] > 0).argmax(axis=1)
    drawn[...] = np.minimum((cumulative[:, None, :] <= units[:, :, None]).sum(axis=2), last[:, None])
    log_drawn[...] = np.take_along_axis(logits, drawn, axis=1)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def policy_gradient(log_probabilities, probabilities, drawn, advantage, entropy, entropy_weight, out):
    """Writes out (b, m) = the gradient by the logits of   sum_ik advantage_ik log p_i(drawn_ik) + sum_i entropy_weight_i H(p_i).

    The first is REINFORCE (Williams 1992): d log p_y / d z_j = [j = y] - p_j; the second, d H / d z_j = -p_j (log p_j + H).
    """
    b, m = probabilities.shape
    n = drawn.shape[1]
    for i in range(b):
        total = np.float32(0)
        for k in range(n):
            total += advantage[i, k]
        weight, level = entropy_weight[i], entropy[i]
        for j in range(m):
            out[i, j] = -probabilities[i, j] * (total + weight * (log_probabilities[i, j] + level))
        for k in range(n):
            out[i, drawn[i, k]] += advantage[i, k]


def policy_gradient_twin(log_probabilities, probabilities, drawn, advantage, entropy, entropy_weight, out):
    """What ``policy_gradient`` computes, in numpy."""
    reinforced = advantage.sum(axis=1, keepdims=True)
    out[...] = -probabilities * (reinforced + entropy_weight[:, None] * (log_probabilities + entropy[:, None]))
    np.add.at(out, (np.arange(len(out))[:, None], drawn), advantage)


@njit(cache=True, nogil=True)
def fill_units(key, row, out):
    """out (n,): the units of slots 0 .. n - 1 of one row (``kernels.draws``)."""
    for slot in range(len(out)):
        out[slot] = unit(bits(key, row, slot))


@njit(cache=True, nogil=True)
def known_each(known, anchors, items, n_items, out):
    """out (b, n): whether items[i, k] is known to belong to anchors[i] (``kernels.sets``)."""
    for i in range(items.shape[0]):
        for k in range(items.shape[1]):
            out[i, k] = contains(known, anchors[i], items[i, k], n_items)


@njit(cache=True, nogil=True)
def draw_pool(share, alias, key, row, slot, out):
    """out (m,): draws from an alias table, with replacement, for the slots from ``slot`` on of one row."""
    for k in range(len(out)):
        out[k] = alias_draw(share, alias, bits(key, row, slot + k))
