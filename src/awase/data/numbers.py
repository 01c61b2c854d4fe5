"""Which columns of a text table hold numbers, and which hold codes that look like some."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.kinds import Text
from awase.data.rows import Field, Source, chunk_of

# What Python writes for a whole number, and for a fraction of at most 15 digits: not 007, 1e5, 1.10, .5 or -0.
_WHOLE = r"^(0|-?[1-9][0-9]{0,15})$"
_FRACTION = r"^-?(0|[1-9][0-9]*)\.(0|[0-9]*[1-9])$"
_TINY = r"^-?0\.(0000|0$)"  # written with an exponent, or a zero that may have a sign
_CODES = "column {!r} is kept as text: {!r} is not how a number is written"
_MOST_CHARACTERS = 16  # of a fraction without its sign


class Numeric(NamedTuple):
    """The columns of numbers, and a sentence for each that looked like one and is not."""

    columns: frozenset[str]
    notes: list[str]


def number_columns(source: Source, columns: Sequence[str]) -> Numeric:
    """The columns in which every value comes back as it was written when it is read as a number. Empty values say nothing.

    A column with 1 and 1.0, or with 2.0 and 2.10, holds codes: as numbers two of them could be one. The source is read to its end, or until
    no column is left.
    """
    left, filled, whole, rounded, notes = list(columns), set(), set(), set(), []
    for block in source.blocks(None):
        if not left:
            break
        batch = chunk_of(source, block, [Field(column, Text(needed=False)) for column in left]).batch
        for column, texts in zip(list(left), batch.columns):
            values = texts.filter(pc.greater(pc.binary_length(texts), 0))
            if not len(values):
                continue
            is_whole, is_fraction = _written(values)
            others = np.flatnonzero(~(is_whole | is_fraction))
            if len(others):
                left.remove(column)
                if column in filled or 2 * len(others) < len(values):
                    notes.append(_CODES.format(column, values[others[0]].as_py()[:80]))
                continue
            filled.add(column)
            whole |= {column} if is_whole.any() else set()
            rounded |= {column} if pc.any(pc.ends_with(values, ".0")).as_py() else set()
    mixed = [column for column in left if column in whole & rounded]
    notes += [f"column {column!r} is kept as text: it holds both 1 and 1.0, or the like" for column in mixed]
    return Numeric(frozenset(left) & filled - set(mixed), notes)


def _written(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Which texts are whole numbers, and which fractions, as Python writes them."""
    whole = pc.match_substring_regex(values, _WHOLE)
    fraction = pc.and_not(pc.match_substring_regex(values, _FRACTION), pc.match_substring_regex(values, _TINY))
    signs = pc.cast(pc.starts_with(values, "-"), pa.int64())
    short = pc.less_equal(pc.subtract(pc.binary_length(values), signs), _MOST_CHARACTERS)
    return whole.to_numpy(zero_copy_only=False), pc.and_(fraction, short).to_numpy(zero_copy_only=False)
