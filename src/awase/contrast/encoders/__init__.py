"""How an item becomes a vector. An encoder is its ``parameters`` (name -> array), ``encode(items)`` and ``pull(items, dV)``."""

from .bag import Bag
from .ball_table import BallTable
from .gradient import Rows
from .node_tables import OrderTable, PoincareTable, TwoSided
from .others import OthersBag, ThingsBag
from .projected import Projected, Projection
from .sphere_table import SphereTable
from .static import StaticBag
from .table import Table
from .translated import Translated, Translation
from .two_tables import TwoTables

__all__ = [
    "Bag",
    "BallTable",
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
