"""Running text: fit vectors to its words, and judge them by words that stand together in sentences they have not seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.contrast.encoders import Table
from awase.core.errors import ConfigError, InputError
from awase.core.progress import say
from awase.data.corpus import Corpus, read_corpus
from awase.models.table import TableModel
from awase.tasks.closeness import closer_than_drawn
from awase.tasks.report import Table as ReportTable
from awase.tasks.similarity import WordSimilarity, cosine_of, read_word_pairs, word_similarity
from awase.train.checkpoint import Checkpoints
from awase.train.loop import Course
from awase.train.step import choose

_HELD_OUT, _HELD_OUT_MOST = 0.05, 10_000  # sentences
SIMILARITY = "Word similarity"  # the title of a table
_DRAWN = 100
_NEAR = 5  # words apart at most, whatever the recipe's window: all recipes are asked the same


class HeldOut(NamedTuple):
    """Sentences (numbers, ascending) to train on and to judge by, and pairs of words that stand near each other in the latter."""

    train: np.ndarray
    test: np.ndarray
    anchors: np.ndarray
    targets: np.ndarray


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``. The job may ask for what ``read_corpus`` takes (``lang``, ``min_count``, ``max_words``, ``spill``), for
    ``similarity``, files of word pairs, and for ``on_disk``: the table is trained in a file in place of memory."""
    asked = job.asked(lang="auto", min_count=5, max_words=None, spill=None, similarity=(), on_disk=False, half=False)
    del asked["half"]  # is for ``save``
    on_disk = asked.pop("on_disk")
    similarity = [read_word_pairs(path) for path in asked.pop("similarity")]
    corpus = source if isinstance(source, Corpus) else read_corpus(source, threads=job.threads, **asked)
    held_out = hold_out(corpus, job.test, seed=job.seed)
    _say_what_was_read(corpus, held_out, job.recipe.encoder.dim)
    job.clock.lap("read_s")

    v = len(corpus.words)
    identity = job.identity(
        data=digest(corpus.ids, corpus.bounds), words=v, parts=[len(held_out.train), len(held_out.test)], read=corpus.understood
    )
    checkpoints = job.checkpoints(identity)
    windows = job.recipe.positives.source(corpus, held_out.train)
    encoder = job.recipe.encoder.encoder(v, v, seed=job.seed, on_disk=_rows(checkpoints) if on_disk else None)
    step = choose(
        encoder,
        job.recipe.negatives.bind(windows, job.seed),
        job.recipe.score,
        job.recipe.loss,
        job.recipe.plan,
        threads=job.threads,
    )
    asked = _Asked(corpus, held_out, job.seed)
    untrained = asked.auc(asked.by(encoder))
    course = job.train(step, checkpoints, unit="words")
    vectors = encoder.parameters["table"][:v]
    known = [word_similarity(pairs, corpus.words, cosine_of(vectors)) for pairs in similarity]
    findings = _findings(asked, encoder, untrained, known, course, job)
    info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    model = TableModel(
        {"words": vectors}, {"words": corpus.words}, name="words" if job.out is None else job.out.name, info=info
    )
    return job.save(
        model,
        findings,
        checkpoints,
        card=card.table_card(findings.report, model.name, f"model.neighbours({corpus.words[0]!r})"),
    )


def _rows(checkpoints: Checkpoints | None) -> Path:
    if checkpoints is None:
        raise ConfigError(
            "E1011", "a table on the disk needs a place", remedy="say where the model goes: its run folder has the table"
        )
    say("the table is trained on the disk")
    return checkpoints.rows()


def hold_out(corpus: Corpus, test: float | int | None, *, seed: int) -> HeldOut:
    """Sentences drawn at random, and of each the pair of a random word and one up to five words after it.

    test: a share or a number of sentences; default 5 %, at most 10,000. Raises InputError E0142 when nothing would be left on one side.
    """
    rng = np.random.default_rng((seed, 0x5E17))
    sizes = np.diff(corpus.bounds)
    usable = np.flatnonzero(sizes > 1)
    wanted = min(max(round(_HELD_OUT * len(usable)), 1), _HELD_OUT_MOST) if test is None else test
    n = round(wanted * len(usable)) if isinstance(wanted, float) else wanted
    if not 0 < n < len(usable):
        raise InputError(
            "E0142", f"of {len(usable):,} sentences of two words or more, {n:,} cannot be held out to judge by",
            place=corpus.understood["source"], value=test, remedy="give one sentence or document a line, or choose another size",
        )  # fmt: skip
    held = np.sort(rng.choice(usable, n, replace=False))
    first = (rng.random(n) * (sizes[held] - 1)).astype(np.int64)
    second = np.minimum(first + rng.integers(1, _NEAR + 1, n), sizes[held] - 1)
    anchors, targets = (corpus.ids[corpus.bounds[held] + at].astype(np.int64) for at in (first, second))
    differ = anchors != targets
    if not differ.any():
        raise InputError(
            "E0142", "in no held-out sentence two different words stand together", place=corpus.understood["source"],
            value=n, remedy="hold out more sentences",
        )  # fmt: skip
    return HeldOut(np.setdiff1d(np.arange(len(corpus)), held, assume_unique=True), held, anchors[differ], targets[differ])


