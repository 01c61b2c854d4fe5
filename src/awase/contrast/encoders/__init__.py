"""How an item becomes a vector. An encoder is its ``parameters`` (name -> array), ``encode(items)`` and ``pull(items, dV)``."""

from .bag import Bag
from .gradient import Rows
from .linked import Linked, LinkedBag
from .others import OthersBag, ThingsBag
from .projected import Projected, Projection
from .static import StaticBag
from .table import Table, TwoSided
from .tables import BallTable, OrderTable, PoincareTable, SphereTable, TwoTables
from .translated import Translated, Translation

__all__ = [
    "Bag",
    "BallTable",
    "Linked",
    "LinkedBag",
    "OrderTable",
    "OthersBag",
    "PoincareTable",
    "Projected",
    "Projection",
    "Rows",
    "SphereTable",
    "StaticBag",
    "Table",
    "ThingsBag",
    "Translated",
    "Translation",
    "TwoSided",
    "TwoTables",
]
