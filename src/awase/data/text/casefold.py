"""The form in which texts meet: Unicode's NFKC_Casefold. Width, case and invisible characters make no difference.

``fold`` does it for columns; tokenizers that are trained here do it with steps that every library knows (``words.NORMALIZER``).
Sources: Unicode Standard 16.0, 3.13.3 (R5, toNFKC_Casefold); UAX #44, Default_Ignorable_Code_Point.
"""

import re
import unicodedata
from functools import cache

# Code points that have no shape of their own and may stand inside words: soft hyphen, joiners, direction marks, variation selectors ...
IGNORED = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200C, 0x200F),
    (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
ZERO_WIDTH_SPACE = 0x200B  # divides words, in scripts that show no spaces


def in_class(ranges: tuple[tuple[int, int], ...]) -> str:
    """A regular expression, of every library, for one character of these ranges."""
    return "[" + "".join(chr(first) + (f"-{chr(last)}" if last > first else "") for first, last in ranges) + "]"


def nfkc_casefold(text: str) -> str:
    """Unicode's NFKC_Casefold, but for U+200B, which becomes a space.

    >>> nfkc_casefold("STRASSE in\\u00adfor\\u2060ma\\ufefftion ΣΟΦΟΣ") == nfkc_casefold("Straße information Σοφος")
    True
    """
    if text.isascii():
        return text.lower()
    plain = _ignored().sub("", text.replace(chr(ZERO_WIDTH_SPACE), " "))
    once = unicodedata.normalize("NFKC", plain).casefold()
    return unicodedata.normalize("NFKC", _ignored().sub("", once)).casefold()


@cache
def _ignored() -> re.Pattern:
    return re.compile(in_class(IGNORED))
