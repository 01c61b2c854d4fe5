"""The parts that need no training: a file of labels, and neutral for all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from awase.apps.homophily.stance.pairs import read_labels
from awase.apps.homophily.stance.report import Quality
from awase.apps.homophily.states import NEUTRAL, UNKNOWN
from awase.core.errors import InputError
from awase.data.discussions.hashing import name_hashes


class Found(NamedTuple):
    """stance: int8 (n,); how many have none because the text of the parent, or of the reply, is not there."""

    stance: np.ndarray
    without_parent: int = 0
    without_reply: int = 0


class StancePart(Protocol):
    """Anything that gives stances. kind and note say in the report what it is; quality how often it is wrong, if that is known."""

    @property
    def kind(self) -> str: ...

    @property
    def note(self) -> str: ...

    @property
    def quality(self) -> Quality | None: ...

    def stances(self, parents: np.ndarray, replies: np.ndarray, texts: Callable[[np.ndarray], pa.Table]) -> Found:
        """The stances of distinct replies towards their parents, uint64 ids (n,) both, as ``Discussion.texts`` knows them."""
        ...


class Neutral:
    """Every reply is neutral: what can be said without reading any.

    >>> Neutral().stances(np.array([7], np.uint64), np.array([8], np.uint64), lambda ids: pa.table({})).stance.tolist()
    [1]
    """

    kind, quality = "neutral", None
    note = "every reply counts as neutral: how users react to agreement and disagreement is not measured"

    def stances(self, parents: np.ndarray, replies: np.ndarray, texts: Callable[[np.ndarray], pa.Table]) -> Found:
        """NEUTRAL for each."""
        return Found(np.full(len(replies), NEUTRAL, np.int8))


class LabelFile:
    """Stances from a file, a list of (id, stance) or a data frame: one for each reply's id; a reply that is not in it is UNKNOWN.

    Columns are recognised by name (``pairs.LABEL_ROLES``) or given, role -> column. Stances are the words agree, neutral and disagree, or
    what ``stances`` says (what is written -> stance): numbers are not guessed. Equal lines count once.
    Raises E0101-E0116 with the line, E1034, and InputError E1032 for a reply with two stances.

    >>> LabelFile([("t1_a", "agree"), ("t1_b", "disagree")]).n
    2
    """

    kind, quality = "labels", None

    def __init__(self, source: Any, *, columns: Mapping[str, str] | None = None, stances: Mapping[str, str] | None = None):
        names, found = read_labels(source, columns=columns, stances=stances)
        hashes = name_hashes(names.combine_chunks())
        order = np.argsort(hashes, kind="stable")
        ids, labels = hashes[order], found[order]
        same = ids[1:] == ids[:-1]
        if len(clash := np.flatnonzero(same & (labels[1:] != labels[:-1]))):
            raise InputError(
                "E1032", "a reply has two different stances", place=_name(source), value=names[int(order[clash[0]])].as_py(),
                remedy="leave one line for each reply",
            )  # fmt: skip
        first = np.concatenate([[True], ~same])
        self._ids, self._labels, self._source = ids[first], labels[first], _name(source)

    @property
    def n(self) -> int:
        """How many replies are labelled."""
        return len(self._ids)

    @property
    def note(self) -> str:
        """What a reader of the report should know."""
        return f"{self.n:,} labels from {self._source}; how often they are wrong is not known here"

    def stances(self, parents: np.ndarray, replies: np.ndarray, texts: Callable[[np.ndarray], pa.Table]) -> Found:
        """The label of each reply. Raises InputError E1035 where none of the labels is of one of them."""
        at = np.minimum(np.searchsorted(self._ids, replies), self.n - 1)
        labelled = self._ids[at] == replies
        if len(replies) and not labelled.any():
            raise InputError(
                "E1035", f"none of the {self.n:,} labels is of one of the {len(replies):,} replies to label", place=self._source,
                remedy="write ids as the dump does, comments of Reddit with t1_ before the id",
            )  # fmt: skip
        return Found(np.where(labelled, self._labels[at], UNKNOWN).astype(np.int8))


def _name(source: Any) -> str:
    return Path(source).name if isinstance(source, str | Path) else "the given labels"
