"""What Git would leave out of a folder, by the rules in its .gitignore files, whether or not Git is installed."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from awase.core.errors import AwaseError
from awase.store import read

NAME = ".gitignore"
_MAX_RULES_BYTES = 1 << 20  # of one file


class Rules:
    """The rules that hold in one folder: its own before those of the folders above it, as in Git.

    Paths are those from the highest folder that has rules, with slashes; that of a folder ends with one. ``place`` is the path of the folder
    whose rules these are, "" for the highest.
    """

    def __init__(self, lines: Sequence[str], place: str, above: "Rules | None"):
        self._spec, self._place, self._above = _spec(lines), place, above

    def ignore(self, path: str) -> bool:
        """Whether a path is left out, given that the folders above it are not."""
        rules: Rules | None = self
        while rules is not None:
            said = rules._spec.check_file(path[len(rules._place) :]).include
            if said is not None:
                return said
            rules = rules._above
        return False


def rules_of(folder: Path, place: str, above: Rules | None) -> Rules | None:
    """The rules that hold in a folder whose path is ``place``, given those of the folder above it."""
    lines = _lines(folder / NAME)
    return Rules(lines, place, above) if lines else above


def rules_above(root: Path) -> tuple[Rules | None, str]:
    """The rules that the repository around ``root`` has for what is in it, and the path of ``root`` from there.

    None and "" where there is none, or where it leaves out ``root`` itself: who names a folder wants what is in it.
    """
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    excluded = _lines(top / ".git" / "info" / "exclude")
    rules = Rules(excluded, "", None) if excluded else None
    place, folder = "", top
    for part in root.relative_to(top).parts:
        rules = rules_of(folder, place, rules)
        place, folder = f"{place}{part}/", folder / part
        if rules is not None and rules.ignore(place):
            return None, ""
    return rules, place


def _lines(path: Path) -> list[str]:
    """The lines of a file of rules; none where it is not there or cannot be read."""
    with suppress(AwaseError):
        if path.exists():
            return read.whole(path, _MAX_RULES_BYTES).decode("utf-8", "replace").splitlines()
    return []


def _spec(lines: Sequence[str]):
    from pathspec import GitIgnoreSpec  # a tenth of a second: only where there are rules

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:  # a line that is no pattern; Git passes over it
        return GitIgnoreSpec.from_lines(filter(_is_pattern, lines))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
