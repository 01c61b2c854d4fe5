"""The page of an error code: what it means, why it is an error, what to do."""

from importlib.resources import files

from awase.core.errors import ConfigError


def codes() -> list[str]:
    """All codes that have a page, in order."""
    return sorted(page.name.removesuffix(".md") for page in _pages().iterdir() if page.name.endswith(".md"))


def explain(code: str) -> str:
    """The page of a code, as Markdown. Case does not matter, nor do the E and leading zeros.

    Raises: ConfigError E0002 for a code that no error has, with the nearest ones.

    >>> print(explain("e0001").splitlines()[0])
    # E0001: an optional library is not installed
    """
    known = codes()
    wanted = f"E{code.strip().upper().removeprefix('E'):0>4}"
    if wanted not in known:
        near = _near(wanted, known) if wanted[1:].isdecimal() else []
        remedy = f"did you mean {' or '.join(near)}?" if near else f"codes go from {known[0]} to {known[-1]}"
        raise ConfigError("E0002", "no error has this code", value=code, remedy=remedy)
    return (_pages() / f"{wanted}.md").read_text(encoding="utf-8")


def _near(wanted: str, known: list[str]) -> list[str]:
    """The three nearest codes, those of the same room first."""
    return sorted(known, key=lambda code: (code[:3] != wanted[:3], abs(int(code[1:]) - int(wanted[1:]))))[:3]


def _pages():
    return files("awase.core") / "pages"
