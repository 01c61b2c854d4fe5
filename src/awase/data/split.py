"""Train, validation and test rows without leakage: what is connected stays together."""

from typing import NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.data.components import components
from awase.data.keys import Interner, combine, text_keys
from awase.data.pairs import Pairs
from awase.kernels.lazy import njit

TRAIN, VALID, TEST = 0, 1, 2
_NAMES = {VALID: "validation", TEST: "test"}
_SHARE = 0.05
_MIN_QUERIES, _MAX_QUERIES = 50, 2_000
_LARGEST_PART = 5  # by default a held-out part is at most a fifth of the queries
_MIN_FOR_SPLIT = 3  # one query for each part


class Split(NamedTuple):
    """Rows of each part (int64, ascending), how many groups of connected rows there are, and how the parts were made."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    components: int
    note: str


def split_pairs(pairs: Pairs, *, valid: float | int | None = None, test: float | int | None = None) -> Split:
    """The rows to train on, to choose by and to judge by.

    Rows that share a text (normalised; as anchor or as positive) or a group are connected, and connected rows stay on one side.
    Which side is decided by a hash of the texts, so the order of the rows does not matter. Sizes count distinct anchors:
    a fraction below 1, a number, or by default 5 %, at least 50 and at most 2,000, but never more than a fifth.
    The file's own ``split`` column goes first: its rows stay where it puts them, texts that stand on two sides are counted in
    the note, and a part it does not have is taken from its training rows.

    When so many rows are connected that less than half of a part can be filled (many anchors for a handful of documents, as in
    classification), only rows that share an anchor or a group are connected, and the note says that documents are shared.

    Errors: E0113 when there are fewer than three anchors, or everything is one group.

    >>> from awase.data.pairs import read_pairs
    >>> split = split_pairs(read_pairs([(f"question {i}", f"answer {i}") for i in range(100)]))
    >>> len(split.train), len(split.valid), len(split.test), split.components
    (60, 20, 20, 100)
    """
    anchors = Interner().ids(pairs.anchor_keys)
    if pairs.parts is not None:
        return _given(pairs, pairs.parts, anchors, {VALID: valid, TEST: test})
    sizes = _sizes(int(anchors.max()) + 1, valid, test)
    roots, sides, note = _cut(pairs, anchors, np.arange(len(pairs)), sizes)
    return _split(sides, roots, note)


def _sizes(n_queries: int, valid: float | int | None, test: float | int | None) -> tuple[int, int]:
    """How many queries each held-out part should have."""
    if n_queries < _MIN_FOR_SPLIT:
        raise InputError(
            "E0113",
            f"{n_queries} distinct anchor{'s' * (n_queries != 1)} cannot be split into train, validation and test",
            remedy=f"give pairs with at least {_MIN_FOR_SPLIT} different anchors",
        )
    usual = max(1, min(max(_MIN_QUERIES, round(_SHARE * n_queries)), _MAX_QUERIES, n_queries // _LARGEST_PART))
    sizes = []
    for name, given in (("valid", valid), ("test", test)):
        if given is None:
            sizes.append(usual)
        elif given < 0 or (isinstance(given, float) and given >= 1 and given != int(given)):
            raise ConfigError("E0113", f"{name} must be a fraction below 1 or a number of queries", value=given)
        else:
            sizes.append(round(given * n_queries) if isinstance(given, float) and given < 1 else int(given))
    if sum(sizes) >= n_queries:
        raise ConfigError(
            "E0113", f"{sizes[0]:,} queries for validation and {sizes[1]:,} for test leave none of the {n_queries:,} to train on",
            remedy="ask for smaller parts",
        )  # fmt: skip
    return sizes[0], sizes[1]


def _cut(pairs: Pairs, anchors: np.ndarray, rows: np.ndarray, sizes: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, str]:
    """Component and side of each of ``rows``, and a note on what was kept together."""
    group = " or a group" if pairs.groups is not None else ""
    roots, sides, filled = _divide(pairs, anchors, rows, sizes, by_document=True)
    if all(has >= wanted / 2 for has, wanted in zip(filled, sizes)):
        return roots, sides, f"rows that share a text{group} stay on one side"
    connected = np.bincount(roots).max() / len(roots)
    roots, sides, filled = _divide(pairs, anchors, rows, sizes, by_document=False)
    if any(has == 0 < wanted for has, wanted in zip(filled, sizes)):
        raise InputError(
            "E0113",
            "the rows cannot be split: too many share one anchor or one group",
            remedy="give more anchors or groups, or a 'split' column with train, valid and test",
        )
    return (
        roots,
        sides,
        (
            f"WARNING: {connected:.0%} of the rows are connected through shared documents, so only rows that share an anchor{group} "
            "stay on one side: documents of held-out pairs are also trained on"
        ),
    )


def _divide(
    pairs: Pairs, anchors: np.ndarray, rows: np.ndarray, sizes: tuple[int, int], *, by_document: bool
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Component and side of each of ``rows``, and how many queries the validation and test sides got."""
    roots = components(_labels(pairs, rows, by_document))
    names, component = np.unique(roots, return_inverse=True)
    first_of_anchor = np.unique(anchors[rows], return_index=True)[1]
    n_queries = np.bincount(component[first_of_anchor], minlength=len(names))
    # The hash of a component is a sum over its rows, so it depends on what they hold and not on where they stand.
    hashes = np.zeros(len(names), dtype=np.uint64)
    np.add.at(hashes, component, combine(pairs.anchor_keys[rows], pairs.positive_keys[rows])[:, 0])
    order = np.argsort(combine(np.stack([hashes, hashes], axis=1))[:, 0], kind="stable")
    side = np.zeros(len(names), dtype=np.int8)
    filled = _fill(order, n_queries, sizes[0], sizes[1], side)
    return roots, side[component], filled


