"""Which things belong together."""

from .pairs import PairSource

__all__ = ["PairSource"]
