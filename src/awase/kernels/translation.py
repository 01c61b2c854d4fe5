"""TransE and TransD: steps on batches of triples with corrupted ones as negatives, all batches of an epoch in one call.

A relation moves an entity; TransD projects it first, by vectors of the entity and of the relation:

    e moved along r:  e + (e_p · e) r_p + r        e as r sees it:  e + (e_p · e) r_p        (TransE: without the middle term)

The loss is a hinge on distances: the mean over the negatives of max(0, margin + |anchor - positive|_p - |anchor - negative|_p).
"""

import numpy as np

from awase.kernels.corruption import corrupt, corrupt_twin
from awase.kernels.lazy import njit
from awase.kernels.steps import adagrad_row, adagrad_rows_twin, sgd_row, sgd_rows_twin

TABLES = ("entities", "relations", "entity_projections", "relation_projections")
ENTITIES, RELATIONS, ENTITY_PROJECTIONS, RELATION_PROJECTIONS = range(4)
# Divisions that may raise are not turned into vector instructions: so numpy's rules. What is called once a negative is inlined.
_FLAGS = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc", "nsz"}, "error_model": "numpy"}


@njit(**_FLAGS)
def translation_steps(
    tables, squares, full, codes, radii, projected, adagrad, p, margin,
    heads, relations, tails, head_chance, share, alias, known, key, n_negatives, rows, edges, schedule, first, last,
):  # fmt: skip
    """Takes the steps of the batches rows[edges[k]:edges[k + 1]], first <= k < last, and returns the sum of their mean losses.

    tables: those of TABLES, float32 (n, d), the last two read only if ``projected``; squares: Adagrad's, of the same shapes, read only if
    ``adagrad``; full, codes, radii: (4,) for each table its full rate and its manifold (``kernels.manifolds``); schedule: (batches,) the share
    of the full rate; p: 1 or 2; heads .. key: as ``corruption.corrupt`` takes them.
    All gradients of a batch are taken before its step, and a row that stands in several places steps once, along their sum.
    """
    n_entities, dim = tables[ENTITIES].shape
    n_relations = tables[RELATIONS].shape[0]
    largest = 0
    for k in range(first, last):
        largest = max(largest, edges[k + 1] - edges[k])
    anchors, items = np.empty(largest, np.int64), np.empty((largest, 1 + n_negatives), np.int64)
    # Gradients are held for the rows a batch touches only, in the order of first sight: ``places`` has a row's number there, or -1.
    most = (min(largest * (2 + n_negatives), n_entities), min(largest, n_relations))
    places = (np.full(n_entities, -1), np.full(n_relations, -1))
    touched, n_touched = (np.empty(most[0], np.int64), np.empty(most[1], np.int64)), np.zeros(2, np.int64)
    held = 1 if projected else 0
    grads = (
        np.zeros((most[0], dim), np.float32),
        np.zeros((most[1], dim), np.float32),
        np.zeros((most[0] * held, dim), np.float32),
        np.zeros((most[1] * held, dim), np.float32),
    )
    vectors, apart = np.empty((2, dim), np.float32), np.empty((1 + n_negatives, dim), np.float32)
    distances, slopes = np.empty(1 + n_negatives, np.float32), np.empty(1 + n_negatives, np.float32)
    total = 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        corrupt(heads, relations, tails, head_chance, share, alias, known, n_entities, key, batch, anchors, items)
        paid = 0.0
        for i in range(len(batch)):
            paid += _triple(
                tables, projected, p, margin, anchors[i], items[i], relations[batch[i]], len(batch),
                vectors, apart, distances, slopes, grads, places, touched, n_touched,
            )  # fmt: skip
        total += paid / len(batch)
        for t in range(4 if projected else 2):
            of = t % 2  # tables of entities and of relations take turns
            rows_of = touched[of][: n_touched[of]]
            _step(tables[t], squares[t], rows_of, grads[t], np.float32(full[t] * schedule[k]), codes[t], radii[t], adagrad)
        for of in range(2):
            places[of][touched[of][: n_touched[of]]] = -1
            n_touched[of] = 0
    return total


