"""Judging a table of names that exists, each by what its vectors are for: triples, interactions, edges, word pairs or analogies."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from awase.apps import graph, hierarchy, users
from awase.apps.outcomes import of_evaluation
from awase.apps.reading import what_was_read
from awase.apps.words import similarity_table
from awase.contrast.scores import Cosine, Distance, Dot, Order, Poincare
from awase.core.errors import ConfigError, InputError
from awase.data.closure import transitive_closure
from awase.data.links import LinkKind, Links, read_links
from awase.models.geometry import tied
from awase.models.table import TableModel
from awase.tasks.analogies import Analogies, analogies, read_analogies
from awase.tasks.hypernymy import hypernymy
from awase.tasks.items import Metric
from awase.tasks.link_prediction import Triples, link_prediction
from awase.tasks.recommendation import Interactions, popularity, recommendation
from awase.tasks.report import Report, Table, environment
from awase.tasks.similarity import WordPairs, cosine_of, read_lines, read_word_pairs, rows_of, word_similarity

_SCORES = {
    "cosine": Cosine(),
    "dot": Dot(),
    "euclidean": Distance(),
    "poincare": Poincare(),
    "order": Order(),
    "translation": Distance(),
    "translation-l1": Distance(p=1),
}
_UNKNOWN = "{} with a name that the model does not have"
_LEAST_EDGES = 2  # one to choose the threshold by, one to judge by
_TRAINED = "{} that the model was trained on or chosen by"


class _Asked(NamedTuple):
    """What to judge by; ``values`` and all else are arguments of ``Report.of_items``."""

    values: Mapping[str, Mapping[str, Metric]]
    items: str
    protocol: str
    data: Mapping[str, Any]
    left_out: Mapping[str, int]
    more: Mapping[str, Any]


def evaluate_table(
    model: TableModel, source: Any, *, columns: Mapping[str, str] | None, on_bad: str, everything: bool, seed: int
) -> Report:
    """See ``awase.evaluate``. Raises ConfigError E1009 for a model that nothing here judges, InputError E1010 for data of which the model
    knows nothing, or nothing new."""

    def links(kind: LinkKind) -> Links:
        return source if isinstance(source, Links) else read_links(source, kind, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]

    tables = set(model.names)
    if tables == {"entities", "relations"}:
        asked = _triples(model, links("triples"), everything)
    elif tables == {"users", "items"}:
        asked = _interactions(model, links("interactions"), everything)
    elif tables == {"nodes"} and model.geometry == "poincare":
        asked = _given_back(model, links("edges"), seed)
    elif tables == {"nodes"} and model.geometry in ("order", "euclidean"):
        asked = _directions(model, links("edges"), everything, seed)
    elif model.geometry in ("cosine", "dot"):
        if columns:
            raise ConfigError("E1009", "files of word pairs and analogies have no columns to name", value=dict(columns))
        asked = _analogies(model, source) if _holds_analogies(source) else _similarity(model, source)
    else:
        raise ConfigError(
            "E1009", f"nothing here judges tables of {', '.join(model.names)} that measure by {model.geometry!r}", value=model.name,
            remedy="judged are entities and relations, users and items, nodes of a hierarchy, and words",
        )  # fmt: skip
    origin = Path(str(asked.data.get("source", "what was given"))).name
    return Report.of_items(
        asked.values,
        items=asked.items,
        title=f"{model.name} on {origin}",
        protocol=asked.protocol,
        left_out={what: n for what, n in asked.left_out.items() if n},
        pairs=[("model", other) for other in asked.values if other != "model"],
        seed=seed,
        data=asked.data,
        split={},
        cost={"model_bytes": sum(table.nbytes for table in model.tables.values())},
        environment=environment(),
        outcome=of_evaluation(model, next((name for name in asked.values if name != "model"), None)),
        **asked.more,
    )


# Links that the model may have been trained on


class _New(NamedTuple):
    """Rows of the model's tables, int64 (n, columns): all given links, those to judge by, and those the model remembers."""

    given: np.ndarray
    judged: np.ndarray
    trained: np.ndarray
    left_out: dict[str, int]
    seen: dict[str, int]


def _new(model: TableModel, links: Links, columns: list[tuple[str, list[str], np.ndarray]], everything: bool) -> _New:
    """columns: for each column of the links the table it is about, the names it numbers, and the numbers."""
    rows = np.column_stack([_rows(model, table, names)[numbers] for table, names, numbers in columns])
    given = _known_alone(rows, links)
    sizes = tuple(len(model.names[table]) for table, *_ in columns)
    remembered = np.empty((0, len(columns)), np.int64) if model.known is None else model.known
    seen = _remembered(given, remembered, sizes)
    trained, judged = (remembered[:0], given) if everything else (remembered, given[~seen])
    if not len(judged):
        raise _all_trained_on(links, len(given))
    left_out = {_UNKNOWN.format(links.kind): len(rows) - len(given), _TRAINED.format(links.kind): len(given) - len(judged)}
    return _New(given, judged, trained, left_out, {links.kind: int(seen.sum()), "left_out": len(given) - len(judged)})


