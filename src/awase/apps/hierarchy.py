"""Hierarchies: fit vectors to what is below what, and judge them by the edges they give back or by held-out ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.reading import say_split, say_what_was_read, what_was_read
from awase.contrast.scores import Poincare
from awase.core.errors import ConfigError, MissingExtra
from awase.core.progress import say
from awase.data.closure import transitive_closure
from awase.data.link_split import LinkSplit, split_links
from awase.data.links import Links, read_links
from awase.models.geometry import tied
from awase.models.table import TableModel
from awase.recipes import Recipe
from awase.tasks.hypernymy import Hypernymy, LabelledPairs, hypernymy, implied
from awase.tasks.reconstruction import Reconstruction, reconstruction
from awase.tasks.report import Picture, Table
from awase.tasks.report.disc import disc
from awase.train.loop import Course
from awase.train.plan import lengthened
from awase.train.step import choose

_HELD_OUT = 0.05  # of the edges, for each of validation and test, where the direction is what is learned
_RECONSTRUCTED_MOST = 10_000  # nodes; more would take longer than training
_ALPHA = 1000.0  # how much the difference of lengths counts (Nickel and Kiela 2017, equation 9)
_BLOCK = 1 << 22
# Of a score, what the saved model is asked by.
_GEOMETRIES = {"distance": "euclidean", "order": "order", "poincare": "poincare"}


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``. Vectors in the Poincaré ball are judged by the edges they were trained on, all of them, unless ``test`` says how many
    to hold out; others by held-out edges."""
    job.asked(half=False)
    links = source if isinstance(source, Links) else read_links(source, "edges", columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    edges = transitive_closure(links) if job.recipe.positives.closure else links
    test = (0 if isinstance(job.recipe.score, Poincare) else _HELD_OUT) if job.test is None else job.test
    split = split_links(edges, valid=test if job.valid is None else job.valid, test=test, seed=job.seed)
    _say_what_was_read(links, edges, split)
    plan, reasons = lengthened(job.recipe.plan, len(split.train))
    for reason in reasons:
        say(reason)
    job = job.with_recipe(replace(job.recipe, plan=plan))
    training = Training(job.recipe, links, edges, split, seed=job.seed, threads=job.threads)
    job.clock.lap("read_s")
    identity = job.identity(
        data=digest(edges.heads, edges.tails, np.frombuffer("\n".join(edges.head_names).encode(), np.uint8)),
        parts=[len(rows) for rows in split[:3]],
    )
    checkpoints = job.checkpoints(identity)
    untrained = _Untrained(training)
    course = job.train(training.step, checkpoints, validate=training.validation(), unit="edges")
    findings = _findings(training, untrained, course, job, reasons)
    model = training.model(job.name if job.out is None else job.out.name)
    model.info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    return job.save(
        model, findings, checkpoints, card=card.table_card(findings.report, model.name, 'model.neighbours("a name")')
    )


class Training:
    """A recipe bound to the edges of a hierarchy: ``links`` as given, ``edges`` as trained on, of which ``split`` has the rows."""

    def __init__(self, recipe: Recipe, links: Links, edges: Links, split: LinkSplit, *, seed: int, threads: int):
        if len(split.test) and not len(split.valid):
            raise ConfigError(
                "E0543", "edges held out to judge by need others to choose the threshold by", place="valid", value=0,
                remedy="ask for both parts, or for neither (--valid 0 --test 0)",
            )  # fmt: skip
        if not len(split.valid):
            recipe = replace(recipe, plan=replace(recipe.plan, validations=0))
        self.recipe, self.links, self.edges, self.split, self.seed = recipe, links, edges, split, seed
        source = recipe.positives.source(edges, split.train)
        self.encoder = recipe.encoder.encoder(source.n_items, seed=seed)
        batcher = recipe.negatives.bind(source, seed)
        self.step = choose(self.encoder, batcher, recipe.score, recipe.loss, recipe.plan, threads=threads)

    def is_below(self, children: np.ndarray, parents: np.ndarray) -> np.ndarray:
        """(n,) how much each child is below its parent, by the vectors as they are now."""
        return is_below(self.recipe.score, self.encoder.encode(children), self.encoder.encode(parents))

    def labelled(self, rows: np.ndarray) -> LabelledPairs:
        """The edges ``rows``, and as many that do not hold."""
        return labelled(self.edges, rows, seed=self.seed)

    def held_out(self) -> tuple[LabelledPairs, LabelledPairs]:
        """The pairs to choose a threshold by and those to judge by."""
        return self.labelled(self.split.valid), self.labelled(self.split.test)

    def directions(self) -> Hypernymy:
        """Which of the test pairs are told right, by the vectors as they are now."""
        return hypernymy(self.is_below, *self.held_out())

    def validation(self):
        """A function: accuracy on the validation pairs at the threshold that is best there; None where nothing was held out to choose by."""
        if not len(self.split.valid):
            return None
        pairs = self.labelled(self.split.valid)
        return lambda: float(hypernymy(self.is_below, pairs, pairs).correct.mean())

    def reconstruction(self, table: np.ndarray) -> Reconstruction:
        """How well rows (n, d) give back the edges."""
        return given_back(self.edges, table, self.recipe.score, seed=self.seed)

    def model(self, name: str) -> TableModel:
        """The vectors as they are now, and the edges trained on or chosen by, so that it is not judged by them without a word."""
        known = np.concatenate([self.split.train, self.split.valid])
        table = self.encoder.parameters["table"].astype(np.float32)
        return TableModel(
            {"nodes": table},
            {"nodes": self.edges.head_names},
            geometry=_GEOMETRIES[self.recipe.score.name],
            name=name,
            known=np.column_stack([self.edges.heads[known], self.edges.tails[known]]),
        )

    def disc(self) -> Picture | None:
        """The drawing of vectors in the ball; None of others, and where matplotlib is not installed."""
        if not isinstance(self.recipe.score, Poincare):
            return None
        try:
            return disc(self.encoder.parameters["table"], self.links.head_names, self.links.heads, self.links.tails)
        except MissingExtra as missing:
            say(f"the disc is not drawn: {missing.remedy}")
            return None


def is_below(score, A: np.ndarray, C: np.ndarray) -> np.ndarray:
    """(n,) how much each child A (n, d) is below its parent C (n, d): the score, or in the ball that of its paper's equation 9,
    -(1 + 1000 (|parent| - |child|)) d(child, parent)."""
    scores = score(A, C[:, None, :])[:, 0]
    if not isinstance(score, Poincare):
        return scores
    return (1 + _ALPHA * (np.linalg.norm(C, axis=1) - np.linalg.norm(A, axis=1))) * scores


def labelled(edges: Links, rows: np.ndarray, *, seed: int) -> LabelledPairs:
    """The edges ``rows``, which hold, and as many that do not: each with its child or its parent, at random, replaced by a node drawn
    evenly, so that what comes out is no edge of any part."""
    n, rng = len(edges.head_names), np.random.default_rng((seed, 0x7A11D))
    children, parents = edges.heads[rows].copy(), edges.tails[rows].copy()
    known = np.sort(edges.heads * n + edges.tails)
    open_ = np.arange(len(rows))
    for _ in range(100):
        drawn, at_child = rng.integers(0, n, len(open_)), rng.random(len(open_)) < 0.5
        children[open_] = np.where(at_child, drawn, edges.heads[rows[open_]])
        parents[open_] = np.where(at_child, edges.tails[rows[open_]], drawn)
        codes = children[open_] * n + parents[open_]
        holds = known[np.minimum(np.searchsorted(known, codes), len(known) - 1)] == codes
        open_ = open_[holds | (children[open_] == parents[open_])]
        if not len(open_):
            break
    made = np.setdiff1d(np.arange(len(rows)), open_)  # a node that is linked to all others may have none
    return LabelledPairs(
        np.concatenate([edges.heads[rows], children[made]]),
        np.concatenate([edges.tails[rows], parents[made]]),
        np.arange(len(rows) + len(made)) < len(rows),
    )


def given_back(edges: Links, table: np.ndarray, score, *, seed: int) -> Reconstruction:
    """How well the scores of rows (n, d) give back the edges, of some nodes if there are many."""
    inside, nodes = 1 - (table * table).sum(axis=1), np.unique(edges.heads)
    if len(nodes) > _RECONSTRUCTED_MOST:
        nodes = np.random.default_rng((seed, 0xD15C)).choice(nodes, _RECONSTRUCTED_MOST, replace=False)
    judged = np.isin(edges.heads, nodes)

    def in_the_ball(rows: np.ndarray) -> np.ndarray:
        """|a - c|² / ((1 - |a|²)(1 - |c|²)), which grows with the hyperbolic distance."""
        apart = (2 - inside[rows, None] - inside) - 2 * (table[rows] @ table.T)
        return apart / inside / inside[rows, None]

    distance = in_the_ball if isinstance(score, Poincare) else lambda rows: -score(table[rows], table)
    return reconstruction(
        lambda rows: tied(distance(rows), table), edges.heads[judged], edges.tails[judged], len(table), block=_BLOCK
    )


def _say_what_was_read(links: Links, edges: Links, split: LinkSplit) -> None:
    loops = f" ({links.self_loops:,} edges of a node with itself left out)" if links.self_loops else ""
    say_what_was_read(links, "edges", f"{len(links.head_names):,} nodes{loops}")
    if edges is not links:
        say(f"{len(edges):,} edges in the transitive closure")
    if len(split.test):
        say_split(split)


class _Untrained:
    """The vectors before training, and what they know of the direction of held-out edges."""

    def __init__(self, training: Training):
        self.table = training.encoder.parameters["table"].copy()
        self.directions = training.directions() if len(training.split.test) else None


def _findings(training: Training, untrained: _Untrained, course: Course, job: Job, reasons: list[str]) -> Findings:
    picture = training.disc()
    pictures = [] if picture is None else [picture]
    made = _given_back(training, untrained.table) if untrained.directions is None else _held_out(training, untrained.directions)
    job.clock.lap("evaluate_s")
    links, split = training.links, training.split
    metric = next(iter(made["values"]["trained"]))
    return job.findings(
        **made,
        title=Path(str(links.understood.get("source", "edges"))).name,
        data=what_was_read(
            links,
            {
                "edges": len(links),
                "edges trained and judged by": len(training.edges),
                "nodes": len(links.head_names),
                "edges of a node with itself": links.self_loops,
            },
        ),
        split={
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
            "note": split.note,
            "kernel": training.step.name,
            "plan": reasons,
        },
        cost={**job.clock.cost(), "model_bytes": untrained.table.nbytes, "threads": job.threads},
        recipe=training.recipe.resolved(),
        history=[point if "validation" not in point else point | {metric: point["validation"]} for point in course.points],
        pictures=pictures,
        outcome=of_table("closure" if len(split.test) else None),
    )


def _given_back(training: Training, untrained: np.ndarray) -> dict[str, Any]:
    """Reconstruction, as arguments of ``Job.findings``."""
    found = {
        name: training.reconstruction(table)
        for name, table in (("trained", training.encoder.parameters["table"]), ("untrained", untrained))
    }
    n, judged = len(training.edges.head_names), len(found["trained"].nodes)
    of = f"{judged:,} nodes drawn at random" if judged == _RECONSTRUCTED_MOST else "every node below another"
    return {
        "values": {name: one.metrics() for name, one in found.items()},
        "asked": [training.edges.heads, training.edges.tails, found["trained"].nodes],
        "pairs": [("trained", "untrained")],
        "items": "nodes",
        "candidates": "nodes",
        "n_candidates": n - 1,
        "protocol": f"Reconstruction: for {of}, all others are ranked by distance, and what it is below should come first. These edges were "
        "trained on: this measures how well the vectors hold the hierarchy, not what they know of edges left out.",
    }


def _held_out(training: Training, untrained: Hypernymy) -> dict[str, Any]:
    """Hypernymy on held-out edges, as arguments of ``Job.findings``."""
    valid, test = training.held_out()
    edges, train = training.edges, training.split.train

    def follows(children: np.ndarray, parents: np.ndarray) -> np.ndarray:
        return implied(edges.heads[train], edges.tails[train], children, parents, len(edges.head_names)).astype(np.float64)

    found: dict[str, Hypernymy] = {
        "trained": training.directions(),
        "closure": hypernymy(follows, test, test),  # 0 or 1: no threshold to choose
        "untrained": untrained,
    }
    rows = [(name, one.summary()["accuracy"], one.summary()["reversed_rejected"]) for name, one in found.items()]
    return {
        "values": {name: {"accuracy": one.correct.astype(np.float64)} for name, one in found.items()},
        "asked": [*valid, *test],
        "pairs": [("trained", "closure"), ("trained", "untrained")],
        "items": "test pairs",
        "protocol": "Half of the pairs are held-out edges, half have one end replaced by a node drawn evenly. The threshold is the best on "
        "the validation pairs. 'closure' says what follows from the training edges by going up, and nothing else.",
        "tables": [
            Table(
                "Direction",
                ["system", "accuracy", "turned round and rejected"],
                rows,
                "Of the test edges that hold, asked the wrong way round: a score without direction rejects none that it accepts.",
            )
        ],
    }
