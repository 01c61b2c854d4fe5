"""Metric learning on a stacked table of users and items: draw, hardest negative, rank weight, Adagrad and ball in one pass."""

import numpy as np

from awase.kernels.draws import draw_negatives, draw_unknown
from awase.kernels.lazy import njit
from awase.kernels.steps import adagrad_rows, adagrad_rows_twin

_FAST = {"contract", "reassoc", "nsz"}


@njit(inline="always", fastmath=_FAST)
def _apart(a, b):
    """||a - b||²."""
    total = np.float32(0)
    for j in range(len(a)):
        difference = a[j] - b[j]
        total += difference * difference
    return total


@njit(inline="always", fastmath=_FAST)
def _pull(gradients, place, touched, n_touched, row, slope, plus, minus):
    """Adds slope (plus - minus) to the gradient of a row; how many rows are touched then."""
    at = place[row]
    if at < 0:
        place[row], touched[n_touched] = n_touched, row
        for j in range(len(plus)):
            gradients[n_touched, j] = slope * (plus[j] - minus[j])
        return n_touched + 1
    for j in range(len(plus)):
        gradients[at, j] += slope * (plus[j] - minus[j])
    return n_touched


@njit(cache=True, nogil=True, fastmath=_FAST)
def metric_batches(
    table, squares, heads, tails, n_heads, rows, edges, rates, share, alias, known, key, n_negatives, margin, n_ranked, manifold,
    radius, first, last,
):  # fmt: skip
    """Batches first .. last - 1 of collaborative metric learning; the sum of their mean losses.

    table: (n_heads + n_tails, d) float32, users above items; squares: Adagrad's sums, alike. Example r: user heads[r], item tails[r].
    rows, edges: batch t is the examples rows[edges[t]:edges[t + 1]], stepped at rates[t]. share, alias, known, key: of ``draws.draw_unknown``.

        loss = w max(0, margin + D_own - min_k D_k),    D = squared distance to the user
        w = log(1 + n_ranked n_impostors / n_drawn) (an impostor: margin + D_own - D_k > 0), 1 if n_ranked is 0

    All gradients of a batch are taken before its step and each row's are summed; ``manifold`` and ``radius`` say where rows may lie. An example
    without negatives has no loss.
    """
    dim, n_tails = table.shape[1], table.shape[0] - n_heads
    most = 1
    for t in range(first, last):
        most = max(most, edges[t + 1] - edges[t])
    place = np.full(table.shape[0], -1, np.int32)  # of a row among those that the batch touches
    touched, gradients = np.empty(3 * most, np.int64), np.empty((3 * most, dim), np.float32)
    drawn = np.empty(n_negatives, np.int64)
    total = 0.0
    for t in range(first, last):
        size = edges[t + 1] - edges[t]
        n_touched, summed = 0, np.float32(0)
        for at in range(edges[t], edges[t + 1]):
            row = rows[at]
            head, tail = heads[row], tails[row]
            own, nearest, n_drawn = n_heads + tail, head, 0
            # All draws before all distances: then the reads of one do not wait for those of the other.
            for slot in range(n_negatives):
                found = draw_unknown(share, alias, known, head, n_tails, tail, key, row, slot)
                if found >= 0:
                    drawn[n_drawn] = n_heads + found
                    n_drawn += 1
            limit, least, n_impostors = _apart(table[head], table[own]) + margin, np.float32(np.inf), 0
            for k in range(n_drawn):
                distance = _apart(table[head], table[drawn[k]])
                n_impostors += limit > distance
                if distance < least:
                    least, nearest = distance, drawn[k]
            if n_impostors == 0:
                continue
            weight = np.float32(1)
            if n_ranked > 0:
                weight = np.float32(np.log1p(n_ranked * n_impostors / n_drawn))
            summed += weight * (limit - least)
            slope = 2 * weight / np.float32(size)
            user, item, impostor = table[head], table[own], table[nearest]
            n_touched = _pull(gradients, place, touched, n_touched, head, slope, impostor, item)
            n_touched = _pull(gradients, place, touched, n_touched, own, slope, item, user)
            n_touched = _pull(gradients, place, touched, n_touched, nearest, slope, user, impostor)
        adagrad_rows(table, squares, touched, gradients, rates[t], manifold, radius, 0, n_touched)
        for k in range(n_touched):
            place[touched[k]] = -1
        total += summed / size
    return total


def metric_batches_twin(
    table, squares, heads, tails, n_heads, rows, edges, rates, share, alias, known, key, n_negatives, margin, n_ranked, manifold,
    radius, first, last,
):  # fmt: skip
    """What ``metric_batches`` computes, in numpy."""
    total = 0.0
    for t in range(first, last):
        batch = rows[edges[t] : edges[t + 1]]
        users, own = heads[batch], n_heads + tails[batch]
        drawn = np.empty((len(batch), n_negatives), np.int64)
        draw_negatives(share, alias, known, users, tails[batch], len(table) - n_heads, key, batch, n_negatives, drawn)
        limit = margin + ((table[users] - table[own]) ** 2).sum(axis=1)
        distances = np.where(drawn < 0, np.inf, ((table[users][:, None] - table[n_heads + drawn]) ** 2).sum(axis=2))
        impostors = distances < limit[:, None]
        weight = np.ones(len(batch))
        if n_ranked:
            weight = np.log1p(n_ranked * impostors.sum(axis=1) / np.maximum((drawn >= 0).sum(axis=1), 1))
        pays = impostors.any(axis=1)
        each = np.arange(len(batch))[pays]
        hardest = distances.argmin(axis=1)[pays]
        users, own, nearest, weight = users[pays], own[pays], n_heads + drawn[each, hardest], weight[pays]
        total += (weight * (limit[pays] - distances[each, hardest])).sum() / len(batch)
        u, v, w = table[users], table[own], table[nearest]
        slope = (2 * weight / len(batch))[:, None]
        touched, at = np.unique(np.concatenate([users, own, nearest]), return_inverse=True)
        gradients = np.zeros((len(touched), table.shape[1]), table.dtype)
        np.add.at(gradients, at, np.concatenate([slope * (w - v), -slope * (u - v), slope * (u - w)]))
        adagrad_rows_twin(table, squares, touched, gradients, rates[t], manifold, radius, 0, len(touched))
    return total
