"""Names of code and products: their parts beside the whole (getHTTPResponse: get, http, response), and signs that are part of a name (C++, C#).

Before case is folded, as the parts are told by it. Short names with signs are one word each, spelled out, so that C, C++ and C# are three;
of longer ones (notepad++) the bare word stays beside it.
"""

import re

import pyarrow as pa

from awase.data.compute import pc

_LEAST = 2  # characters of a part
_SHORT = 2  # letters of a name that its sign belongs to alone: C, Go
_SIGNS = {"++": "plusplus", "＋＋": "plusplus", "#": "sharp", "＃": "sharp"}
_WIDE_TOO = "A-Za-zＡ-Ｚａ-ｚ"
# A letter of one case beside one of the other, within a word; or a name and its sign. For Arrow, which knows no look-around.
_CAMEL = r"[a-z][0-9]*[A-Z]|[A-Z]{2}[a-z]{2}"
_SIGN = rf"[{_WIDE_TOO}](?:\+\+|＋＋|#|＃)"
# What stands around a name is told by letters of the alphabet: in Japanese there is no space between C++ and の.
_AROUND = r"0-9A-Za-z\u00c0-\u024f"
_CAMEL_WORD = re.compile(rf"(?<![{_AROUND}])(?=[A-Za-z]*[a-z])(?=[A-Za-z0-9]*[A-Z])[A-Za-z][A-Za-z0-9]{{2,}}(?![{_AROUND}])")
_PART = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")  # the first: PCs, URLs
_SIGNED = re.compile(
    rf"(?<![{_AROUND}Ａ-Ｚａ-ｚ０-９_#＃+＋])([{_WIDE_TOO}][{_WIDE_TOO}0-9０-９]*)(\+\+|＋＋|#|＃)(?![A-Za-z\u00c0-\u024fＡ-Ｚａ-ｚ_#＃+＋])"
)


def with_parts(column: pa.Array) -> pa.Array:
    """A column (large_string) with the parts of such names behind them. Only rows that have one are looked at one by one.

    >>> with_parts(pa.array(["call getHTTPResponse in C++ or C#", "notepad++"], pa.large_string())).to_pylist()
    ['call getHTTPResponse get HTTP Response in Cplusplus or Csharp', 'notepad notepadplusplus']
    """
    rows = pc.match_substring_regex(column, f"{_CAMEL}|{_SIGN}")
    if not pc.any(rows, min_count=0).as_py():
        return column
    changed = [_CAMEL_WORD.sub(_parts, _SIGNED.sub(_named, text)) for text in column.filter(rows).to_pylist()]
    return pc.replace_with_mask(column, rows, pa.array(changed, pa.large_string()))


def _parts(found: re.Match) -> str:
    word = found[0]
    parts = _PART.findall(word)
    if len(parts) < 2 or word[1:].islower():
        return word
    return " ".join([word, *(part for part in parts if len(part) >= _LEAST)])


def _named(found: re.Match) -> str:
    name, sign, after = found[1], _SIGNS[found[2]], found.string[found.end() : found.end() + 1]
    if len(name) > _SHORT and sign == "sharp" and after.isdigit():  # issue#12
        return found[0]
    space = " " if after.isalnum() else ""  # C++17
    return f"{name}{sign}{space}" if len(name) <= _SHORT else f"{name} {name}{sign}{space}"
