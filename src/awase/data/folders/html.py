"""What a page of HTML says, line by line, without its tags, scripts and styles.

The parser of the standard library takes time that grows with the square of the length for pages such as ``<a <a <a``. What is needed here,
where the text between tags is, takes one pass: a tag ends before the next "<", and nothing is looked for twice.
"""

import html
import re

from awase.data.folders.passages import FAIR, GOOD, POOR

_TAG = re.compile(r"""<(/?)([a-zA-Z][\w:.-]*)(?:(?:[^<>"']|"[^"<]*"|'[^'<]*')*|[^<>]*)>|<!--|<[!?][^<>]*>""")
_UNSEEN = {"script", "style", "template", "noscript", "svg", "math", "iframe", "object"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "title"}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "dialog", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "head", "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre", "section",
    "select", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip


def lines_of_html(text: str) -> tuple[list[str], list[int], list[int]]:
    """Lines of text, the line of the file where each begins, and how well a passage may begin at it.

    >>> lines_of_html("<h1>Wine</h1>\\n<p>Red &amp;\\nwhite <b>wine</b></p><script>x()</script>")
    (['Wine', 'Red & white wine'], [1, 2], [2, 1])
    """
    page, at = _Lines(), 0
    while tag := _TAG.search(text, at):
        page.say(text[at : tag.start()])
        at = tag.end()
        name = (tag[2] or "").lower()
        if tag[0] == "<!--":
            at = _after(text, "-->", at)
        elif name in _UNSEEN and not tag[1] and not tag[0].endswith("/>"):
            closing = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = closing.start() if closing else len(text)
        elif name in _HEADINGS or name in _BLOCKS:
            page.end_line(GOOD if name in _HEADINGS and not tag[1] else FAIR)
        page.number += text.count("\n", tag.start(), at)
    page.say(text[at:])
    page.end_line(FAIR)
    return page.lines, page.numbers, page.places


def _after(text: str, mark: str, at: int) -> int:
    """The place after the next mark, or the end."""
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


class _Lines:
    """The lines so far, and the one in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.numbers: list[int] = []
        self.places: list[int] = []
        self.number = 1  # the line of the file that has been reached
        self._parts: list[str] = []
        self._began, self._place, self._next = 1, POOR, FAIR

    def say(self, text: str) -> None:
        """More of the line."""
        if not self._parts and not text.isspace():
            self._began = self.number + text.count("\n", 0, len(text) - len(text.lstrip()))
            self._place, self._next = self._next, POOR
        if self._parts or not text.isspace():
            self._parts.append(text)
        self.number += text.count("\n")

    def end_line(self, following: int) -> None:
        """What was said so far is a line, and how well a passage may begin at the next."""
        line = " ".join(html.unescape("".join(self._parts)).split())
        self._parts = []
        if line:
            self.lines.append(line)
            self.numbers.append(self._began)
            self.places.append(self._place)
            self._next = following
        self._next = max(self._next, following)
