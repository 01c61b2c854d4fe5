"""Which things belong together. Each part says in ``needs`` what kind of data it reads; ``awase fit`` hands the data to the job of that kind."""

from .given import GivenPairs, TextItems
from .interactions import Interactions
from .links import LinkSource
from .pairs import PairSource
from .triples import GivenTriples, TripleSource

__all__ = ["GivenPairs", "GivenTriples", "Interactions", "LinkSource", "PairSource", "TextItems", "TripleSource"]