@njit(**_FLAGS, inline="always")
def _triple(
    tables, projected, p, margin, anchor, items, r, size,
    vectors, apart, distances, slopes, grads, places, touched, n_touched,
):  # fmt: skip
    """The loss of one triple; adds the gradients of its share, 1 / size, in the mean over a batch. Other arguments: scratch and sums."""
    n_entities, n_relations = tables[ENTITIES].shape[0], tables[RELATIONS].shape[0]
    sign = np.float32(1) if anchor < n_entities * (1 + n_relations) else np.float32(-1)
    x, dx = vectors[0], vectors[1]
    _vector(tables, anchor % n_entities, r, sign, projected, x)
    for j in range(len(items)):
        if items[j] >= 0:
            _vector(tables, items[j] % n_entities, r, np.float32(0), projected, apart[j])
            distances[j] = _subtract(x, apart[j], p)
    paid = _hinges(items, distances, margin, slopes)
    if slopes[0] == 0:
        return paid
    relation_at = _place(places[1], touched[1], n_touched, 1, r)
    dx[:] = 0
    for j in range(len(items)):
        if slopes[j] != 0:
            slope = slopes[j] / np.float32(size)
            if p == 2:
                slope = slope / distances[j] if distances[j] > 0 else np.float32(0)
            _turn(apart[j], slope, p, dx)
            at = _place(places[0], touched[0], n_touched, 0, items[j] % n_entities)
            _pull(tables, items[j] % n_entities, r, apart[j], projected, grads, at, relation_at)
    at = _place(places[0], touched[0], n_touched, 0, anchor % n_entities)
    _pull(tables, anchor % n_entities, r, dx, projected, grads, at, relation_at)
    d_relation = grads[RELATIONS][relation_at]
    for c in range(len(dx)):
        d_relation[c] += sign * dx[c]
    return paid


@njit(**_FLAGS, inline="always")
def _hinges(items, distances, margin, slopes):
    """The mean over the negatives (items of -1 are none) of max(0, margin + distances[0] - distances[j]), and its slopes by the distances."""
    n_found, n_active, paid = 0, 0, 0.0
    for j in range(1, len(items)):
        hinge = margin + distances[0] - distances[j] if items[j] >= 0 else 0.0
        n_found += items[j] >= 0
        n_active += hinge > 0
        paid += max(hinge, 0.0)
        slopes[j] = -1 if hinge > 0 else 0
    slopes[0] = n_active
    for j in range(len(items)):
        slopes[j] /= max(n_found, 1)
    return paid / max(n_found, 1)


@njit(**_FLAGS)
def _vector(tables, entity, r, sign, projected, out):
    """out = the entity as r sees it, plus sign times r."""
    e, move = tables[ENTITIES][entity], tables[RELATIONS][r]
    for c in range(len(out)):
        out[c] = e[c] + sign * move[c]
    if projected:
        e_p, r_p = tables[ENTITY_PROJECTIONS][entity], tables[RELATION_PROJECTIONS][r]
        along = np.float32(0)
        for c in range(len(out)):
            along += e_p[c] * e[c]
        for c in range(len(out)):
            out[c] += along * r_p[c]


@njit(**_FLAGS)
def _subtract(x, y, p):
    """Sets y to x - y and returns its p-norm."""
    for c in range(len(x)):
        y[c] = x[c] - y[c]
    # A loop of its own: one that writes and sums is compiled twice, and which runs depends on where the arrays lie, so would the rounding.
    total = np.float32(0)
    for c in range(len(x)):
        total += abs(y[c]) if p == 1 else y[c] * y[c]
    return total if p == 1 else np.sqrt(total)


@njit(**_FLAGS, inline="always")
def _turn(apart, slope, p, dx):
    """x - y becomes the gradient by y of slope times the norm (for p 2: of its square, halved); the gradient by x is added to dx."""
    for c in range(len(dx)):
        step = slope * (np.sign(apart[c]) if p == 1 else apart[c])
        dx[c] += step
        apart[c] = -step


@njit(**_FLAGS, inline="always")
def _place(places, touched, n_touched, of, row):
    """Where a row's gradient is; a row not yet touched becomes the next."""
    if places[row] < 0:
        places[row] = n_touched[of]
        touched[n_touched[of]] = row
        n_touched[of] += 1
    return places[row]


