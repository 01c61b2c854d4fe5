"""Where something begins in writing without spaces: scripts whose runs are words or beginnings of words.

The pairs of neighbouring characters that BM25 counts know no word boundary: 京都 is in 東京都. A change of script is one: Japanese
words begin with a run of kanji or of katakana and go on in hiragana, Korean ones stand between spaces. So a run as a whole and its first two
characters are terms of their own. Measured (``benchmarks/bm25_settings.py``): nDCG@10 on JaQuAD .887 without and .899 with them, on JSQuAD
.949 and .951.
"""

from functools import cache

import numpy as np

from awase.kernels.ngrams import BEGIN, CONTINUES, NO_SCRIPT

_HAN, _KATAKANA, _HANGUL = 1, 2, 3
_RANGES = (
    (0x3005, 0x3005, _HAN), (0x3007, 0x3007, _HAN), (0x3400, 0x4DBF, _HAN), (0x4E00, 0x9FFF, _HAN), (0xF900, 0xFAFF, _HAN),
    (0x20000, 0x3FFFF, _HAN), (0x30A1, 0x30FA, _KATAKANA), (0x31F0, 0x31FF, _KATAKANA), (0x1100, 0x11FF, _HANGUL), (0xAC00, 0xD7FF, _HANGUL),
    (0x30FC, 0x30FE, CONTINUES),  # the long vowel and repetition: of カー as of らーめん
)  # fmt: skip


@cache
def scripts() -> np.ndarray:
    """uint8: for each code point the script whose runs are terms, as ``awase.kernels.ngrams`` takes it. Hiragana is none: most runs of it are
    particles and endings."""
    out = np.full(0x40001, NO_SCRIPT, np.uint8)
    for first, last, script in _RANGES:
        out[first : last + 1] = script
    return out


def is_spelt(first_bytes: np.ndarray) -> np.ndarray:
    """bool, of the first byte of each term: whether it is a word of an alphabet, and no part of East Asian writing."""
    return (first_bytes < 0xE3) & (first_bytes != BEGIN)
