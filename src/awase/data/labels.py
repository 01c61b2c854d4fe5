"""Rows labelled 0 or 1: those with 1 are pairs, those with 0 are negatives of their anchor."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from awase.data import lists
from awase.data.keeper import keep
from awase.data.keys import Interner, combine
from awase.data.kinds import LIST_TYPE


def settle(
    table: pa.Table, is_pair: np.ndarray, anchor_keys: np.ndarray, positive_keys: np.ndarray, spill: Path | None
) -> tuple[pa.Table, str]:
    """The table of the pairs alone, with the positives of the other rows among their negatives; and a note.

    The negatives of an anchor are dealt in turn to its pairs, so that each is given once. A row with 0 of what a row with 1 says belongs
    together is no negative.
    """
    pairs, others = np.flatnonzero(is_pair), np.flatnonzero(~is_pair)
    if not len(others):
        return table, "label: all rows are 1, each is a pair"
    both = Interner().ids(combine(anchor_keys, positive_keys))
    denied = np.isin(both[others], both[pairs])
    given, rows = _deal(Interner().ids(anchor_keys), pairs, others[~denied])
    note = f"label: {len(pairs):,} rows with 1 are pairs; {len(given):,} of {len(others):,} with 0 became negatives of their anchor"
    if denied.any():
        note += f", {denied.sum():,} were left out because a row with 1 has the same texts"
    if lonely := len(others) - int(denied.sum()) - len(given):
        note += f", {lonely:,} were left out because their anchor has no pair"
    schema = table.schema if "negative" in table.column_names else table.schema.append(pa.field("negative", LIST_TYPE))
    rewritten = spill.with_name(spill.name + ".pairs") if spill else None
    return keep(_rewritten(table, schema, is_pair, given, rows), schema, rewritten), note


def _deal(anchors: np.ndarray, pairs: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row that is given as a negative, the pair it is given to; ordered by pair."""
    n_anchors = int(anchors.max()) + 1
    by_anchor = pairs[np.argsort(anchors[pairs], kind="stable")]
    n_pairs = np.bincount(anchors[pairs], minlength=n_anchors)
    others = others[n_pairs[anchors[others]] > 0]
    others = others[np.argsort(anchors[others], kind="stable")]
    anchor = anchors[others]
    firsts = np.searchsorted(anchor, np.arange(n_anchors))
    turn = np.arange(len(others)) - firsts[anchor]
    starts = np.cumsum(n_pairs) - n_pairs
    to = by_anchor[starts[anchor] + turn % n_pairs[anchor]]
    order = np.argsort(to, kind="stable")
    return others[order], to[order]


def _rewritten(
    table: pa.Table, schema: pa.Schema, is_pair: np.ndarray, given: np.ndarray, rows: np.ndarray
) -> Iterator[pa.RecordBatch]:
    start = 0
    for batch in table.to_batches():
        end = start + batch.num_rows
        low, high = np.searchsorted(rows, [start, end])
        texts = table["positive"].take(pa.array(given[low:high])).combine_chunks()
        dealt = lists.from_parents(rows[low:high] - start, texts, batch.num_rows)
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns["negative"] = lists.concat([columns["negative"], dealt]) if "negative" in columns else dealt
        whole = pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
        yield whole.filter(pa.array(is_pair[start:end]))
        start = end
