"""A report on pairs of texts with scores by people says how well the systems' scores agree with them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from awase.apps.systems import Lexical
from awase.core.protocols import TextEncoder
from awase.data.judged import Judged
from awase.data.keys import Interner, text_keys
from awase.data.kinds import TEXT_TYPE
from awase.data.pairs import Pairs
from awase.tasks.report import Report
from awase.tasks.report.value import plain
from awase.tasks.scored_pairs import are_scored, scored_pairs

_MOST = 2_000  # pairs; more would take long and tell no more


def with_scores(
    report: Report, pairs: Pairs, rows: np.ndarray, judged: Judged, lexical: Lexical, models: Mapping[str, TextEncoder]
) -> Report:
    """The report with Spearman's and Pearson's correlations of the pairs at ``rows``; as it is, where they have no scores to speak of.

    judged: whose documents ``lexical`` holds; models: name of a system -> its encoder, the first of which is tested against the others and
    BM25.
    """
    if pairs.scores is None or not are_scored(pairs.scores[rows]):
        return report
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng((report.seed, 0x5C0)).permutation(rows)[:_MOST])
    some = pairs.take(rows)
    queries, documents = some.anchors.to_pylist(), some.positives.to_pylist()
    predicted = {"bm25": lexical.index.scores_of(queries, _rows_of(judged, some)[:, None])[:, 0]}
    for name, model in models.items():
        A, B = (_unit(model.encode(texts, role=role)) for texts, role in ((queries, "query"), (documents, "document")))
        predicted[name] = np.einsum("nd,nd->n", A, B)
    first, *others = models
    assert some.scores is not None
    found = scored_pairs(
        {name: scores.astype(np.float64) for name, scores in predicted.items()},
        some.scores.astype(np.float64),
        pairs=[(first, other) for other in ("bm25", *others)],
        seed=report.seed,
    )
    return replace(
        report,
        systems={name: of | plain(found.systems.get(name, {}), "systems") for name, of in report.systems.items()},
        tables=[plain(found.table.as_dict(), "tables"), *report.tables],
        judged=report.judged | {"scored_pairs": len(rows), "findings": found.sentences},
    )


def _rows_of(judged: Judged, some: Pairs) -> np.ndarray:
    """int64 (n,): the row of each pair's positive among the documents, of which every positive of the file is one."""
    documents = Interner()
    documents.ids(text_keys(pa.array(judged.documents, TEXT_TYPE)))
    return documents.ids(some.positive_keys)


def _unit(V: np.ndarray) -> np.ndarray:
    return V / np.maximum(np.linalg.norm(V, axis=1, keepdims=True), np.float32(1e-12))
