"""In-batch negatives that are hard because the batch is about one thing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from awase.contrast.clusters import spherical_clusters
from awase.contrast.positives import PairSource

_CLUSTERS_MOST = 256  # beyond this, assignment costs more than it gains


@dataclass(frozen=True)
class Topical:
    """Batches of pairs whose documents lie close together under the model as it is (topic-aware sampling: Hofstätter et al. 2021,
    arXiv 2104.06967, section 3.2; there the topics come from a fixed model, here they are found anew each epoch).

    The other pairs' documents are then hard negatives, which cost nothing more to encode. The first epoch is in random
    order, as an untrained model has no topics. ``per_batch``: clusters for each batch; more makes batches less alike within.
    """

    per_batch: int = 4
    name = "topical"

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """No further documents: the hard ones are in the batch."""
        return np.empty(0, np.int64)

    def order(
        self,
        source: PairSource,
        epoch: int,
        batch: int,
        documents: Callable[[np.ndarray], np.ndarray],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """A permutation of the pairs in which neighbours share a topic. ``documents``: numbers -> vectors (n, dim)."""
        n = len(source)
        n_batches = -(-n // batch)
        n_clusters = min(n_batches * self.per_batch, _CLUSTERS_MOST)
        if epoch == 0 or n_batches < 2:
            return rng.permutation(n)
        topics = spherical_clusters(documents, source.n_documents, n_clusters, rng)
        # Clusters in random order, pairs in random order within; then the batches themselves are shuffled.
        place = rng.permutation(n_clusters)[topics[source.documents]]
        near = np.lexsort((rng.random(n), place))
        edges = np.linspace(0, n, n_batches + 1).astype(np.int64)
        return np.concatenate([near[edges[at] : edges[at + 1]] for at in rng.permutation(n_batches)])
