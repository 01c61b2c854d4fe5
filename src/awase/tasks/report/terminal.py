"""The report in a terminal: one table, what the evidence supports, the cost, a few failures to look at, and last what came of it."""

from collections.abc import Mapping

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from awase.tasks.report import words
from awase.tasks.report.outcome import said
from awase.tasks.report.shown import cell
from awase.tasks.report.value import Report

_SCALE_CELLS = 24  # width of the interval drawing
_WIDE = 110  # columns a terminal needs for the drawing
_CASES = 3
_ROWS = 12  # of one table beside the systems
_TEXT_CELLS = 200  # of one text of a failure


def show(report: Report, console: Console | None = None) -> None:
    """Print the report; without a console, to stdout."""
    console = console or Console()
    asked = f"{words.asked(report.judged)}, 95 % bootstrap intervals over the {words.items(report.judged)}"
    console.print()
    console.print(Text(report.title, style="bold"))
    console.print(Text(asked, style="dim"))
    if "protocol" in report.judged:
        console.print(Text(report.judged["protocol"], style="dim"))
    console.print(Padding(_systems(report, wide=console.width >= _WIDE), (1, 0), expand=False))
    console.print(section("What the evidence supports", sentences(report.evidence)))
    if report.pareto:
        console.print(section("Quality, size and speed", _pareto(report)))
    if report.dims:
        console.print(section("Fewer dimensions", _dims(report)))
    for extra in report.tables:
        console.print(section(extra["title"], shown(extra)))
    for label, values in words.sections({"cost": report.cost, "geometry": report.geometry, "fusion": report.fusion}):
        console.print(section(label, facts(values)))
    if report.worst and report.worst["queries"]:
        label = f"Where {words.system(report.worst['a'])} falls furthest behind {words.system(report.worst['b'])}"
        console.print(section(label, _cases(report)))
    if report.outcome:
        console.print(section("Outcome", sentences(said(report.outcome))))


def section(label: str, body: RenderableType) -> RenderableType:
    """A part under its heading."""
    return Group(Text(label, style="bold"), Padding(body, (0, 0, 1, 2), expand=False))


def _systems(report: Report, *, wide: bool) -> Table:
    names, systems = report.judged["metrics"], report.systems
    bounds = [of[f"{report.metric}_ci"] for of in systems.values()]
    low, high = min(bound[0] for bound in bounds), max(bound[1] for bound in bounds)
    best = {name: words.best(systems, name) for name in names}

    drawn = table("system", *(words.metric(name) for name in names), "95 % CI of " + words.metric(report.metric))
    if wide:
        drawn.add_column(Text(f"{low:.3f}{high:>{_SCALE_CELLS - 5}.3f}", style="dim"), no_wrap=True)
    for label, of in systems.items():
        leads = "bold green" if of[report.metric] == best[report.metric] else ""
        ci = of[f"{report.metric}_ci"]
        means = [Text(words.value(of[name]), style="bold green" if of[name] == best[name] else "") for name in names]
        drawing = [Text(_interval(of[report.metric], ci, low, high), style=leads)] if wide else []
        drawn.add_row(Text(words.system(label), style=leads), *means, Text(words.interval(ci), style="dim"), *drawing)
    return drawn


def table(first: str, *numbers: str) -> Table:
    """A table whose columns are a name and numbers. Without lines: in Japanese terminals they may be two cells wide."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, overflow="fold")
    for head in numbers:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _interval(mean: float, ci: list[float], low: float, high: float) -> str:
    """The interval as a line with a dot at the mean, on a scale that all systems share."""
    cells = (_SCALE_CELLS - 1) / (high - low or 1.0)
    middle, half = round(cells * (mean - low)), round(cells * (ci[1] - ci[0]) / 2)
    return " " * max(middle - half, 0) + "-" * min(half, middle) + "o" + "-" * min(half, _SCALE_CELLS - 1 - middle)


def sentences(texts: list[str]) -> Table:
    """One below the other, each with its dash."""
    grid = Table.grid(padding=(0, 1))
    for text in texts:
        grid.add_row(Text("-"), Text(text))
    return grid


def facts(values: Mapping) -> Columns:
    """Labels and texts, side by side as they fit."""
    return Columns([Text.assemble((f"{label} ", "dim"), value) for label, value in words.facts(values)], padding=(0, 3))


def _pareto(report: Report) -> Table:
    drawn = table("system", words.metric(report.metric), "size", "per query")
    drawn.add_column("")
    for row in report.pareto:
        style = "dim" if row["dominated"] else ""
        cells = (
            words.system(row["system"]),
            f"{row['quality']:.3f}",
            words.size(row["bytes"]),
            words.seconds(row["latency_s"]),
        )
        remark = words.DOMINATED if row["dominated"] else ""
        drawn.add_row(*(Text(cell, style=style) for cell in (*cells, remark)))
    return drawn


def shown(extra: Mapping) -> RenderableType:
    """A ``Table`` as a dict; of a long one, the first rows."""
    drawn = table(*extra["heads"])
    for row in extra["rows"][:_ROWS]:
        drawn.add_row(*(Text(cell(value)) for value in row))
    more = len(extra["rows"]) - _ROWS
    return Group(drawn, Text(f"and {more:,} more on the page", style="dim")) if more > 0 else drawn


def _dims(report: Report) -> Columns:
    return facts({str(row["dim"]): row[report.metric] for row in report.dims})


def _cases(report: Report) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for i, case in enumerate(report.worst["queries"][:_CASES] if report.worst else ()):
        if i:
            table.add_row("", "")
        table.add_row("query", Text(_short(case["query"]), style="bold"))
        table.add_row("relevant", Text(_short(" | ".join(case["relevant"]))))
        for side in (case["a"], case["b"]):
            table.add_row(
                words.system(side["system"]), Text(f"{words.rank(side)}; first: {_short(' '.join(side['returned'][:1]))}")
            )
    return table


def _short(text: str) -> str:
    line = Text(" ".join(text.split()))
    line.truncate(_TEXT_CELLS, overflow="ellipsis")
    return line.plain
