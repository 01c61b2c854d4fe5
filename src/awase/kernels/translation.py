"""TransE and TransD: steps on batches of triples with corrupted ones as negatives, all batches of an epoch in one call.

A relation moves an entity; TransD projects it first, by vectors of the entity and of the relation:

    e moved along r:  e + (e_p · e) r_p + r        e as r sees it:  e + (e_p · e) r_p        (TransE: without the middle term)

The loss is a hinge on distances: the mean over the negatives of max(0, margin + |anchor - positive|_p - |anchor - negative|_p).
"""

import numpy as np
from numba import njit

from awase.kernels.corruption import corrupt, corrupt_twin
from awase.kernels.steps import adagrad_row, adagrad_rows_twin, sgd_row, sgd_rows_twin

TABLES = ("entities", "relations", "entity_projections", "relation_projections")
ENTITIES, RELATIONS, ENTITY_PROJECTIONS, RELATION_PROJECTIONS = range(4)
# Divisions that may raise are not turned into vector instructions: so numpy's rules.
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
    # Gradients are held for the rows a batch touches only, in the order of first sight; ``place`` of a row is its number there, or -1.
    entity_place, relation_place = np.full(n_entities, -1), np.full(n_relations, -1)
    touched_entities = np.empty(min(largest * (2 + n_negatives), n_entities), np.int64)
    touched_relations = np.empty(min(largest, n_relations), np.int64)
    n_projected = 1 if projected else 0
    grads = (
        np.zeros((len(touched_entities), dim), np.float32),
        np.zeros((len(touched_relations), dim), np.float32),
        np.zeros((n_projected * len(touched_entities), dim), np.float32),
        np.zeros((n_projected * len(touched_relations), dim), np.float32),
    )
    x, d_anchor = np.empty(dim, np.float32), np.empty(dim, np.float32)
    apart, distances = np.empty((1 + n_negatives, dim), np.float32), np.empty(1 + n_negatives, np.float32)
    total = 0.0
    for k in range(first, last):
        batch = rows[edges[k] : edges[k + 1]]
        corrupt(heads, relations, tails, head_chance, share, alias, known, n_entities, key, batch, anchors, items)
        seen_entities, seen_relations, paid = 0, 0, 0.0
        for i in range(len(batch)):
            anchor, r = anchors[i] % n_entities, relations[batch[i]]
            sign = np.float32(1) if anchors[i] < n_entities * (1 + n_relations) else np.float32(-1)
            _vector(tables, anchor, r, sign, projected, x)
            n_found, n_active = 0, 0
            for j in range(1 + n_negatives):
                if items[i, j] >= 0:
                    _vector(tables, items[i, j] % n_entities, r, np.float32(0), projected, apart[j])
                    distances[j] = _subtract(x, apart[j], p)
                    n_found += j > 0
            for j in range(1, 1 + n_negatives):
                hinge = margin + distances[0] - distances[j]
                if items[i, j] >= 0 and hinge > 0:
                    paid += hinge / n_found
                    n_active += 1
                else:
                    items[i, j] = -1
            if n_active == 0:
                continue
            relation_at = _place(relation_place, touched_relations, seen_relations, r)
            seen_relations = max(seen_relations, relation_at + 1)
            d_anchor[:] = 0
            for j in range(1 + n_negatives):
                if items[i, j] < 0:
                    continue
                slope = np.float32((n_active if j == 0 else -1) / (n_found * len(batch)))
                if p == 2:
                    slope = slope / distances[j] if distances[j] > 0 else np.float32(0)
                candidate, d_candidate = items[i, j] % n_entities, apart[j]
                for c in range(dim):
                    step = slope * (np.sign(d_candidate[c]) if p == 1 else d_candidate[c])
                    d_anchor[c] += step
                    d_candidate[c] = -step
                at = _place(entity_place, touched_entities, seen_entities, candidate)
                seen_entities = max(seen_entities, at + 1)
                _pull(tables, candidate, r, d_candidate, projected, grads, at, relation_at)
            at = _place(entity_place, touched_entities, seen_entities, anchor)
            seen_entities = max(seen_entities, at + 1)
            _pull(tables, anchor, r, d_anchor, projected, grads, at, relation_at)
            for c in range(dim):
                grads[RELATIONS][relation_at, c] += sign * d_anchor[c]
        total += paid / len(batch)
        for t in range(4 if projected else 2):
            of_entities = t in (ENTITIES, ENTITY_PROJECTIONS)
            touched = touched_entities[:seen_entities] if of_entities else touched_relations[:seen_relations]
            _step(tables[t], squares[t], touched, grads[t], np.float32(full[t] * schedule[k]), codes[t], radii[t], adagrad)
        entity_place[touched_entities[:seen_entities]] = -1
        relation_place[touched_relations[:seen_relations]] = -1
    return total


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
    total = np.float32(0)
    for c in range(len(x)):
        y[c] = x[c] - y[c]
        total += abs(y[c]) if p == 1 else y[c] * y[c]
    return total if p == 1 else np.sqrt(total)


@njit(**_FLAGS)
def _place(places, touched, n, row):
    """Where a row's gradient is; a row not yet touched becomes the n-th."""
    if places[row] < 0:
        places[row] = n
        touched[n] = row
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
