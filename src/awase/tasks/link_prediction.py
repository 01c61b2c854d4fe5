"""Link prediction: which rank the right head and the right tail of each test triple have among all entities.

Filtered (Bordes et al., NIPS 2013, section 4.2): other entities that are known to be right do not count. An entity that scores the
same as the right one may stand before or behind it; the rank that counts is the mean of the two ("realistic"; Berrendorf et al.,
arXiv 2002.06914), so that a model which scores everything the same gains nothing by it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from awase.core.errors import InputError
from awase.tasks.answers import BLOCK, Ahead, Answers, ahead, checked_columns, starts
from awase.tasks.items import Metric, Ratio

SIDES = ("head", "tail")

# (anchors (b,), relations (b,), the side that is asked for) -> (b, n_entities), higher is better
Score = Callable[[np.ndarray, np.ndarray, Literal["head", "tail"]], np.ndarray]


class HasTriples(Protocol):
    """Anything with three int64 columns of one length."""

    @property
    def heads(self) -> np.ndarray: ...

    @property
    def relations(self) -> np.ndarray: ...

    @property
    def tails(self) -> np.ndarray: ...


class Triples(NamedTuple):
    """Facts (head, relation, tail) as rows of entities and relations, int64 (n,) each."""

    heads: np.ndarray
    relations: np.ndarray
    tails: np.ndarray


@dataclass(frozen=True)
class LinkPrediction:
    """Ranks of the right answers, int64 (n_triples, 2): the first column for the head, the second for the tail.

    optimistic: before all that score the same; pessimistic: behind them; candidates: how many entities were ranked.
    """

    optimistic: np.ndarray
    pessimistic: np.ndarray
    candidates: np.ndarray

    @property
    def ranks(self) -> np.ndarray:
        """float64 (n_triples, 2): the mean of the optimistic and the pessimistic rank."""
        return (self.optimistic + self.pessimistic) / 2

    def per_triple(self, ks: Sequence[int] = (1, 3, 10)) -> dict[str, np.ndarray]:
        """mrr and hits@k of each triple, float64 (n_triples,): the mean of its two sides. For paired tests."""
        return {name: values.mean(axis=1) for name, values in self._values(ks).items()}

    def metrics(self, ks: Sequence[int] = (1, 3, 10)) -> dict[str, Metric]:
        """For ``Report.of_items``: ``per_triple`` and the adjusted mean rank index."""
        ranks, expected = self.ranks.mean(axis=1), (self.candidates.mean(axis=1) + 1) / 2
        return {**self.per_triple(ks), "adjusted_mean_rank_index": Ratio(expected - ranks, expected - 1)}

    def summary(self, ks: Sequence[int] = (1, 3, 10)) -> dict:
        """n_triples and, for "both" sides, "head" and "tail":

        mrr                           mean 1 / rank
        hits@k                        share of ranks of at most k
        mean_rank                     lower is better
        adjusted_mean_rank            mean rank / its expectation for random scores; 1 is chance, lower is better
        adjusted_mean_rank_index      1 - (mean rank - 1) / (its expectation - 1); 1 is perfect, 0 is chance
        mrr_optimistic, _pessimistic  the same with ties to one side: far apart where many scores are equal
        """
        sides = {"both": slice(None), "head": slice(0, 1), "tail": slice(1, 2)}
        return {"n_triples": len(self.optimistic)} | {side: self._of(columns, ks) for side, columns in sides.items()}

    def per_relation(self, relations: np.ndarray, ks: Sequence[int] = (10,)) -> dict[str, np.ndarray]:
        """The same by relation: relation, n_triples, mrr and hits@k, one entry for each distinct relation of the test triples."""
        distinct, which, counts = np.unique(relations, return_inverse=True, return_counts=True)
        means = {name: np.bincount(which, of) / counts for name, of in self.per_triple(ks).items()}
        return {"relation": distinct, "n_triples": counts, **means}

    def _values(self, ks: Sequence[int]) -> dict[str, np.ndarray]:
        ranks = self.ranks
        return {"mrr": 1 / ranks} | {f"hits@{k}": (ranks <= k).astype(np.float64) for k in ks}

    def _of(self, columns: slice, ks: Sequence[int]) -> dict[str, float | None]:
        expected = float(np.mean((self.candidates[:, columns] + 1) / 2))
        mean_rank = float(np.mean(self.ranks[:, columns]))
        return {
            **{name: float(values[:, columns].mean()) for name, values in self._values(ks).items()},
            "mean_rank": mean_rank,
            "adjusted_mean_rank": mean_rank / expected,
            "adjusted_mean_rank_index": 1 - (mean_rank - 1) / (expected - 1) if expected > 1 else None,
            "mrr_optimistic": float(np.mean(1 / self.optimistic[:, columns])),
            "mrr_pessimistic": float(np.mean(1 / self.pessimistic[:, columns])),
        }


def link_prediction(
    score: Score, test: HasTriples, known: Sequence[HasTriples], n_entities: int, *, block: int = BLOCK
) -> LinkPrediction:
    """The filtered ranks of the heads and of the tails of the test triples among all n_entities.

    score  score(anchors, relations, "tail") scores every entity as the tail of (anchor, relation, ?), and score(..., "head") as the
           head of (?, relation, anchor): (b, n_entities), higher is better
    known  the triples whose answers are left out when they are not the one asked for: usually train, validation and test
    block  scores held at once; equal questions are asked once

    Errors: E0820 an id out of range, E0821 scores of another shape or NaN, E0824 no test triples.

    >>> table = np.array([[0.0, 3.0, 2.0], [0.0, 0.0, 9.0], [1.0, 1.0, 1.0]])  # table[head, tail]
    >>> def score(anchors, relations, side):
    ...     return table[anchors] if side == "tail" else table.T[anchors]
    >>> train, test = Triples(*np.array([[0], [0], [1]])), Triples(*np.array([[0], [0], [2]]))
    >>> link_prediction(score, test, [train, test], 3).ranks.tolist()
    [[2.0, 1.0]]
    """
    everything = [test, *known]
    n_relations = 1 + max(int(np.max(of.relations, initial=0)) for of in everything)
    asked, *facts = (
        _checked(of, "test" if i == 0 else f"known[{i - 1}]", n_entities, n_relations) for i, of in enumerate(everything)
    )
    if not len(asked.heads):
        raise InputError("E0824", "there are no test triples to rank")
    known_facts = Triples(*map(np.concatenate, zip(np.empty((3, 0), np.int64), *facts)))

    def one_side(side: Literal["head", "tail"]) -> Ahead:
        test_side, known_side = (
            of if side == "tail" else Triples(of.tails, of.relations, of.heads) for of in (asked, known_facts)
        )
        return _tails(
            lambda anchors, relations: score(anchors, relations, side), test_side, known_side, n_entities, n_relations, block
        )

    found = [one_side(side) for side in SIDES]
    greater, equal, others = (np.stack(columns, axis=1) for columns in zip(*found))
    return LinkPrediction(1 + greater, 1 + greater + equal, 1 + others)


def _tails(score, asked: Triples, known: Triples, n_entities: int, n_relations: int, block: int) -> Ahead:
    """What stands ahead of each asked tail, in the order of ``asked``."""
    questions, which = np.unique(asked.heads * n_relations + asked.relations, return_inverse=True)
    order = np.argsort(which, kind="stable")
    targets = Answers(starts(which, len(questions)), asked.tails[order])
    codes = known.heads * n_relations + known.relations
    at = np.minimum(np.searchsorted(questions, codes), len(questions) - 1)
    of_asked = questions[at] == codes
    left_out = Answers.of(at[of_asked], known.tails[of_asked], len(questions))
    anchors, relations = np.divmod(questions, n_relations)
    found = ahead(lambda rows: score(anchors[rows], relations[rows]), targets, left_out, n_entities, block=block)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return Ahead(*(of[back] for of in found))


def _checked(of: HasTriples, name: str, n_entities: int, n_relations: int) -> Triples:
    columns = {"heads": (of.heads, n_entities), "relations": (of.relations, n_relations), "tails": (of.tails, n_entities)}
    return Triples(*checked_columns({f"{name}.{what}": column for what, column in columns.items()}))
