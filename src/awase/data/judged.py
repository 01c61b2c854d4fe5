"""Queries, candidate documents and which of them are relevant: what retrieval is judged on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from awase.core.errors import InputError
from awase.data import beir
from awase.data.compute import pc
from awase.data.keys import Interner, text_keys
from awase.data.kinds import TEXT_TYPE
from awase.data.pairs import Pairs

NOTHING_RELEVANT = "queries without a relevant document"
SELF_ONLY = "queries whose only relevant document is their own text"


@dataclass(frozen=True, eq=False)
class Judged:
    """Retrieval judgements. The relevant documents of query i are ``rows[offsets[i]:offsets[i + 1]]`` (rows of ``documents``,
    ascending, int64), with ``grades`` (float32, above 0) beside them. Every query has at least one.

    own: int64 (n_queries,), the row of the document that is the query itself, -1 for none; None where no query is a document. It is no
    candidate for that query, and for others it stays: a query that finds itself has found nothing. left_out: how many queries were asked for
    and cannot be judged, by reason."""

    queries: list[str]
    documents: list[str]
    offsets: np.ndarray
    rows: np.ndarray
    grades: np.ndarray
    query_ids: list[str]
    document_ids: list[str]
    name: str
    own: np.ndarray | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)

    def take(self, at: np.ndarray, *, left_out: Mapping[str, int] | None = None) -> "Judged":
        """The judgements of the queries ``at`` (int64, ascending) alone; left_out: how many others there were, by reason."""
        kept = np.isin(np.repeat(np.arange(len(self.queries)), np.diff(self.offsets)), at)
        return replace(
            self,
            queries=[self.queries[i] for i in at],
            query_ids=[self.query_ids[i] for i in at],
            offsets=np.concatenate([[0], np.cumsum(np.diff(self.offsets)[at])]),
            rows=self.rows[kept],
            grades=self.grades[kept],
            own=None if self.own is None else self.own[at],
            left_out={**self.left_out, **{why: self.left_out.get(why, 0) + n for why, n in (left_out or {}).items()}},
        )


def judged_from_pairs(pairs: Pairs, rows: np.ndarray, *, extra_documents: Iterable[str] = ()) -> Judged:
    """The judgements of the pairs at ``rows`` (int64).

    Queries are the distinct anchors of ``rows``. Candidates are all distinct positives and given negatives of the whole file, and
    ``extra_documents``: never only the held-out ones. Relevant is every positive the whole file has for an anchor, graded by its
    score when there are scores (scores of 0 and below are not relevant), else 1. Texts that are equal when normalised are one, and an anchor
    that is itself among the documents is no answer to itself.

    >>> from awase.data.pairs import read_pairs
    >>> pairs = read_pairs([("dog", "barks"), ("cat", "purrs"), ("dog", "wags")])
    >>> judged = judged_from_pairs(pairs, np.array([0]))
    >>> judged.queries, judged.documents, judged.rows.tolist()
    (['dog'], ['barks', 'purrs', 'wags'], [0, 2])
    """
    anchors = Interner()
    wanted = anchors.ids(pairs.anchor_keys[rows])
    query_rows = np.asarray(rows)[np.unique(wanted, return_index=True)[1]]
    n_wanted = len(anchors)

    documents = Interner()
    positives = documents.ids(pairs.positive_keys)
    texts = [pairs.positives.take(_firsts(positives, 0))]
    if pairs.negatives is not None:
        texts += [_new(documents, chunk.flatten()) for chunk in pairs.negatives.chunks]
    texts.append(_new(documents, pa.array(extra_documents, TEXT_TYPE)))
    n_documents = len(documents)
    own = documents.ids(pairs.anchor_keys[query_rows])
    own[own >= n_documents] = -1

    grades = np.ones(len(pairs), dtype=np.float32) if pairs.scores is None else pairs.scores.astype(np.float32)
    query_of = anchors.ids(pairs.anchor_keys)
    relevant = np.flatnonzero((query_of < n_wanted) & (grades > 0))
    return _judged(
        queries=pairs.anchors.take(pa.array(query_rows)).to_pylist(),
        documents=[text for column in texts for text in column.to_pylist()],
        query_ids=_ids(pairs, query_rows),
        document_ids=None,
        judgements=(query_of[relevant], positives[relevant], grades[relevant]),
        own=own,
        name=Path(pairs.understood.get("source", "pairs")).name,
    )


def _firsts(ids: np.ndarray, start: int) -> pa.Array:
    """Where each number from ``start`` on appears first: numbers are given in order of first appearance."""
    values, first = np.unique(ids, return_index=True)
    return pa.array(first[values >= start])


def _new(documents: Interner, texts: pa.Array) -> pa.Array:
    start = len(documents)
    return texts.take(_firsts(documents.ids(text_keys(texts)), start))


def _ids(pairs: Pairs, rows: np.ndarray) -> list[str]:
    if pairs.ids is None:
        return [str(row) for row in rows.tolist()]
    given = pairs.ids.take(pa.array(rows)).to_pylist()
    return [str(row) if name is None else name for name, row in zip(given, rows.tolist())]


def _judged(
    *,
    queries: list[str],
    documents: list[str],
    query_ids: list[str],
    document_ids: list[str] | None,
    judgements: tuple[np.ndarray, np.ndarray, np.ndarray],
    own: np.ndarray,
    name: str,
) -> Judged:
    """Sorted by query and document; of several grades for one document the highest counts; queries without any are left out and counted."""
    query, document, grade = judgements
    n_graded, other = len(np.unique(query)), document != own[query]
    query, document, grade = query[other], document[other], grade[other]
    order = np.lexsort((-grade, document, query))
    query, document, grade = query[order], document[order], grade[order]
    first = np.ones(len(query), dtype=bool)
    first[1:] = (query[1:] != query[:-1]) | (document[1:] != document[:-1])
    query, document, grade = query[first], document[first], grade[first]
    kept, counts = np.unique(query, return_counts=True)
    if not len(kept):
        raise InputError(
            "E0113", "no query has a relevant document", place=name,
            remedy="give held-out pairs with a score above 0, of texts that differ",
        )  # fmt: skip
    left_out = {NOTHING_RELEVANT: len(queries) - n_graded, SELF_ONLY: n_graded - len(kept)}
    own = own[kept]
    return Judged(
        queries=[queries[row] for row in kept.tolist()],
        documents=documents,
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        rows=document.astype(np.int64),
        grades=grade.astype(np.float32),
        query_ids=[query_ids[row] for row in kept.tolist()],
        document_ids=document_ids if document_ids is not None else [str(row) for row in range(len(documents))],
        name=name,
        own=own if (own >= 0).any() else None,
        left_out={why: n for why, n in left_out.items() if n},
    )


def read_beir(folder: Path | str, split: str = "test") -> Judged:
    """The judgements of one split of a BEIR folder; candidates are the whole corpus, each ``title + " " + text``.

    Queries are those of qrels/<split>.tsv with a grade above 0; those without are counted. A document with the id and the text of a query
    is the query itself (ArguAna, Quora). Error E0114 when the folder is not whole: a file, a split or an id is missing, or two have one id.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            "E0114",
            "there is no such folder",
            place=str(folder),
            remedy="give a folder with corpus.jsonl, queries.jsonl, qrels",
        )
    query_ids, queries, _ = beir.read_texts(folder, "queries")
    document_ids, documents, bare = beir.read_texts(folder, "corpus")
    wanted_queries, wanted_documents, grades = beir.read_qrels(folder, split)
    place = str(folder / "qrels" / f"{split}.tsv")
    query = beir.find(query_ids, wanted_queries, "queries", place)
    document = beir.find(document_ids, wanted_documents, "documents", place)
    asked, query = np.unique(query, return_inverse=True)
    queries, query_ids = queries.take(pa.array(asked)), query_ids.take(pa.array(asked))
    relevant = grades > 0
    return _judged(
        queries=queries.to_pylist(),
        documents=documents.to_pylist(),
        query_ids=query_ids.to_pylist(),
        document_ids=document_ids.to_pylist(),
        judgements=(query[relevant], document[relevant], grades[relevant]),
        own=_same(query_ids, queries, document_ids, documents, bare),
        name=f"{folder.name}/{split}",
    )


def _same(query_ids: pa.Array, queries: pa.Array, document_ids: pa.Array, *texts: pa.Array) -> np.ndarray:
    """int64 (n_queries,): the document with the id and, in one of ``texts``, the text of the query; -1 for none."""
    own = pc.fill_null(pc.index_in(query_ids, document_ids), -1).to_numpy().astype(np.int64)
    at = np.flatnonzero(own >= 0)
    if len(at):
        asked = text_keys(queries.take(pa.array(at)))
        alike = [(text_keys(of.take(pa.array(own[at]))) == asked).all(axis=1) for of in texts]
        own[at[~np.any(alike, axis=0)]] = -1
    return own
