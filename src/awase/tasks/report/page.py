"""The report as one HTML page: no script, nothing fetched, light or dark as the reader's system is."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from awase.core.errors import MissingExtra
from awase.tasks.report import plots, words
from awase.tasks.report.value import Report

_DEFINITIONS = {
    "nDCG@k": "gain of the first k results, discounted by log2(rank + 1), as a share of the best possible order.",
    "recall@k": "share of the relevant documents that are among the first k.",
    "precision@k": "share of the first k that is relevant.",
    "MRR@k": "1 / rank of the first relevant document; 0 when it is not among the first k.",
    "MAP@k": "mean, over the relevant documents, of the precision at the rank of each.",
    "accuracy@k": "1 when a relevant document is among the first k.",
    "interval": "95 % percentile bootstrap over the queries. It says how sure a mean is for queries like these, not for another training run.",
    "p": "two-sided paired randomisation test on the first metric, corrected by Holm's method for the number of tests.",
    "alignment": "mean squared distance of a query to its relevant documents; lower is closer.",
    "uniformity": "log of the mean of exp(−2 × squared distance) between documents; lower is more spread.",
}


def render(report: Report) -> str:
    """``report.html``."""
    judged = report.judged
    asked = f"{judged['n_queries']:,} queries, {judged['n_candidates']:,} candidate documents"
    verdict = "".join(f"<p>{_sentence(sentence)}</p>" for sentence in report.verdict)
    parts = [
        f"<header><h1>{escape(report.title)}</h1><p class='muted'>{asked}</p></header>",
        f"<section class='verdict' aria-label='What the evidence supports'>{verdict}</section>",
        f"<section><h2>Systems</h2>{_systems(report)}</section>",
        _tests(report),
        _pareto(report),
        _dims(report),
        _drawings(report),
        _failures(report),
        *(
            f"<section><h2>{escape(head)}</h2>{_facts(words.facts(of))}</section>"
            for head, of in words.sections(report.as_dict())
        ),
        f"<section><h2>What the measures mean</h2>{_facts(_DEFINITIONS.items())}</section>",
    ]
    template = Template(files("awase.tasks.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(report.title), body="\n".join(part for part in parts if part))


def _systems(report: Report) -> str:
    names = report.judged["metrics"]
    best = {name: max(of[name] for of in report.systems.values()) for name in names}
    heads = ["system", *(words.metric(name) for name in names)]
    heads.insert(2, "95 % CI")
    rows = []
    for label, of in report.systems.items():
        cells = [_value(f"{of[name]:.3f}", best=of[name] == best[name]) for name in names]
        cells.insert(1, _value("{:.3f} to {:.3f}".format(*of[f"{report.metric}_ci"])))
        rows.append((words.system(label), cells))
    return _table("Means over the queries; the best of each column stands out.", heads, rows)


def _tests(report: Report) -> str:
    rows = []
    for test in report.tests:
        low, high = test["ci"]
        difference, interval = words.points(test["difference"], signed=True), f"{words.points(low)} to {words.points(high)}"
        cells = [words.metric(test["metric"]), difference, interval, words.p_value(test["p"]), words.p_value(test["p_holm"])]
        rows.append((f"{words.system(test['a'])} − {words.system(test['b'])}", [_value(cell) for cell in cells]))
    heads = ("pair", "metric", "points", "95 % CI", "p, one test", "p, all tests")
    table = _table("Differences on the same queries, in points (hundredths).", heads, rows)
    return f"<section><h2>Tests</h2>{table}</section>" if rows else ""


def _pareto(report: Report) -> str:
    rows = []
    for row in report.pareto:
        cells = [f"{row['quality']:.3f}", words.size(row["bytes"]), words.seconds(row["latency_s"])]
        note = f"<td class='note'>{words.DOMINATED if row['dominated'] else ''}</td>"
        rows.append((words.system(row["system"]), [*(_value(cell) for cell in cells), note]))
    heads = ("system", words.metric(report.metric), "size", "per query", "")
    table = _table("Quality is better higher; size and time for one query are better lower.", heads, rows)
    return f"<section><h2>Quality, size and speed</h2>{table}</section>" if rows else ""


def _dims(report: Report) -> str:
    rows = [(f"{row['dim']:,}", [_value(f"{row[report.metric]:.3f}")]) for row in report.dims]
    table = _table("The first dimensions of the same vectors.", ("dimensions", words.metric(report.metric)), rows)
    return f"<section><h2>Fewer dimensions</h2>{table}</section>" if rows else ""


def _drawings(report: Report) -> str:
    try:
        drawn = plots.plots(report)
    except MissingExtra as error:
        how = f"Plots need matplotlib: <code>{escape(error.remedy)}</code>, then write the report again."
        return f"<section><h2>Plots</h2><p>{how}</p></section>"
    figures = (
        f"<figure><h3>{escape(plot.title)}</h3>{plot.svg}<figcaption>{escape(plot.words)}</figcaption></figure>"
        for plot in drawn
    )
    return f"<section><h2>Plots</h2>{''.join(figures)}</section>"


def _failures(report: Report) -> str:
    if not (report.worst and report.worst["queries"]):
        return ""
    a, b = (escape(words.system(report.worst[side])) for side in "ab")
    cases = []
    for case in report.worst["queries"]:
        rows = [("relevant", text) for text in case["relevant"]]
        for side in (case["a"], case["b"]):
            rows += [(f"{words.system(side['system'])}, {words.rank(side)}", " · ".join(side["returned"]) or "nothing")]
        cases.append(f"<details><summary>{escape(case['query'])}</summary>{_facts(rows)}</details>")
    intro = "The relevant document, its rank, and what each system returned first."
    return f"<section><h2>Where {a} falls furthest behind {b}</h2><p class='muted'>{intro}</p>{''.join(cases)}</section>"


def _facts(entries: Iterable[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(label)}</dt><dd>{escape(text)}</dd>' for label, text in entries)}</dl>"


def _sentence(text: str) -> str:
    """Escaped, with no line end inside a number and its unit."""
    return escape(text).replace("95 % CI ", "95&nbsp;%&nbsp;CI ").replace("p = ", "p&nbsp;=&nbsp;")


def _value(text: str, *, best: bool = False) -> str:
    return f"<td class='best'>{escape(text)}</td>" if best else f"<td>{escape(text)}</td>"


def _table(caption: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Rows are a heading and cells that are HTML already. A table wider than its place scrolls, also by keyboard."""
    head = "".join(f"<th scope='col'>{escape(text)}</th>" if text else "<td></td>" for text in heads)
    body = "".join(f"<tr><th scope='row'>{escape(label)}</th>{''.join(cells)}</tr>" for label, cells in rows)
    narrow = " class='narrow'" if len(heads) == 2 else ""
    table = f"<table{narrow}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<p class='muted'>{escape(caption)}</p><div class='scroll' role='region' aria-label='{escape(caption)}' tabindex='0'>{table}</div>"
