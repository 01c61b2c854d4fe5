"""Communities named after people: profiles, mailboxes, direct messages. Beside the hash of a user such a name would undo it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from awase.apps.homophily.pseudonyms import pseudonym
from awase.data.discussions import Discussion
from awase.data.discussions.hashing import name_hashes
from awase.data.discussions.mail import squashed

_PROFILE = re.compile(
    r"\A\W*(?:u_|u/|user[_/:]|profile[_/:]|@|~)|\A\W*(?:dm|mpdm|im|pm|direct)[-_:]|\A[^@\s]+@[^@\s]+\Z", re.IGNORECASE
)
_PLACES = {
    "inbox",
    "sent",
    "mail",
    "mails",
    "mailbox",
    "maildir",
    "archive",
    "mbox",
    "outbox",
    "drafts",
    "folder",
    "from",
    "to",
}
_OFTEN = 0.05  # of what is said in a community: who says so much there may be whom it is named after


def without_names(discussion: Discussion, key: bytes) -> Discussion:
    """The discussion with a pseudonym for each community that is named after somebody.

    These are names of the form of a profile or direct message (u_NAME, @NAME, dm-A-B), names in which an author stands who says a
    twentieth or more of what is said there, and those of a folder of mails that is called as one of the senders is.
    """
    named = _of_authors(discussion)
    people = _senders(discussion)
    communities = [
        pseudonym("c", name, key) if at in named or is_of_people(name, people) else name
        for at, name in enumerate(discussion.communities)
    ]
    return replace(discussion, communities=communities)


def title_without_names(title: str, discussion: Discussion) -> str:
    """The title of a report, which is what its source is called, unless that is somebody's name."""
    stem = title.partition(".")[0]
    named = any(is_of_people(name, _senders(discussion)) for name in (title, stem)) or _speaks_often(stem, discussion)
    return "a discussion" if named else title


def is_of_people(name: str, people: set[str]) -> bool:
    """Whether a name has the form of a profile's, or is that of one of these people with nothing but words of place beside it.

    >>> [is_of_people(name, {"janesecret"}) for name in ("u_jane", "jane.secret", "Jane-Secret-inbox", "wine", "secret.wine")]
    [True, True, True, False, False]
    """
    if _PROFILE.search(name):
        return True
    words = [word for word in re.split(r"[\W_]+", name) if word and word.casefold() not in _PLACES]
    whole = squashed("".join(words))
    several = {squashed("".join(words[i:j])) for i in range(len(words)) for j in range(i + 2, len(words) + 1)}
    return bool(people & (several | {whole}))


def _senders(discussion: Discussion) -> set[str]:
    return set().union(*(getattr(reader, "people", ()) for reader in discussion.readers))


def _parts(name: str) -> Iterable[str]:
    """The name, each run of its words as it is written there, and these in small letters."""
    words = list(re.finditer(r"[^\W_]+", name))
    runs = {name[a.start() : b.end()] for i, a in enumerate(words) for b in words[i:]}
    return {name, *runs, *(run.lower() for run in runs)}


def _of_authors(discussion: Discussion) -> set[int]:
    """Numbers of the communities in whose names somebody stands who is often heard there."""
    parts = [(at, part) for at, name in enumerate(discussion.communities) for part in _parts(name)]
    if not parts:
        return set()
    at = np.array([at for at, _ in parts])
    said, all_said = _said(discussion, at, name_hashes(pa.array([part for _, part in parts], pa.large_string())))
    return set(at[said >= np.maximum(_OFTEN * all_said[at], 1)].tolist())


def _said(discussion: Discussion, communities: np.ndarray, authors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 (n,): how much is said in each of these communities (n,) by the author (n,) beside it; and how much is in every community."""
    wanted, code = np.unique(authors, return_inverse=True)
    pairs, pair = np.unique(communities * len(wanted) + code, return_inverse=True)
    said, all_said = np.zeros(len(pairs), np.int64), np.zeros(len(discussion.communities), np.int64)
    for batch in discussion.columns("author", "community"):
        all_said += np.bincount(batch["community"], minlength=len(all_said))
        at = np.minimum(np.searchsorted(wanted, batch["author"]), len(wanted) - 1)
        rows = np.flatnonzero(wanted[at] == batch["author"])
        keys = batch["community"][rows].astype(np.int64) * len(wanted) + at[rows]
        place = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
        said += np.bincount(place[pairs[place] == keys], minlength=len(pairs))
    return said[pair], all_said


def _speaks_often(name: str, discussion: Discussion) -> bool:
    """Whether somebody who stands in the name of the source says a twentieth of what is said in it."""
    authors = np.unique(name_hashes(pa.array(sorted(_parts(name)), pa.large_string())))
    said, n = np.zeros(len(authors), np.int64), len(discussion)
    for batch in discussion.columns("author"):
        at = np.minimum(np.searchsorted(authors, batch["author"]), len(authors) - 1)
        said += np.bincount(at[authors[at] == batch["author"]], minlength=len(authors))
    return bool((said >= max(_OFTEN * n, 1)).any())


def asked_without_names(asked: int | tuple[str, ...], before: Sequence[str], after: Sequence[str]) -> int | tuple[str, ...]:
    """The communities that a user asks for, by what they are called in the report."""
    if isinstance(asked, int):
        return asked
    called = dict(zip(before, after))
    return tuple(called.get(name, name) for name in asked)
