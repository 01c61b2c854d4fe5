"""Plots of a report as SVG text for a page, drawn by matplotlib in colours that the page decides, light or dark."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, NamedTuple

import numpy as np

from awase.core.errors import missing_extra
from awase.tasks.report import words
from awase.tasks.report.value import Report

# Colours that nothing else would use; in the SVG each becomes a variable of the page.
INK, MUTED, GRID, BEST, OTHER = "#1a0001", "#1a0002", "#1a0003", "#1a0004", "#1a0005"
_VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", BEST: "best", OTHER: "other"}
_TAG = r"<[^<>]+>"
_WIDTH = 7.0  # inches of 72 points
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, found and copied, in any script
    "svg.hashsalt": "awase",
    "text.parse_math": False,  # a $ in a name is a dollar
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.left": False,
}


class Plot(NamedTuple):
    """A drawing with its heading and what it shows in words."""

    title: str
    words: str
    svg: str


def plots(report: Report) -> list[Plot]:
    """Every plot that the report has numbers for. Raises MissingExtra without matplotlib."""
    with style():
        drawn = [_systems(report), *(_differences(of, words.items(report.judged)) for of in report.differences)]
        if report.dims:
            drawn.append(_dims(report))
        if report.history:
            drawn.append(_history(report))
        if report.pareto:
            drawn.append(_pareto(report))
    return [plot._replace(svg=for_page(plot.svg, f"plot{i}-")) for i, plot in enumerate(drawn)]


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style within this block. Raises MissingExtra without matplotlib."""
    try:
        import matplotlib
    except ImportError as error:
        raise missing_extra("plot", "matplotlib") from error
    # A glyph that the measuring font lacks is drawn by the reader's browser, which has it.
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@contextmanager
def figure(height: float, rows: int = 1, columns: int = 1) -> Iterator[tuple]:
    """The axes to draw on, row by row, and a list that holds the SVG when the block has ended."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasSVG(drawing)
    grid = drawing.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)
    svg: list[str] = []
    yield grid.ravel(), svg
    buffer = StringIO()
    drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg.append(buffer.getvalue())


def for_page(svg: str, prefix: str) -> str:
    """The svg element alone, as wide as its place, its colours variables of the page, its ids apart from those of other drawings."""
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :].strip(), flags=re.DOTALL)
    svg = re.sub(r'^(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 aria-hidden="true"', svg)
    tags = re.findall(_TAG, svg)
    used = {name for tag in tags for name in re.findall(r"""["(]#([\w-]+)[")]""", tag)}

    def own(tag: re.Match) -> str:
        text = re.sub(r' id="([^"]+)"', lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "", tag[0])
        text = re.sub(r"""(["(])#([\w-]+)(?=[")])""", rf"\1#{prefix}\2", text)
        for colour, name in _VARIABLES.items():
            text = text.replace(colour, f"var(--{name})")
        return text

    # Only tags are rewritten: a system may be called anything, and in text every < and > is escaped.
    return re.sub(_TAG, own, svg)


def _systems(report: Report) -> Plot:
    names = list(report.systems)
    means = np.array([report.systems[name][report.metric] for name in names])
    bounds = np.array([report.systems[name][f"{report.metric}_ci"] for name in names])
    with figure(0.9 + 0.42 * len(names)) as ((axes,), svg):
        at = np.arange(len(names))[::-1]
        for y, mean, (low, high) in zip(at, means, bounds):
            colour = BEST if mean == means.max() else OTHER
            axes.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            axes.plot([mean], [y], "o", color=colour, markersize=7)
            axes.annotate(f"{mean:.3f}", (mean, y), (0, 7), textcoords="offset points", ha="center", color=INK)
        axes.set_yticks(at, [words.system(name) for name in names], color=INK)
        axes.set_ylim(-0.5, len(names) - 0.25)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(words.metric(report.metric))
    best = names[int(means.argmax())]
    text = f"{words.metric(report.metric)} of each system with its 95 % interval; {words.system(best)} is best with {means.max():.3f}."
    return Plot("Systems", text, svg[0])


def _differences(histogram: dict, items: str) -> Plot:
    counts = np.array(histogram["counts"])
    edges = np.linspace(-1, 1, len(counts) + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    a, b, metric = words.system(histogram["a"]), words.system(histogram["b"]), words.metric(histogram["metric"])
    with figure(2.6) as ((axes,), svg):
        axes.bar(middle, counts, width=np.diff(edges) * 0.9, color=np.where(middle > 0, BEST, OTHER))
        axes.axvline(0, color=INK, linewidth=0.8)
        sides = (
            (0.0, "left", OTHER, f"{b} better: {histogram['n_worse']:,}"),
            (1.0, "right", BEST, f"{a} better: {histogram['n_better']:,}"),
        )
        for x, side, colour, label in sides:
            axes.annotate(label, (x, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", ha=side, color=colour)
        axes.annotate(
            f"equal: {histogram['n_equal']:,}",
            (0.5, 1),
            (0, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
        )
        axes.set_xlim(-1, 1)
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(f"{metric} of {a} minus {b}")
        axes.set_ylabel(items)
    text = (
        f"{a} is better on {histogram['n_better']:,} {items}, {b} on {histogram['n_worse']:,}, and they are equal on "
        f"{histogram['n_equal']:,} (left out of the bars)."
    )
    return Plot(f"{a} against {b} on the same {items}", text, svg[0])


def _dims(report: Report) -> Plot:
    rows = sorted(report.dims, key=lambda row: row["dim"])
    dims, values = [row["dim"] for row in rows], [row[report.metric] for row in rows]
    with figure(2.8) as ((axes,), svg):
        if all(f"{report.metric}_ci" in row for row in rows):
            bounds = np.array([row[f"{report.metric}_ci"] for row in rows])
            axes.fill_between(dims, bounds[:, 0], bounds[:, 1], color=BEST, alpha=0.15, linewidth=0)
        axes.plot(dims, values, "o-", color=BEST, linewidth=2, markersize=6)
        if "bm25" in report.systems:
            level = report.systems["bm25"][report.metric]
            axes.axhline(level, color=OTHER, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.annotate(
                f"BM25 {level:.3f}",
                (1, level),
                (0, 4),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(dims, [str(dim) for dim in dims])
        axes.minorticks_off()
        axes.set_xlabel("dimensions kept")
        axes.set_ylabel(words.metric(report.metric))
    listed = ", ".join(f"{value:.3f} with {dim}" for dim, value in zip(dims, values))
    return Plot("Fewer dimensions", f"{words.metric(report.metric)} when only the first dimensions are kept: {listed}.", svg[0])


def _history(report: Report) -> Plot:
    curves = report.history
    with figure(1.1 + 1.5 * len(curves), rows=len(curves)) as (axes, svg):
        for axis, (key, rows) in zip(axes, curves.items()):
            style = (
                {"color": OTHER, "linewidth": 1.2}
                if key == "loss"
                else {"color": BEST, "linewidth": 2, "marker": "o", "markersize": 5}
            )
            axis.plot(*zip(*rows), **style)
            axis.set_ylabel("loss" if key == "loss" else f"validation\n{words.metric(key)}")
            axis.grid(visible=False, axis="x")
        axes[-1].set_xlabel("step")
    ends = (
        f"{key if key == 'loss' else words.metric(key)} from {rows[0][1]:.3f} to {rows[-1][1]:.3f}"
        for key, rows in curves.items()
    )
    return Plot("Training", f"The training curve: {'; '.join(ends)}.", svg[0])


def _pareto(report: Report) -> Plot:
    from matplotlib.ticker import LogLocator

    with figure(3.0) as ((axes,), svg):
        for row in report.pareto:
            kept = not row["dominated"]
            axes.plot(
                [row["bytes"]],
                [row["quality"]],
                "o",
                color=BEST if kept else OTHER,
                markerfacecolor=BEST if kept else "none",
                markersize=8,
            )
            label = f"{words.system(row['system'])}  {words.seconds(row['latency_s'])}"
            axes.annotate(
                label, (row["bytes"], row["quality"]), (8, -3), textcoords="offset points", color=INK if kept else MUTED
            )
        axes.set_xscale("log")
        axes.margins(x=0.25, y=0.15)
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda value, position: words.size(value))
        axes.minorticks_off()
        axes.set_xlabel("size")
        axes.set_ylabel(words.metric(report.metric))
    kept = [words.system(row["system"]) for row in report.pareto if not row["dominated"]]
    text = f"Quality against size, with the time per query. Worth choosing from: {', '.join(kept)}."
    return Plot("Quality, size and speed", text, svg[0])
