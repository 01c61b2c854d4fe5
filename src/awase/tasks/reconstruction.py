"""Reconstruction: whether the vectors of a graph's nodes give its edges back. Mean rank and MAP over the edges of its closure.

For each node with neighbours, all other nodes are ranked by their distance to it (Nickel & Kiela, NIPS 2017, section 4.1). Other
neighbours ahead do not count for a neighbour's rank, and the node itself is no candidate. A node as far as the neighbour counts one
half: the mean of the best and of the worst order of ties.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from awase.core.errors import InputError
from awase.tasks.answers import BLOCK, Answers, ahead, checked_columns
from awase.tasks.items import Metric, Ratio

# (rows (b,)) -> (b, n), lower is closer; anything that grows with the distance does as well
Distance = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Reconstruction:
    """nodes: int64 (m,), those with neighbours; average_precision, float64 (m,), of each; ranks: float64 (n_edges,), those of the
    neighbours of the first node, then of the second ...; degrees: int64 (m,), how many neighbours each node has."""

    nodes: np.ndarray
    average_precision: np.ndarray
    ranks: np.ndarray
    degrees: np.ndarray

    @property
    def map(self) -> float:
        """The mean over nodes of their average precision."""
        return float(self.average_precision.mean())

    @property
    def mean_rank(self) -> float:
        """The mean over edges of the rank of the neighbour among the nodes that are no neighbours; 1 is perfect."""
        return float(self.ranks.mean())

    def metrics(self) -> dict[str, Metric]:
        """For ``Report.of_items``, the items being the nodes."""
        sums = np.add.reduceat(self.ranks, np.cumsum(self.degrees) - self.degrees)
        return {"map": self.average_precision, "mean_rank": Ratio(sums, self.degrees)}

    def summary(self) -> dict[str, float | int]:
        """mean_rank, map, n_nodes and n_edges."""
        return {"mean_rank": self.mean_rank, "map": self.map, "n_nodes": len(self.nodes), "n_edges": len(self.ranks)}


def reconstruction(
    distance: Distance, children: np.ndarray, parents: np.ndarray, n: int, *, block: int = BLOCK
) -> Reconstruction:
    """Mean rank and MAP of the edges (child, parent), int64 (n_edges,) each, among n nodes. An edge given twice counts once.

    The neighbours of a node are its parents: give a hierarchy's transitive closure, and an undirected graph's edges in both directions.

    rank(u, v) = 1 + #{w : d(u, w) < d(u, v), w no neighbour of u, w != u} + half of those with d(u, w) = d(u, v)
    AP(u)      = mean over the neighbours v_1, v_2 ... in the order of their distance of i / (i - 1 + rank(u, v_i))

    Errors: E0820 an id out of range or an edge from a node to itself, E0821 distances of another shape or NaN, E0824 no edges.

    >>> points = np.array([0.0, 1.0, 2.0, 4.0])
    >>> found = reconstruction(lambda rows: abs(points[rows][:, None] - points), np.array([0, 0]), np.array([1, 3]), 4)
    >>> found.ranks, found.map
    (array([1., 2.]), 0.8333333333333333)
    """
    children, parents = checked_columns({"children": (children, n), "parents": (parents, n)})
    loops = np.flatnonzero(children == parents)
    if len(loops):
        at = int(loops[0])
        remedy = "leave such edges out: a node is always nearest to itself"
        raise InputError(
            "E0820", "an edge leads from a node to itself", place=f"edge {at:,}", value=int(children[at]), remedy=remedy
        )
    neighbours = Answers.of(children, parents, n)
    nodes = np.flatnonzero(neighbours.counts)
    if not len(nodes):
        raise InputError("E0824", "there are no edges to reconstruct")
    targets = neighbours.take(nodes)
    of_node = np.repeat(np.arange(len(nodes)), targets.counts)
    itself = Answers.of(np.concatenate([of_node, np.arange(len(nodes))]), np.concatenate([targets.items, nodes]), len(nodes))
    greater, equal, _ = ahead(lambda rows: np.negative(distance(nodes[rows])), targets, itself, n, block=block)
    between = greater + equal / 2
    order = np.lexsort((between, of_node))
    place = np.arange(1, len(order) + 1) - np.repeat(targets.offsets[:-1], targets.counts)
    precision = np.bincount(of_node, place / (place + between[order])) / targets.counts
    return Reconstruction(nodes, precision, 1 + between, targets.counts)
