"""Search results for people: rank, score, what each source gave, and the part of the text that matches."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awase.index.items import Result
    from awase.models.table import Neighbour

_BOLD, _DIM, _PLAIN = "\x1b[1;33m", "\x1b[2m", "\x1b[0m"
# What a reader looks for: words in letters and digits, runs of kanji, runs of katakana. Hiragana alone is mostly grammar.
_WORDS = re.compile(r"[\u3400-\u9fff々〆]+|[\u30a0-\u30ffー]+|[^\W\u3040-\u30ff\u3400-\u9fff々〆]+")
_LEAST_CELLS = 40  # of text on a line, however narrow the terminal


def ranked(results: Sequence["Result"], query: str, *, width: int, colours: bool) -> str:
    """The results as lines; with ``colours`` the query's words stand out.

    >>> from awase.index.items import Result
    >>> print(ranked([Result("a", 0.5, "Red wine from France", {}, {"bm25": 1.5, "dense": 0.25})], "wine", width=80, colours=False))
    1  0.5000  a  (bm25 1.500, dense 0.250)
       Red wine from France
    """
    rank_cells = len(str(len(results)))
    indent = " " * (rank_cells + 2)
    words = _WORDS.findall(query)
    lines = []
    for rank, result in enumerate(results, start=1):
        sources = ", ".join(f"{name} {score:.3f}" for name, score in sorted(result.sources.items()))
        lines.append(f"{rank:>{rank_cells}}  {result.score:.4f}  {printable(result.id)}  {_dim(f'({sources})', colours)}")
        shown = snippet(result.text, words, max(width - len(indent), _LEAST_CELLS))
        lines.append(indent + (highlighted(shown, words) if colours else shown))
    return "\n".join(lines)


def named(found: Sequence["Neighbour"]) -> str:
    """Names and how close they are, as lines.

    >>> from awase.models.table import Neighbour
    >>> print(named([Neighbour("rose", 0.96), Neighbour("blue", -0.5)]))
    1   0.9600  rose
    2  -0.5000  blue
    """
    scores = [f"{one.score:.4f}" for one in found]
    rank_cells, score_cells = len(str(len(found))), max(map(len, scores), default=0)
    return "\n".join(
        f"{rank:>{rank_cells}}  {score:>{score_cells}}  {printable(one.name)}"
        for rank, (one, score) in enumerate(zip(found, scores), start=1)
    )


def snippet(text: str, words: Iterable[str], cells: int) -> str:
    """One line of at most so many cells, around the first of the words.

    >>> snippet("one two three four five six seven eight", ["six"], 20)
    '…our five six seven…'
    """
    line = printable(" ".join(text.split()))
    if _cells(line) <= cells:
        return line
    found = _pattern(words).search(line) if words else None
    middle = found.start() if found else 0
    # Characters are one or two cells wide, so grow outwards from the match until the line is full.
    start = end = middle
    left = cells - 2
    while left > 0 and (start > 0 or end < len(line)):
        grown = False
        for at in (end, start - 1):
            if 0 <= at < len(line) and (size := _cells(line[at])) <= left:
                left, grown = left - size, True
                start, end = min(start, at), max(end, at + 1)
        if not grown:
            break
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


def highlighted(text: str, words: Iterable[str]) -> str:
    """The text with the words set off, and what is made of them: "wine" also in "wines"."""
    return _pattern(words).sub(lambda found: f"{_BOLD}{found[0]}{_PLAIN}", text) if words else text


def _pattern(words: Iterable[str]) -> re.Pattern:
    parts = []
    for word in sorted(words, key=len, reverse=True):
        escaped = re.escape(word)
        # Words of letters are found where they begin; kanji and katakana stand anywhere.
        parts.append(rf"(?<!\w){escaped}\w*" if word[0] < "\u3000" else escaped)
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def printable(text: str) -> str:
    """Without control characters: a text must not steer the terminal that shows it."""
    return "".join("\ufffd" if unicodedata.category(character) == "Cc" else character for character in text)


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _dim(text: str, colours: bool) -> str:
    return f"{_DIM}{text}{_PLAIN}" if colours else text
