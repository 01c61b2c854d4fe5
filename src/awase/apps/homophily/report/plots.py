"""Plots of a homophily report as SVG text for a page, in the house's style."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from awase.apps.homophily.report import words
from awase.apps.homophily.report.value import HomophilyReport, Matrix
from awase.tasks.report.plots import BEST, INK, OTHER, Plot, figure, for_page, style

_DARKEST = 0.6  # of a cell: text in the page's ink stays readable on it, light and dark
_ACROSS = 3  # policies beside each other
_NUMBERED = 9  # communities up to which each cell of a matrix has its number
_POINTS = 1_000  # users drawn
_SHORT = 16  # characters of a community's name on an axis


def draw(report: HomophilyReport, names: Sequence[str]) -> list[Plot]:
    """The plots of these names. Raises MissingExtra without matplotlib."""
    with style():
        drawn = [(name, plot) for name in names for plot in _DRAWN[name](report)]
    return [plot._replace(svg=for_page(plot.svg, f"{name}{i}-")) for i, (name, plot) in enumerate(drawn)]


def _behaviour(report: HomophilyReport) -> list[Plot]:
    dots = "" if report.behaviour.above_floor is None else " A dot: not more than chance gives between equal policies."
    text = f"Mean distance in behaviour between the users of two communities; the stronger the colour, the nearer.{dots}"
    return [_matrix(report, report.behaviour, "Distance in behaviour", text)]


def _topics(report: HomophilyReport) -> list[Plot]:
    assert report.topics is not None
    text = "Mean distance in topics between the users of two communities; the stronger the colour, the nearer. The order is that of behaviour."
    return [_matrix(report, report.topics, "Distance in topics", text)]


def _matrix(report: HomophilyReport, of: Matrix, title: str, text: str) -> Plot:
    order = report.order
    mean = of.mean[np.ix_(order, order)]
    low, high = np.nanmin(mean), np.nanmax(mean)
    tint = 1 - (mean - low) / (high - low or 1.0)
    marks = None if of.above_floor is None else ~of.above_floor[np.ix_(order, order)] & ~np.eye(len(order), dtype=bool)
    numbers = mean if len(order) <= _NUMBERED else None
    scale = f" From {words.number(low)} (strongest) to {words.number(high)} (blank)."
    return Plot(title, text + scale, _square(report, tint, numbers, marks))


def _square(
    report: HomophilyReport, tint: np.ndarray, numbers: np.ndarray | None, marks: np.ndarray | None, colours: Any = BEST
) -> str:
    names = [_short(report.communities[i]) for i in report.order]
    c = len(names)
    with figure(min(1.6 + 0.55 * c, 7.2)) as ((axes,), svg):
        _cells(axes, tint, colours)
        for row, column in np.ndindex(c, c):
            if numbers is not None and not np.isnan(numbers[row, column]):
                axes.text(column, row, words.number(float(numbers[row, column])), ha="center", va="center", fontsize=9)
            if marks is not None and marks[row, column]:
                axes.plot([column], [row + (0.3 if numbers is not None else 0)], "o", color=INK, markersize=3)
        axes.set_xticks(range(c), names, rotation=40, ha="right", rotation_mode="anchor", color=INK)
        axes.set_yticks(range(c), names, color=INK)
        axes.set_aspect("equal")
    return svg[0]


def _cells(axes: Any, tint: np.ndarray, colours: Any = BEST) -> None:
    """A rectangle for each cell, as dark as its value in [0, 1]; none where it is NaN. ``colours``: one, or one for each cell."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    rows, columns = np.nonzero(~np.isnan(tint))
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    chosen = np.broadcast_to(colours, tint.shape)[rows, columns]
    faces = [to_rgba(colour, alpha) for colour, alpha in zip(chosen, (_DARKEST * tint[rows, columns]).round(3))]
    axes.add_collection(
        PolyCollection(list(corners + np.column_stack([columns, rows])[:, None]), facecolors=faces, edgecolors="none")
    )
    axes.set_xlim(-0.5, tint.shape[1] - 0.5)
    axes.set_ylim(tint.shape[0] - 0.5, -0.5)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _personas(report: HomophilyReport) -> list[Plot]:
    assert report.personas is not None
    assert report.persona_policies is not None
    text = "After what is at the left, how often what is below comes next, for each persona, in percent."
    return [_policies(report.personas.names, report.persona_policies, "What each persona does", text)]


def _communities(report: HomophilyReport) -> list[Plot]:
    text = "After what is at the left, how often what is below comes next, for each community, in percent."
    names = [report.communities[i] for i in report.order]
    return [_policies(names, report.community_policies[report.order], "What each community does", text)]


