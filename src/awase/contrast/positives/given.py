"""The pairs that the user gave: every distinct text is one item."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from awase.contrast.positives.pairs import PairSource
from awase.data.compute import pc
from awase.data.keys import Interner, text_keys
from awase.data.pairs import Pairs


@dataclass(frozen=True, eq=False)
class TextItems:
    """The distinct anchors and documents of some pairs, and those pairs over them.

    Texts that are equal when normalised (``awase.data.keys``) are one item. anchors, documents: large_string; source: the pairs.
    """

    anchors: pa.ChunkedArray
    documents: pa.ChunkedArray
    source: PairSource


@dataclass(frozen=True)
class GivenPairs:
    """Each row is a pair: its anchor belongs with its positive.

    >>> from awase.data.pairs import read_pairs
    >>> items = GivenPairs().items(read_pairs([("dog", "barks"), ("Dog", "wags"), ("cat", "purrs")]), np.arange(3))
    >>> items.anchors.to_pylist(), items.source.anchors.tolist(), items.source.documents.tolist()
    (['dog', 'cat'], [0, 0, 1], [0, 1, 2])
    """

    name = "given pairs"
    needs = "pairs of texts"

    def items(self, pairs: Pairs, rows: np.ndarray) -> TextItems:
        """Items and pairs of the given rows (int64) of ``pairs``."""
        chosen = pairs.take(rows)
        anchor_ids, anchors = _distinct(Interner(), chosen.anchor_keys, chosen.anchors)
        documents = Interner()
        document_ids, texts = _distinct(documents, chosen.positive_keys, chosen.positives)
        chunks, negatives = texts.chunks, None
        if chosen.negatives is not None:
            negatives, more = _negatives(chosen.negatives.combine_chunks(), documents)
            chunks = [*chunks, more]
        n_documents = len(documents)
        own = documents.ids(chosen.anchor_keys[np.unique(anchor_ids, return_index=True)[1]])
        own[own >= n_documents] = -1
        source = PairSource(
            anchors=anchor_ids,
            documents=document_ids,
            n_anchors=len(anchors),
            n_documents=n_documents,
            negatives=negatives,
            weight=None if chosen.scores is None else _weights(chosen.scores),
            own=own if (own >= 0).any() else None,
        )
        return TextItems(anchors, pa.chunked_array(chunks, pa.large_string()), source)


def _distinct(interner: Interner, keys: np.ndarray, texts: pa.ChunkedArray) -> tuple[np.ndarray, pa.ChunkedArray]:
    ids = interner.ids(keys)
    # Numbers are given in order of first sight, so the first rows of 0, 1, 2 ... are ascending.
    return ids, texts.take(pa.array(np.unique(ids, return_index=True)[1]))


def _negatives(lists: pa.ListArray, documents: Interner) -> tuple[tuple[np.ndarray, np.ndarray], pa.Array]:
    """The given negatives as CSR by pair, and those of their texts that are no pair's document."""
    flat, known = lists.flatten(), len(documents)
    items = documents.ids(text_keys(flat))
    distinct, first = np.unique(items, return_index=True)
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return (starts, items), flat.take(pa.array(first[distinct >= known]))


def _weights(scores: np.ndarray) -> np.ndarray:
    """Scores as weights of the pairs, of mean 1: a pair scored twice as high counts twice."""
    positive = np.clip(scores, 0, None)
    return (positive / max(positive.mean(), 1e-12)).astype(np.float32)
