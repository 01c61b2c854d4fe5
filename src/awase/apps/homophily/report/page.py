"""The report as one HTML page: no script, nothing fetched, light or dark as the reader's system is."""

from html import escape

from awase.apps.homophily.report import plots, words
from awase.apps.homophily.report.sections import Section, sections
from awase.apps.homophily.report.value import HomophilyReport
from awase.core.errors import MissingExtra
from awase.tasks.report import Table
from awase.tasks.report.page import document, facts, sentence, shown


def render(report: HomophilyReport) -> str:
    """``report.html``."""
    found = "".join(f"<p>{sentence(text)}</p>" for text in report.findings)
    cautions = "".join(f"<li>{sentence(text)}</li>" for text in report.cautions)
    parts = [
        f"<header><h1>{escape(report.title)}</h1><p class='muted'>{escape(words.subtitle(report))}</p></header>",
        f"<section class='verdict' aria-label='What the data support'>{found}</section>",
        f"<section><h2>What this data cannot show</h2><ul>{cautions}</ul></section>",
        *(_section(report, one) for one in sections(report)),
    ]
    return document(report.title, parts)


def _section(report: HomophilyReport, section: Section) -> str:
    said = "".join(f"<p>{sentence(text)}</p>" for text in section.words)
    tables = "".join(_titled(table) for table in section.tables)
    extra = "".join(
        f"<details><summary>{escape(table.title)}</summary>{shown(table.as_dict())}</details>" for table in section.extra
    )
    entries = facts(section.facts) if section.facts else ""
    drawn = _drawings(report, section)
    if section.folded:
        drawn = f"<details><summary>Show all {len(report.communities):,}</summary>{drawn}</details>"
    return f"<section><h2>{escape(section.title)}</h2>{said}{drawn}{tables}{extra}{entries}</section>"


def _titled(table: Table) -> str:
    return f"<h3>{escape(table.title)}</h3>{shown(table.as_dict())}"


def _drawings(report: HomophilyReport, section: Section) -> str:
    try:
        drawn = plots.draw(report, section.plots) if section.plots else []
    except MissingExtra as error:
        return f"<p>Plots need matplotlib: <code>{escape(error.remedy)}</code>, then write the report again.</p>"
    return "".join(
        f"<figure><h3>{escape(plot.title)}</h3><div class='scroll' role='region' aria-label='{escape(plot.title)}' tabindex='0'>"
        f"<div class='wide'>{plot.svg}</div></div><figcaption>{escape(plot.words)}</figcaption></figure>"
        for plot in drawn
    )