def _policies(names: Sequence[str], policies: np.ndarray, title: str, text: str) -> Plot:
    rows = -(-len(names) // _ACROSS)
    with figure(0.9 + 2.75 * rows, rows, _ACROSS) as (axes, svg):
        for axis, name, policy in zip(axes, names, policies):
            _cells(axis, policy)
            for state, action in zip(*np.nonzero(policy >= 0.005)):
                axis.text(action, state, f"{100 * policy[state, action]:.0f}", ha="center", va="center", fontsize=7)
            axis.set_title(_short(name), fontsize=10, color=INK, loc="left")
            axis.set_yticks(range(12), words.STATE_NAMES, fontsize=8)
            axis.set_xticks(range(6), words.ACTION_NAMES, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
        for axis in axes[len(names) :]:
            axis.axis("off")
        for axis in axes[max(len(names) - _ACROSS, 0) : len(names)]:
            axis.tick_params(labelbottom=True)
    return Plot(title, text, svg[0])


def _shares(report: HomophilyReport) -> list[Plot]:
    assert report.personas is not None
    assert report.shares is not None
    shares, names = report.shares[report.order], [_short(report.communities[i]) for i in report.order]
    with figure(1.1 + 0.3 * len(names)) as ((axes,), svg):
        _cells(axes, shares)
        for row, column in np.ndindex(shares.shape):
            axes.text(column, row, f"{100 * shares[row, column]:.0f}", ha="center", va="center", fontsize=9)
        axes.set_yticks(range(len(names)), names, color=INK)
        axes.set_xticks(range(shares.shape[1]), [_wrapped(name) for name in report.personas.names], color=INK)
        axes.tick_params(labeltop=True, labelbottom=False)
    text = "Of the users of each community, how many in a hundred have each persona."
    return [Plot("Personas by community", text, svg[0])]


def _spearman(report: HomophilyReport) -> list[Plot]:
    assert report.spearman is not None
    drawn = []
    for panel, found in report.spearman.items():
        rho, p = (values[np.ix_(report.order, report.order)] for values in (found.rho, found.p_holm))
        numbers = rho if len(report.order) <= _NUMBERED else None
        title, about = words.PANELS[panel]
        text = f"{about} Green is positive, brown is negative. A dot: cannot be told from 0. Blank: none, or too few users."
        drawn.append(Plot(title, text, _square(report, np.abs(rho), numbers, p >= words.ALPHA, np.where(rho < 0, OTHER, BEST))))
    return drawn


def _stability(report: HomophilyReport) -> list[Plot]:
    assert report.stability is not None
    curves = [("behaviour", report.stability.behaviour, BEST), ("topics", report.stability.topics, OTHER)]
    curves = [(what, values, colour) for what, values, colour in curves if values is not None]
    with figure(0.7 + 2.1 * len(curves), len(curves)) as (axes, svg):
        for axis, (what, values, colour) in zip(axes, curves):
            for x, (_, who) in enumerate(report.groups):
                _violin(axis, x, values[who][~np.isnan(values[who])], colour)
            axis.set_xticks(range(len(report.groups)), [_wrapped(name) for name, _ in report.groups], color=INK)
            axis.set_xlim(-0.6, len(report.groups) - 0.4)
            axis.set_ylim(bottom=0)
            axis.set_ylabel(f"{what}\nsd / mean")
            axis.grid(visible=False, axis="x")
    text = "How much users' distances to their home communities vary over the years; the wider, the more users; the line is the median."
    return [Plot("Variation over the years", text, svg[0])]


def _violin(axis: Any, x: float, values: np.ndarray, colour: str) -> None:
    """A violin; of fewer than five users, or of equal ones, their points."""
    if len(values) < 5 or np.ptp(values) == 0:
        axis.plot(np.full(len(values), x), values, "o", color=colour, markersize=4)
        return
    for body in axis.violinplot(values, [x], widths=0.8, showextrema=False)["bodies"]:
        body.set(facecolor=colour, alpha=0.45, linewidth=0)
    axis.plot([x - 0.2, x + 0.2], [np.median(values)] * 2, color=INK, linewidth=1.5)


def _floor(report: HomophilyReport) -> list[Plot]:
    users = report.users
    shown = np.linspace(0, len(users.events) - 1, min(len(users.events), _POINTS)).astype(int)
    with figure(3.0) as ((axes,), svg):
        axes.plot(users.events[shown], users.floor[shown], "o", color=BEST, markersize=4, alpha=0.5, markeredgewidth=0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter(lambda value, position: f"{value:,.0f}")
        axes.yaxis.set_major_formatter(lambda value, position: f"{value:g}")
        axes.minorticks_off()
        axes.set_xlabel("events of the user")
        axes.set_ylabel("distance by chance")
    text = "Each point is a user: how far two samples of that user's size of that user's own policy are apart, on average."
    return [Plot("Noise floor", text, svg[0])]


def _short(name: str) -> str:
    return name if len(name) <= _SHORT else name[: _SHORT - 1] + "…"


def _wrapped(name: str) -> str:
    """In two lines, if there is a space to break at."""
    return name.replace(" ", "\n", 1)


_DRAWN: dict[str, Callable[[HomophilyReport], list[Plot]]] = {
    "behaviour": _behaviour,
    "topics": _topics,
    "personas": _personas,
    "communities": _communities,
    "shares": _shares,
    "spearman": _spearman,
    "stability": _stability,
    "floor": _floor,
}
