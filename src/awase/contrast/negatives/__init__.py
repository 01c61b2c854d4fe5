"""What a positive is compared with.

Of texts:
The documents of a batch are always candidates of all its anchors. A negatives part adds to them:
``draw(source, rows, rng)`` returns the numbers of further documents for the pairs ``rows``. ``CandidateMaker`` puts the two together.
A part may also have ``order(...)``, which decides which pairs share a batch. ``TextBatches`` makes
the batches of the loop of it.

Of things that are a row each, a negatives part has ``bind(source, seed)``, which gives a batcher: ``make(rows, epoch)`` returns a ``Batch`` in
which each anchor has candidates of its own, ``order(epoch)`` the order of the examples.

``Adversarial`` and ``Boltzmann`` propose negatives for each anchor beside noise of either kind, in a ``Mixture``. Their batcher has two more
methods: ``watch(encoder, score)``, called once, and ``feedback(batch, scores)``, called before each step.
"""

from .adversarial import Adversarial, Boltzmann
from .candidate_maker import CandidateMaker
from .corrupted import Corrupted, CorruptedBatches
from .corrupted_edges import CorruptedEdges, CorruptedEdgesBatches
from .everything import Everything
from .given import Given
from .in_batch import InBatch
from .mined import Mined
from .mixture import Mixture, parts_of
from .noise import Noise, NoiseBatches
from .pool import Pool, PoolBatches
from .sampled import SampledBatches
from .shared_noise import SharedNoise, SharedNoiseBatches
from .text_batches import TextBatches
from .topical import Topical

__all__ = [
    "Adversarial",
    "Boltzmann",
    "CandidateMaker",
    "Corrupted",
    "CorruptedBatches",
    "CorruptedEdges",
    "CorruptedEdgesBatches",
    "Everything",
    "Given",
    "InBatch",
    "Mined",
    "Mixture",
    "Noise",
    "NoiseBatches",
    "Pool",
    "PoolBatches",
    "SampledBatches",
    "SharedNoise",
    "SharedNoiseBatches",
    "TextBatches",
    "Topical",
    "parts_of",
]
