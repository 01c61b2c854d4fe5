"""Lines of running text cut into words: by a morphological analyser, where the script changes, or at spaces alone."""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from awase.core.errors import MissingExtra
from awase.data.text import words as scripts
from awase.data.text.analyze import Words
from awase.kernels.words import SPACE, spans

LANGUAGES = ("auto", "en", "ja", "words")
_KANA_SHARE = 0.05  # of the letters: from here on a text is Japanese; English documentation of Japanese software stays below


class Lines(NamedTuple):
    """Some lines as normalised UTF-8: data uint8, offsets (n + 1,) int64."""

    data: np.ndarray
    offsets: np.ndarray


def column(data: np.ndarray, offsets: np.ndarray) -> pa.LargeStringArray:
    """The same as an array of texts, without a copy."""
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


class Cutter:
    """Lines to words, by a morphological analyser or at spaces, punctuation and changes of script."""

    def __init__(self, lang: str, first: Lines):
        self.lang = lang if lang != "auto" else "ja" if _is_japanese(first) else "en"
        self.by, self._analyse = "spaces" if lang == "words" else "spaces, punctuation and script boundaries", None
        if self.lang == "ja":
            try:
                from awase.data.text.analyze_sudachi import sudachi_words

                self._analyse, self.by = sudachi_words(), "sudachi"
            except MissingExtra:
                self.by += " (awase[ja] has a morphological analyser)"

    @property
    def threads(self) -> bool:
        """Whether blocks may be cut on several threads at once."""
        return self._analyse is None

    def __call__(self, lines: Lines) -> Words:
        if self._analyse is None:
            return Words(lines.data, *spans(lines.data, lines.offsets, *(_spaces() if self.lang == "words" else _classes())))
        return self._analyse(column(*lines))


@cache
def _spaces() -> tuple[np.ndarray, np.ndarray]:
    """As ``_classes``, where only white space separates."""
    classes = np.where([chr(code).isspace() for code in range(1 << 16)], SPACE, scripts.WORD).astype(np.uint8)
    return classes, np.zeros((int(classes.max()) + 1,) * 2, np.bool_)


@cache
def _classes() -> tuple[np.ndarray, np.ndarray]:
    """The class of each code point: what separates words, and the scripts between which they are cut; and the matrix of cuts."""
    in_words = np.array([unicodedata.category(chr(code))[0] in "LMN" for code in range(1 << 16)])
    classes = np.full(1 << 16, scripts.WORD, np.uint8)
    for script, of in (
        (scripts.HAN, scripts.HAN),
        (scripts.MARK, scripts.HAN),
        (scripts.HIRA, scripts.HIRA),
        (scripts.KATA, scripts.KATA),
    ):
        classes[script == scripts.CLASSES] = of
    classes[~in_words] = SPACE
    classes[[0x3007, 0x30FC]] = scripts.HAN, scripts.KATA  # 〇 is a number, ー a letter of its own category
    n = int(classes.max()) + 1
    return classes, ~np.eye(n, dtype=np.bool_)


def _is_japanese(lines: Lines) -> bool:
    """Whether more than a trace of what the block holds is kana: three bytes that begin with E3 81, 82 or 83."""
    data = lines.data
    kana = int(((data[:-1] == 0xE3) & (data[1:] >= 0x81) & (data[1:] <= 0x83)).sum()) if len(data) else 0
    letters = int(((data & 0xC0) != 0x80).sum())
    return kana > _KANA_SHARE * letters
