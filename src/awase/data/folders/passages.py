"""Texts cut into passages that a search finds: at headings, between paragraphs and blocks of code, and where nothing else serves at a line.

A passage is what stands in the file, with the number of its first line. Each line is told how well a passage may begin at it; from there on
all kinds of text are alike: a passage grows until the next good place, and one that is too long is cut at the best place it has.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

ENOUGH = 400  # characters of a passage that may end at a good place
MOST = 1_600  # characters of a passage

GOOD, FAIR, POOR = 2, 1, 0  # how well a passage may begin at a line

_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
_UNDERLINE = re.compile(r"([=\-~^\"'`*+#:.<>_])\1{2,}\s*$")
_MARKDOWN = (".md", ".markdown", ".mdx", ".qmd", ".rmd")
_RST = (".rst", ".rest")
_HTML = (".html", ".htm", ".xhtml")
_CODE = (
    ".awk", ".bash", ".c", ".cc", ".cjs", ".clj", ".cpp", ".cs", ".css", ".cu", ".cxx", ".dart", ".el", ".erl", ".ex", ".exs", ".f90",
    ".fs", ".go", ".graphql", ".groovy", ".h", ".hh", ".hpp", ".hs", ".java", ".jl", ".js", ".jsx", ".kt", ".kts", ".less", ".lisp",
    ".lua", ".m", ".mjs", ".ml", ".mli", ".mm", ".nim", ".php", ".pl", ".pm", ".proto", ".ps1", ".py", ".pyi", ".pyx", ".r", ".rb",
    ".rs", ".sass", ".scala", ".scm", ".scss", ".sh", ".sql", ".svelte", ".swift", ".tcl", ".toml", ".ts", ".tsx", ".vala", ".vb",
    ".vue", ".yaml", ".yml", ".zig", ".zsh",
)  # fmt: skip
_CODE_NAMES = ("cmakelists.txt", "dockerfile", "gemfile", "makefile", "rakefile")


class Passage(NamedTuple):
    """Part of a file. ``line`` counts from 1, and so does ``part`` among the passages that begin in one line."""

    line: int
    part: int
    text: str


def passages(name: str, text: str) -> list[Passage]:
    """The passages of a text whose file has this name. Together they hold all of it but blank lines at their ends (and tags, of HTML).

    >>> passages("a.md", "# Wine\\n\\nRed.\\n" + "White. " * 60 + "\\n\\n# Beer\\nPale.")[1]
    Passage(line=6, part=1, text='# Beer\\nPale.')
    """
    lower = name.lower()
    if lower.endswith(_HTML):
        from awase.data.folders.html import lines_of_html

        return _cut(*lines_of_html(text))
    lines = text.split("\n")
    return _cut(lines, range(1, len(lines) + 1), _places_of(lower)(lines))


def _places_of(name: str) -> Callable[[Sequence[str]], list[int]]:
    if name.endswith(_MARKDOWN):
        return _markdown
    if name.endswith(_RST):
        return _rst
    return _code if name.endswith(_CODE) or name in _CODE_NAMES else _paragraphs


def _paragraphs(lines: Sequence[str]) -> list[int]:
    """A line after a blank one is a fair place."""
    blank = [not line or line.isspace() for line in lines]
    return [FAIR if before and not this else POOR for before, this in zip([True, *blank], blank)]


def _markdown(lines: Sequence[str]) -> list[int]:
    """A heading is a good place, outside of fenced code."""
    places, fence = _paragraphs(lines), ""
    for i, line in enumerate(lines):
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        elif fence:
            continue
        elif _HEADING.match(line):
            places[i] = GOOD
        elif i and line[:1] in ("=", "-") and _UNDERLINE.match(line) and places[i - 1] == FAIR and lines[i - 1].strip():
            places[i - 1] = GOOD
    return places


def _rst(lines: Sequence[str]) -> list[int]:
    """A line with another of punctuation below it, as long at least, is a title, and a good place; so is the line above one that has both."""
    places = _paragraphs(lines)
    for i in range(1, len(lines)):
        title = lines[i - 1].rstrip()
        if title and _UNDERLINE.match(lines[i]) and len(lines[i].rstrip()) >= len(title) and not _UNDERLINE.match(title):
            places[i - 2 if i > 1 and _UNDERLINE.match(lines[i - 2]) else i - 1] = GOOD
    return places


def _code(lines: Sequence[str]) -> list[int]:
    """A line without indentation after a blank one begins a block: a good place, unless it ends what went before."""
    places = _paragraphs(lines)
    return [GOOD if place and not line[0].isspace() and line[0] not in ")]}" else place for place, line in zip(places, lines)]


def _cut(lines: Sequence[str], numbers: Sequence[int], places: Sequence[int]) -> list[Passage]:
    """Lines, with their numbers and how well a passage may begin at each, to passages."""
    found: list[Passage] = []
    begin, size = 0, 0
    for i, line in enumerate(lines):
        if i > begin:
            if places[i] == GOOD and size >= ENOUGH:
                _take(found, lines, numbers, begin, i)
                begin, size = i, 0
            while i > begin and size + len(line) + 1 > MOST:
                end = _best(places, begin, i)
                _take(found, lines, numbers, begin, end)
                size -= sum(map(len, lines[begin:end])) + end - begin
                begin = end
        size += len(line) + 1
    _take(found, lines, numbers, begin, len(lines))
    return found


def _best(places: Sequence[int], begin: int, end: int) -> int:
    """Where to end a passage that can have no more than these lines: the last of the best places, and at ``end`` if that is as good."""
    return max(range(begin + 1, end + 1), key=lambda i: (places[i], i))


def _take(found: list[Passage], lines: Sequence[str], numbers: Sequence[int], begin: int, end: int) -> None:
    """Add these lines as a passage, without blank ones at their ends; a line that is longer than a passage as several."""
    while begin < end and not lines[begin].strip():
        begin += 1
    while begin < end and not lines[end - 1].strip():
        end -= 1
    if begin == end:
        return
    if end - begin > 1 or len(lines[begin]) <= MOST:
        _add(found, numbers[begin], "\n".join(lines[begin:end]))
        return
    line, start = lines[begin], 0
    while start < len(line):
        stop = start + MOST
        if stop < len(line) and (space := line.rfind(" ", start + MOST // 2, stop)) > 0:
            stop = space + 1
        if (piece := line[start:stop]).strip():
            _add(found, numbers[begin], piece)
        start = stop


def _add(found: list[Passage], number: int, text: str) -> None:
    found.append(Passage(number, found[-1].part + 1 if found and found[-1].line == number else 1, text))
