"""``awase.json``: what only we need to know of a model, whatever its kind."""

from pathlib import Path
from typing import Any

from awase.core.errors import FormatError

SETTINGS = "awase.json"
FORMAT = 1


def setting(settings: dict, name: str, kind: type, place: Path) -> Any:
    """A value of the kind that it must have. Raises: FormatError E0404."""
    value = settings.get(name)
    if type(value) is not kind:
        raise FormatError(
            "E0404", f"{name!r} must be a {kind.__name__}", place=str(place), value=value, remedy="save the model again"
        )
    return value
