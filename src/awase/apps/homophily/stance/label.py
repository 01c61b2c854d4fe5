"""The stances of all replies in the streams of the chosen users, by whatever part gives them."""

from typing import Any

import numpy as np

from awase.apps.homophily.stance.parts import StancePart
from awase.apps.homophily.stance.report import StanceReport, shares
from awase.apps.homophily.states import UNKNOWN


def label(part: StancePart, streams: Any, discussion: Any) -> tuple[np.ndarray, StanceReport]:
    """(stance int8 (m,) for ``Streams.with_stance``, how it came about). A reply that stands in several streams is judged once.

    Only own and received replies get one; texts are fetched by ``discussion.texts`` in blocks, where the part reads any.
    """
    rows, parents, replies = streams.pairs()
    distinct, first, back = np.unique(replies, return_index=True, return_inverse=True)
    found = part.stances(parents[first], distinct, discussion.texts)
    stance = np.full(len(streams), UNKNOWN, np.int8)
    stance[rows] = found.stance[back]
    unknown = int((found.stance == UNKNOWN).sum())
    report = StanceReport(
        part.kind,
        len(distinct),
        unknown,
        found.without_parent,
        found.without_reply,
        shares(found.stance),
        part.note,
        part.quality,
    )
    return stance, report
