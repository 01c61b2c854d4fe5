"""A softmax policy over candidates: its draws, its entropy, and the gradient of what REINFORCE maximises, one row at a time in the cache."""

import numpy as np

from awase.kernels.draws import alias_draw, bits, unit
from awase.kernels.lazy import njit
from awase.kernels.sets import contains
from awase.kernels.softmax import exp32

_BLOCK = 16


@njit(cache=True, nogil=True, inline="always")
def _in_order(bits):
    """The bits of a float32 as an int32 that is larger where the number is; its own inverse."""
    return bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF))


@njit(cache=True, nogil=True)
def _top(row_bits):
    """The maximum of a row, of which the bits are given: of integers the compiler makes vectors, of numbers one may be NaN it does not."""
    top = _in_order(row_bits[0])
    for j in range(1, len(row_bits)):
        top = max(top, _in_order(row_bits[j]))
    return np.int32(_in_order(top)).view(np.float32)


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
def draw_policy(logits, shift, units, drawn, log_drawn, log_total, entropy):
    """Draws from softmax(logits_i - shift) for each row i, by inverting its cumulative distribution at units (b, n) in [0, 1).

    logits: (b, m), replaced by logits - shift (m,). Writes drawn (b, n) columns, log_drawn (b, n) their log-probabilities, log_total (b,) the
    log of the sum of exp(logits) and entropy (b,) in nats. Probabilities are not kept: most batches need no more of them, and memory is
    slower than exp.
    """
    b, m = logits.shape
    weights, as_bits = np.empty(m, np.float32), logits.view(np.int32)
    for i in range(b):
        for j in range(m):
            logits[i, j] -= shift[j]
        top, total, expected = _top(as_bits[i]), np.float32(0), np.float32(0)
        for j in range(m):
            z = logits[i, j] - top
            e = exp32(z)
            weights[j] = e
            total += e
            expected += e * z
        log_of = np.log(total)
        log_total[i], entropy[i] = log_of + top, log_of - expected / total
        for k in range(units.shape[1]):
            found = _at(weights, units[i, k] * total)
            drawn[i, k], log_drawn[i, k] = found, logits[i, found] - log_total[i]


def draw_policy_twin(logits, shift, units, drawn, log_drawn, log_total, entropy):
    """What ``draw_policy`` computes, in numpy."""
    logits -= shift
    top = logits.max(axis=1)
    log_total[:] = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    log_probabilities = logits - log_total[:, None]
    probabilities = np.exp(log_probabilities)
    entropy[:] = -(probabilities * log_probabilities).sum(axis=1)
    cumulative = np.cumsum(probabilities, axis=1, dtype=np.float64)
    last = probabilities.shape[1] - 1 - (probabilities[:, ::-1] > 0).argmax(axis=1)
    drawn[...] = np.minimum((cumulative[:, None, :] <= units[:, :, None]).sum(axis=2), last[:, None])
    log_drawn[...] = np.take_along_axis(log_probabilities, drawn, axis=1)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def policy_gradient(logits, log_total, drawn, advantage, entropy, entropy_weight):
    """Replaces logits (b, m) by the gradient by them of   sum_ik advantage_ik log p_i(drawn_ik) + sum_i entropy_weight_i H(p_i).

    log_total, drawn, entropy: as ``draw_policy`` has left them. The first part is REINFORCE (Williams 1992): d log p_y / d z_j = [j = y] - p_j;
    the second, d H / d z_j = -p_j (log p_j + H).
    """
    b, m = logits.shape
    n = drawn.shape[1]
    for i in range(b):
        total = np.float32(0)
        for k in range(n):
            total += advantage[i, k]
        weight, level, log_of = entropy_weight[i], entropy[i], log_total[i]
        for j in range(m):
            log_probability = logits[i, j] - log_of
            logits[i, j] = -exp32(log_probability) * (total + weight * (log_probability + level))
        for k in range(n):
            logits[i, drawn[i, k]] += advantage[i, k]


def policy_gradient_twin(logits, log_total, drawn, advantage, entropy, entropy_weight):
    """What ``policy_gradient`` computes, in numpy."""
    logits -= log_total[:, None]
    reinforced = advantage.sum(axis=1, keepdims=True)
    logits[...] = -np.exp(logits) * (reinforced + entropy_weight[:, None] * (logits + entropy[:, None]))
    np.add.at(logits, (np.arange(len(logits))[:, None], drawn), advantage)


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
def bases(positives, offset, n_targets, out):
    """out (b,): what, added to a target, makes it an item as the positive is one: offset plus a multiple of n_targets."""
    for i in range(len(positives)):
        out[i] = positives[i] - (positives[i] - offset) % n_targets


@njit(cache=True, nogil=True)
def join_proposals(noise, drawn, base, worth, known, anchors, n_targets, filtered, weight, items, share, hits):
    """Proposals drawn (b, n) beside the positive and the noise (b, w), in one pass. Returns how many are known to be true.

    Writes items (b, w + n): noise, then base + drawn; hits (b, n): what is true, if ``filtered``; share (b, w + n): for the noise, the part
    ``weight``, and for the proposals the rest, split by worth (b, n), but none for hits. Shares are 1 on average over the negatives.
    """
    (b, w), n = noise.shape, drawn.shape[1]
    n_hits, total = 0, 0.0
    for i in range(b):
        for k in range(n):
            hits[i, k] = filtered and contains(known, anchors[i], drawn[i, k], n_targets)
            if hits[i, k]:
                n_hits += 1
            else:
                total += worth[i, k]
    n_negatives = w - 1 + n
    of_noise = np.float32(weight * n_negatives / (w - 1))
    of_worth = np.float32((1 - weight) * n_negatives * b / max(total, 1e-12))
    for i in range(b):
        for j in range(w):
            items[i, j], share[i, j] = noise[i, j], of_noise
        for k in range(n):
            items[i, w + k] = base[i] + drawn[i, k]
            share[i, w + k] = np.float32(0) if hits[i, k] else worth[i, k] * of_worth
    return n_hits


@njit(cache=True, nogil=True)
def draw_pool(share, alias, key, row, slot, seen, out):
    """Writes to out (m,) what is drawn from an alias table, with replacement, for the slots from ``slot`` on of one row; each item once, in the
    order of its first draw. Returns how many they are.

    seen: (n,) bool for all that can be drawn, False before and after.
    """
    n = 0
    for k in range(len(out)):
        found = alias_draw(share, alias, bits(key, row, slot + k))
        if not seen[found]:
            seen[found] = True
            out[n] = found
            n += 1
    for k in range(n):
        seen[out[k]] = False
    return n


@njit(cache=True, nogil=True)
def sum_of_two(rows, kinds, numbers, out):
    """out[i] = rows[e] + kinds[q] for numbers[i] = e + len(rows) q."""
    for i in range(len(numbers)):
        q = numbers[i] // len(rows)
        row, kind = rows[numbers[i] - q * len(rows)], kinds[q]
        for j in range(out.shape[1]):
            out[i, j] = row[j] + kind[j]