@njit(**_FLAGS)
def _pull(tables, entity, r, d, projected, grads, at, relation_at):
    """Adds to the gradients what d, the gradient by the entity as r sees it, gives."""
    d_entity = grads[ENTITIES][at]
    for c in range(len(d)):
        d_entity[c] += d[c]
    if projected:
        e, e_p, r_p = tables[ENTITIES][entity], tables[ENTITY_PROJECTIONS][entity], tables[RELATION_PROJECTIONS][r]
        along, across = np.float32(0), np.float32(0)
        for c in range(len(d)):
            along += e_p[c] * e[c]
            across += d[c] * r_p[c]
        d_projection, d_relation = grads[ENTITY_PROJECTIONS][at], grads[RELATION_PROJECTIONS][relation_at]
        for c in range(len(d)):
            d_entity[c] += across * e_p[c]
            d_projection[c] += across * e[c]
            d_relation[c] += along * d[c]


@njit(**_FLAGS)
def _step(table, squares, touched, grads, rate, code, radius, adagrad):
    """One step of each touched row, and its gradient back to 0."""
    for k in range(len(touched)):
        if adagrad:
            adagrad_row(table[touched[k]], squares[touched[k]], grads[k], rate, code, radius)
        else:
            sgd_row(table[touched[k]], grads[k], rate, code, radius)
        grads[k] = 0


def translation_steps_twin(
    tables, squares, full, codes, radii, projected, adagrad, p, margin,
    heads, relations, tails, head_chance, share, alias, known, key, n_negatives, rows, edges, schedule, first, last,
):  # fmt: skip
    """What ``translation_steps`` computes, in numpy."""
    n_entities, total = len(tables[ENTITIES]), 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        anchors, items = np.empty(len(batch), np.int64), np.empty((len(batch), 1 + n_negatives), np.int64)
        corrupt_twin(heads, relations, tails, head_chance, share, alias, known, n_entities, key, batch, anchors, items)
        grads = [np.zeros_like(table) for table in tables]
        for anchor, row, candidates in zip(anchors, batch, items):
            r, sign = relations[row], 1 if anchor < n_entities * (1 + len(head_chance)) else -1
            found = [int(candidate) % n_entities for candidate in candidates if candidate >= 0]
            x = _seen_twin(tables, anchor % n_entities, r, projected) + sign * tables[RELATIONS][r]
            apart = np.stack([x - _seen_twin(tables, entity, r, projected) for entity in found])
            distances = np.linalg.norm(apart, ord=p, axis=1)
            hinges = margin + distances[0] - distances[1:]
            share_of_one = 1 / (max(len(hinges), 1) * len(batch))
            total += hinges[hinges > 0].sum() * share_of_one
            slopes = np.concatenate([[(hinges > 0).sum()], -1.0 * (hinges > 0)]) * share_of_one
            directions = np.sign(apart) if p == 1 else apart / np.where(distances > 0, distances, 1)[:, None]
            d_candidates = -slopes[:, None] * directions
            grads[RELATIONS][r] -= sign * d_candidates.sum(axis=0)
            for entity, d in zip([*found, anchor % n_entities], [*d_candidates, -d_candidates.sum(axis=0)]):
                grads[ENTITIES][entity] += d
                if projected:
                    e, e_p, r_p = tables[ENTITIES][entity], tables[ENTITY_PROJECTIONS][entity], tables[RELATION_PROJECTIONS][r]
                    grads[ENTITIES][entity] += (d @ r_p) * e_p
                    grads[ENTITY_PROJECTIONS][entity] += (d @ r_p) * e
                    grads[RELATION_PROJECTIONS][r] += (e_p @ e) * d
        for t in range(4 if projected else 2):
            touched, rate = np.flatnonzero(grads[t].any(axis=1)), np.float32(full[t] * schedule[k])
            given = (touched, grads[t][touched], rate, codes[t], radii[t], 0, len(touched))
            if adagrad:
                adagrad_rows_twin(tables[t], squares[t], *given)
            else:
                sgd_rows_twin(tables[t], *given)
    return total


def _seen_twin(tables, entity, r, projected):
    e = tables[ENTITIES][entity]
    return e + (tables[ENTITY_PROJECTIONS][entity] @ e) * tables[RELATION_PROJECTIONS][r] if projected else e
