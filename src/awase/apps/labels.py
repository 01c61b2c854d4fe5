"""Labelled texts: fit a table of tokens and labels, and judge it by the labels it gives to texts it has not seen."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.reading import what_was_read
from awase.contrast.positives import LabelSource
from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.labelled import Labelled, read_labelled
from awase.data.split import Split, split_pairs
from awase.data.trained_on import remember
from awase.index.lexical import BM25
from awase.models import StaticModel
from awase.recipes import Recipe
from awase.tasks.classification import Classified, knn, linear_probe
from awase.train.loop import Course
from awase.train.plan import settle
from awase.train.step import choose

_NEIGHBOURS = 10
_PROBED_MOST = 10_000  # texts to fit the linear probe on: it is there to compare, and takes long
_VALIDATION_TEXTS = 2_000

_WHAT = "A static embedding model: the vector of a text is the mean of its tokens' rows, of unit length."
_ENCODE = 'vectors = model.encode(["a text"])'
_PREDICT = '\nlabels = model.predict(["a text"], k=3)   # closest first'


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``."""
    asked = job.asked(trained_on=True)
    data = source if isinstance(source, Labelled) else read_labelled(source, columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    # Many texts share a label; what must not stand on two sides is a text.
    split = split_pairs(replace(data.pairs, positive_keys=data.pairs.anchor_keys), valid=job.valid, test=job.test)
    if len(np.unique(data.labels[split.train])) < 2:
        raise InputError(
            "E0579", "the texts to train on have one label only", value=len(split.train), remedy="give more texts of each label"
        )
    say(
        f"{len(data):,} labelled texts read, {len(data.label_names):,} labels; {data.pairs.duplicates:,} duplicates removed, "
        f"{data.pairs.bad.n:,} bad rows skipped"
    )
    say(f"{len(split.train):,} to train on, {len(split.valid):,} to choose by, {len(split.test):,} to judge by: {split.note}")
    job.clock.lap("read_s")

    training = Training(job.recipe, data, split, seed=job.seed, threads=job.threads)
    for reason in training.reasons:
        say(reason)
    job = job.with_recipe(training.recipe)
    identity = job.identity(
        data=digest(data.pairs.anchor_keys, data.pairs.positive_keys), parts=[len(rows) for rows in split[:3]]
    )
    checkpoints = job.checkpoints(identity)
    untrained = training.model("untrained")
    course = job.train(training.step, checkpoints, validate=training.validation(), unit="texts")
    model = training.model("starspace" if job.out is None else job.out.name)
    findings = _findings(training, model, untrained, course, job)
    use = _ENCODE + (_PREDICT if model.labels else "")
    what = f"{_WHAT} {card.MEMORY}" if model.trained_on else _WHAT
    if asked["trained_on"]:
        known = data.pairs.anchors.take(np.concatenate([split.train, split.valid]))
        model.trained_on = (remember([known, list(data.label_names)], f"{identity['data']} {job.seed}"),)
    model.info |= identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    return job.save(model, findings, checkpoints, card=card.table_card(findings.report, model.name, use, what))


class Training:
    """A recipe bound to labelled texts. The table has a row for each token, then one for each label."""

    def __init__(self, recipe: Recipe, data: Labelled, split: Split, *, seed: int, threads: int):
        plan, self.reasons = settle(recipe.plan, len(split.train))
        self.recipe, self.data, self.split = replace(recipe, plan=plan), data, split
        self.texts = data.pairs.anchors.take(np.unique(data.texts, return_index=True)[1])
        trained = np.unique(data.texts[split.train])
        self.tokenizer = recipe.encoder.tokenizer(self.texts.take(trained))
        tokens, n_labels = self.tokenizer.encode(self.texts), len(data.label_names)
        v = self.tokenizer.vocab_size
        ids = np.concatenate([tokens.ids, np.arange(v, v + n_labels, dtype=np.int32)])
        offsets = np.concatenate([tokens.offsets, tokens.offsets[-1] + 1 + np.arange(n_labels)])
        start = np.random.default_rng((seed, 0x57A2)).standard_normal((v + n_labels, recipe.encoder.dim), np.float32)
        start /= np.float32(np.sqrt(recipe.encoder.dim))
        self.bag = recipe.encoder.bag(
            self.tokenizer, tokens._replace(ids=ids, offsets=offsets), seed=seed, threads=threads, table=start
        )
        rows = split.train
        self.source = recipe.positives.source(data.texts[rows], data.labels[rows], data.n_texts, n_labels)
        self.step = choose(
            self.bag, recipe.negatives.bind(self.source, seed), recipe.score, recipe.loss, plan,
            regularisers=recipe.regularisers, threads=threads,
        )  # fmt: skip

    @property
    def has_labels(self) -> bool:
        """Whether labels are trained: where texts are compared with texts, their rows stay as they began."""
        return isinstance(self.source, LabelSource)

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """(n, dim) of the texts of these rows of the data, as they are now, of unit length."""
        return _unit(self.bag.encode(self.data.texts[rows]))

    def predicted(self, rows: np.ndarray) -> np.ndarray:
        """(n,) the label of each text: the closest one, or where labels are not trained that of its nearest neighbours."""
        if not self.has_labels:
            return self.neighbours(rows)
        labels = self.bag.encode(self.data.n_texts + np.arange(len(self.data.label_names)))
        return np.argmax(self.recipe.score(self.vectors(rows), labels), axis=1)

    def neighbours(self, rows: np.ndarray) -> np.ndarray:
        """(n,) the label of most of the nearest texts that were trained on."""
        train = self.split.train
        return knn(self.vectors(train), self.data.labels[train], self.vectors(rows), k=_NEIGHBOURS)

    def validation(self):
        """A function: accuracy on some validation texts, always the same; None where nothing was held out to choose by."""
        rows = self.split.valid
        if not len(rows):
            return None
        some = np.sort(np.random.default_rng((self.recipe.plan.seed, 0x7A11D)).permutation(rows)[:_VALIDATION_TEXTS])
        return lambda: float((self.predicted(some) == self.data.labels[some]).mean())

    def model(self, name: str) -> StaticModel:
        """The encoder of texts as it is now; with the labels' rows behind those of the tokens, where labels are trained."""
        table, names = self.bag.folded(), self.data.label_names if self.has_labels else []
        kept = table[: self.tokenizer.vocab_size + len(names)]
        return StaticModel(self.tokenizer.to_json(), kept, name=name, labels=names)


def _findings(training: Training, model: StaticModel, untrained: StaticModel, course: Course, job: Job) -> Findings:
    data, split = training.data, training.split
    train, test = split.train, split.test
    labels = data.labels[test]
    texts = data.pairs.anchors.take(test).to_pylist()
    few = np.sort(np.random.default_rng((job.seed, 0x9B0BE)).permutation(train)[:_PROBED_MOST])
    lexical, found = Lexical(data, train), {"trained": training.predicted(test), "knn": training.neighbours(test)}
    found["probe"] = linear_probe(training.vectors(few), data.labels[few]).predict(training.vectors(test))
    found["bm25"] = lexical.predicted(texts)
    before = [_unit(untrained.encode(data.pairs.anchors.take(rows).to_pylist())) for rows in (train, test)]
    found["untrained"] = knn(before[0], data.labels[train], before[1], k=_NEIGHBOURS)
    found["majority"] = np.full(len(test), np.bincount(data.labels[train]).argmax())
    job.clock.lap("evaluate_s")
    return job.findings(
        {name: Classified(predicted, labels).metrics() for name, predicted in found.items()},
        [data.pairs.anchor_keys[test], labels],
        title=Path(str(data.pairs.understood.get("source", "texts"))).name,
        items="test texts",
        candidates="labels",
        n_candidates=len(data.label_names),
        protocol=f"'knn' and 'bm25' are votes of the {_NEIGHBOURS} nearest training texts; 'probe' is a logistic regression on the vectors of "
        f"{len(few):,} training texts",
        pairs=[("trained", "bm25"), ("trained", "untrained"), ("trained", "majority")],
        data=what_was_read(data.pairs, {"texts": data.n_texts, "labels": len(data.label_names)}),
        split={
            "train": len(train),
            "valid": len(split.valid),
            "test": len(test),
            "note": split.note,
            "test labels not in training": int((~np.isin(labels, data.labels[train])).sum()),
            "plan": training.reasons,
        },
        cost={**job.clock.cost(), "model_bytes": model.table.nbytes, "threads": job.threads},
        recipe=training.recipe.resolved(),
        history=[point if "validation" not in point else point | {"accuracy": point["validation"]} for point in course.points],
        outcome=of_table("bm25"),
    )


class Lexical:
    """The label of most of the training texts that BM25 finds; of the most frequent label, where it finds none."""

    def __init__(self, data: Labelled, train: np.ndarray):
        self._labels, self._index = data.labels[train], BM25()
        self._index.add(data.pairs.anchors.take(train).to_pylist())

    def predicted(self, texts: list[str]) -> np.ndarray:
        rows = self._index.search(texts, _NEIGHBOURS).rows
        n_labels = int(self._labels.max()) + 1
        votes = np.zeros((len(texts), n_labels))
        at, place = np.nonzero(rows >= 0)
        # A vote more outweighs any difference in rank.
        np.add.at(votes, (at, self._labels[rows[at, place]]), 1 + 1 / (2 + place) / _NEIGHBOURS)
        votes[:, np.bincount(self._labels).argmax()] += 1e-6
        return votes.argmax(axis=1)


def _unit(V: np.ndarray) -> np.ndarray:
    return V / np.maximum(np.linalg.norm(V, axis=1, keepdims=True), np.float32(1e-12))