def _say_what_was_read(corpus: Corpus, held_out: HeldOut, dim: int) -> None:
    read, v = corpus.understood, len(corpus.words)
    say(
        f"{read['words']:,} words in {read['lines']:,} lines ({read['lines without words']:,} of them empty), cut by {read['cut by']}; "
        f"{v:,} of {read['distinct words']:,} distinct words are frequent enough"
    )
    say(f"{len(held_out.train):,} sentences to train on, {len(held_out.test):,} to judge by")
    if dim > v:
        say(f"{dim} dimensions for {v:,} words are more than can be told apart: fewer would do as well")


class _Asked:
    """The held-out pairs of words, and for each the words drawn to set against its own."""

    def __init__(self, corpus: Corpus, held_out: HeldOut, seed: int):
        self.corpus, self.held_out, self.frequency = corpus, held_out, corpus.counts.astype(np.float64)
        size, share = (len(held_out.anchors), _DRAWN), self.frequency / self.frequency.sum()
        self.drawn = np.random.default_rng((seed, 0xD4A)).choice(len(corpus.words), size, p=share)

    def auc(self, score) -> np.ndarray:
        return closer_than_drawn(score, self.held_out.anchors, self.held_out.targets, self.drawn)

    def by(self, encoder: Table):
        """The score that is trained, by the vectors as they are now."""
        v, table = len(self.corpus.words), encoder.parameters["table"]
        return lambda words, others: np.einsum("bd,bcd->bc", table[words], table[v + others])


def _findings(
    asked: _Asked, encoder: Table, untrained: np.ndarray, known: Sequence[WordSimilarity], course: Course, job: Job
) -> Findings:
    corpus, held_out, v = asked.corpus, asked.held_out, len(asked.corpus.words)
    table = encoder.parameters["table"]
    unit = table[:v] / np.maximum(np.linalg.norm(table[:v], axis=1, keepdims=True), np.float32(1e-12))
    found = {
        "trained": {"auc": asked.auc(asked.by(encoder))},
        "vectors alone": {"auc": asked.auc(lambda words, others: np.einsum("bd,bcd->bc", unit[words], unit[others]))},
        "frequency": {"auc": asked.auc(lambda _, others: asked.frequency[others])},
        "untrained": {"auc": untrained},
    }
    job.clock.lap("evaluate_s")
    return job.findings(
        found,
        [held_out.anchors, held_out.targets, asked.drawn],
        title=Path(corpus.understood["source"]).name,
        items="held-out pairs of words",
        protocol=f"a word and one near it in a sentence not trained on, against {_DRAWN} words drawn as often as they occur; 'trained' is the "
        "score that was trained, 'vectors alone' the cosine of what is kept",
        pairs=[("trained", "frequency"), ("vectors alone", "frequency"), ("trained", "untrained")],
        data=corpus.understood,
        split={
            "train": len(held_out.train),
            "test": len(held_out.test),
            "note": "sentences drawn at random; the vocabulary is that of all",
        },
        cost={**job.clock.cost(), "model_bytes": v * encoder.dim * 4, "threads": job.threads},
        recipe=job.recipe.resolved(),
        history=course.points,
        tables=[similarity_table(known)] if known else [],
        outcome=of_table("frequency"),
    )


def similarity_table(found: Sequence[WordSimilarity]) -> ReportTable:
    """What sets of word pairs say, for a report."""
    rows = [(one.name, one.rho, one.coverage, len(one.known), len(one.unknown)) for one in found]
    heads = ("set", "spearman", "coverage", "pairs", "unknown words")
    words = "Judgements of people against the cosine of vectors; pairs with an unknown word are left out."
    return ReportTable(SIMILARITY, heads, rows, words)
