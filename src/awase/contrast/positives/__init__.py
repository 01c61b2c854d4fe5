"""Which things belong together. Each part says in ``needs`` what data it reads; ``awase fit`` hands them to the job of that kind."""

from .bags import Labelled, LabelSource, Others, OthersSource, SetSource
from .given import GivenPairs, TextItems
from .hierarchy import Hypernyms
from .interactions import Interactions
from .links import LinkSource
from .named_pairs import NamedPairs
from .neighbours import CoOccurrence, Nearby, Walks
from .pairs import PairSource
from .triples import GivenTriples, TripleSource
from .windows import Windows, WindowSource

__all__ = [
    "CoOccurrence",
    "GivenPairs",
    "GivenTriples",
    "Hypernyms",
    "Interactions",
    "LabelSource",
    "Labelled",
    "LinkSource",
    "NamedPairs",
    "Nearby",
    "Others",
    "OthersSource",
    "PairSource",
    "SetSource",
    "TextItems",
    "TripleSource",
    "Walks",
    "WindowSource",
    "Windows",
]
