"""From pairs and drawn negatives to the candidates of a batch."""

import numpy as np

from awase.contrast.candidates import Candidates
from awase.contrast.positives import PairSource
from awase.kernels.masks import known_pairs

_NONE = np.empty(0, np.int64)


class CandidateMaker:
    """Makes each batch's ``Candidates``: distinct documents, each anchor's target, and a mask over what else belongs to an anchor.

    The mask is by id, and equal texts have one id (``PairSource``), so a document that appears twice in a batch, or a drawn
    "negative" that the data pair with the anchor elsewhere, is never pushed away.
    """

    def __init__(self, source: PairSource, negatives):
        self._source, self._negatives = source, negatives
        self._known = source.known()
        self._column_of = np.full(source.n_documents, -1, np.int64)
        self._logq = None
        if getattr(negatives, "corrected", False):
            self._logq = np.log(np.maximum(np.bincount(source.documents, minlength=source.n_documents), 1) / len(source))

    def make(self, rows: np.ndarray, rng: np.random.Generator, proposed: np.ndarray = _NONE) -> Candidates:
        """The candidates for the pairs ``rows`` (b,); ``proposed``: documents that join them."""
        source = self._source
        own = source.documents[rows]
        drawn = self._negatives.draw(source, rows, rng)
        items, at = np.unique(np.concatenate([own, drawn, proposed]), return_inverse=True)
        target = at[: len(rows)].astype(np.int64)
        mask = known_pairs(source.anchors[rows], target, items, *self._known, self._column_of)
        return Candidates(
            items=items,
            target=target,
            mask=mask,
            logq=None if self._logq is None else self._logq[items],
            weight=None if source.weight is None else source.weight[rows],
        )
