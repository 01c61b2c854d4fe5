"""The report as one HTML page: no script, nothing fetched, light or dark as the reader's system is."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template

from awase.core.errors import MissingExtra
from awase.tasks.report import plots, words
from awase.tasks.report.outcome import said
from awase.tasks.report.shown import cell
from awase.tasks.report.value import Report

_LONG = 24  # characters of a cell
_METRICS = {
    "ndcg@k": "gain of the first k results, discounted by log2(rank + 1), as a share of the best possible order.",
    "recall@k": "share of what is relevant that is among the first k.",
    "precision@k": "share of the first k that is relevant.",
    "mrr@k": "1 / rank of the first relevant result; 0 when it is not among the first k.",
    "map@k": "mean, over what is relevant, of the precision at the rank of each.",
    "accuracy@k": "1 when something relevant is among the first k.",
    "mrr": "mean of 1 / rank of the right answer; other right answers do not count.",
    "hits@k": "share of right answers whose rank is at most k; other right answers do not count.",
    "mean_rank": "mean rank of the right answers; 1 is perfect, lower is better.",
    "adjusted_mean_rank_index": "adjusted mean rank index, 1 − (mean rank − 1) / (its expectation by chance − 1): 1 is perfect, 0 is chance.",
    "map": "mean, over the right answers, of the precision at the rank of each.",
    "auc": "share of the candidates drawn for a pair that score below its right one, ties counting half; 0.5 is chance.",
    "spearman": "rank correlation of the scores with the judgements of people; 1 is the same order, 0 is none.",
    "accuracy": "share of right answers.",
    "reversed_rejected": "share of the pairs that hold which are refused when their sides are exchanged.",
    "macro_f1": "mean over the classes of F1, so that a rare class counts as much as a frequent one.",
}
_INTERVAL = "95 % percentile bootstrap over the {items}. It says how sure a value is for {items} like these, not for another training run."
_P = (
    "two-sided paired randomisation test on the first metric. The interval of a difference is the same test turned round: 0 is outside exactly "
    "where p is below .05. Of each test alone, and under 'all tests' both corrected by Holm's method for their number."
)
_GEOMETRY = {
    "alignment": "mean squared distance of a query to its relevant documents; lower is closer.",
    "uniformity": "log of the mean of exp(−2 × squared distance) between documents; lower is more spread.",
}


def render(report: Report) -> str:
    """``report.html``."""
    outcome = "".join(_outcome(text) for text in said(report.outcome)) if report.outcome else ""
    verdict = outcome + "".join(f"<p>{sentence(text)}</p>" for text in report.evidence)
    protocol = f"<p class='muted'>{escape(report.judged['protocol'])}</p>" if "protocol" in report.judged else ""
    parts = [
        f"<header><h1>{escape(report.title)}</h1><p class='muted'>{escape(words.asked(report.judged))}</p>{protocol}</header>",
        f"<section class='verdict' aria-label='What the evidence supports'>{verdict}</section>",
        f"<section><h2>Systems</h2>{_systems(report)}</section>",
        _tests(report),
        _pareto(report),
        _dims(report),
        _drawings(report),
        *map(_picture, report.pictures),
        *map(_extra, report.tables),
        _failures(report),
        *(
            f"<section><h2>{escape(head)}</h2>{facts(words.facts(of))}</section>"
            for head, of in words.sections(report.as_dict())
        ),
        f"<section><h2>What the measures mean</h2>{facts(_definitions(report))}</section>",
    ]
    return document(report.title, parts)


def _outcome(text: str) -> str:
    """A sentence of the outcome, in which its word stands out."""
    word, _, rest = text.partition(" ")
    strong = f"<strong>{escape(word)}</strong> " if word.isupper() or word == "Next:" else f"{escape(word)} "
    return f"<p class='outcome'>{strong}{sentence(rest)}</p>"


def document(title: str, parts: Iterable[str]) -> str:
    """A whole page: the parts, which are HTML already, one below the other in the house's style; empty ones are left out."""
    template = Template(files("awase.tasks.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), body="\n".join(part for part in parts if part))


def _systems(report: Report) -> str:
    names = report.judged["metrics"]
    best = {name: words.best(report.systems, name) for name in names}
    heads = ["system", *(words.metric(name) for name in names)]
    heads.insert(2, "95 % CI")
    rows = []
    for label, of in report.systems.items():
        cells = [data_cell(words.value(of[name]), best=of[name] == best[name]) for name in names]
        cells.insert(1, data_cell(words.interval(of[f"{report.metric}_ci"])))
        rows.append((words.system(label), cells))
    return table(f"Measured on the {words.items(report.judged)}; the best of each column stands out.", heads, rows)


def _tests(report: Report) -> str:
    rows = []
    for test in report.tests:
        cells = [words.metric(test["metric"]), words.points(test["difference"], signed=True)]
        for corrected in (0, len(report.tests)):
            low, high = map(words.points, words.ci_of(test, corrected))
            cells += [f"{low} to {high}", words.p_value(words.p_of(test, corrected))]
        rows.append((f"{words.system(test['a'])} − {words.system(test['b'])}", [data_cell(cell) for cell in cells]))
    heads = ("pair", "metric", "points", "95 % CI", "p", "95 % CI, all tests", "p, all tests")
    caption = f"Differences on the same {words.items(report.judged)}, in points (hundredths)."
    return f"<section><h2>Tests</h2>{table(caption, heads, rows)}</section>" if rows else ""


def _pareto(report: Report) -> str:
    rows = []
    for row in report.pareto:
        cells = [f"{row['quality']:.3f}", words.size(row["bytes"]), words.seconds(row["latency_s"])]
        note = f"<td class='note'>{words.DOMINATED if row['dominated'] else ''}</td>"
        rows.append((words.system(row["system"]), [*(data_cell(cell) for cell in cells), note]))
    heads = ("system", words.metric(report.metric), "size", "per query", "")
    caption = "Quality is better higher; size and time for one query are better lower."
    return f"<section><h2>Quality, size and speed</h2>{table(caption, heads, rows)}</section>" if rows else ""


def _dims(report: Report) -> str:
    rows = [(f"{row['dim']:,}", [data_cell(f"{row[report.metric]:.3f}")]) for row in report.dims]
    heads = ("dimensions", words.metric(report.metric))
    return (
        f"<section><h2>Fewer dimensions</h2>{table('The first dimensions of the same vectors.', heads, rows)}</section>"
        if rows
        else ""
    )


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


def _picture(picture: Mapping[str, str]) -> str:
    """As an image, in which no script of an SVG runs."""
    source = f"data:{picture['type']};base64,{picture['base64']}"
    said = escape(picture["words"])
    figure = f"<figure><img src='{source}' alt='{said}'><figcaption>{said}</figcaption></figure>"
    return f"<section><h2>{escape(picture['title'])}</h2>{figure}</section>"


def _extra(extra: Mapping) -> str:
    return f"<section><h2>{escape(extra['title'])}</h2>{shown(extra)}</section>"


def shown(extra: Mapping) -> str:
    """A ``Table`` as a dict."""
    columns = [[cell(row[i]) for row in extra["rows"]] for i in range(len(extra["heads"]))]
    shown = [[data_cell(text, note=_is_text(column)) for text in column] for column in columns[1:]]
    rows = [(label, cells) for label, *cells in zip(columns[0], *shown)]
    return table(extra["words"], extra["heads"], rows, extra["title"])


def _definitions(report: Report) -> list[tuple[str, str]]:
    """What the metrics of this report mean, and what is said of their certainty."""
    kinds = dict.fromkeys(name.partition("@")[0] + ("@k" if "@" in name else "") for name in report.judged["metrics"])
    found = [(words.metric(kind), _METRICS[kind]) for kind in kinds if kind in _METRICS]
    items = words.items(report.judged)
    found.append(("interval", _INTERVAL.format(items=items)))
    if report.tests:
        found.append(("p", _P))
    return found + list(_GEOMETRY.items() if report.geometry else ())


def _failures(report: Report) -> str:
    if not (report.worst and report.worst["queries"]):
        return ""
    a, b = (escape(words.system(report.worst[side])) for side in "ab")
    cases = []
    for case in report.worst["queries"]:
        rows = [("relevant", text) for text in case["relevant"]]
        for side in (case["a"], case["b"]):
            rows += [(f"{words.system(side['system'])}, {words.rank(side)}", " · ".join(side["returned"]) or "nothing")]
        cases.append(f"<details><summary>{escape(case['query'])}</summary>{facts(rows)}</details>")
    intro = "The relevant document, its rank, and what each system returned first."
    return f"<section><h2>Where {a} falls furthest behind {b}</h2><p class='muted'>{intro}</p>{''.join(cases)}</section>"


def facts(entries: Iterable[tuple[str, str]]) -> str:
    """Labels and texts."""
    return f"<dl>{''.join(f'<dt>{escape(label)}</dt><dd>{escape(text)}</dd>' for label, text in entries)}</dl>"


def sentence(text: str) -> str:
    """Escaped, with no line end inside a number and its unit."""
    return escape(text).replace("95 % CI ", "95&nbsp;%&nbsp;CI ").replace("p = ", "p&nbsp;=&nbsp;")


def _is_text(column: Sequence[str]) -> bool:
    """Whether a column takes lines, as it is no column of numbers."""
    return max(map(len, column), default=0) > _LONG


def data_cell(text: str, *, best: bool = False, note: bool = False) -> str:
    """A cell of ``table``: a number, or a text that takes lines."""
    kind = " class='best'" if best else " class='note'" if note else ""
    return f"<td{kind}>{escape(text)}</td>"


def table(caption: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], name: str = "") -> str:
    """Rows are a heading and cells that are HTML already. A table wider than its place scrolls, also by keyboard."""
    head = "".join(f"<th scope='col'>{escape(text)}</th>" if text else "<td></td>" for text in heads)
    body = "".join(f"<tr><th scope='row'>{escape(label)}</th>{''.join(cells)}</tr>" for label, cells in rows)
    narrow = " class='narrow'" if len(heads) == 2 else ""
    table = f"<table{narrow}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    said = f"<p class='muted'>{escape(caption)}</p>" if caption else ""
    return f"{said}<div class='scroll' role='region' aria-label='{escape(caption or name)}' tabindex='0'>{table}</div>"
