"""Which things belong together."""

from .given import GivenPairs, TextItems
from .pairs import PairSource

__all__ = ["GivenPairs", "PairSource", "TextItems"]
