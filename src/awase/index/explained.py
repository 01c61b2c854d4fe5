"""Why a query finds an item: which words of the query are in it, what each adds to its score, and how near the vectors are."""

import json
import re
from dataclasses import dataclass, field

import numpy as np

from awase.core.errors import InputError
from awase.data.text.analyze import TermBags
from awase.index.collection import Collection
from awase.index.items import Item

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Met:
    """A term of the query as BM25 counts it (a stem, a character or two). ``times`` in the item; ``items`` that have it; ``score`` it adds."""

    term: str
    times: int
    items: int
    score: float


@dataclass(frozen=True)
class Explanation:
    """``met``: the terms of the query that are in the item, those that add most first; ``missing``: those that are in others only;
    ``unknown``: words of which nothing is in any item. ``bm25``: what the terms add up to; ``dense``: the cosine, None without a model.
    """

    item: Item
    met: list[Met] = field(default_factory=list)
    missing: list[Met] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    bm25: float = 0.0
    dense: float | None = None


def explained(collection: Collection, query: str, item_id: str) -> Explanation:
    """Why a query finds an item of a collection, or why not.

    Raises: InputError E0763 where there is no such item; as ``Collection.search``.

    >>> from awase import Collection
    >>> with Collection.create(getfixture("tmp_path") / "docs.awase") as docs:
    ...     _ = docs.add([("a", "red wines and white wine"), ("b", "red beer")])
    ...     found = explained(docs, "Wine or beer or mead", "a")
    >>> [(one.term, one.times) for one in found.met], [one.term for one in found.missing], found.unknown
    ([('wine', 2)], ['beer'], ['or', 'mead'])
    """
    vector = collection._model.encode([query], "query", [query]) if collection.dim else None
    with collection._reading():
        kept = collection._table.by_id([item_id]).get(item_id)
        if kept is None:
            raise InputError("E0763", "there is no such item", value=item_id, remedy="give the id of a search result, whole")
        kept = collection._table.checked(kept)
        item, row = Item(kept.id, kept.text, json.loads(kept.metadata)), np.array([kept.row])
        lexical, dense = collection._lexical, collection._dense
        lexical.catch_up()
        index, at = lexical.searcher, np.searchsorted(lexical.rows, row)
        if vector is not None:
            dense.catch_up()
        near = None if vector is None else float(dense.scores_of(vector, row[None])[0, 0])
    asked = index.analyzer.lookup([query]).ids
    terms, n_asked = np.unique(asked, return_counts=True)
    ids = index.analyzer.lookup([item.text]).ids
    times = [int((ids == term).sum()) for term in terms]
    mask = np.zeros(len(index), bool)
    mask[at] = True
    bags = TermBags(np.repeat(terms, n_asked).astype(np.int32), np.concatenate([[0], np.cumsum(n_asked)]))
    scores = index.search_terms(bags, 1, mask).scores[:, 0].tolist() if len(terms) else []
    names, items = index.analyzer.vocabulary(), index.frequencies()
    found = [
        Met(names[term], n, int(items[term]), max(score, 0.0))
        for term, n, score in zip(terms.tolist(), times, scores)
        if items[term]
    ]
    words = dict.fromkeys(_WORD.findall(query))
    unknown = [word for word in words if not items[index.analyzer.lookup([word]).ids].any()]
    met = sorted((one for one in found if one.times), key=lambda one: -one.score)
    return Explanation(item, met, [one for one in found if not one.times], unknown, sum(one.score for one in met), near)