def _labels(pairs: Pairs, rows: np.ndarray, by_document: bool) -> list[np.ndarray]:
    texts = Interner()
    anchors = texts.ids(pairs.anchor_keys[rows])
    labels = [anchors]
    if by_document:
        # One numbering for both columns: a text that is an anchor here and a positive there connects the two rows.
        positives = texts.ids(pairs.positive_keys[rows])
        both = components([np.concatenate([anchors, positives]), np.concatenate([np.arange(len(rows))] * 2)])
        labels = [both[: len(rows)]]
    if pairs.groups is not None:
        groups = pairs.groups.take(rows).combine_chunks()
        ids = Interner().ids(text_keys(groups.fill_null("")))
        labels.append(np.where(groups.is_null().to_numpy(zero_copy_only=False), -1, ids))
    return labels


@njit(cache=True, nogil=True)
def _fill(order, n_queries, n_valid, n_test, side):
    """Goes through the components in order and puts each where it fits whole: into test, else validation, else train."""
    has_valid, has_test = 0, 0
    for component in order:
        n = n_queries[component]
        if has_test + n <= n_test:
            side[component] = 2
            has_test += n
        elif has_valid + n <= n_valid:
            side[component] = 1
            has_valid += n
    return has_valid, has_test


def _given(pairs: Pairs, parts: np.ndarray, anchors: np.ndarray, asked: dict[int, float | int | None]) -> Split:
    """The parts of the file's own column; a missing one is taken from its training rows."""
    sides = parts.copy()
    train = np.flatnonzero(sides == TRAIN)
    if not len(train):
        raise InputError("E0113", "the split column has no training rows", remedy="write 'train' in the rows to train on")
    missing = [part for part in (VALID, TEST) if not (sides == part).any()]
    note = "the file's own split"
    for part, size in asked.items():
        if size is not None and part not in missing:
            raise ConfigError(
                "E0113", f"the {_NAMES[part]} rows are given by the split column", value=size, remedy="leave out the size"
            )
    if missing:
        n_queries = len(np.unique(anchors[train]))
        wanted = _sizes(n_queries, *(asked[part] if part in missing else 0 for part in (VALID, TEST)))
        _, sides[train], how = _cut(pairs, anchors, train, wanted)
        note += f", with {' and '.join(_NAMES[part] for part in missing)} taken from its training rows ({how})"
    roots = components(_labels(pairs, np.arange(len(pairs)), by_document=True))
    for part in (VALID, TEST):
        n = _shared(pairs, sides, part)
        if n:
            note += f"; WARNING: {n:,} of {(sides == part).sum():,} {_NAMES[part]} rows share a text with a training row"
    return _split(sides, roots, note)


def _shared(pairs: Pairs, sides: np.ndarray, part: int) -> int:
    """How many rows of a part have an anchor or positive that also stands in a training row."""
    texts = Interner()
    train, rows = sides == TRAIN, sides == part
    texts.ids(np.concatenate([pairs.anchor_keys[train], pairs.positive_keys[train]]))
    n_train = len(texts)
    return int(((texts.ids(pairs.anchor_keys[rows]) < n_train) | (texts.ids(pairs.positive_keys[rows]) < n_train)).sum())


def _split(sides: np.ndarray, roots: np.ndarray, note: str) -> Split:
    train, valid, test = (np.flatnonzero(sides == part) for part in (TRAIN, VALID, TEST))
    return Split(train, valid, test, len(np.unique(roots)), note)
