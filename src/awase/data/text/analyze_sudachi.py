"""The words of Japanese texts by SudachiPy, an optional library: ``analyzer("sudachi")``."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from awase.core.errors import missing_extra
from awase.data.compute import pc
from awase.data.text.analyze import Words, buffers
from awase.data.text.memory import as_array

_DROPPED = {"助詞", "補助記号", "記号", "空白"}  # particles, punctuation, symbols, white space
_PIECE_CHARS = 12_000  # Sudachi refuses more than 49,149 bytes


def sudachi_words() -> Callable[[pa.Array], Words]:
    """A function that cuts a column of texts into normalised forms (one for all spellings: 引っ越し, 引越し) with no particles."""
    try:
        from sudachipy import Dictionary
    except ImportError:
        raise missing_extra("ja", "sudachipy") from None
    tokenizer = Dictionary(dict="small").tokenizer()

    def cut(column: pa.Array) -> Words:
        forms: list[str] = []
        bounds = np.zeros(len(column) + 1, np.int64)
        # A loop over texts and words: Sudachi has no other way in, and takes a hundred times longer than the loop.
        for row, text in enumerate(column.to_pylist()):
            for start in range(0, len(text), _PIECE_CHARS):
                words = tokenizer.tokenize(text[start : start + _PIECE_CHARS])
                forms.extend(word.normalized_form() for word in words if word.part_of_speech()[0] not in _DROPPED)
            bounds[row + 1] = len(forms)
        lowered = pc.utf8_lower(as_array(forms))  # Sudachi capitalises some: NHK
        data, offsets = buffers(lowered)
        return Words(data, offsets[:-1], offsets[1:], bounds)

    return cut
