"""Triples of a graph: fit vectors to entities and relations, and judge them by the heads and tails they predict."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps import card
from awase.apps.job import Findings, Fit, Job, digest
from awase.apps.outcomes import of_table
from awase.apps.reading import say_split, say_what_was_read, what_was_read
from awase.contrast.encoders import Linked, Translated
from awase.contrast.encoders.projected import Projected
from awase.core.errors import InputError
from awase.core.progress import progress, say
from awase.data.link_split import LinkSplit, split_links
from awase.data.links import Links, read_links
from awase.models.geometry import tied
from awase.models.table import TableModel
from awase.recipes import Recipe
from awase.tasks.given_away import alike, given_away, told
from awase.tasks.link_prediction import HasTriples, LinkPrediction, Score, Triples, link_prediction
from awase.tasks.report import Table
from awase.train.loop import Course
from awase.train.step import choose

METRIC = "mrr"
_SHARE = 0.1  # of the triples, to choose by and to judge by
_VALIDATION_TRIPLES = 500  # more would cost more than they tell
_MOST_RELATIONS = 50  # listed in the report
_GEOMETRIES = {1: "translation-l1", 2: "translation"}

_USE = """model.predict("a head", "a relation")   # likely tails that training did not have, best first
model.neighbours("an entity")"""


def fit(source: Any, job: Job) -> Fit:
    """See ``awase.fit``."""
    job.asked(half=False)
    triples = source if isinstance(source, Links) else read_links(source, "triples", columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    valid, test = (_SHARE if size is None else size for size in (job.valid, job.test))
    triples, split, n_unseen = trained_names(triples, split_links(triples, valid=valid, test=test, seed=job.seed))
    _say_what_was_read(triples, split, n_unseen)
    job.clock.lap("read_s")

    training = Training(job.recipe, triples, split, seed=job.seed, threads=job.threads)
    identity = job.identity(
        data=digest(triples.heads, triples.relations, triples.tails),
        parts=[len(rows) for rows in split[:3]],
        names=_names_hash(triples),
    )
    checkpoints = job.checkpoints(identity)
    with progress("judging the untrained model", 1, "model"):
        untrained = training.judge(split.test)
    course = job.train(training.step, checkpoints, validate=training.validation(), unit="triples")
    findings = _findings(training, course, untrained, n_unseen, job)
    model = training.model(job.name if job.out is None else job.out.name)
    model.info = identity | {"metrics": findings.report.systems["trained"], "split": findings.report.split}
    return job.save(model, findings, checkpoints, card=card.table_card(findings.report, model.name, _USE))


class Training:
    """A recipe bound to triples."""

    def __init__(self, recipe: Recipe, triples: Links, split: LinkSplit, *, seed: int, threads: int):
        self.recipe, self.triples, self.split = recipe, triples, split
        self.source = recipe.positives.source(triples, split.train)
        self.encoder = recipe.encoder.encoder(self.source.n_entities, self.source.n_relations, seed=seed)
        self.step = choose(
            self.encoder, recipe.negatives.bind(self.source, seed), recipe.score, recipe.loss, recipe.plan,
            regularisers=recipe.regularisers, threads=threads,
        )  # fmt: skip

    def judge(self, rows: np.ndarray, score: Score | None = None, *, known: np.ndarray | None = None) -> LinkPrediction:
        """Filtered ranks of the triples at ``rows`` among all entities: by the vectors as they are now, or by another score.

        known: rows of the triples whose right answers do not count; default all.
        """
        return link_prediction(
            score or scorer(self.encoder, self.recipe.score),
            _facts(self.triples.take(rows)),
            [_facts(self.triples if known is None else self.triples.take(known))],
            self.source.n_entities,
        )

    def validation(self) -> Callable[[], float] | None:
        """The mean reciprocal rank of some validation triples, always the same; None where nothing was held out to choose by.
        Test triples are not known to be right here: what is chosen does not depend on them."""
        rows = self.split.valid
        if not len(rows):
            return None
        some = np.sort(np.random.default_rng((self.recipe.plan.seed, 0x7A11D)).permutation(rows)[:_VALIDATION_TRIPLES])
        known = np.concatenate([self.split.train, rows])
        return lambda: float(self.judge(some, known=known).per_triple()[METRIC].mean())

    def model(self, name: str) -> TableModel:
        """The vectors as they are now, and what was trained on or chosen by, so that it is not predicted again."""
        known = _facts(self.triples.take(np.concatenate([self.split.train, self.split.valid])))
        return TableModel(
            {name: table.copy() for name, table in self.encoder.parameters.items()},
            {"entities": self.triples.head_names, "relations": self._relation_names()},
            # Entities have one length, so by cosine they rank as by distance.
            geometry=_GEOMETRIES[getattr(self.recipe.score, "p", 2)],
            name=name,
            known=np.column_stack(known),
        )

    def _relation_names(self) -> list[str]:
        """With those of relations read backwards, where they have rows of their own: a head is what the tail is linked to by one."""
        names = list(self.triples.relation_names)
        return names + _backwards(names) if isinstance(self.encoder, Linked) else names


def encoder_of(model: TableModel) -> Translated | Projected | Linked:
    """The encoder whose parameters a model of triples has."""
    tables = {name: table.astype(np.float32) for name, table in model.tables.items()}
    if "relation_projections" in tables:
        return Projected(**tables)
    names = list(model.names["relations"])
    both_ways = names[len(names) // 2 :] == _backwards(names[: len(names) // 2])
    return Linked(**tables) if both_ways else Translated(**tables)


def _backwards(relations: list[str]) -> list[str]:
    return [f"{name}, backwards" for name in relations]


def scorer(encoder, score) -> Score:
    """What ``link_prediction`` asks of an encoder of ``contrast.codes``: the scores of all entities as tail or as head."""
    codes, entities = encoder.codes, np.arange(encoder.codes.n_entities)

    def scores(anchors: np.ndarray, relations: np.ndarray, side: str) -> np.ndarray:
        A = encoder.encode((codes.forward if side == "tail" else codes.backward)(anchors, relations))
        if isinstance(encoder, Translated | Linked):  # for which every relation sees the entities alike
            return tied(score(A, encoder.parameters["entities"]), encoder.parameters["entities"])
        out = np.empty((len(anchors), len(entities)), A.dtype)
        for relation in np.unique(relations):
            asked = relations == relation
            seen = encoder.encode(codes.seen(entities, relation))
            out[asked] = tied(score(A[asked], seen), seen)
        return out

    return scores


def frequency(train: HasTriples, n_entities: int, n_relations: int) -> Score:
    """The score that knows no heads and tails that belong together: how often an entity is the tail, or head, of the relation in training."""
    counts = {
        side: np.bincount(train.relations * n_entities + entities, minlength=n_relations * n_entities).reshape(n_relations, -1)
        for side, entities in (("head", train.heads), ("tail", train.tails))
    }
    return lambda anchors, relations, side: counts[side][relations].astype(np.float32)


def trained_names(triples: Links, split: LinkSplit) -> tuple[Links, LinkSplit, dict[str, int]]:
    """The triples without those of validation and test that name what training does not, numbered without these names; and how many
    were left out of each. Only a split that came with the data has any.

    Raises InputError E0552 when no test triple is left.
    """
    facts, train = _facts(triples), _facts(triples.take(split.train))
    entities, relations = np.union1d(train.heads, train.tails), np.unique(train.relations)
    seen = np.isin(facts.heads, entities) & np.isin(facts.tails, entities) & np.isin(facts.relations, relations)
    left_out = {name: int((~seen[rows]).sum()) for name, rows in (("valid", split.valid), ("test", split.test))}
    if seen.all():
        return triples, split, left_out
    if left_out["test"] == len(split.test):
        raise InputError(
            "E0552", "every test triple names an entity or a relation that no training triple has", value=left_out["test"],
            place=str(triples.understood.get("source", "")), remedy="split the triples anew, or let `awase fit` do it",
        )  # fmt: skip
    names = [triples.head_names[entity] for entity in entities]
    kept = replace(
        triples.take(np.flatnonzero(seen)),
        heads=np.searchsorted(entities, facts.heads[seen]),
        tails=np.searchsorted(entities, facts.tails[seen]),
        relations=np.searchsorted(relations, facts.relations[seen]),
        head_names=names,
        tail_names=names,
        relation_names=[triples.relation_names[relation] for relation in relations],
    )
    place = np.cumsum(seen) - 1
    train_rows, valid_rows, test_rows = (place[rows[seen[rows]]] for rows in split[:3])
    return kept, LinkSplit(train_rows, valid_rows, test_rows, note=split.note), left_out


def _facts(triples: Links) -> Triples:
    """The columns, of which links of other kinds have no relations."""
    assert triples.relations is not None, "these links are no triples"
    return Triples(triples.heads, triples.relations, triples.tails)


def _names_hash(triples: Links) -> str:
    return digest(
        *(np.frombuffer("\n".join(names).encode(), np.uint8) for names in (triples.head_names, triples.relation_names))
    )


def _say_what_was_read(triples: Links, split: LinkSplit, n_unseen: dict[str, int]) -> None:
    say_what_was_read(triples, "triples", f"{len(triples.head_names):,} entities and {len(triples.relation_names):,} relations")
    for part, n in n_unseen.items():
        if n:
            say(f"{n:,} triples of {part} left out: they name what training does not")
    say_split(split)


def _findings(training: Training, course: Course, untrained: LinkPrediction, n_unseen: dict[str, int], job: Job) -> Findings:
    triples, split = training.triples, training.split
    with progress("judging", 2, "systems") as bar:
        trained = training.judge(split.test)
        bar.advance()
        by_frequency = training.judge(
            split.test, frequency(_facts(triples.take(split.train)), len(triples.head_names), len(triples.relation_names))
        )
        bar.advance()
    job.clock.lap("evaluate_s")
    of_training, cautions = said_by_training(
        _facts(triples.take(split.test)), _facts(triples.take(split.train)), _facts(triples), "trained", trained, triples.relation_names,
        training.source.n_entities,
    )  # fmt: skip
    return job.findings(
        {"trained": trained.metrics(), "untrained": untrained.metrics(), "frequency": by_frequency.metrics()},
        [*_facts(triples), split.test],
        title=Path(str(triples.understood.get("source", "triples"))).name,
        items="test triples",
        n_candidates=training.source.n_entities,
        candidates="entities",
        left_out={f"triples of {part} that name what training does not": n for part, n in n_unseen.items() if n},
        protocol=(
            "Each test triple asks for its tail and for its head among all entities; other entities known to be right do not count, and ties "
            "have the mean rank. frequency ranks entities by how often they have that place with that relation in training."
        ),
        pairs=[("trained", "frequency"), ("trained", "untrained")],
        data=what_was_read(
            triples,
            {"triples": len(triples), "entities": len(triples.head_names), "relations": len(triples.relation_names)},
        ),
        split={
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
            "note": split.note,
            "kernel": training.step.name,
        },
        cost={
            **job.clock.cost(),
            "model_bytes": sum(table.nbytes for table in training.encoder.parameters.values()),
            "threads": job.threads,
        },
        recipe=job.recipe.resolved(),
        history=[point if "validation" not in point else point | {METRIC: point["validation"]} for point in course.points],
        tables=[*of_training, _sides(trained), _relations(trained, triples, split)],
        cautions=cautions,
        outcome=of_table("frequency"),
    )


def said_by_training(
    test: Triples,
    train: Triples,
    everything: Triples,
    system: str,
    found: LinkPrediction,
    relations: list[str],
    n_entities: int,
) -> tuple[list[Table], list[str]]:
    """What training gives away of the test triples, turned round or by another relation, as tables and cautions of a report."""
    if not len(train.heads):
        return [], []
    return told(given_away(test, train, n_entities), system, found, alike(everything, n_entities), relations)


def _sides(found: LinkPrediction) -> Table:
    """How well heads and tails are found."""
    summary, measures = found.summary(), ("mrr", "hits@1", "hits@10", "mean_rank", "adjusted_mean_rank_index")
    rows = [(name, *(summary[side][measure] for measure in measures)) for side, name in (("head", "heads"), ("tail", "tails"))]
    return Table("Heads and tails", ("asked for", *measures), rows, "Of the trained model.")


def _relations(found: LinkPrediction, triples: Links, split: LinkSplit) -> Table:
    """How well the triples of each relation are predicted, the most frequent first."""
    of = found.per_relation(_facts(triples).relations[split.test])
    order = np.argsort(-of["n_triples"], kind="stable")[:_MOST_RELATIONS]
    rows = [
        (triples.relation_names[of["relation"][i]], int(of["n_triples"][i]), float(of["mrr"][i]), float(of["hits@10"][i]))
        for i in order
    ]
    more = len(of["relation"]) - len(order)
    note = f"{more:,} rarer relations are not listed." if more else "Of the trained model."
    return Table("Relations", ("relation", "test triples", "mrr", "hits@10"), rows, note)
