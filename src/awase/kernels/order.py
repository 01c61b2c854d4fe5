"""Order embeddings: edges with one end replaced, and a hinge on how far a node is from lying below another.

An item is a node, or n_nodes plus a node: its vector with the sign turned, which swaps the sides of an edge.
"""

import numpy as np

from awase.kernels.draws import bits, draw_unknown
from awase.kernels.lazy import njit
from awase.kernels.steps import adagrad_row, adagrad_rows_twin

# By numpy's rules a division cannot raise, and so can be a vector instruction.
_FLAGS = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy"}


@njit(cache=True, nogil=True)
def corrupt_edges(children, parents, share, alias, known, n_nodes, key, rows, anchors, items):
    """For each edge of ``rows``: the end that stays, as anchor, the true other end, and nodes drawn in its place.

    share, alias: ``draws.alias_table`` over nodes; known: ``sets.pair_set`` of (child, parent) and (n_nodes + parent, child). Writes anchors
    (b,) and items (b, 1 + n): child and parents, or n_nodes + parent and n_nodes + children, as the coin falls; -1 where no
    negative was found. What a row gets depends on the key and the row alone.
    """
    n = items.shape[1] - 1
    for i in range(len(rows)):
        row = rows[i]
        # The draws of slot j use the bits j * 32 .. j * 32 + 31 of the row; these are the first that no slot uses.
        side = np.int64(bits(key, row, n * 32) >> np.uint64(63)) * n_nodes
        kept, target = (children[row], parents[row]) if side == 0 else (parents[row], children[row])
        anchors[i], items[i, 0] = side + kept, side + target
        for j in range(n):
            found = draw_unknown(share, alias, known, side + kept, n_nodes, target, key, row, j)
            items[i, 1 + j] = side + found if found >= 0 else -1


@njit(**_FLAGS)
def order_batches(
    table, squares, children, parents, rows, edges, rates, share, alias, known, key, n_negatives, turned, margin, manifold, radius,
    first, last,
):  # fmt: skip
    """Batches first .. last - 1 of order embeddings; the sum of their mean losses.

    table: (n, d) float32, not negative; squares: Adagrad's sums, alike. Edge r: node children[r] below node parents[r]. rows, edges: batch k is
    the edges rows[edges[k]:edges[k + 1]], stepped at rates[k]. share .. key: as ``corrupt_edges`` takes them.

        loss = E(true edge) + sum over corrupted edges of max(0, margin - E)      E(child, parent) = |max(0, parent - child)|²

    and with ``turned`` a second term for each edge, max(0, margin - E(parent, child)); the loss of a batch is the mean over its terms. All
    gradients of a batch are taken before its step and each row's are summed; ``manifold`` and ``radius`` say where rows may lie.
    """
    n, dim = table.shape
    largest = 0
    for k in range(first, last):
        largest = max(largest, edges[k + 1] - edges[k])
    anchors, items = np.empty(largest, np.int64), np.empty((largest, 1 + n_negatives), np.int64)
    place = np.full(n, -1, np.int32)  # of a row among those that the batch touches
    touched = np.empty(min(largest * (n_negatives + 2), n), np.int64)
    grads = np.zeros((len(touched), dim), np.float32)
    total = 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        corrupt_edges(children, parents, share, alias, known, n, key, batch, anchors, items)
        n_touched, paid, weight = 0, 0.0, np.float32(1) / np.float32(len(batch) * (2 if turned else 1))
        for i in range(len(batch)):
            kept, child, parent = anchors[i] % n, children[batch[i]], parents[batch[i]]
            for j in range(1 + n_negatives):
                if items[i, j] >= 0:
                    other = items[i, j] % n
                    low, high = (kept, other) if items[i, j] < n else (other, kept)
                    cost, n_touched = _pay(table, low, high, j == 0, margin, weight, place, touched, grads, n_touched)
                    paid += cost
            if turned:
                cost, n_touched = _pay(table, parent, child, False, margin, weight, place, touched, grads, n_touched)
                paid += cost
        total += paid * weight
        for t in range(n_touched):
            adagrad_row(table[touched[t]], squares[touched[t]], grads[t], rates[k], manifold, radius)
            grads[t] = 0
            place[touched[t]] = -1
    return total


@njit(**_FLAGS)
def _pay(table, low, high, positive, margin, weight, place, touched, grads, n_touched):
    """What an edge costs, and how many rows are touched once its gradient is added."""
    below, above, violation = table[low], table[high], np.float32(0)
    for j in range(len(below)):
        over = max(np.float32(0), above[j] - below[j])
        violation += over * over
    if (positive and violation == 0) or (not positive and violation >= margin):
        return np.float32(0), n_touched
    for row in (low, high):
        if place[row] < 0:
            place[row], touched[n_touched] = n_touched, row
            n_touched += 1
    d_below, d_above = grads[place[low]], grads[place[high]]
    slope = 2 * weight if positive else -2 * weight
    for j in range(len(below)):
        pull = slope * max(np.float32(0), above[j] - below[j])
        d_above[j] += pull
        d_below[j] -= pull
    return violation if positive else margin - violation, n_touched


def order_batches_twin(
    table, squares, children, parents, rows, edges, rates, share, alias, known, key, n_negatives, turned, margin, manifold, radius,
    first, last,
):  # fmt: skip
    """What ``order_batches`` computes, in numpy."""
    n, total = len(table), 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        anchors, items = np.empty(len(batch), np.int64), np.empty((len(batch), 1 + n_negatives), np.int64)
        corrupt_edges(children, parents, share, alias, known, n, key, batch, anchors, items)
        kept, other = np.broadcast_to(anchors[:, None], items.shape), items % n
        low, high = np.where(items < n, kept, other) % n, np.where(items < n, other, kept) % n
        positive = np.zeros(items.shape, bool)
        positive[:, 0] = True
        low, high, positive = (side[items >= 0] for side in (low, high, positive))
        if turned:
            low, high = np.concatenate([low, parents[batch]]), np.concatenate([high, children[batch]])
            positive = np.concatenate([positive, np.zeros(len(batch), bool)])
        over = np.maximum(table[high] - table[low], 0)
        violation = (over * over).sum(axis=1)
        active = positive | (violation < margin)
        weight = np.float32(1 / (len(batch) * (2 if turned else 1)))
        total += np.where(positive, violation, np.maximum(margin - violation, 0)).sum() * weight
        pull = (2 * weight * np.where(positive, 1, -1) * active).astype(np.float32)[:, None] * over
        grads = np.zeros_like(table)
        np.add.at(grads, high, pull)
        np.add.at(grads, low, -pull)
        touched = np.flatnonzero(grads.any(axis=1))
        adagrad_rows_twin(table, squares, touched, grads[touched], rates[k], manifold, radius, 0, len(touched))
    return total
