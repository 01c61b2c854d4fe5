"""Training, validation and test links without leakage, as each field does it."""

from typing import Literal, NamedTuple

import numpy as np

from awase.core.errors import ConfigError, InputError
from awase.core.suggest import did_you_mean
from awase.data.links import Links
from awase.kernels.lazy import njit

TRAIN, VALID, TEST = 0, 1, 2
_NAMES = {VALID: "valid", TEST: "test"}
_LEAST_LINKS = 3  # of a head, for it to have some in every part


class LinkSplit(NamedTuple):
    """Rows of each part (int64, ascending) and, for people, how they were chosen."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    note: str


def split_links(
    links: Links,
    *,
    valid: float | int = 0.1,
    test: float | int = 0.1,
    seed: int = 0,
    rule: Literal["transductive", "per head"] | None = None,
    kept: Links | None = None,
) -> LinkSplit:
    """The links to train on, to choose by and to judge by: random ones, drawn from ``seed``.

    rule: "transductive" (edges, triples and pairs if None): a link is held out only while each of its names, and its relation, is left in
    training; what cannot be held out stays there, counted in the note. "per head" (interactions if None): of each head's links a share, at
    least one; heads with fewer than three stay in training. valid, test: fractions below 1 or whole numbers, of the links that may be held out
    or of each head's. kept: links whose (head, tail) are never held out: the direct edges of a closure, without which the others cannot be
    inferred (Ganea et al. 2018, arXiv 1804.01882).

    Links that come with parts keep them, and a part that is missing is taken from training. A given test link may then have names that
    training does not: the note counts them.
    Errors: ConfigError E0155 for sizes that are none, InputError E0155 when nothing is left for a part.

    >>> from awase.data.links import read_links
    >>> split = split_links(read_links([(f"{a}", "likes", f"{b}") for a in range(5) for b in range(5)], "triples"))
    >>> len(split.train), len(split.valid), len(split.test)
    (21, 2, 2)
    """
    sizes = {VALID: valid, TEST: test}
    for part, size in sizes.items():
        if isinstance(size, bool) or size < 0 or (isinstance(size, float) and size >= 1):
            raise ConfigError("E0155", f"{_NAMES[part]} must be a fraction below 1 or a whole number", value=size)
    rule = rule or ("per head" if links.kind == "interactions" else "transductive")
    if rule not in _RULES:
        raise ConfigError("E0155", f"there is no rule {rule!r}", remedy=did_you_mean(rule, _RULES))
    parts = np.zeros(len(links), np.int8) if links.parts is None else links.parts.copy()
    notes = []
    if links.parts is not None:
        given = [name for part, name in _NAMES.items() if (parts == part).any()]
        sizes = {part: 0 if _NAMES[part] in given else size for part, size in sizes.items()}
        notes.append(f"{' and '.join(given) or 'no part'} as given")
    free = parts == TRAIN
    if kept is not None:
        free &= ~_stands_in(links, kept)
    order = np.flatnonzero(free)[np.random.default_rng((seed, 0x11A5)).permutation(int(free.sum()))]
    if any(sizes.values()):
        notes.append(_RULES[rule](links, parts, order, sizes))
    rows = [np.flatnonzero(parts == part) for part in (TRAIN, VALID, TEST)]
    for part, wanted in sizes.items():
        if wanted and not len(rows[part]):
            raise InputError(
                "E0155", f"no link is left for {_NAMES[part]}", place=str(links.understood.get("source", "")), value=wanted,
                remedy="give more links, ask for a larger part, or for none of it (0)",
            )  # fmt: skip
    return LinkSplit(*rows, note="; ".join([*notes, *_unseen(links, rows)]))


def _transductive(links: Links, parts: np.ndarray, order: np.ndarray, sizes: dict[int, float | int]) -> str:
    n = len(order)
    counts = {part: size if isinstance(size, int) else int(n * size) for part, size in sizes.items()}
    wanted = counts[VALID] + counts[TEST]
    training = np.flatnonzero(parts == TRAIN)
    n_heads = len(links.head_names)
    tails = links.tails if links.shared else links.tails + n_heads
    left = np.bincount(links.heads[training], minlength=n_heads + len(links.tail_names) * (not links.shared))
    left += np.bincount(tails[training], minlength=len(left))
    relations = np.zeros(len(links), np.int64) if links.relations is None else links.relations
    out, stayed = _spare(links.heads, relations, tails, order, left, np.bincount(relations[training]), wanted)
    n_test = len(out) * counts[TEST] // max(wanted, 1)
    parts[out[:n_test]], parts[out[n_test:]] = TEST, VALID
    note = f"random {links.kind}, each name{' and relation' if links.relations is not None else ''} left in training"
    return note + (f"; {stayed:,} stayed there as the last of theirs" if stayed else "")


@njit(cache=True, nogil=True)
def _spare(heads, relations, tails, order, left, left_relations, wanted):
    """The first ``wanted`` rows of the order whose names and relation stand elsewhere in training too, and how many were passed over."""
    out = np.empty(wanted, np.int64)
    n = stayed = 0
    for row in order:
        if n == wanted:
            break
        head, tail, relation = heads[row], tails[row], relations[row]
        least = 3 if head == tail else 2
        if left[head] < least or left[tail] < least or left_relations[relation] < 2:
            stayed += 1
            continue
        left[head] -= 1
        left[tail] -= 1
        left_relations[relation] -= 1
        out[n] = row
        n += 1
    return out[:n], stayed


def _spare_twin(links: list[tuple[int, int, int]], order: list[int], wanted: int) -> list[int]:
    """The same in words: a row goes if training without it still has its names and its relation."""
    training, out = set(range(len(links))), []
    for row in order:
        rest = [links[other] for other in training - {row}]
        names = {name for head, _, tail in rest for name in (head, tail)}
        head, relation, tail = links[row]
        if len(out) < wanted and {head, tail} <= names and relation in {link[1] for link in rest}:
            training.discard(row)
            out.append(row)
    return out


def _per_head(links: Links, parts: np.ndarray, order: np.ndarray, sizes: dict[int, float | int]) -> str:
    order = order[np.argsort(links.heads[order], kind="stable")]  # by head, at random within each
    heads = links.heads[order]
    counts = np.bincount(heads, minlength=len(links.head_names))
    place = np.arange(len(order)) - (np.cumsum(counts) - counts)[heads]
    start = np.zeros(len(counts), np.int64)
    for part in (TEST, VALID):
        size = sizes[part]
        share = np.full(len(counts), size) if isinstance(size, int) else np.maximum((counts * size).astype(np.int64), size > 0)
        share[counts < _LEAST_LINKS] = 0
        share = np.minimum(share, np.maximum(counts - start - 1, 0))  # one is always left
        parts[order[(place >= start[heads]) & (place < (start + share)[heads])]] = part
        start += share
    few = int(((counts > 0) & (counts < _LEAST_LINKS)).sum())
    note = f"of each {'user' if links.kind == 'interactions' else 'head'}, random links"
    return note + (f"; {few:,} with fewer than {_LEAST_LINKS} stayed in training" if few else "")


_RULES = {"transductive": _transductive, "per head": _per_head}


def _stands_in(links: Links, kept: Links) -> np.ndarray:
    """bool (n,): whether the (head, tail) of a link is one of ``kept``."""
    if kept.head_names != links.head_names or kept.tail_names != links.tail_names:
        raise ConfigError("E0155", "the links to keep have other names", remedy="take both from one reading of the source")
    width = len(links.tail_names)
    return np.isin(links.heads * width + links.tails, kept.heads * width + kept.tails)


def _unseen(links: Links, rows: list[np.ndarray]) -> list[str]:
    """What a reader of the figures must know about held-out links whose names training does not have."""
    train, notes = rows[TRAIN], []
    known = [(links.heads, np.unique(links.heads[train])), (links.tails, np.unique(links.tails[train]))]
    if links.shared:
        either = np.union1d(known[0][1], known[1][1])
        known = [(links.heads, either), (links.tails, either)]
    if links.relations is not None:
        known.append((links.relations, np.unique(links.relations[train])))
    for part, name in _NAMES.items():
        new = np.zeros(len(rows[part]), bool)
        for column, names in known:
            new |= ~np.isin(column[rows[part]], names)
        if new.any():
            notes.append(f"{int(new.sum()):,} of {len(new):,} {name} links have a name that training does not")
    return notes
