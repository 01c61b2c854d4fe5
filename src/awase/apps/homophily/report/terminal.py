"""The report in a terminal: what the data support and what they cannot, then the tables."""

from textwrap import fill

from rich.console import Console, Group, RenderableType
from rich.table import Table as Rows
from rich.text import Text

from awase.apps.homophily.report import words
from awase.apps.homophily.report.sections import sections
from awase.apps.homophily.report.value import HomophilyReport
from awase.tasks.report import Table
from awase.tasks.report.shown import cell
from awase.tasks.report.terminal import section, sentences

_ROWS = 12  # of one table
_MANY = 7  # columns, from which on they stand closer
_WORD = 9  # of a heading, which is broken between words
_CELLS = 20  # up to so wide, a column does not give way to others


def show(report: HomophilyReport, console: Console | None = None) -> None:
    """Print the report; without a console, to stdout."""
    console = console or Console()
    console.print()
    console.print(Text(report.title, style="bold"))
    console.print(Text(words.subtitle(report), style="dim"))
    console.print()
    console.print(section("What the data support", sentences(report.findings)))
    console.print(section("What this data cannot show", sentences(report.cautions)))
    for one in sections(report):
        for table in one.tables:
            console.print(section(f"{one.title}: {table.title[:1].lower()}{table.title[1:]}", _drawn(table)))


def _drawn(table: Table) -> RenderableType:
    """Of a long table, the first rows. Where there is little room headings take more lines, and then long texts do; numbers stay whole."""
    gap = 2 if len(table.heads) <= _MANY else 1
    drawn = Rows(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    rows = [[cell(value) for value in row] for row in table.rows[:_ROWS]]
    for i, head in enumerate(table.heads):
        widest = max((len(row[i]) for row in rows), default=0)
        side = "left" if not i or widest > _CELLS else "right"
        drawn.add_column(fill(head, max(widest, _WORD)), justify=side, overflow="fold", min_width=min(widest, _CELLS))
    for row in rows:
        drawn.add_row(*map(Text, row))
    more = len(table.rows) - _ROWS
    return Group(drawn, Text(f"and {more:,} more on the page", style="dim")) if more > 0 else drawn
