"""Interactions: fit vectors to users and items, and judge them by what they recommend."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.reading import say_split, say_what_was_read, what_was_read
from awase.contrast.encoders import ThingsBag
from awase.contrast.losses import Warp
from awase.contrast.regularisers import Features
from awase.core.errors import ConfigError, InputError
from awase.data.link_split import LinkSplit, split_links
from awase.data.links import Links, read_links
from awase.models.geometry import tied
from awase.models.table import TableModel
from awase.recipes import Recipe
from awase.tasks.recommendation import Interactions, Recommendation, popularity, recommendation
from awase.train.loop import Course
from awase.train.step import choose

_METRICS = ("recall@50", "recall@10", "ndcg@10")
_LEAST_ITEMS = 10  # times k: a list of more than a tenth of the items is right whatever the model
_VALID, _TEST = 0.1, 0.2
_VALIDATION_USERS = 1000  # more would cost more than they tell
_GEOMETRIES = {"distance": "euclidean", "dot": "dot", "cosine": "cosine"}  # of a score, what the saved model is asked by


def metrics(n_items: int) -> tuple[str, ...]:
    """What is measured, the one that is chosen and judged by first: recall among the first k that are at most a tenth of the items, or
    where they are few nDCG, which is not full before the order is right.

    >>> metrics(2000)[0], metrics(300)[0], metrics(30)[0]
    ('recall@50', 'recall@10', 'ndcg@10')
    """
    first = next((name for name in _METRICS[:2] if _LEAST_ITEMS * int(name.partition("@")[2]) <= n_items), _METRICS[2])
    return first, *(name for name in _METRICS if name != first)


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``. The job may ask for ``min_value``, of the interactions that count, and ``features``, item -> its numbers, beside
    what all kinds have."""
    asked = job.asked(min_value=None, features=None, half=False)
    links = (
        source
        if isinstance(source, Links)
        else read_links(source, "interactions", columns=job.columns, on_bad=job.on_bad, min_value=asked["min_value"])  # type: ignore[arg-type]
    )
    split = split_links(
        links, valid=_VALID if job.valid is None else job.valid, test=_TEST if job.test is None else job.test, seed=job.seed
    )
    say_what_was_read(links, "interactions", f"{len(links.head_names):,} users with {len(links.tail_names):,} items")
    say_split(split)
    features = None if asked["features"] is None else feature_rows(asked["features"], links.tail_names)
    training = Training(job.recipe, links, split, features=features, seed=job.seed, threads=job.threads)
    job = job.with_recipe(training.recipe)
    job.clock.lap("read_s")

    identity = job.identity(
        data=digest(links.heads, links.tails, links.parts, features),
        parts=[len(rows) for rows in split[:3]],
        names=names_hash(links),
    )
    checkpoints = job.checkpoints(identity)
    untrained = training.judge_test(training.score)
    course = job.train(training.step, checkpoints, validate=training.validation(), unit="interactions")
    findings = _findings(training, untrained, course, job)
    model = training.model("cml" if job.out is None else job.out.name)
    model.info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    return job.save(model, findings, checkpoints, card=card.table_card(findings.report, model.name, _USE))


_USE = """model.recommend("a user")           # items the user did not have, best first
model.neighbours("an item", table="items")"""


