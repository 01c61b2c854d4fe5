"""Where a raw text may be cut so that a tokenizer gives the pieces the ids it would have given them in the whole text.

A cut is *safe* where the tokenizer itself always splits and no normalisation acts across. What can be decided from the two
code points around the cut is a matrix over ten classes; everything unusual is ``OTHER``, and there the text is left whole:
combining marks, half-width kana, ligatures, full-width letters, control and format characters, accented letters.
"""

import numpy as np

from awase.data.text.casefold import IGNORED, ZERO_WIDTH_SPACE, in_class

OTHER, SPACE, WORD, PUNCT, RELATION, WIDE, HAN, MARK, HIRA, KATA = range(10)

# Every code point here is a starter that no Unicode normal form changes or composes with what comes before it, except that
# some of WIDE become other punctuation, and two spaces another space. What it becomes with a mark after it is of its class,
# or a letter if it is one; only RELATION becomes a symbol (= and U+0338 make ≠). Tests check this over all of them.
RANGES: dict[int, tuple[tuple[int, int], ...]] = {
    SPACE: ((0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x3000, 0x3000)),
    WORD: ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    PUNCT: ((0x21, 0x2F), (0x3A, 0x3B), (0x3F, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    RELATION: ((0x3C, 0x3E),),
    WIDE: (  # quotes, dashes, daggers; ideographic punctuation; full-width forms of ASCII that are punctuation, not symbols
        (0x2010, 0x2016), (0x2018, 0x2022), (0x3001, 0x3003), (0x3008, 0x3011), (0x3014, 0x301B), (0x301D, 0x301F),
        (0x30FB, 0x30FB), (0xFF01, 0xFF03), (0xFF05, 0xFF0A), (0xFF0C, 0xFF0F), (0xFF1A, 0xFF1B), (0xFF1F, 0xFF20),
        (0xFF3B, 0xFF3D), (0xFF5B, 0xFF5B), (0xFF5D, 0xFF5D),
    ),
    HAN: ((0x3400, 0x4DBF), (0x4E00, 0x9FFF)),
    MARK: ((0x3005, 0x3005), (0x3007, 0x3007)),  # 々 〇: part of Han words, but BERT does not count them as Chinese
    HIRA: ((0x3041, 0x3096), (0x309D, 0x309E)),
    KATA: ((0x30A1, 0x30FA), (0x30FC, 0x30FE)),
}  # fmt: skip

_N = 10
_ALONE = [PUNCT, RELATION, WIDE]  # each such character is a word of its own


def _classes() -> np.ndarray:
    classes = np.zeros(1 << 16, np.uint8)
    for kind, ranges in RANGES.items():
        for first, last in ranges:
            classes[first : last + 1] = kind
    return classes


CLASSES = _classes()  # (65536,) uint8: the class of each code point of the basic plane


def character_class(*kinds: int) -> str:
    """A regular expression that matches one character of these classes.

    >>> character_class(MARK)
    '[\\\\u3005\\\\u3007]'
    """
    parts = [f"\\u{first:04X}" + (f"-\\u{last:04X}" if last > first else "") for kind in kinds for first, last in RANGES[kind]]
    return f"[{''.join(parts)}]"


def script_cuts() -> np.ndarray:
    """Between which classes *normalised* text is cut by our own pre-tokenizer: script boundaries, around each punctuation."""
    group = np.zeros(_N, np.int64)  # OTHER and WORD stay together
    group[SPACE], group[HAN], group[MARK], group[HIRA], group[KATA] = 1, 2, 2, 3, 4
    cuts = group[:, None] != group[None, :]
    cuts[_ALONE, :] = cuts[:, _ALONE] = True
    return cuts


def raw_cuts() -> np.ndarray:
    """The part of ``script_cuts`` that also holds before normalisation.

    OTHER may join what comes before (a combining mark) or become what comes next (a compatibility ideograph), so there is
    no cut before it and none after it but where the next character stands alone whatever comes before. RELATION stands alone
    or not by what comes after it, so there is no cut before it.
    """
    cuts = script_cuts()
    cuts[:, [OTHER, RELATION]] = False
    cuts[OTHER, [WORD, HAN, MARK, HIRA, KATA]] = False
    return cuts


def _bert_cuts(chinese: bool) -> np.ndarray:
    cuts = np.zeros((_N, _N), np.bool_)
    alone = [*_ALONE, HAN] if chinese else _ALONE
    cuts[alone, :] = cuts[:, alone] = True
    cuts[:, [OTHER, RELATION]] = False
    return cuts


_BETWEEN_SPACES = np.zeros((_N, _N), np.bool_)
# These change a text character by character, or across nothing but combining marks and jamo, which are OTHER.
_LOCAL = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip"}
SPACES = r"\s+"
SCRIPTS = "|".join(
    [
        character_class(HAN, MARK) + "+",
        character_class(HIRA) + "+",
        character_class(KATA) + "+",
        character_class(PUNCT, RELATION, WIDE),
    ]
)


def _split(pattern: str, behavior: str) -> dict:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": False}


def _replace(pattern: dict, content: str) -> dict:
    return {"type": "Replace", "pattern": pattern, "content": content}


# Our own normaliser and pre-tokenizer as tokenizer.json holds them: the scanner's ranges, so every library cuts alike. Its steps are those
# of NFKC_Casefold (``casefold``), but for some letters of Greek with iota below and the like that only case folding changes.
NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        _replace({"Regex": in_class(IGNORED)}, ""),
        _replace({"String": chr(ZERO_WIDTH_SPACE)}, " "),
        {"type": "NFKC"},
        {"type": "Lowercase"},
        _replace({"String": "ß"}, "ss"),
        _replace({"String": "ς"}, "σ"),
    ],
}
# That of version 0.1: its models keep it.
_NORMALIZER_1 = {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}
PRE_TOKENIZER = {"type": "Sequence", "pretokenizers": [_split(SPACES, "Removed"), _split(SCRIPTS, "Isolated")]}


def safe_cuts(spec: dict) -> np.ndarray | None:
    """The matrix of safe cuts (before class, after class) for a tokenizer.json, or None where there is no safe cut at all."""
    if spec.get("pre_tokenizer") == PRE_TOKENIZER and spec.get("normalizer") in (NORMALIZER, _NORMALIZER_1):
        return raw_cuts() if _cuts_at_all(spec) else None
    normalizers = _flat(spec.get("normalizer"), "normalizers")
    bert = [part for part in normalizers if part["type"] == "BertNormalizer"]
    if any(part["type"] not in _LOCAL for part in normalizers if part not in bert):
        return None
    if not _cuts_at_all(spec):
        return None
    match spec.get("pre_tokenizer"):
        case {"type": "BertPreTokenizer"}:
            return _bert_cuts(any(part["handle_chinese_chars"] for part in bert))
        case {"type": "Whitespace" | "WhitespaceSplit"}:
            return _BETWEEN_SPACES
    return None


def _cuts_at_all(spec: dict) -> bool:
    """Whether no part but the normaliser and pre-tokenizer stands against cutting."""
    if any(token["normalized"] for token in spec.get("added_tokens", [])):
        return False  # found in normalised text: a raw text cannot be searched for them
    return not spec["model"].get("dropout") and (spec.get("truncation") or {}).get("direction", "Right") == "Right"


def _flat(part: dict | None, key: str) -> list[dict]:
    if part is None:
        return []
    return [inner for nested in part[key] for inner in _flat(nested, key)] if part["type"] == "Sequence" else [part]
