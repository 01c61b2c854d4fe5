"""Judging a model that exists: ours, another library's folder, or any function from texts to vectors."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awase import models
from awase.apps.outcomes import of_evaluation
from awase.apps.reading import what_was_cut
from awase.apps.scored import with_scores
from awase.apps.systems import Dense, Hybrid, Lexical, how_joined, system
from awase.apps.tables import evaluate_table
from awase.apps.trained_on import unseen, without_trained_on
from awase.core.errors import ConfigError
from awase.core.protocols import TextEncoder
from awase.data.beir import is_beir
from awase.data.judged import Judged, judged_from_pairs, read_beir
from awase.data.pairs import Pairs, read_pairs
from awase.data.split import TEST, split_pairs
from awase.index.hybrid import Fusion
from awase.index.weighting import Weighting
from awase.models import TableModel
from awase.tasks.geometry import geometry
from awase.tasks.report import Report, environment
from awase.tasks.retrieval import judge


def evaluate(
    model: TextEncoder | TableModel | Callable | str | Path,
    source: Any,
    *,
    split: str | None = None,
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    everything: bool = False,
    seed: int = 0,
) -> Report:
    """The report of a model on data with known answers, beside what is simple.

    model: a folder (Awase, sentence-transformers, model2vec), a loaded model, or a function from a list of texts to an array.
    source, for a model of texts: a BEIR folder (``split`` names the judgements, "test" if not given) or pairs; beside the model stand
    BM25 and a mixture of the two, as ``fit`` chose how they weigh, else with the defaults. Of pairs with scores by people there are
    also the correlations of the scores.

    source, for a model of names: what it was made from. Triples: where the right heads and tails rank. Interactions: what is recommended.
    Edges of a hierarchy: whether the ball gives them back, or how well other vectors tell them from false ones. Of words: pairs with scores
    by people, or analogies below ": section" lines. What has a name that the model does not know is left out and counted.

    Of pairs, triples and interactions, those are judged that ``fit`` holds out, and none that the model remembers: a query that it was
    trained on or chosen by, together with an answer, is counted and left out (``Report.trained_on``). ``everything`` judges all, and says how
    many those are. Of a model that does not remember (another library's, a function, ``--no-trained-on``) the report says that nobody can
    know.

    Raises ConfigError E1009 for a table that nothing here judges, E1012 for a ``split`` of what has none, InputError E1010 for data of which
    it knows nothing, or nothing new, E1070 where nothing is left that the model has not seen.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> evaluate(lambda texts: np.ones((len(texts), 4), np.float32), animals).judged["n_candidates"]
    60
    """
    model = models.load(model) if isinstance(model, str | Path) else model
    if split is not None and (isinstance(model, TableModel) or not is_beir(source)):
        raise ConfigError(
            "E1012", "only a BEIR folder has judgements with names to choose from", place=str(source), value=split,
            remedy="leave --split out; of other data what `awase fit` holds out is judged, or all with --everything",
        )  # fmt: skip
    if isinstance(model, TableModel):
        return evaluate_table(model, source, columns=columns, on_bad=on_bad, everything=everything, seed=seed)
    encoder = model if isinstance(model, TextEncoder) else models.wrap(model)
    judged, data, note, pairs = _judged(source, split or "test", columns, on_bad, everything)
    memories = getattr(encoder, "trained_on", ())
    judged, seen = without_trained_on(judged, memories, everything=everything)
    lexical, dense = Lexical(judged.documents, Weighting.chosen_for(encoder)), Dense(encoder, judged.documents)
    fusion = Fusion.chosen_for(encoder)
    named = {"bm25": lexical, "model": dense, "hybrid": Hybrid(lexical, dense, fusion, judged.own)}
    judgement = judge(
        [system(name, searcher) for name, searcher in named.items()],
        judged,
        pairs=[("model", "bm25"), ("hybrid", ("bm25", "model"))],
        seed=seed,
    )
    report = Report.of(
        judgement,
        title=f"{encoder.name} on {judged.name}",
        data={**data, **what_was_cut(encoder, judged)},
        split={"judged": note},
        cost={"encode_and_search_s": judgement.seconds["model"]},
        environment=environment(),
        geometry=geometry(dense.encode(judged.queries), dense.vectors, judged, seed=seed),
        fusion=how_joined(fusion, lexical.index.weighting),
        worst=("model", "bm25"),
        trained_on=seen,
        outcome=of_evaluation(encoder, "bm25"),
    )
    if pairs is None:
        return report
    rows = unseen(pairs, () if everything else memories)
    return with_scores(report, pairs, rows, judged, lexical, {"model": encoder})


def _judged(source: Any, split: str, columns, on_bad: str, everything: bool) -> tuple[Judged, dict, str, Pairs | None]:
    """What to judge by, what was read, how it was chosen, and the pairs that were chosen; no pairs of a BEIR folder."""
    if is_beir(source):
        judged = read_beir(source, split)
        return judged, {"source": str(source), "format": "BEIR folder"}, f"judgements {split!r} of the folder", None
    pairs = read_pairs(source, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]
    data = {**pairs.understood, "pairs": len(pairs), "duplicates": pairs.duplicates, "bad_rows": pairs.bad.n}
    if everything:
        rows, note = np.arange(len(pairs)), "every anchor of the file"
    elif pairs.parts is not None and (pairs.parts == TEST).any():
        rows, note = np.flatnonzero(pairs.parts == TEST), "the test rows of the file"
    else:
        rows, note = split_pairs(pairs).test, "the anchors that fit holds out of this file"
    return judged_from_pairs(pairs, rows), data, note, pairs.take(rows)