class Training:
    """A recipe bound to interactions. ``recipe`` is the one given with what it must know of the data."""

    def __init__(self, recipe: Recipe, links: Links, split: LinkSplit, *, features: np.ndarray | None, seed: int, threads: int):
        if len(links.tail_names) < 2:
            raise InputError(
                "E0564", "recommending needs at least two items: what a user does not have is compared with what it has",
                value=links.tail_names, place=str(links.understood.get("source", "")),
            )  # fmt: skip
        if isinstance(recipe.loss, Warp):
            recipe = replace(recipe, loss=replace(recipe.loss, n_items=len(links.tail_names)))
        self.recipe, self.links, self.split = recipe, links, split
        source = recipe.positives.source(links, split.train)
        self.encoder = (
            recipe.encoder.over(source, seed=seed, threads=threads)
            if isinstance(recipe.encoder, ThingsBag)
            else recipe.encoder.encoder(source.n_items, seed=seed)
        )
        self.step = choose(
            self.encoder, recipe.negatives.bind(source, seed), recipe.score, recipe.loss, recipe.plan,
            regularisers=self._regularisers(features, seed), threads=threads,
        )  # fmt: skip

    def _regularisers(self, features: np.ndarray | None, seed: int) -> tuple:
        parts, first, dim = self.recipe.regularisers, len(self.links.head_names), self.encoder.dim
        wanted = any(isinstance(part, Features) for part in parts)
        if wanted != (features is not None):
            raise ConfigError(
                "E0565",
                "the recipe weighs item features, but none are given"
                if wanted
                else "item features are given, but have no weight",
                remedy="give both: the recipe's option features=10, its weight, and awase.fit(..., features={item: numbers})",
            )
        if features is None:
            return parts
        return tuple(part.bind(features, dim, first=first, seed=seed) if isinstance(part, Features) else part for part in parts)

    def score(self, users: np.ndarray) -> np.ndarray:
        """(b, n_items) for users (b,), as the vectors are now."""
        n_users, n_items = len(self.links.head_names), len(self.links.tail_names)
        items = self.encoder.encode(np.arange(n_users, n_users + n_items))
        return tied(self.recipe.score(self.encoder.encode(users), items), items)

    @property
    def metrics(self) -> tuple[str, ...]:
        return metrics(len(self.links.tail_names))

    def judge(self, score, known: np.ndarray, held_out: np.ndarray, metrics: Sequence[str] = ()) -> Recommendation:
        """How well a score ranks the links ``held_out`` of each user, the links ``known`` left out (both rows)."""
        links = self.links
        return recommendation(
            score, Interactions(links.heads[known], links.tails[known]), Interactions(links.heads[held_out], links.tails[held_out]),
            len(links.head_names), len(links.tail_names), metrics or self.metrics,
        )  # fmt: skip

    def judge_test(self, score) -> Recommendation:
        """How well a score ranks the test items, all else that a user has left out."""
        return self.judge(score, np.concatenate([self.split.train, self.split.valid]), self.split.test)

    def validation(self):
        """A function: the first metric of some validation users, always the same; None where nothing was held out to choose by."""
        links, rows = self.links, self.split.valid
        users = np.unique(links.heads[rows])
        if not len(users):
            return None
        rng = np.random.default_rng((self.recipe.plan.seed, 0x7A11D))
        some = rows[np.isin(links.heads[rows], rng.permutation(users)[:_VALIDATION_USERS])]
        known = self.split.train[np.isin(links.heads[self.split.train], links.heads[some])]
        first = self.metrics[0]
        return lambda: float(self.judge(self.score, known, some, [first]).values[first].mean())

    def model(self, name: str) -> TableModel:
        """The vectors as they are now, and what was trained on or chosen by, so that it is not recommended again."""
        n_users, n_items = len(self.links.head_names), len(self.links.tail_names)
        table = self.encoder.encode(np.arange(n_users + n_items))
        known = np.concatenate([self.split.train, self.split.valid])
        return TableModel(
            {"users": table[:n_users], "items": table[n_users:]},
            {"users": self.links.head_names, "items": self.links.tail_names},
            geometry=_GEOMETRIES[self.recipe.score.name],
            name=name,
            known=np.column_stack([self.links.heads[known], self.links.tails[known]]),
        )


def feature_rows(features: Mapping[str, Sequence[float]], items: Sequence[str]) -> np.ndarray:
    """(n_items, n_features) float32: each feature with mean 0 and variance 1 over the items that have it, and 0, its mean, for the others.

    Raises InputError E0563 for what is no finite number, E0566 for items with different numbers of features, and if no item has any.

    >>> feature_rows({"tea": [1, 5], "jam": [3, 5]}, ["tea", "pie", "jam"]).tolist()
    [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """
    known = [row for row, item in enumerate(items) if item in features]
    widths = {len(features[items[row]]) for row in known}
    if len(widths) != 1:
        raise InputError(
            "E0566", "items have different numbers of features" if widths else "no item has features", value=sorted(widths),
            remedy="give every item the same features, under the names that the interactions have",
        )  # fmt: skip
    given = np.array([features[items[row]] for row in known], np.float64)
    if len(wrong := np.flatnonzero(~np.isfinite(given).all(axis=1))):
        name: str = items[int(known[int(wrong[0])])]
        raise InputError(
            "E0563", "an item's feature is not a finite number", place=f"item {name!r}", value=list(features[name]),
            remedy="write a 0, or the mean of the others, or leave the feature out",
        )  # fmt: skip
    spread = given.std(axis=0)
    rows = np.zeros((len(items), given.shape[1]), np.float32)
    rows[known] = (given - given.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return rows


def names_hash(links: Links) -> str:
    """sha256, in hex, over the names of users and items."""
    return digest(*(np.frombuffer("\n".join(names).encode(), np.uint8) for names in (links.head_names, links.tail_names)))


def _findings(training: Training, untrained: Recommendation, course: Course, job: Job) -> Findings:
    links, split = training.links, training.split
    train = Interactions(links.heads[split.train], links.tails[split.train])
    one = training.judge_test(training.score)
    found = {
        "trained": one,
        "popularity": training.judge_test(popularity(train, len(links.tail_names))),
        "untrained": untrained,
    }
    job.clock.lap("evaluate_s")
    return job.findings(
        {name: result.values for name, result in found.items()},
        [links.heads, links.tails, split.train, split.test],
        title=Path(str(links.understood.get("source", "interactions"))).name,
        items="test users",
        n_candidates=len(links.tail_names),
        candidates="items",
        left_out={"users without test items": one.n_skipped},
        protocol=(
            f"Every item is ranked for each user, but for what the user has in the parts to train on and to choose by. {split.note[:1].upper()}"
            f"{split.note[1:]}. recall@k: test items among the first k, over all test items."
        ),
        pairs=[("trained", "popularity"), ("trained", "untrained")],
        data=what_was_read(links, {"interactions": len(links), "users": len(links.head_names), "items": len(links.tail_names)}),
        split={
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
            "note": split.note,
            "cold_users": int(one.cold.sum()),
            "kernel": training.step.name,
        },
        cost={**job.clock.cost(), "model_bytes": training.encoder.parameters["table"].nbytes, "threads": job.threads},
        recipe=training.recipe.resolved(),
        history=[
            point if "validation" not in point else point | {training.metrics[0]: point["validation"]}
            for point in course.points
        ],
        outcome=of_table("popularity"),
    )
