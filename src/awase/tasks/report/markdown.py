"""The report as Markdown, for a repository or a model card."""

import re
from collections.abc import Iterable, Mapping, Sequence

from awase.tasks.report import words
from awase.tasks.report.outcome import said
from awase.tasks.report.shown import cell
from awase.tasks.report.value import Report

_TEXT_CHARS = 300
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&])")


def render(report: Report) -> str:
    """``report.md``."""
    parts = [
        f"# {plain(report.title)}",
        f"{plain(words.asked(report.judged))}, 95 % bootstrap intervals over the {plain(words.items(report.judged))}.",
        line(report.judged.get("protocol", "")),
        "\n".join(f"- {plain(sentence)}" for sentence in [*(said(report.outcome) if report.outcome else ()), *report.evidence]),
        "## Systems",
        _systems(report),
    ]
    if report.tests:
        parts += [
            "## Tests",
            _tests(report),
            words.tested(report.corrected),
        ]
    if report.pareto:
        parts += ["## Quality, size and speed", _pareto(report)]
    if report.dims:
        parts += ["## Fewer dimensions", _dims(report)]
    for extra in report.tables:
        parts += [f"## {plain(extra['title'])}", shown(extra), plain(extra["words"])]
    for picture in report.pictures:
        parts += [f"## {plain(picture['title'])}", f"![{plain(picture['words'])}]({picture['file']})"]
    for label, section in words.sections(report.as_dict()):
        parts += [f"## {label}", table(("", ""), ((plain(key), plain(value)) for key, value in words.facts(section)))]
    if report.worst and report.worst["queries"]:
        a, b = words.system(report.worst["a"]), words.system(report.worst["b"])
        parts += [f"## Where {plain(a)} falls furthest behind {plain(b)}", *map(_case, report.worst["queries"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _systems(report: Report) -> str:
    names = report.judged["metrics"]
    heads = [h for name in names for h in ([words.metric(name), "95 % CI"] if name == report.metric else [words.metric(name)])]
    best = {name: words.best(report.systems, name) for name in names}
    rows = []
    for label, of in report.systems.items():
        cells = [plain(words.system(label))]
        for name in names:
            value = words.value(of[name])
            cells.append(f"**{value}**" if of[name] == best[name] else value)
            if name == report.metric:
                cells.append(words.interval(of[f"{name}_ci"]))
        rows.append(cells)
    return table(("system", *heads), rows)


def _tests(report: Report) -> str:
    rows = []
    for test in report.tests:
        low, high = (words.points(bound) for bound in words.ci_of(test, report.corrected))
        difference = words.points(test["difference"], signed=True)
        pair = f"{words.system(test['a'])} − {words.system(test['b'])}"
        rows.append(
            [
                plain(pair),
                words.metric(test["metric"]),
                difference,
                f"{low} to {high}",
                words.p_value(words.p_of(test, report.corrected)),
            ]
        )
    return table(("pair", "metric", "points", "95 % CI", "p"), rows)


def _pareto(report: Report) -> str:
    rows = [
        [
            plain(words.system(row["system"])),
            f"{row['quality']:.3f}",
            words.size(row["bytes"]),
            words.seconds(row["latency_s"]),
            words.DOMINATED if row["dominated"] else "",
        ]
        for row in report.pareto
    ]
    return table(("system", words.metric(report.metric), "size", "per query", "remark"), rows)


def _dims(report: Report) -> str:
    return table(
        ("dimensions", words.metric(report.metric)), ([str(row["dim"]), f"{row[report.metric]:.3f}"] for row in report.dims)
    )


def _case(case: dict) -> str:
    lines = [f"**{plain(case['query'])}**", "", *(f"- relevant: {plain(text)}" for text in case["relevant"])]
    for side in (case["a"], case["b"]):
        returned = "; ".join(plain(text) for text in side["returned"])
        lines.append(f"- {plain(words.system(side['system']))}: {words.rank(side)}; returned: {returned}")
    return "\n".join(lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells that are Markdown already; the first column is names, the others are numbers."""
    rule = [":--", *("--:" for _ in heads[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def shown(extra: Mapping) -> str:
    """A ``Table`` as a dict."""
    return table([plain(head) for head in extra["heads"]], ([plain(cell(value)) for value in row] for row in extra["rows"]))


def plain(text: str) -> str:
    """One line of plain text: nothing in it is markup, and it is not too long to read."""
    whole = " ".join(text.split())
    return line(whole if len(whole) <= _TEXT_CHARS else whole[: _TEXT_CHARS - 1] + "…")


def line(text: str) -> str:
    """The same whole."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
