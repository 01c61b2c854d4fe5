"""A model of texts made from a discussion itself: what answers what, and which title has which body, belong together."""

from typing import Any

import numpy as np
import pyarrow as pa

from awase import recipes
from awase.apps.homophily.streams import OWN_THREAD
from awase.apps.training import Training
from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.compute import pc
from awase.data.pairs import read_pairs
from awase.models import StaticModel

_MOST = 100_000  # pairs; more make the vectors hardly better
_LEAST = 50
_CHARACTERS = 1_000  # of a text


def text_model(streams: Any, discussion: Any, *, epochs: int = 5, seed: int = 0, threads: int = 1) -> StaticModel:
    """A static model (recipe "static") trained on pairs of a discussion: a reply and the text it answers, a thread's title and its body.

    At most 100,000 pairs, drawn at random, and the first 1,000 characters of each text. It is not validated: what it is for, telling topics
    apart, has no right answers here. Raises InputError E1036 for fewer than 50 pairs.
    """
    return fitted(_pairs(streams, discussion, seed), epochs=epochs, seed=seed, threads=threads)


def fitted(pairs: pa.Table, *, epochs: int = 5, seed: int = 0, threads: int = 1) -> StaticModel:
    """The model of pairs of texts, columns anchor and positive. Raises InputError E1036 for fewer than 50."""
    if len(pairs) < _LEAST:
        raise InputError(
            "E1036", f"{len(pairs):,} pairs of texts are too few to make a model from", value=len(pairs),
            remedy="give a model of texts, or ask for no topics",
        )  # fmt: skip
    data = read_pairs(pairs)
    training = Training(recipes.get("static")(epochs=epochs), data, np.arange(len(data)), init=None, seed=seed, threads=threads)
    say(f"a model of texts from {len(data):,} pairs of the discussion, {epochs} epochs")
    training.run(None)
    return training.model("discussion")


def _pairs(streams: Any, discussion: Any, seed: int) -> pa.Table:
    """Replies and what they answer, titles and bodies, in one pass over the dump."""
    rng = np.random.default_rng((seed, 0x9A12))
    _, parents, replies = streams.pairs()
    some = rng.permutation(len(replies))[:_MOST]
    parents, replies = parents[some], replies[some]
    threads = streams.id[streams.code == OWN_THREAD]
    threads = threads[rng.permutation(len(threads))[:_MOST]]
    texts = discussion.texts(np.unique(np.concatenate([parents, replies, threads])))
    ids, column = texts["id"].to_numpy(), texts["text"]
    has_both = np.isin(parents, ids) & np.isin(replies, ids)
    at_reply, at_parent, at_thread = (
        np.searchsorted(ids, wanted) for wanted in (replies[has_both], parents[has_both], threads[np.isin(threads, ids)])
    )
    whole = column.take(pa.array(at_thread))
    parts = pc.split_pattern(whole.filter(pc.match_substring(whole, "\n")), "\n", max_splits=1)
    pairs = [
        (column.take(pa.array(at_reply)), column.take(pa.array(at_parent))),
        (pc.list_element(parts, 0), pc.list_element(parts, 1)),
    ]
    cut = [[pc.utf8_slice_codeunits(side, 0, _CHARACTERS) for side in pair] for pair in pairs]
    table = pa.concat_tables([pa.table({"anchor": anchor, "positive": positive}) for anchor, positive in cut])
    filled = [pc.match_substring_regex(table[name], r"\S") for name in table.column_names]
    return table.filter(pc.and_(*filled))
