"""Several systems on the same queries: what each scores, how sure that is, which is better, and where one fails."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.core.progress import progress
from awase.core.protocols import Hits
from awase.core.suggest import did_you_mean
from awase.data.judged import NOTHING_RELEVANT, Judged
from awase.tasks.metrics import asked_for, parse_metric, per_query, ranked
from awase.tasks.significance import PairedTest, bootstrap_ci, holm, holm_alphas, paired_test

METRICS = ("ndcg@10", "recall@10", "mrr@10", "accuracy@1")


@dataclass(frozen=True)
class System:
    """Something to judge: a name, and a function from texts and k to the best rows of the judged documents."""

    name: str
    search: Callable[[list[str], int], Hits]


@dataclass(frozen=True)
class Measured:
    """One metric of one system: its value per query, float64 (n_queries,), the mean, and the 95 % interval of the mean."""

    per_query: np.ndarray
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Paired:
    """System a against b on the same queries: mean of a minus mean of b, its standard error, its 95 % interval and p; and both corrected by
    Holm's method for the number of tests. 0 is outside an interval exactly where its p is below .05. constant: as in ``PairedTest``."""

    a: str
    b: str
    metric: str
    difference: float
    se: float
    low: float
    high: float
    p: float
    low_holm: float
    high_holm: float
    p_holm: float
    constant: float | None = None

    @staticmethod
    def several(tests: Sequence[tuple[str, str, str, PairedTest]], *, most: float = 1.0) -> "tuple[Paired, ...]":
        """Tests made together, as (a, b, metric, test); no true difference is larger than ``most``."""
        p = np.array([test.p for *_, test in tests])
        found = []
        for (a, b, metric, test), alpha, corrected in zip(tests, holm_alphas(p), holm(p)):
            alone, together = (*test.interval(most=most), test.p), (*test.interval(float(alpha), most=most), float(corrected))
            found.append(Paired(a, b, metric, test.difference, test.se, *alone, *together, test.constant))
        return tuple(found)


@dataclass(frozen=True)
class Judgement:
    """What ``judge`` found. ``judged`` holds the queries that counted; ``n_skipped`` could not be judged, for most had no relevant document.

    metrics: canonical names, the tested one first; systems: name -> metric -> Measured; hits: what each system returned, in the
    order that counted; seconds: wall-clock each took for all queries.
    """

    judged: Judged
    metrics: tuple[str, ...]
    systems: dict[str, dict[str, Measured]]
    tests: tuple[Paired, ...]
    hits: dict[str, Hits]
    seconds: dict[str, float]
    n_skipped: int
    seed: int


# A pair to test: (a, b), or (a, (b, c, ...)) for a against whichever of those has the best mean.
Pair = tuple[str, str | tuple[str, ...]]


def judge(
    systems: Sequence[System],
    judged: Judged,
    metrics: Sequence[str] = METRICS,
    *,
    pairs: Sequence[Pair] | Literal["all"] = (),
    k: int = 100,
    seed: int = 0,
) -> Judgement:
    """All systems measured on the same queries, with intervals, and paired tests of the named pairs on the first metric.

    Only the first metric is tested, so that what is claimed was chosen before looking; ``pairs="all"`` tests every two systems.
    Each system is asked once, for the best max(k, what the metrics count) rows of ``judged.documents``.
    Queries without a relevant document are left out and counted. A query that is itself a document is no candidate for itself.

    >>> judged = Judged(["q"], ["a", "b"], np.array([0, 1]), np.array([1]), np.array([1.0]), ["1"], ["a", "b"], "toy")
    >>> always_a = System("always a", lambda queries, k: Hits(np.array([[0, 1]]), np.array([[1.0, 0.0]])))
    >>> judge([always_a], judged, ["mrr@10"]).systems["always a"]["mrr@10"].mean
    0.5
    """
    asked = [parse_metric(name) for name in metrics]
    names = [metric.name for metric in asked]
    if not asked or not systems:
        raise ConfigError("E0807", "judging needs at least one system and one metric")
    labels = [system.name for system in systems]
    if len(set(labels)) < len(labels):
        raise ConfigError("E0807", "two systems have one name", value=labels, remedy="give each system its own name")
    wanted = [(a, b) for i, b in enumerate(labels) for a in labels[i + 1 :]] if pairs == "all" else list(pairs)
    check_pairs(wanted, labels)
    judged, _ = answerable(judged)
    depth = min(max(k, *(metric.k for metric in asked)), len(judged.documents))
    wanted_hits = asked_for(judged, depth)

    hits, seconds, values = {}, {}, np.empty((len(systems), len(names), len(judged.queries)))
    with progress("judging", total=len(systems), unit="systems") as job:
        for i, system in enumerate(systems):
            job.note(system.name)
            start = time.perf_counter()
            found = system.search(judged.queries, wanted_hits)
            seconds[system.name] = time.perf_counter() - start
            hits[system.name] = ranked(found, judged, depth, of=f"system {system.name!r}")
            values[i] = list(per_query(hits[system.name], judged, names).values())
            job.advance()
    bounds = bootstrap_ci(values, seed=seed)
    measured = {
        label: {
            name: Measured(values[i, j], float(values[i, j].mean()), float(bounds[i, j, 0]), float(bounds[i, j, 1]))
            for j, name in enumerate(names)
        }
        for i, label in enumerate(labels)
    }
    tests = _tests(wanted, measured, names[0], seed)
    return Judgement(judged, tuple(names), measured, tests, hits, seconds, sum(judged.left_out.values()), seed)


