"""The Poincaré disc: a hierarchy's vectors as a drawing, its edges along the shortest ways of that space."""

from io import BytesIO

import numpy as np

from awase.core.errors import missing_extra
from awase.tasks.report.shown import Picture

_EDGES_MOST = 4_000  # more are a grey disc
_LABELS_MOST = 18
_POINTS = 24  # of an edge's curve
_WIDE, _HIGH = 0.36, 0.045  # the room of a label, in the disc's radius
_SIZE = 7.0  # inches


def on_disc(vectors: np.ndarray) -> np.ndarray:
    """complex (n,): where vectors (n, d) of the ball stand on the disc.

    In two dimensions where they are; in more, at their own distance from the centre, in their direction on the plane of the two
    greatest principal axes. What lies near the edge in the ball does so in the drawing; angles are what the plane leaves of them.

    >>> np.abs(on_disc(np.array([[0.0, 0.3, 0.4], [0.0, 0.0, -0.9]]))).round(3).tolist()
    [0.5, 0.9]
    """
    if vectors.shape[1] == 1:
        return vectors[:, 0].astype(np.complex128)
    plane = vectors if vectors.shape[1] == 2 else vectors @ np.linalg.svd(vectors, full_matrices=False)[2][:2].T
    z = plane[:, 0] + 1j * plane[:, 1]
    lengths, radii = np.linalg.norm(vectors, axis=1), np.abs(z)
    return np.where(radii > 0, z * (lengths / np.where(radii > 0, radii, 1)), lengths)


def geodesics(z: np.ndarray, w: np.ndarray, n: int = _POINTS) -> np.ndarray:
    """complex (m, n): n points of the shortest way from each z (m,) to its w (m,), ends included, evenly apart in hyperbolic distance.

    The disc is moved so that z is its centre, from where shortest ways are straight, and back again.

    >>> geodesics(np.array([0j]), np.array([0.8 + 0j]), 3).round(6).tolist()
    [[0j, (0.5+0j), (0.8+0j)]]
    """
    moved = (w - z) / (1 - np.conj(z) * w)
    length = np.minimum(np.abs(moved), 1 - 1e-15)
    steps = np.tanh(np.linspace(0, 1, n) * np.arctanh(length)[:, None])
    straight = np.where(length > 0, moved / np.where(length > 0, length, 1), 0)[:, None] * steps
    return (straight + z[:, None]) / (1 + np.conj(z)[:, None] * straight)


def disc(vectors: np.ndarray, names: list[str], children: np.ndarray, parents: np.ndarray) -> Picture:
    """A drawing of the edges child -> parent between nodes of the ball, vectors (n, d), with the names of those nearest the centre.

    Of many edges, those with the ends nearest to the centre are drawn. Raises MissingExtra without matplotlib.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.collections import LineCollection
        from matplotlib.figure import Figure
        from matplotlib.patches import Circle
    except ImportError as error:
        raise missing_extra("plot", "matplotlib") from error
    z = on_disc(vectors)
    spots, lengths = _spots(z), np.abs(z)
    drawn = np.argsort(np.maximum(lengths[children], lengths[parents]), kind="stable")[:_EDGES_MOST]
    children, parents = children[drawn], parents[drawn]
    nodes = np.unique(np.concatenate([children, parents]))
    curves = geodesics(z[children], z[parents])
    figure = Figure(figsize=(_SIZE, _SIZE), layout="constrained", facecolor="white")
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    axes.add_patch(Circle((0, 0), 1, fill=False, color="#888888", linewidth=1))
    axes.add_collection(LineCollection([_spots(curve) for curve in curves], colors="#3b6ea5", linewidths=0.5, alpha=0.5))
    axes.scatter(*spots[nodes].T, s=5, color="#1f3b57", linewidths=0, zorder=2)
    for node in _labelled(spots, nodes):
        axes.annotate(
            names[node], tuple(spots[node]), (0, 4), textcoords="offset points", ha="center", fontsize=8, parse_math=False,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}, zorder=3,
        )  # fmt: skip
    axes.set(xlim=(-1.08, 1.08), ylim=(-1.03, 1.03), aspect="equal")
    axes.axis("off")
    buffer = BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})
    dim = vectors.shape[1]
    how = (
        ""
        if dim <= 2
        else f" Of {dim} dimensions: distances from the centre are true, directions those on the plane of two principal axes."
    )
    some = "" if len(drawn) < _EDGES_MOST else f" Only the {_EDGES_MOST:,} edges nearest the centre are drawn."
    what = f"{len(nodes):,} nodes and {len(children):,} edges along the shortest ways of the Poincaré disc"
    return Picture("disc", "The disc", buffer.getvalue(), f"{what}; the nearer to the centre, the more general.{how}{some}")


def _spots(z: np.ndarray) -> np.ndarray:
    """(n, 2)."""
    return np.column_stack([np.real(z), np.imag(z)])


def _labelled(spots: np.ndarray, nodes: np.ndarray) -> list[int]:
    """The nodes nearest the centre whose labels leave room for each other."""
    chosen: list[int] = []
    for node in nodes[np.argsort(np.linalg.norm(spots[nodes], axis=1), kind="stable")].tolist():
        apart = np.abs(spots[chosen] - spots[node])
        if ((apart[:, 0] > _WIDE) | (apart[:, 1] > _HIGH)).all():
            chosen.append(node)
        if len(chosen) == _LABELS_MOST:
            break
    return chosen
