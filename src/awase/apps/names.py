"""Pairs of names: fit a vector to each name on each side, and judge them by pairs that were held out."""

from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.reading import what_was_read
from awase.contrast.encoders import Table
from awase.core.progress import say
from awase.data.link_split import LinkSplit, split_links
from awase.data.links import Links, read_links
from awase.models.table import TableModel
from awase.tasks.closeness import closer_than_drawn
from awase.train.loop import Course
from awase.train.step import choose

_HELD_OUT = 0.05
_ASKED_MOST = 10_000  # held-out pairs that are judged
_DRAWN = 100


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``. There is nothing to ask for beyond what all kinds have."""
    job.asked(half=False)
    links = source if isinstance(source, Links) else read_links(source, "pairs", columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    split = split_links(links, valid=0, test=_HELD_OUT if job.test is None else job.test, seed=job.seed)
    say(
        f"{links.understood['rows']:,} rows read: {len(links):,} distinct pairs of {len(links.head_names):,} names, "
        f"{links.bad.n:,} bad rows skipped; {len(split.test):,} pairs to judge by: {split.note}"
    )
    job.clock.lap("read_s")

    pairs = job.recipe.positives.source(links, split.train)
    encoder = job.recipe.encoder.encoder(pairs.n_anchors, pairs.n_targets, seed=job.seed)
    step = choose(
        encoder,
        job.recipe.negatives.bind(pairs, job.seed),
        job.recipe.score,
        job.recipe.loss,
        job.recipe.plan,
        threads=job.threads,
    )
    identity = job.identity(
        data=digest(links.heads, links.tails, links.values), names=len(links.head_names), parts=[len(split.train)]
    )
    checkpoints = job.checkpoints(identity)
    asked = _Asked(links, split, job.seed)
    untrained = asked.auc(asked.by(encoder))
    course = job.train(step, checkpoints, unit="pairs")
    findings = _findings(asked, split, encoder, untrained, course, job)
    info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    model = table_model(links, split, encoder, "pairs" if job.out is None else job.out.name, info)
    return job.save(
        model,
        findings,
        checkpoints,
        card=card.table_card(findings.report, model.name, f"model.neighbours({links.head_names[0]!r})"),
    )


def table_model(links: Links, split: LinkSplit, encoder: Table, name: str, info: dict) -> TableModel:
    """The vectors of names as anchors and as targets; a name that training saw on one side only has none on the other."""
    table, n = encoder.parameters["table"], len(links.head_names)
    sides = {"anchors": (links.heads, 0), "targets": (links.tails, n)}
    rows = {side: np.unique(numbers[split.train]) for side, (numbers, _) in sides.items()}
    return TableModel(
        {side: table[first + rows[side]] for side, (_, first) in sides.items()},
        {side: [links.head_names[row] for row in rows[side]] for side in sides},
        name=name,
        info=info,
    )


class _Asked:
    """The held-out pairs to judge by, and for each the targets drawn to set against its own."""

    def __init__(self, links: Links, split: LinkSplit, seed: int):
        n, rng = len(links.head_names), np.random.default_rng((seed, 0xD4A))
        rows = np.sort(rng.permutation(split.test)[:_ASKED_MOST])
        self.links, self.anchors, self.targets = links, links.heads[rows], links.tails[rows]
        self.frequency = np.bincount(links.tails[split.train], weights=links.values[split.train], minlength=n)  # type: ignore[index]
        self.drawn = rng.choice(n, (len(rows), _DRAWN), p=self.frequency / self.frequency.sum())

    def auc(self, score) -> np.ndarray:
        return closer_than_drawn(score, self.anchors, self.targets, self.drawn)

    def by(self, encoder: Table):
        """The score that is trained, by the vectors as they are now."""
        n, table = len(self.links.head_names), encoder.parameters["table"]
        return lambda anchors, targets: np.einsum("bd,bcd->bc", table[anchors], table[n + targets])


def _findings(asked: _Asked, split: LinkSplit, encoder: Table, untrained: np.ndarray, course: Course, job: Job) -> Findings:
    links, n = asked.links, len(asked.links.head_names)
    found = {
        "trained": {"auc": asked.auc(asked.by(encoder))},
        "frequency": {"auc": asked.auc(lambda _, targets: asked.frequency[targets])},
        "untrained": {"auc": untrained},
    }
    job.clock.lap("evaluate_s")
    return job.findings(
        found,
        [asked.anchors, asked.targets, asked.drawn],
        title=Path(links.understood["source"]).name,
        items="held-out pairs",
        protocol=f"each pair's target against {_DRAWN} drawn as often as they are targets in training",
        pairs=[("trained", "frequency"), ("trained", "untrained")],
        data=what_was_read(links, {"distinct pairs": len(links), "names": n}),
        split={"train": len(split.train), "test": len(split.test), "note": split.note},
        cost={**job.clock.cost(), "model_bytes": encoder.parameters["table"].nbytes, "threads": job.threads},
        recipe=job.recipe.resolved(),
        history=course.points,
        outcome=of_table("frequency"),
    )
