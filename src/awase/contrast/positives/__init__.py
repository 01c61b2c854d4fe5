"""Which things belong together."""

from .given import GivenPairs, TextItems
from .links import LinkSource
from .pairs import PairSource

__all__ = ["GivenPairs", "LinkSource", "PairSource", "TextItems"]
