"""Poincaré embeddings: softmax over hyperbolic distances to what is drawn on the way, and Riemannian steps."""

import numpy as np

from awase.kernels.draws import draw_negatives, draw_unknown
from awase.kernels.lazy import njit
from awase.kernels.steps import sgd_row, sgd_rows_twin

# By numpy's rules a division cannot raise, and so can be a vector instruction.
# Sums keep their order: a loop that writes is made of vector instructions only where its arrays lie far enough apart, which the
# memory decides, and a sum in another order would then give other bytes.
_FLAGS = {"cache": True, "nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}


@njit(**_FLAGS)
def poincare_batches(
    table, anchors, targets, rows, edges, rates, share, alias, known, key, n_negatives, manifold, radius, first, last
):
    """Batches first .. last - 1 of Poincaré embeddings; the sum of their mean losses.

    table: (n, d) float64, rows inside the unit ball. Example r: node anchors[r] below node targets[r]. rows, edges: batch k is the examples
    rows[edges[k]:edges[k + 1]], stepped at rates[k]. share, alias, known, key: of ``draws.draw_unknown``; a draw in vain is left out.

        loss = d(u, v) + log sum_c exp(-d(u, c))   over c = v and the negatives

    All gradients of a batch are taken before its step and each row's are summed; ``manifold`` and ``radius`` say how a row steps and where
    it may lie. With d = arcosh(1 + x), exp(-d) is 1 / (1 + x + sqrt(x (x + 2))): no exp, no arcosh, and nothing that overflows inside the ball.
    """
    n, dim = table.shape
    largest = 0
    for k in range(first, last):
        largest = max(largest, edges[k + 1] - edges[k])
    place = np.full(n, -1, np.int32)  # of a row among those that the batch touches
    touched = np.empty(min(largest * (n_negatives + 2), n), np.int64)
    grads = np.zeros((len(touched), dim))
    candidates, d_anchor = np.empty(1 + n_negatives, np.int64), np.empty(dim)
    apart, room, near = np.empty(1 + n_negatives), np.empty(1 + n_negatives), np.empty(1 + n_negatives)
    along, out_a, out_c = np.empty(1 + n_negatives), np.empty(1 + n_negatives), np.empty(1 + n_negatives)
    least = 1 - radius * radius  # room of a row; another thread may have one outside, half way through its step
    total = 0.0
    for k in range(first, last):
        size, n_touched, paid = edges[k + 1] - edges[k], 0, 0.0
        for at in range(edges[k], edges[k + 1]):
            row = rows[at]
            a, target = table[anchors[row]], targets[row]
            room_a = 1.0
            for j in range(dim):
                room_a -= a[j] * a[j]
            room_a = max(room_a, least)
            candidates[0], n_candidates = target, 1
            for slot in range(n_negatives):
                drawn = draw_unknown(share, alias, known, anchors[row], n, target, key, row, slot)
                if drawn >= 0:
                    candidates[n_candidates] = drawn
                    n_candidates += 1
            for i in range(n_candidates):
                c, square, inside = table[candidates[i]], 0.0, 1.0
                for j in range(dim):
                    square += (a[j] - c[j]) * (a[j] - c[j])
                    inside -= c[j] * c[j]
                apart[i], room[i] = square, max(inside, least)
            paid += _softmax(n_candidates, apart, room, room_a, size, near, along, out_a, out_c)
            d_anchor[:] = 0
            for i in range(n_candidates):
                n_touched = _touch(place, touched, n_touched, candidates[i])
                c, d_candidate = table[candidates[i]], grads[place[candidates[i]]]
                for j in range(dim):
                    pull = along[i] * (a[j] - c[j])
                    d_anchor[j] += pull + out_a[i] * a[j]
                    d_candidate[j] += out_c[i] * c[j] - pull
            n_touched = _touch(place, touched, n_touched, anchors[row])
            for j in range(dim):
                grads[place[anchors[row]], j] += d_anchor[j]
        total += paid / size
        for t in range(n_touched):
            sgd_row(table[touched[t]], grads[t], rates[k], manifold, radius)
            grads[t] = 0
            place[touched[t]] = -1
    return total


@njit(**_FLAGS)
def _softmax(n, apart, room, room_a, size, near, along, out_a, out_c):
    """The loss of an anchor a with n candidates c, the target first; and its gradient over size: along (a - c) + out_a a by a, and
    out_c c - along (a - c) by c.

    apart: |a - c|²; room: 1 - |c|²; writes near, exp(-d), and the gradient's three factors. In arrays, as that makes vector instructions.
    """
    for i in range(n):
        x = 2 * apart[i] / (room_a * room[i])
        near[i] = 1 / (1 + x + np.sqrt(x * (x + 2)))
    sum_near = 0.0
    for i in range(n):
        sum_near += near[i]
    loss, share = np.log(sum_near / near[0]), 1 / sum_near
    for i in range(n):
        x = 2 * apart[i] / (room_a * room[i])
        bend = np.sqrt(x * (x + 2))
        # The loss by d, by x; and x by its ends: 4 (a - c) / (room_a room_c) along, 2 x / room outwards. Where two nodes meet
        # there is no direction.
        slope = -near[i] * share / (size * bend) if bend > 0 else 0.0
        if i == 0 and bend > 0:
            slope += 1 / (size * bend)
        out_a[i], out_c[i] = 2 * slope * x / room_a, 2 * slope * x / room[i]
        along[i] = 4 * slope / (room_a * room[i])
    return loss


@njit(inline="always")
def _touch(place, touched, n, row):
    """How many rows are touched once ``row`` is; its place is then set."""
    if place[row] >= 0:
        return n
    place[row], touched[n] = n, row
    return n + 1


def poincare_batches_twin(
    table, anchors, targets, rows, edges, rates, share, alias, known, key, n_negatives, manifold, radius, first, last
):
    """What ``poincare_batches`` computes, in numpy."""
    total = 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        drawn = np.empty((len(batch), n_negatives), np.int64)
        draw_negatives(share, alias, known, anchors[batch], targets[batch], len(table), key, batch, n_negatives, drawn)
        candidates = np.column_stack([targets[batch], drawn])
        a, c = table[anchors[batch]][:, None], table[candidates]
        room_a, room_c = (1 - (v * v).sum(axis=2) for v in (a, c))
        x = 2 * ((a - c) ** 2).sum(axis=2) / (room_a * room_c)
        d = np.arccosh(1 + x)
        near = np.where(candidates < 0, 0, np.exp(-d))
        total += (d[:, 0] + np.log(near.sum(axis=1))).mean()
        slope = -near / near.sum(axis=1, keepdims=True)
        slope[:, 0] += 1
        slope = np.where(x > 0, slope / np.sqrt(np.where(x > 0, x * (x + 2), 1)), 0)[..., None] / len(batch)
        along = 4 * slope * (a - c) / (room_a * room_c)[..., None]
        outward = 2 * slope * x[..., None]
        d_anchor = (along + outward * a / room_a[..., None]).sum(axis=1)
        d_candidate = outward * c / room_c[..., None] - along
        grads = np.zeros_like(table)
        np.add.at(grads, anchors[batch], d_anchor)
        np.add.at(grads, candidates[candidates >= 0], d_candidate[candidates >= 0])
        touched = np.flatnonzero(grads.any(axis=1))
        sgd_rows_twin(table, touched, grads[touched], rates[k], manifold, radius, 0, len(touched))
    return total
