"""The report as Markdown, for a repository or a paper's appendix."""

from awase.apps.homophily.report import words
from awase.apps.homophily.report.sections import Section, sections
from awase.apps.homophily.report.value import HomophilyReport
from awase.tasks.report.markdown import line, plain, shown, table


def render(report: HomophilyReport) -> str:
    """``report.md``. Pictures are on the page only; the tables here say the same."""
    parts = [
        f"# {plain(report.title)}",
        plain(words.subtitle(report)),
        "\n".join(f"- {line(text)}" for text in report.findings),
        "## What this data cannot show",
        "\n".join(f"- {line(text)}" for text in report.cautions),
        *(part for section in sections(report) for part in _section(section)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> list[str]:
    parts = [f"## {plain(section.title)}", *map(line, section.words)]
    for one in (*section.tables, *section.extra):
        parts += [f"### {plain(one.title)}", line(one.words), shown(one.as_dict())]
    if section.facts:
        parts.append(table(("", ""), ((plain(label), plain(text)) for label, text in section.facts)))
    return parts
