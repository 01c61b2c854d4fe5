"""Graphs and corpora by their matrix of neighbours: fit vectors to its rows, and judge them by neighbours that were held out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.words import similarity_table
from awase.contrast.clusters import spherical_clusters
from awase.contrast.fused.partition import Partition
from awase.contrast.positives import Nearby
from awase.contrast.positives.stochastic import Stochastic
from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.corpus import Corpus, read_corpus
from awase.data.link_split import split_links
from awase.data.links import Links, read_links
from awase.models.table import TableModel
from awase.recipes import Recipe
from awase.tasks.closeness import closer_than_drawn
from awase.tasks.similarity import cosine_of, read_word_pairs, word_similarity
from awase.train.loop import Loop

_HELD_OUT = 0.05
_ASKED_MOST = 2_000  # held-out pairs that are judged; more would take longer than training
_DRAWN = 100
_NEAR = 5  # words apart at most, whatever the recipe's window: all recipes are asked the same
_CLUSTER_ROUNDS = 25


@dataclass(frozen=True, eq=False)
class Near:
    """What was read: named items, P over them, and pairs of near ones that P does not know.

    popularity (n,): how often each item is the other one of a pair. table: what the items are called together.
    """

    names: Sequence[str]
    P: Stochastic
    popularity: np.ndarray
    anchors: np.ndarray
    targets: np.ndarray
    table: str
    understood: dict[str, Any]
    split: dict[str, Any]


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``. Of a corpus the job may ask for ``lang``, ``min_count`` and ``similarity``, files of word pairs."""
    asked = job.asked(lang="auto", min_count=5, similarity=(), half=False)
    near = read(source, job, asked)
    n = len(near.names)
    say(f"{n:,} {near.table}; {len(near.anchors):,} held-out pairs to judge by: {near.split['note']}")
    job.clock.lap("read_s")
    job = job.with_recipe(replace(job.recipe, plan=replace(job.recipe.plan, batch=n)))
    encoder = job.recipe.encoder.encoder(n, seed=job.seed)
    untrained = encoder.parameters["table"].copy()
    identity = job.identity(data=digest(near.P.times(untrained[:, :1])), items=n, pairs=len(near.anchors))
    checkpoints = job.checkpoints(identity)
    labels = classes(near.P, job.recipe, seed=job.seed, threads=job.threads)
    step = Partition(near.P, encoder.parameters["table"], labels=labels, rate=job.recipe.plan.rate, threads=job.threads)
    course = job.train(step, checkpoints, unit=near.table)
    vectors = encoder.parameters["table"]

    model = TableModel({near.table: vectors}, {near.table: near.names}, name="edrep" if job.out is None else job.out.name)
    findings = _findings(near, vectors, untrained, course, job, asked["similarity"])
    model.info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    return job.save(
        model, findings, checkpoints, card=card.table_card(findings.report, model.name, f"model.neighbours({near.names[0]!r})")
    )


def classes(P: Stochastic, recipe: Recipe, *, seed: int, threads: int) -> np.ndarray:
    """(n,) the class of each item: all 0 for one class, else the clusters of vectors trained with one."""
    labels = np.zeros(len(P), np.int64)
    if recipe.negatives.classes == 1:
        return labels
    table = recipe.encoder.encoder(len(P), seed=seed).parameters["table"]
    Loop(Partition(P, table, labels=labels, rate=recipe.plan.rate, threads=threads), recipe.plan, unit="items").run()
    rng = np.random.default_rng((seed, 0xC1A55))
    return spherical_clusters(lambda rows: table[rows], len(P), recipe.negatives.classes, rng, rounds=_CLUSTER_ROUNDS)


# Reading


def read(source: Any, job: Job, asked: dict[str, Any]) -> Near:
    """The items and their matrix, from a corpus or a graph: as the recipe says, or as the data look."""
    positives: Nearby = job.recipe.positives
    if isinstance(source, Corpus) or positives.of == "words" or (positives.of == "auto" and is_corpus(source)):
        return _words(source, job, asked)
    return _graph(source, job)


def is_corpus(source: Any) -> bool:
    """Whether this is running text: a list of texts, or a text file whose first line has no tab.

    >>> is_corpus(["the cat sat", "the dog sat"]), is_corpus([("cat", "dog")]), is_corpus("edges.tsv")
    (True, False, False)
    """
    if not isinstance(source, str | Path):
        return isinstance(source, list) and bool(source) and isinstance(source[0], str)
    path = Path(source)
    if ".txt" not in path.suffixes or not path.is_file():
        return False
    with path.open("rb") as lines:
        return path.suffix != ".txt" or b"\t" not in lines.readline(1 << 16)


