"""Which accounts are bots, and what platforms write in place of what was deleted."""

import numpy as np
import pyarrow as pa

from awase.data.compute import pc
from awase.data.discussions.fields import is_true
from awase.data.discussions.hashing import name_hashes

DELETED = ("[deleted]", "[removed]")  # authors and texts
_REMOVED_BY = "[ removed by reddit"  # how the platform's own removals begin

# Busy accounts whose names do not end as names of bots do.
BOTS = (
    "AutoModerator", "MTGCardFetcher", "Mentioned_Videos", "TotesMessenger", "TweetPoster", "autotldr", "haikusbot", "imgurtranscriber",
    "imguralbumbot", "repostsleuthbot", "sneakpeekbot",
)  # fmt: skip
# "remind_bot", "-bot", "HaikuBot", "albumBOT", but not "abbot", "ROBOT" or "Bot".
_ENDS_AS_A_BOT = r"(?:[-_.][Bb][Oo][Tt]|[a-z0-9]B(?:ot|OT))$"

_DELETED_HASHES = name_hashes(pa.array(DELETED))
_BOT_HASHES = name_hashes(pa.array(BOTS))


def without_deleted(authors: np.ndarray) -> np.ndarray:
    """The hashes of authors, 0 for those that were deleted."""
    return np.where(np.isin(authors, _DELETED_HASHES), np.uint64(0), authors)


def are_bots(names: pa.Array, hashes: np.ndarray) -> np.ndarray:
    """bool (n,): accounts in BOTS, and names that end in "bot" after a separator or as a word with a capital.

    >>> names = pa.array(["AutoModerator", "remind_bot", "HaikuBot", "abbot", None])
    >>> are_bots(names, name_hashes(names)).tolist()
    [True, True, True, False, False]
    """
    found = np.isin(hashes, _BOT_HASHES)
    ends = np.flatnonzero(is_true(pc.ends_with(names, "bot", ignore_case=True)))
    if len(ends):
        found[ends] |= is_true(pc.match_substring_regex(names.take(pa.array(ends)), _ENDS_AS_A_BOT))
    return found


def are_deleted(texts: pa.Array) -> np.ndarray:
    """bool (n,): texts that only say that there was one.

    >>> are_deleted(pa.array(["[removed]", "[ Removed by Reddit ]", "[1] a source", "", None], pa.large_string())).tolist()
    [True, True, False, False, False]
    """
    found = is_true(pc.starts_with(texts, "["))
    rows = np.flatnonzero(found)
    if len(rows):
        words = pc.utf8_lower(pc.utf8_trim_whitespace(texts.take(pa.array(rows))))
        marks = pc.is_in(words, pa.array(DELETED, pa.large_string()))
        found[rows] = is_true(pc.or_(marks, pc.starts_with(words, _REMOVED_BY)))
    return found


def are_blank(texts: pa.Array) -> np.ndarray:
    """bool (n,): texts that are missing, empty or white space."""
    return ~is_true(pc.and_(pc.greater(pc.binary_length(texts), 0), pc.invert(pc.utf8_is_space(texts))))