def answerable(judged: Judged) -> tuple[Judged, int]:
    """The queries that have a relevant document (grade above 0), and how many had none. Raises E0805 when none has one."""
    query = np.repeat(np.arange(len(judged.queries)), np.diff(judged.offsets))
    kept = np.bincount(query[judged.grades > 0], minlength=len(judged.queries)) > 0
    n_skipped = int(np.count_nonzero(~kept))
    if n_skipped == len(judged.queries):
        remedy = "check that the ids in the judgements are those of the queries and documents"
        raise InputError("E0805", "no query has a relevant document", place=judged.name, value=n_skipped, remedy=remedy)
    if n_skipped == 0:
        return judged, 0
    return judged.take(np.flatnonzero(kept), left_out={NOTHING_RELEVANT: n_skipped}), n_skipped


def worst_queries(judgement: Judgement, a: str, b: str, *, n: int = 10, shown: int = 3) -> list[dict]:
    """The at most n queries on which system a falls furthest behind b by the first metric, as text; none where a is not behind.

    Each: query, its id, the ``relevant`` documents, and for both systems (``a`` and ``b``) the metric's value, the rank of the
    first relevant document (None when it was not found) and the first results. ``shown`` caps every list of texts.
    """
    for name in (a, b):
        if name not in judgement.systems:
            raise ConfigError("E0807", "no system has this name", value=name, remedy=did_you_mean(name, judgement.systems))
    metric = judgement.metrics[0]
    behind = judgement.systems[b][metric].per_query - judgement.systems[a][metric].per_query
    worst = np.argsort(-behind, kind="stable")[:n]
    return [_case(judgement, int(query), metric, a, b, shown) for query in worst[behind[worst] > 0]]


def _case(judgement: Judgement, query: int, metric: str, a: str, b: str, shown: int) -> dict:
    judged = judgement.judged
    span = slice(judged.offsets[query], judged.offsets[query + 1])
    grades = judged.grades[span]
    relevant = judged.rows[span][np.argsort(-grades, kind="stable")][: np.count_nonzero(grades > 0)]

    def side(name: str) -> dict:
        rows = judgement.hits[name].rows[query]
        found = np.flatnonzero(np.isin(rows, relevant))
        return {
            "system": name,
            metric: float(judgement.systems[name][metric].per_query[query]),
            "rank": int(found[0]) + 1 if len(found) else None,
            "returned": [judged.documents[row] for row in rows[:shown] if row >= 0],
        }

    return {
        "query": judged.queries[query],
        "query_id": judged.query_ids[query],
        "relevant": [judged.documents[row] for row in relevant[:shown]],
        "a": side(a),
        "b": side(b),
    }


def check_pairs(pairs: Sequence[Pair], labels: list[str]) -> None:
    for a, b in pairs:
        others = (b,) if isinstance(b, str) else b
        for name in (a, *others):
            if name not in labels:
                raise ConfigError("E0807", "a pair names an unknown system", value=name, remedy=did_you_mean(name, labels))
        if a in others:
            raise ConfigError("E0807", "a pair compares a system with itself", value=a, remedy="name two systems")


def _tests(pairs: Sequence[Pair], systems: dict[str, dict[str, Measured]], metric: str, seed: int) -> tuple[Paired, ...]:
    resolved = [(a, b if isinstance(b, str) else max(b, key=lambda name: systems[name][metric].mean)) for a, b in pairs]
    return Paired.several(
        [
            (a, b, metric, paired_test(systems[a][metric].per_query, systems[b][metric].per_query, seed=seed))
            for a, b in resolved
        ]
    )
