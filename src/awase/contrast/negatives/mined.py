"""Hard negatives: what a search finds for an anchor that is not its own."""

from dataclasses import dataclass, field

import numpy as np

from awase.contrast.negatives.pick import pick_from_lists
from awase.contrast.positives import PairSource
from awase.core.errors import ConfigError
from awase.core.progress import progress
from awase.core.protocols import Searcher


@dataclass(frozen=True)
class Mined:
    """Up to ``per_pair`` of the documents ranked first_rank .. last_rank for each pair's anchor, less those it belongs with.

    ``prepare`` asks the searcher once for all anchors (BM25 hard negatives: DPR, Karpukhin et al. 2020, section 3.2). The very first ranks are
    often positives that nobody labelled (AnswerDotAI/RAGatouille#100), so ``first_rank`` leaves some out.
    """

    per_pair: int = 1
    first_rank: int = 5
    last_rank: int = 50
    name = "mined"
    _lists: dict = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self):
        if not 0 <= self.first_rank < self.last_rank:
            raise ConfigError(
                "E0511", "ranks to mine must satisfy 0 <= first_rank < last_rank", value=(self.first_rank, self.last_rank)
            )

    def prepare(self, source: PairSource, searcher: Searcher, anchors, *, block: int = 4096) -> None:
        """Search for every distinct anchor (texts for a lexical searcher, vectors for a dense one), ``block`` at a time.

        The searcher's rows are the source's document numbers.
        """
        found = np.full((source.n_anchors, self.last_rank - self.first_rank), -1, np.int32)
        with progress("mining negatives", source.n_anchors, "queries") as job:
            for start in range(0, source.n_anchors, block):
                rows = searcher.search(anchors[start : start + block], self.last_rank).rows
                found[start : start + block] = rows[:, self.first_rank :]
                job.advance(len(rows))
        if found.max() >= source.n_documents:
            raise ConfigError(
                "E0513",
                f"the searcher found a document that is none of the {source.n_documents:,} trained on",
                value=int(found.max()),
                remedy="mine with a search over the source's own documents, in their order",
            )
        known_starts, known = source.known()
        owners = np.repeat(np.arange(source.n_anchors), np.diff(known_starts))
        pairs = np.sort(owners * source.n_documents + known)
        keys = np.arange(source.n_anchors)[:, None] * source.n_documents + found
        at = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
        keep = (found >= 0) & (pairs[at] != keys)
        starts = np.zeros(source.n_anchors + 1, np.int64)
        np.cumsum(keep.sum(axis=1), out=starts[1:])
        self._lists["starts"], self._lists["items"] = starts, found[keep].astype(np.int64)

    def draw(self, source: PairSource, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Document numbers; an anchor for which nothing was found adds none."""
        if not self._lists:
            raise ConfigError(
                "E0512", "mined negatives were not prepared", remedy="call prepare(source, searcher, anchors) first"
            )
        return pick_from_lists(self._lists["starts"], self._lists["items"], source.anchors[rows], self.per_pair, rng)
