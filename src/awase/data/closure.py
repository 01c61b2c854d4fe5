"""Everything above everything: the transitive closure of a hierarchy."""

from dataclasses import replace

import numpy as np

from awase.core.errors import ConfigError, InputError, LimitError
from awase.core.limits import MAX_CLOSURE_LINKS
from awase.data.links import Links
from awase.kernels.lazy import njit


def transitive_closure(links: Links) -> Links:
    """Edges (child, ancestor): each name with all names above it, the nearest first; every pair once, none with itself.

    Names and numbers are those of ``links``; the rows go by child. A hierarchy of n names that are d deep has at most n · d of them.
    Errors: InputError E0153 that shows a cycle, LimitError E0154 for more than MAX_CLOSURE_LINKS, ConfigError E0150 for other links.

    >>> from awase.data.links import read_links
    >>> closure = transitive_closure(read_links([("dog", "mammal"), ("mammal", "animal"), ("cat", "mammal")], "edges"))
    >>> [(closure.head_names[child], closure.tail_names[above]) for child, above in zip(closure.heads, closure.tails)]
    [('dog', 'mammal'), ('dog', 'animal'), ('mammal', 'animal'), ('cat', 'mammal'), ('cat', 'animal')]
    """
    if links.kind != "edges":
        raise ConfigError("E0150", "only edges have a transitive closure", value=links.kind, remedy="read them as edges")
    n = len(links.head_names)
    order = np.argsort(links.heads, kind="stable")
    starts, parents = np.searchsorted(links.heads[order], np.arange(n + 1)), links.tails[order]
    # Counted before they are kept: what does not fit is then refused before memory is asked for.
    counts = np.zeros(n, np.int64)
    cyclic = _ancestors(starts, parents, counts, np.empty(0, np.int64), MAX_CLOSURE_LINKS)
    if cyclic >= 0:
        raise _cycle(links, int(cyclic))
    total = int(counts.sum())
    if total > MAX_CLOSURE_LINKS:
        raise LimitError(
            "E0154", f"the closure has more than {MAX_CLOSURE_LINKS:,} links", place=str(links.understood.get("source", "")),
            remedy="use the direct edges alone, or a part of the hierarchy",
        )  # fmt: skip
    tails = np.empty(total, np.int64)
    _ancestors(starts, parents, counts, tails, MAX_CLOSURE_LINKS)
    heads = np.repeat(np.arange(n), counts)
    understood = {**links.understood, "closure": f"{len(links):,} edges, {total:,} with all ancestors"}
    return replace(links, heads=heads, tails=tails, values=None, parts=None, understood=understood)


@njit(cache=True, nogil=True)
def _ancestors(starts, parents, counts, tails, most):
    """The names above each name, breadth first, into tails if it has room; how many into counts. The first name found to be above
    itself, or -1. Gives up counting beyond ``most``."""
    n = counts.size
    seen_by = np.full(n, -1, np.int64)
    queue = np.empty(n, np.int64)
    total = 0
    for name in range(n):
        first, last, at = 0, 0, name
        while True:
            for edge in range(starts[at], starts[at + 1]):
                parent = parents[edge]
                if parent == name:
                    return name
                if seen_by[parent] != name:
                    seen_by[parent] = name
                    queue[last] = parent
                    last += 1
            if first == last:
                break
            at = queue[first]
            first += 1
        if tails.size:
            for place in range(last):
                tails[total + place] = queue[place]
        counts[name] = last
        total += last
        if total > most:
            break
    return -1


def _ancestors_twin(edges: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """The same in words: pairs joined with edges until there is nothing new."""
    closure = set(edges)
    while more := {(a, d) for a, b in closure for c, d in edges if b == c} - closure:
        closure |= more
    return closure


def _cycle(links: Links, start: int) -> InputError:
    """The error that shows the shortest way from a name up to itself."""
    above: dict[int, list[int]] = {}
    for child, parent in zip(links.heads.tolist(), links.tails.tolist()):
        above.setdefault(child, []).append(parent)
    came, level = {}, [start]
    while start not in came:
        level = [parent for name in level for parent in above.get(name, ()) if came.setdefault(parent, name) == name]
    path = [start, came[start]]
    while path[-1] != start:
        path.append(came[path[-1]])
    shown = " → ".join(repr(links.head_names[name]) for name in reversed(path))
    return InputError(
        "E0153", f"the hierarchy has a cycle: {shown}", place=str(links.understood.get("source", "")),
        remedy="take out the edge of it that is wrong",
    )  # fmt: skip
