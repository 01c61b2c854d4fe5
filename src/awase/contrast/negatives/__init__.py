"""What a positive is compared with.

The documents of a batch are always candidates of all its anchors. A negatives part adds to them:
``draw(source, rows, rng)`` returns the numbers of further documents for the pairs ``rows``. ``CandidateMaker`` puts the two together.
A part may also have ``order(...)``, which decides which pairs share a batch.
"""

from .candidate_maker import CandidateMaker
from .given import Given
from .in_batch import InBatch
from .mined import Mined
from .mixture import Mixture
from .topical import Topical

__all__ = ["CandidateMaker", "Given", "InBatch", "Mined", "Mixture", "Topical"]
