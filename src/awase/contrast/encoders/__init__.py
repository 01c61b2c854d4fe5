"""How an item becomes a vector. An encoder is its ``parameters`` (name -> array), ``encode(items)`` and ``pull(items, dV)``."""

from .bag import Bag
from .gradient import Rows
from .static import StaticBag
from .table import Table

__all__ = ["Bag", "Rows", "StaticBag", "Table"]