def _remembered(links: np.ndarray, remembered: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """bool (n,): which links, rows of tables of these sizes, are among those that the model remembers."""
    return np.isin(np.ravel_multi_index(tuple(links.T), sizes), np.ravel_multi_index(tuple(remembered.T), sizes))


def _all_trained_on(links: Links, n: int) -> InputError:
    return InputError(
        "E1010", f"the model was trained on all {n:,} {links.kind} or chosen by them", place=_source(links),
        remedy="give others; or --everything (everything=True), which judges what was trained on too",
    )  # fmt: skip


def _triples(model: TableModel, links: Links, everything: bool) -> _Asked:
    assert links.relations is not None, "these links are no triples"
    new = _new(
        model,
        links,
        [
            ("entities", links.head_names, links.heads),
            ("relations", links.relation_names, links.relations),
            ("entities", links.tail_names, links.tails),
        ],
        everything,
    )
    encoder = graph.encoder_of(model)
    n, n_relations = encoder.codes.n_entities, encoder.codes.n_relations
    test, trained = Triples(*new.judged.T), Triples(*new.trained.T)
    scores = {"model": graph.scorer(encoder, _SCORES[model.geometry])}
    if len(new.trained):
        scores["frequency"] = graph.frequency(trained, n, n_relations)
    known = [Triples(*new.given.T), trained]
    found = {name: link_prediction(score, test, known, n) for name, score in scores.items()}
    all_links = Triples(*np.unique(np.concatenate([new.given, new.trained]), axis=0).T)
    names = list(model.names["relations"])
    tables, cautions = graph.said_by_training(test, trained, all_links, "model", found["model"], names, n)
    return _Asked(
        {name: one.metrics() for name, one in found.items()},
        "test triples",
        "Each triple asks for its tail and for its head among all entities; entities known to be right, from what the model was trained on or "
        "from what is given, do not count, and ties have the mean rank.",
        what_was_read(links, {links.kind: len(links)}),
        new.left_out,
        {"candidates": "entities", "n_candidates": n, "trained_on": new.seen, "tables": tables, "cautions": cautions},
    )


def _interactions(model: TableModel, links: Links, everything: bool) -> _Asked:
    columns = [("users", links.head_names, links.heads), ("items", links.tail_names, links.tails)]
    new = _new(model, links, columns, everything)
    U, V = (model.tables[name].astype(np.float32) for name in ("users", "items"))
    test, had = Interactions(*new.judged.T), Interactions(*new.trained.T)
    measure = _SCORES[model.geometry]
    scores: dict[str, Callable] = {"model": lambda rows: tied(measure(U[rows], V), V)}
    if len(new.trained):
        scores["popularity"] = popularity(had, len(V))
    found = {name: recommendation(score, had, test, len(U), len(V), users.metrics(len(V))) for name, score in scores.items()}
    return _Asked(
        {name: one.values for name, one in found.items()},
        "users",
        "Every item is ranked for each user, but for what the model remembers of the user. recall@k: given items among the first k, over all "
        "given items.",
        what_was_read(links, {links.kind: len(links)}),
        new.left_out,
        {"candidates": "items", "n_candidates": len(V), "trained_on": new.seen},
    )


# Hierarchies


def _edges(model: TableModel, links: Links) -> tuple[Links, np.ndarray, dict[str, int]]:
    """The edges that the recipe would train on, as rows of the model, without those that have other names; which of them were trained on
    or chosen by; and how many had other names."""
    trained_by = model.info.get("recipe", {}).get("positives", {})
    edges = transitive_closure(links) if trained_by.get("closure", True) else links
    rows = _rows(model, "nodes", edges.head_names)
    given = _known_alone(np.column_stack([rows[edges.heads], rows[edges.tails]]), links)
    names = list(model.names["nodes"])
    known = replace(edges, heads=given[:, 0], tails=given[:, 1], head_names=names, tail_names=names, values=None, parts=None)
    remembered = np.empty((0, 2), np.int64) if model.known is None else model.known
    return known, _remembered(given, remembered, (len(names),) * 2), {_UNKNOWN.format("edges"): len(edges) - len(known)}


def _given_back(model: TableModel, links: Links, seed: int) -> _Asked:
    edges, seen, left_out = _edges(model, links)
    found = hierarchy.given_back(edges, model.tables["nodes"].astype(np.float64), Poincare(), seed=seed)
    return _Asked(
        {"model": found.metrics()},
        "nodes",
        "Reconstruction: for each node that is below another, all others are ranked by distance, and what it is below should come first.",
        what_was_read(links, {links.kind: len(links)}),
        left_out,
        {"candidates": "nodes", "n_candidates": len(model) - 1, "trained_on": {"edges": int(seen.sum()), "left_out": 0}},
    )


def _directions(model: TableModel, links: Links, everything: bool, seed: int) -> _Asked:
    edges, seen, left_out = _edges(model, links)
    if not everything:
        if len(edges) - seen.sum() < _LEAST_EDGES:
            raise _all_trained_on(links, len(edges))
        left_out[_TRAINED.format("edges")] = int(seen.sum())
        edges = edges.take(np.flatnonzero(~seen))
    table, score = model.tables["nodes"].astype(np.float32), _SCORES[model.geometry]
    order = np.random.default_rng((seed, 0x4A1F)).permutation(len(edges))
    valid, test = (hierarchy.labelled(edges, np.sort(half), seed=seed) for half in np.array_split(order, 2))
    found = hypernymy(lambda children, parents: hierarchy.is_below(score, table[children], table[parents]), valid, test)
    return _Asked(
        {"model": found.metrics()},
        "pairs",
        "Half of the pairs are given edges, half have one end replaced by a node drawn evenly. The threshold is the best on one half of the "
        "edges, the other half is judged by.",
        what_was_read(links, {links.kind: len(links)}),
        left_out,
        {"trained_on": {"edges": int(seen.sum()), "left_out": left_out.get(_TRAINED.format("edges"), 0)}},
    )


# Words


def _holds_analogies(source: Any) -> bool:
    """Whether this is, or is a file of, analogies: its first line begins a section."""
    if isinstance(source, str | Path):
        return next((line for line in read_lines(Path(source)) if line.strip()), "").startswith(":")
    return isinstance(source, Analogies)


def _similarity(model: TableModel, source: Any) -> _Asked:
    pairs = source if isinstance(source, WordPairs) else read_word_pairs(source)
    words, vectors = _words(model)
    found = word_similarity(pairs, words, cosine_of(vectors))
    if found.rho is None:
        raise _nothing_known("word pairs", len(found.known), str(source if isinstance(source, str | Path) else pairs.name))
    return _Asked(
        {"model": found.metrics()},
        "word pairs",
        "Judgements of people against the cosine of vectors, by Spearman's rank correlation; a word is found in any case.",
        {"source": str(source if isinstance(source, str | Path) else pairs.name), "word pairs": len(found.known)},
        {_UNKNOWN.format("word pairs"): int((~found.known).sum())},
        {"tables": [similarity_table([found])]},
    )


def _analogies(model: TableModel, source: Any) -> _Asked:
    questions = source if isinstance(source, Analogies) else read_analogies(source)
    words, vectors = _words(model)
    found = analogies(questions, words, vectors)
    origin = str(source if isinstance(source, str | Path) else questions.name)
    if not found.counted.any():
        raise _nothing_known("analogies", len(found.known), origin)
    rows = [(one["section"], one["n_questions"], one["n_known"], one["accuracy"]) for one in found.sections()]
    return _Asked(
        {"model": found.metrics()},
        "analogies",
        "a is to b as c is to ?: right if the word closest to b - a + c (3CosAdd), of all but these three, is the given one; a word is found "
        "in any case.",
        {"source": origin, "analogies": len(found.known)},
        {_UNKNOWN.format("analogies"): int((~found.counted).sum())},
        {
            "candidates": "words",
            "n_candidates": len(words),
            "tables": [Table("Sections", ("section", "questions", "known", "accuracy"), rows)],
        },
    )


def _words(model: TableModel) -> tuple[list[str], np.ndarray]:
    table = model.table_name(None)
    return list(model.names[table]), model.tables[table].astype(np.float32)


# Names


def _rows(model: TableModel, table: str, names: list[str]) -> np.ndarray:
    """int64 (n_names,): the row of each name, -1 if the model does not have it."""
    return rows_of(list(model.names[table]), names)


def _known_alone(rows: np.ndarray, links: Links) -> np.ndarray:
    """The links of which every name is known. Raises InputError E1010 when there are none."""
    known = rows[(rows >= 0).all(axis=1)]
    if not len(known):
        raise _nothing_known(links.kind, len(links), _source(links))
    return known


def _nothing_known(what: str, n: int, place: str) -> InputError:
    return InputError(
        "E1010", f"the model does not have the names of any of the {n:,} {what}", place=place,
        remedy="give data about what it was trained on: names are compared exactly",
    )  # fmt: skip


def _source(links: Links) -> str:
    return str(links.understood.get("source", ""))
