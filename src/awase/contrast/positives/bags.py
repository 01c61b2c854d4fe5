"""What belongs together when both sides are bags of features: a text and its label, two texts of one label, a user and an item.

A source has ``sides(rows, rng)``, the two sides of some examples as items of its encoder; ``groups``, (n,), and ``known()``, CSR by group,
of the targets that an example is known to belong with; ``n_items``, beyond which no target is numbered.
"""

from dataclasses import dataclass

import numpy as np

from awase.core.errors import InputError
from awase.data.links import Links


def by_group(groups: np.ndarray, members: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """CSR (starts (n_groups + 1,), members), those of a group in their order."""
    starts = np.zeros(n_groups + 1, np.int64)
    np.cumsum(np.bincount(groups, minlength=n_groups), out=starts[1:])
    return starts, members[np.argsort(groups, kind="stable")]


@dataclass(frozen=True, eq=False)
class LabelSource:
    """A text belongs with its label. texts, labels: (n,) int64; items are the n_texts texts, then the n_labels labels."""

    texts: np.ndarray
    labels: np.ndarray
    n_texts: int
    n_labels: int

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def n_items(self) -> int:
        return self.n_texts + self.n_labels

    @property
    def groups(self) -> np.ndarray:
        return self.texts

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        return by_group(self.texts, self.n_texts + self.labels, self.n_texts)

    def sides(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return self.texts[rows], self.n_texts + self.labels[rows]


@dataclass(frozen=True, eq=False)
class SetSource:
    """Two members of a set belong together; which other one a member meets is drawn each time.

    texts, sets: (n,) int64, a text and a set it is in. Raises InputError E0578 when no set has two members.

    >>> source = SetSource.of(np.array([0, 1, 2]), np.array([4, 4, 5]))
    >>> anchors, targets = source.sides(np.array([0, 1]), np.random.default_rng(0))
    >>> len(source), anchors.tolist(), targets.tolist()
    (2, [0, 1], [1, 0])
    """

    texts: np.ndarray
    groups: np.ndarray
    starts: np.ndarray
    n_items: int

    @classmethod
    def of(cls, texts: np.ndarray, sets: np.ndarray) -> "SetSource":
        """Of the sets with at least two members, sorted by set."""
        n_items = int(texts.max(initial=-1)) + 1
        sizes = np.bincount(sets)
        shared = np.flatnonzero(sizes[sets] > 1)
        if not len(shared):
            raise InputError(
                "E0578", "no two texts have one label, so none belong together", value=len(texts),
                remedy="give texts that share a label, or train with mode=labels",
            )  # fmt: skip
        order = shared[np.argsort(sets[shared], kind="stable")]
        groups = np.unique(sets[order], return_inverse=True)[1].astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(np.bincount(groups))]).astype(np.int64)
        return cls(texts[order], groups, starts, n_items)

    def __len__(self) -> int:
        return len(self.texts)

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        return self.starts, self.texts

    def sides(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        first, last = self.starts[self.groups[rows]], self.starts[self.groups[rows] + 1]
        step = 1 + (rng.random(len(rows)) * (last - first - 1)).astype(np.int64)
        return self.texts[rows], self.texts[first + (rows - first + step) % (last - first)]


@dataclass(frozen=True, eq=False)
class OthersSource:
    """All but one of a user's things belong with that one (StarSpace's train mode 1).

    users, things: (n,) int64. Items are the n_users users, each the bag of all its things; the n_things things; then each example's user
    without the example's own thing. A user with one thing only is left with an empty bag there, and teaches nothing.
    """

    users: np.ndarray
    things: np.ndarray
    n_users: int
    n_things: int

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return self.n_users + self.n_things

    @property
    def groups(self) -> np.ndarray:
        return self.users

    def known(self) -> tuple[np.ndarray, np.ndarray]:
        return by_group(self.users, self.n_users + self.things, self.n_users)

    def sides(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return self.n_items + rows, self.n_users + self.things[rows]


@dataclass(frozen=True)
class Labelled:
    """A text belongs with its label; with ``together``, with the other texts of its label."""

    together: bool = False
    name = "labelled texts"
    needs = "labelled texts"

    def source(self, texts: np.ndarray, labels: np.ndarray, n_texts: int, n_labels: int) -> LabelSource | SetSource:
        """texts, labels: (n,) int64, numbered separately from 0."""
        return SetSource.of(texts, labels) if self.together else LabelSource(texts, labels, n_texts, n_labels)


@dataclass(frozen=True)
class Others:
    """The things that a user has belong with each other: all but one with that one."""

    name = "all but one"
    needs = "interactions"

    def source(self, links: Links, rows: np.ndarray) -> OthersSource:
        """The interactions ``rows``."""
        return OthersSource(links.heads[rows], links.tails[rows], len(links.head_names), len(links.tail_names))