def _graph(source: Any, job: Job) -> Near:
    links = source if isinstance(source, Links) else read_links(source, "edges", columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    links = links.take(_undirected(links.heads, links.tails, len(links.head_names)))
    split = split_links(links, valid=0, test=_HELD_OUT if job.test is None else job.test, seed=job.seed)
    train, test = links.take(split.train), links.take(_some(split.test, job.seed))
    n = len(links.head_names)
    return Near(
        names=links.head_names,
        P=job.recipe.positives.walks.matrix(n, train.heads, train.tails),
        popularity=np.bincount(np.concatenate([train.heads, train.tails]), minlength=n),
        anchors=test.heads,
        targets=test.tails,
        table="nodes",
        understood={
            **links.understood,
            "edges": len(links),
            "nodes": n,
            "self_loops": links.self_loops,
            "bad_rows": links.bad.n,
            "bad": links.bad.listed,
        },
        split={"train": len(train), "test": len(split.test), "note": split.note},
    )


def _undirected(heads: np.ndarray, tails: np.ndarray, n: int) -> np.ndarray:
    """The first row of each edge, whichever way it is written: else one half could be held out and the other trained on."""
    return np.sort(np.unique(np.minimum(heads, tails) * n + np.maximum(heads, tails), return_index=True)[1])


def _words(source: Any, job: Job, asked: dict[str, Any]) -> Near:
    corpus = source
    if not isinstance(source, Corpus):
        corpus = read_corpus(source, lang=asked["lang"], min_count=asked["min_count"], threads=job.threads)
    part, rng = job.recipe.positives.words, np.random.default_rng((job.seed, 0x5E17))
    share = _HELD_OUT if job.test is None else job.test
    long_enough = np.flatnonzero(np.diff(corpus.bounds) > 1)
    held_out = np.zeros(len(corpus), np.bool_)
    held_out[rng.choice(long_enough, round(share * len(long_enough)) if share < 1 else int(share), replace=False)] = True
    anchors, targets = _near_pairs(corpus, np.flatnonzero(held_out), rng)
    ids, bounds = _sentences(corpus, np.flatnonzero(~held_out))
    counts = np.bincount(ids, minlength=len(corpus.words))
    if not len(anchors) or not len(ids):
        raise InputError(
            "E0576", "the corpus is too small to hold out sentences to judge by", value=len(corpus),
            remedy="give at least 20 sentences of two words or more",
        )  # fmt: skip
    P = part.matrix(ids, bounds, counts, job.threads)
    return Near(
        names=corpus.words,
        P=P,
        popularity=counts,
        anchors=anchors,
        targets=targets,
        table="words",
        understood=corpus.understood,
        split={
            "train": len(bounds) - 1,
            "test": int(held_out.sum()),
            "note": "sentences drawn at random; the vocabulary is that of all",
        },
    )


def _near_pairs(corpus: Corpus, sentences: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A word and one near it, of random places in these sentences; equal words make no pair."""
    some = np.sort(rng.permutation(sentences)[:_ASKED_MOST])
    begins, lengths = corpus.bounds[some], np.diff(corpus.bounds)[some]
    first = (rng.random(len(some)) * (lengths - 1)).astype(np.int64)
    second = np.minimum(first + rng.integers(1, _NEAR + 1, len(some)), lengths - 1)
    anchors, targets = (corpus.ids[begins + at].astype(np.int64) for at in (first, second))
    differ = anchors != targets
    return anchors[differ], targets[differ]


def _sentences(corpus: Corpus, sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ids, bounds) of some sentences alone."""
    lengths = np.diff(corpus.bounds)
    chosen = np.zeros(len(corpus), np.bool_)
    chosen[sentences] = True
    return corpus.ids[np.repeat(chosen, lengths)], np.concatenate([[0], np.cumsum(lengths[chosen])]).astype(np.int64)


def _some(rows: np.ndarray, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng((seed, 0xA5CED)).permutation(rows)[:_ASKED_MOST])


# Judging


def _findings(near: Near, vectors: np.ndarray, untrained: np.ndarray, course, job: Job, similarity: Sequence) -> Findings:
    share = near.popularity / near.popularity.sum()
    drawn = np.random.default_rng((job.seed, 0xD4A)).choice(len(share), (len(near.anchors), _DRAWN), p=share)

    def cosine(of: np.ndarray):
        return lambda anchors, items: np.einsum("bd,bcd->bc", of[anchors], of[items])

    def walks(anchors: np.ndarray, items: np.ndarray) -> np.ndarray:
        """P_ij over the popularity of j: what P itself says, before anything is learned. It is symmetric, so a column of P will do."""
        at = np.zeros((len(near.names), len(anchors)), np.float32)
        at[anchors, np.arange(len(anchors))] = 1
        return near.P.times(at, job.threads)[items, np.arange(len(anchors))[:, None]]

    systems = {"trained": cosine(vectors), "neighbours": walks, "untrained": cosine(untrained)}
    found = {name: {"auc": closer_than_drawn(score, near.anchors, near.targets, drawn)} for name, score in systems.items()}
    pairs = [word_similarity(read_word_pairs(path), near.names, cosine_of(vectors)) for path in similarity]
    job.clock.lap("evaluate_s")
    return job.findings(
        found,
        [near.anchors, near.targets, drawn],
        title=Path(str(near.understood.get("source", near.table))).name,
        items="held-out pairs",
        protocol=f"each pair against {_DRAWN} {near.table} drawn as often as they occur in training; 'neighbours' is the matrix trained on",
        pairs=[("trained", "neighbours"), ("trained", "untrained")],
        data=near.understood,
        split=near.split,
        cost={**job.clock.cost(), "model_bytes": vectors.nbytes, "threads": job.threads},
        recipe=job.recipe.resolved(),
        history=course.points,
        tables=[similarity_table(pairs)] if pairs else [],
        outcome=of_table("neighbours"),
    )
