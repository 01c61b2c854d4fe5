"""How an item becomes a vector. An encoder is its ``parameters`` (name -> array), ``encode(items)`` and ``pull(items, dV)``."""

from .bag import Bag
from .ball_table import BallTable
from .gradient import Rows
from .projected import Projected, Projection
from .static import StaticBag
from .table import Table
from .translated import Translated, Translation

__all__ = ["Bag", "BallTable", "Projected", "Projection", "Rows", "StaticBag", "Table", "Translated", "Translation"]
