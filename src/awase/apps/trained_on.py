"""Queries that a model was trained on or chosen by: counted, and left out of what it is judged by."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.judged import Judged
from awase.data.pairs import Pairs
from awase.data.trained_on import TrainedOn
from awase.tasks.report import words

_UNKNOWN = "only a model that `awase fit` made remembers its texts, unless it was told --no-trained-on"
_OTHER = "the model remembers its texts as another version of awase read them"


def without_trained_on(
    judged: Judged, memories: Sequence[TrainedOn], *, everything: bool = False
) -> tuple[Judged, dict[str, Any]]:
    """The judgements without queries that a model with these memories was trained on together with one of their answers; and
    ``Report.trained_on``: how many queries, how many relevant documents, how many queries were left out. Counts are None, with the reason,
    where nobody can know.

    A document alone says little: the documents of a search are known when it is trained, and it is the queries that are new. everything:
    count, and leave nothing out. Raises InputError E1070 when nothing is left.
    """
    if not memories or not all(memory.readable for memory in memories):
        return judged, {"queries": None, "documents": None, "left_out": 0, "why": _OTHER if memories else _UNKNOWN}
    documents, of_document = np.unique(judged.rows, return_inverse=True)
    asked = _seen(memories, judged.queries)
    answers = _seen(memories, [judged.documents[row] for row in documents.tolist()])
    owner = np.repeat(np.arange(len(judged.queries)), np.diff(judged.offsets))
    together = np.bincount(owner[answers[of_document]], minlength=len(asked)).astype(bool) & asked
    found = {"queries": int(asked.sum()), "documents": int(answers.sum()), "left_out": 0 if everything else int(together.sum())}
    if found["left_out"]:
        if together.all():
            raise InputError(
                "E1070", f"the model was trained on all {len(asked):,} queries that it would be judged by, or chosen by them",
                place=judged.name,
                remedy="give pairs that it has not seen; or --everything (everything=True), which judges what it has seen too",
            )  # fmt: skip
        judged = judged.take(np.flatnonzero(~together))
    for sentence in words.trained_on(found, len(judged.queries)):
        say(sentence)
    return judged, found


def unseen(pairs: Pairs, memories: Sequence[TrainedOn]) -> np.ndarray:
    """int64: the rows of the pairs whose two texts are not both remembered."""
    if not memories:
        return np.arange(len(pairs))
    sides = [np.any([memory.has(texts) for memory in memories], axis=0) for texts in (pairs.anchors, pairs.positives)]
    return np.flatnonzero(~np.all(sides, axis=0))


def _seen(memories: Sequence[TrainedOn], texts: list[str]) -> np.ndarray:
    return np.any([memory.has(texts) for memory in memories], axis=0)
