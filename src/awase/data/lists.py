"""Arrow columns whose values are lists of texts."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from awase.data.kinds import LIST_TYPE, TEXT_TYPE


def parents(column: pa.ListArray) -> np.ndarray:
    """int64: the row each flattened value belongs to.

    >>> parents(pa.array([["a", "b"], [], ["c"]], LIST_TYPE)).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(column)), np.diff(column.offsets.to_numpy()))


def from_parents(rows: np.ndarray, texts: pa.Array, n_rows: int) -> pa.ListArray:
    """The inverse: ``texts`` as lists, with ``rows`` (ascending) saying which row each belongs to."""
    offsets = np.zeros(n_rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), texts.cast(TEXT_TYPE), type=LIST_TYPE)


def concat(columns: Sequence[pa.ListArray]) -> pa.ListArray:
    """Row by row, the lists of several columns one after the other.

    >>> concat([pa.array([["a"], []], LIST_TYPE), pa.array([["b"], ["c"]], LIST_TYPE)]).to_pylist()
    [['a', 'b'], ['c']]
    """
    if len(columns) == 1:
        return columns[0]
    rows = np.concatenate([parents(column) for column in columns])
    order = np.argsort(rows, kind="stable")
    texts = pa.concat_arrays([column.flatten() for column in columns]).take(pa.array(order))
    return from_parents(rows[order], texts, len(columns[0]))
