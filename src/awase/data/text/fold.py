"""The form that terms are cut from: NFKC_Casefold, without the signs that writers leave out, and digits of all scripts as one."""

import re
import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.text.casefold import IGNORED, ZERO_WIDTH_SPACE, in_class, nfkc_casefold

# Signs that the same word is written with or without: harakat and tatweel, niqqud and accents, Syriac points.
_LEFT_OUT = (
    (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640),
    (0x064B, 0x0652), (0x0656, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E4), (0x06E7, 0x06E8), (0x06EA, 0x06ED),
    (0x0711, 0x0711), (0x0730, 0x074A), (0x08CA, 0x08E1), (0x08E3, 0x08FF),
)  # fmt: skip
# What NFKC and lower case give and case folding changes, but for ß and ς (a test finds these again): ǰ, ΐ, Greek with iota below ...
_FOLDED = (
    (0x01F0, 0x01F0), (0x0345, 0x0345), (0x0390, 0x0390), (0x03B0, 0x03B0), (0x0587, 0x0587), (0x13F8, 0x13FD), (0x1C80, 0x1C88),
    (0x1E96, 0x1E99), (0x1F50, 0x1F50), (0x1F52, 0x1F52), (0x1F54, 0x1F54), (0x1F56, 0x1F56), (0x1F80, 0x1F87), (0x1F90, 0x1F97),
    (0x1FA0, 0x1FA7), (0x1FB2, 0x1FB4), (0x1FB6, 0x1FB7), (0x1FC2, 0x1FC4), (0x1FC6, 0x1FC7), (0x1FD2, 0x1FD2), (0x1FD6, 0x1FD7),
    (0x1FE2, 0x1FE2), (0x1FE4, 0x1FE4), (0x1FE6, 0x1FE7), (0x1FF2, 0x1FF4), (0x1FF6, 0x1FF7), (0xAB70, 0xABBF),
)  # fmt: skip
_KATAKANA = 0xE3  # the first byte of what stands from U+3000 on, katakana among it
_NFKC = pc.Utf8NormalizeOptions("NFKC")


def folded(column: pa.Array) -> pa.Array:
    """A column (large_string) in the form that terms are cut from.

    Most rows are done by Arrow as a whole; those that hold a sign of the rarer kinds go through Python one by one.

    >>> folded(pa.array(["Ｗine", "كِتاب", "٢٠٢٤", "Straße"], pa.large_string())).to_pylist() == ["wine", "كتاب", "2024", "strasse"]
    True
    """
    if pc.all(pc.string_is_ascii(column), min_count=0).as_py():
        return pc.utf8_lower(column)  # ascii_lower leaves offsets as they were, of bytes that begin elsewhere
    plain = pc.utf8_lower(pc.call_function("utf8_normalize", [column], _NFKC))
    plain = pc.replace_substring(pc.replace_substring(plain, "ß", "ss"), "ς", "σ")
    rare = pc.match_substring_regex(plain, _RARE)
    if not pc.any(rare, min_count=0).as_py():
        return plain
    changed = [_one(text) for text in column.filter(rare).to_pylist()]
    return pc.replace_with_mask(plain, rare, pa.array(changed, pa.large_string()))


def with_hiragana(data: np.ndarray) -> np.ndarray:
    """UTF-8 (uint8) with each katakana (ァ to ヶ) as its hiragana, byte for byte: both take three, and ツユ and つゆ are one word.

    >>> bytes(with_hiragana(np.frombuffer("ツユ wine".encode(), np.uint8))).decode()
    'つゆ wine'
    """
    at = np.flatnonzero((data[:-2] == _KATAKANA) & ((data[1:-1] == 0x82) | (data[1:-1] == 0x83)))
    if not len(at):
        return data
    code = ((data[at + 1] & 0x3F).astype(np.int32) << 6) | (data[at + 2] & 0x3F)  # the low twelve bits
    kept = (code >= 0x0A1) & (code <= 0x0F6)
    at, code = at[kept], code[kept] - 0x60
    made = data.copy()
    made[at + 1], made[at + 2] = 0x80 | (code >> 6), 0x80 | (code & 0x3F)
    return made


def _one(text: str) -> str:
    plain = _left_out().sub("", nfkc_casefold(text.replace("İ", "i")))
    return _DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), plain)


_DIGIT = re.compile(r"[^\x00-\x7F\D]")
# What a row must hold that lower case and NFKC alone leave different from what it should be.
_RARE = in_class((*IGNORED, (ZERO_WIDTH_SPACE, ZERO_WIDTH_SPACE), *_LEFT_OUT, *_FOLDED)) + r"|[^\x00-\x{7F}\P{Nd}]"


@cache
def _left_out() -> re.Pattern:
    return re.compile(in_class(_LEFT_OUT))
