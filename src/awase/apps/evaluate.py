"""Judging a model that exists: ours, another library's folder, or any function from texts to vectors."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from awase import models
from awase.apps.systems import Dense, Hybrid, Lexical, system
from awase.core.protocols import TextEncoder
from awase.data.beir import is_beir
from awase.data.judged import Judged, judged_from_pairs, read_beir
from awase.data.pairs import read_pairs
from awase.data.split import TEST, split_pairs
from awase.index.hybrid import Fusion
from awase.tasks.geometry import geometry
from awase.tasks.report import Report, environment
from awase.tasks.retrieval import judge


def evaluate(
    model: TextEncoder | Callable | str | Path,
    source: Any,
    *,
    split: str = "test",
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    everything: bool = False,
    seed: int = 0,
) -> Report:
    """The report of a model on judged queries, beside BM25 and a mixture of the two.

    model: a folder (Awase, sentence-transformers, model2vec), a loaded model, or a function from a list of texts to an array.
    source: a BEIR folder (``split`` names the judgements) or pairs. Of pairs, the same queries are judged that ``fit`` holds out, so a
    model fitted on this file is judged on what it has not seen; ``everything`` judges all, for a file that was not trained on.
    The hybrid's weight is the one that ``fit`` chose for the model, else the default: there is nothing here to choose it on.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> evaluate(lambda texts: np.ones((len(texts), 4), np.float32), animals).judged["n_candidates"]
    60
    """
    encoder = _encoder(model)
    judged, data, note = _judged(source, split, columns, on_bad, everything)
    lexical, dense = Lexical(judged.documents), Dense(encoder, judged.documents)
    fusion = Fusion.chosen_for(encoder)
    named = {"bm25": lexical, "model": dense, "hybrid": Hybrid(lexical, dense, fusion)}
    judgement = judge(
        [system(name, searcher) for name, searcher in named.items()],
        judged,
        pairs=[("model", "bm25"), ("hybrid", ("bm25", "model"))],
        seed=seed,
    )
    return Report.of(
        judgement,
        title=f"{encoder.name} on {judged.name}",
        data=data,
        split={"judged": note},
        cost={"encode_and_search_s": judgement.seconds["model"]},
        environment=environment(),
        geometry=geometry(dense.encode(judged.queries), dense.vectors, judged, seed=seed),
        fusion={"weight": fusion.weight, "depth": fusion.depth},
        worst=("model", "bm25"),
    )


def _encoder(model: Any) -> TextEncoder:
    return models.text_encoder(model) if isinstance(model, str | Path | TextEncoder) else models.wrap(model)


def _judged(source: Any, split: str, columns, on_bad: str, everything: bool) -> tuple[Judged, dict, str]:
    if is_beir(source):
        judged = read_beir(source, split)
        return judged, {"source": str(source), "format": "BEIR folder"}, f"judgements {split!r} of the folder"
    pairs = read_pairs(source, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]
    data = {**pairs.understood, "pairs": len(pairs), "duplicates": pairs.duplicates, "bad_rows": pairs.bad.n}
    if everything:
        return judged_from_pairs(pairs, np.arange(len(pairs))), data, "every anchor of the file"
    if pairs.parts is not None and (pairs.parts == TEST).any():
        return judged_from_pairs(pairs, np.flatnonzero(pairs.parts == TEST)), data, "the test rows of the file"
    rows = split_pairs(pairs)[TEST]
    return judged_from_pairs(pairs, rows), data, "the anchors that fit holds out of this file"
