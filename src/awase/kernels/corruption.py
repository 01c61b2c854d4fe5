"""Triples with one side replaced: the negatives of a graph.

Items are numbered as ``contrast.codes`` says: an entity e, plus n_entities times 1 + r (moved along r), 1 + R + r (moved back) or
1 + 2R + r (as r sees it).
"""

import numpy as np

from awase.kernels.draws import bits, draw_unknown, unit
from awase.kernels.lazy import njit


@njit(cache=True, nogil=True)
def corrupt(heads, relations, tails, head_chance, share, alias, known, n_entities, key, rows, anchors, items):
    """For each triple of ``rows``: the side that stays as anchor, and what that is compared with: the true other side, then corrupted ones.

    head_chance: (R,) float64, how likely the head is the side replaced; share, alias: ``draws.alias_table`` over entities; known:
    ``sets.pair_set`` of (anchor item, entity), which are not drawn. Writes anchors (b,) and items (b, 1 + n), where items[i, 0] is the true
    side and -1 stands where no negative was found. What a row gets depends on the key and the row alone.
    """
    n, n_relations = items.shape[1] - 1, len(head_chance)
    for i in range(len(rows)):
        row = rows[i]
        head, r, tail = heads[row], relations[row], tails[row]
        # The draws of slot j use the bits j * 32 .. j * 32 + 31 of the row; these are the first that no slot uses.
        if unit(bits(key, row, n * 32)) < head_chance[r]:
            anchor, target = tail + n_entities * (1 + n_relations + r), head
        else:
            anchor, target = head + n_entities * (1 + r), tail
        seen = n_entities * (1 + 2 * n_relations + r)
        anchors[i] = anchor
        items[i, 0] = seen + target
        for j in range(n):
            found = draw_unknown(share, alias, known, anchor, n_entities, target, key, row, j)
            items[i, 1 + j] = seen + found if found >= 0 else -1


def corrupt_twin(heads, relations, tails, head_chance, share, alias, known, n_entities, key, rows, anchors, items):
    """What ``corrupt`` computes, in Python."""
    n, n_relations = items.shape[1] - 1, len(head_chance)
    for i, row in enumerate(rows):
        head, r, tail = int(heads[row]), int(relations[row]), int(tails[row])
        replace_head = unit(np.uint64(bits(key, row, n * 32))) < head_chance[r]
        anchors[i] = tail + n_entities * (1 + n_relations + r) if replace_head else head + n_entities * (1 + r)
        target = head if replace_head else tail
        drawn = [draw_unknown(share, alias, known, anchors[i], n_entities, target, key, row, j) for j in range(n)]
        items[i] = [n_entities * (1 + 2 * n_relations + r) + e if e >= 0 else -1 for e in [target, *drawn]]
