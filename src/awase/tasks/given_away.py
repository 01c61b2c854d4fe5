"""Test triples whose answer stands in training in other words: turned round, or under another relation.

Of the test triples of FB15k and WN18 most have their reverse in training, and a model that learns which relation is which backwards needs to
know nothing else (Toutanova and Chen, CVSC 2015; Dettmers et al., arXiv 1707.01476; Akrami et al., arXiv 2003.08001). FB15k-237 was made by
leaving out what is linked in training in any way; ``Given.none`` are the test triples that would be left.
"""

from typing import NamedTuple

import numpy as np

from awase.tasks.link_prediction import HasTriples, LinkPrediction
from awase.tasks.report.shown import Table

_SAME = 0.8  # of a relation's links that another has too, for the two to be called alike (Akrami et al. 2020, section 4)
_LEAST = 10  # links of a relation, for its share to mean something
_LISTED = 50


class Given(NamedTuple):
    """What training says of each test triple (head, relation, tail), bool (n,) each."""

    repeated: np.ndarray  # (head, relation, tail) itself
    symmetric: np.ndarray  # (tail, relation, head)
    reversed: np.ndarray  # (tail, another, head)
    duplicate: np.ndarray  # (head, another, tail)

    @property
    def none(self) -> np.ndarray:
        """Head and tail are not linked in training at all."""
        return ~np.any(self, axis=0)


def given_away(test: HasTriples, train: HasTriples, n_entities: int) -> Given:
    """What ``train`` says of the entities of each test triple.

    >>> from awase.tasks.link_prediction import Triples
    >>> train = Triples(np.array([0, 2]), np.array([0, 1]), np.array([1, 3]))
    >>> given_away(Triples(np.array([1, 3, 4]), np.array([1, 1, 0]), np.array([0, 2, 5])), train, 6).none
    array([False, False,  True])
    """
    linked, n_links = np.unique(train.heads * n_entities + train.tails, return_counts=True)
    relations = np.unique(train.relations)

    def found(heads: np.ndarray, tails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many training triples lead from each head to its tail, and how many of them by the relation of the test triple."""
        at, there = _places(linked, heads * n_entities + tails)
        relation, known = _places(relations, test.relations)
        same = np.isin(at * len(relations) + relation, codes) & there & known
        return np.where(there, n_links[at], 0), same.astype(np.int64)

    of_train = _places(linked, train.heads * n_entities + train.tails)[0]
    codes = np.unique(of_train * len(relations) + _places(relations, train.relations)[0])
    forward, repeated = found(test.heads, test.tails)
    backward, symmetric = found(test.tails, test.heads)
    apart = test.heads != test.tails
    return Given(repeated > 0, (symmetric > 0) & apart, (backward > symmetric) & apart, forward > repeated)


class Alike(NamedTuple):
    """Of the links of ``relation`` a ``share`` stands under ``other`` too: "reversed", "symmetric" (itself, turned round), "near-duplicate"."""

    relation: int
    other: int
    how: str
    share: float
    n: int


def alike(triples: HasTriples, n_entities: int) -> list[Alike]:
    """The relations of which at least 0.8 of ten or more links stand under another relation, or turned round; most links first."""
    relations, forward = np.asarray(triples.relations), triples.heads * n_entities + triples.tails
    backward = triples.tails * n_entities + triples.heads
    names, n_links = np.unique(relations, return_counts=True)
    shares = []
    for codes, hows in ((forward, ("", "near-duplicate")), (backward, ("symmetric", "reversed"))):
        for one, other, n in _met(relations, forward, codes):
            of = int(n_links[np.searchsorted(names, one)])
            if (how := hows[one != other]) and of >= _LEAST and n >= _SAME * of:
                shares.append(Alike(one, other, how, n / of, of))
    return sorted(shares, key=lambda row: (-row.n, row.relation, row.other))


def _met(relations: np.ndarray, codes: np.ndarray, others: np.ndarray) -> list[tuple[int, int, int]]:
    """(r, s, n): for how many links of relation r, by ``codes``, relation s has one among ``others``."""
    order = np.argsort(others, kind="stable")
    first, last = (np.searchsorted(others[order], codes, side=side) for side in ("left", "right"))
    times = last - first
    starts = np.cumsum(times) - times
    partner = order[np.repeat(first, times) + np.arange(times.sum()) - np.repeat(starts, times)]
    pairs = np.stack([np.repeat(relations, times), relations[partner]])
    distinct, counts = np.unique(pairs, axis=1, return_counts=True)
    return [(int(r), int(s), int(n)) for (r, s), n in zip(distinct.T, counts)]


def _places(values: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each wanted value stands among ``values``, which rise, and whether it does."""
    at = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    return at, values[at] == wanted


_KINDS = (
    ("repeated", "in training as they are"),
    ("reversed", "in training turned round, under another relation"),
    ("symmetric", "in training turned round, under the same relation"),
    ("duplicate", "in training under another relation"),
)
_TOLD = 0.05  # of the test triples, from which on it is a caution


def told(
    given: Given, system: str, found: LinkPrediction, relations: list[Alike], names: list[str]
) -> tuple[list[Table], list[str]]:
    """The tables and the cautions of a report. found: of the system whose figures are shown; names: of relations."""
    of = found.per_triple()
    n, away = len(given.repeated), ~given.none
    if not away.any():
        return [], []
    rows = [(words, getattr(given, kind)) for kind, words in _KINDS]
    rows = [(words, which) for words, which in rows if which.any()] + [("none of these", given.none)]
    tables = [
        Table(
            "Given away",
            ("the two of the test triple are linked", "test triples", "mrr", "hits@10"),
            [
                (
                    words,
                    int(which.sum()),
                    *(float(of[name][which].mean()) if which.any() else None for name in ("mrr", "hits@10")),
                )
                for words, which in rows
            ],
            f"Of {system}. What training says backwards, or by another name, need not be learned.",
        )
    ]
    if relations:
        listed = [(names[row.relation], row.how, names[row.other], row.n, row.share) for row in relations[:_LISTED]]
        heads = ("relation", "is", "of", "links", "share")
        tables.append(
            Table("Relations that say the same", heads, listed, f"{len(relations):,} with a share of {_SAME} or more.")
        )
    if away.sum() < _TOLD * n:
        return tables, []
    counts = [f"{int(getattr(given, kind).sum()):,} {words}" for kind, words in _KINDS if getattr(given, kind).any()]
    kinds = {how: sum(row.how == how for row in relations) for how in ("reversed", "symmetric", "near-duplicate")}
    of_relations = ", ".join(f"{count:,} {how}" for how, count in kinds.items() if count)
    left = (
        f"Without them {system} has an MRR of {of['mrr'][given.none].mean():.3f}, not {of['mrr'].mean():.3f}."
        if given.none.any()
        else "Without them nothing is left to judge by."
    )
    leak = f"Training gives away {int(away.sum()):,} of {n:,} test triples: {', '.join(counts)}"
    return tables, [f"{leak}{f' (relations: {of_relations})' if of_relations else ''}. {left}"]
