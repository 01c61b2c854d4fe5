"""Tables of numbers in Markdown, and their places in pages."""

import re


def lines(columns: list[str], rows: list[list]) -> str:
    """A table in Markdown."""
    made = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(shown, row)) + " |" for row in made)


def shown(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return "" if value is None else str(value)


def put(page: str, name: str, made: str) -> str:
    """The page with this text between its marks."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    return re.sub(f"(?s){start}.*?{end}", lambda _: f"{start}\n{made}\n{end}", page)
