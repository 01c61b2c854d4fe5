"""Numbers and findings as people read them: the same words in the terminal, in Markdown and on the page."""

from collections.abc import Mapping, Sequence

from awase.data.trained_on import CHANCE
from awase.tasks import metrics

ALPHA = 0.05
FEW_ITEMS = 100
DOMINATED = "another is as good or better in all three"
_MANY_TESTS = 4
_NOTABLE = 0.02  # between validation and test
_NAMES = {"bm25": "BM25"}
_METRICS = {
    **metrics.LABELS,
    "hits": "Hits",
    "auc": "AUC",
    "spearman": "Spearman's ρ",
    "pearson": "Pearson's r",
    "macro_f1": "macro-F1",
    "adjusted_mean_rank_index": "AMRI",
}
_LOWER_IS_BETTER = ("mean_rank", "adjusted_mean_rank")
_LABELS = {
    "train_s": "training",
    "train_cpu_s": "training, CPU",
    "peak_rss_bytes": "peak memory",
    "cpus": "processors",
}
_UNITS = ("B", "KB", "MB", "GB", "TB")


def system(name: str) -> str:
    """A system's name as the field writes it."""
    return _NAMES.get(name, name)


def metric(name: str) -> str:
    """A metric's name as the field writes it: ``ndcg@10`` is nDCG@10, ``spearman`` is Spearman's ρ."""
    kind, at, k = name.partition("@")
    return _METRICS.get(kind, kind.replace("_", " ")) + at + k


def best(systems: Mapping[str, Mapping], name: str) -> float:
    """The best value of a metric: the highest, or the lowest of ranks."""
    return (min if name in _LOWER_IS_BETTER else max)(of[name] for of in systems.values())


def items(judged: Mapping) -> str:
    """What the systems were judged on, in the plural: queries, users, test triples."""
    return judged.get("items", "queries")


def n_items(judged: Mapping) -> int:
    """How many of them there were."""
    return judged["n_items"] if "items" in judged else judged["n_queries"]


def asked(judged: Mapping) -> str:
    """How many items and candidates: 200 queries, 1,000 candidate documents."""
    of = f", {judged['n_candidates']:,} candidate {judged.get('candidates', 'documents')}" if judged.get("n_candidates") else ""
    return f"{n_items(judged):,} {items(judged)}{of}"


def value(number: float) -> str:
    """A metric's value: 0.342."""
    return f"{number:.3f}".replace("-", "−")


def interval(bounds: Sequence[float]) -> str:
    """0.301 to 0.383"""
    return f"{value(bounds[0])} to {value(bounds[1])}"


def points(difference: float, *, signed: bool = False) -> str:
    """A difference of two metrics in points, hundredths of the scale: 0.032 is 3.2."""
    hundredths = 100 * difference
    sign = "+" if signed and hundredths else ""
    return f"{hundredths:{sign}.{1 if abs(hundredths) >= 0.05 or not hundredths else 2}f}".replace("-", "−")


def p_value(p: float) -> str:
    """As many digits as matter: 0.0004, 0.021, 0.61."""
    return f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def size(n_bytes: float) -> str:
    """Bytes in thousands: 45100000 is 45.1 MB."""
    unit = 0
    while n_bytes >= 999.5 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    return f"{n_bytes:.3g} {_UNITS[unit]}"


def seconds(s: float) -> str:
    """A duration: 0.0021 is 2.1 ms, 83 is 1 min 23 s."""
    if s < 1e-3:
        return f"{1e6 * s:.3g} µs"
    if s < 1:
        return f"{1e3 * s:.3g} ms"
    if s < 59.95:
        return f"{s:.1f} s"
    minutes, rest = divmod(round(s), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def facts(values: Mapping, prefix: str = "", unit: str = "") -> list[tuple[str, str]]:
    """(label, text) for each entry of a section; nested sections become ``outer: inner``, units are read off the names.

    >>> facts({"train_s": 12.0, "search_s": {"bm25": 0.002}, "n_pairs": 1200, "model_bytes": 45_100_000})
    [('training', '12.0 s'), ('search: bm25', '2 ms'), ('pairs', '1,200'), ('model', '45.1 MB')]
    """
    found = []
    for key, value in values.items():
        bare, own_unit = _label(key)
        label, measured_in = prefix + bare, own_unit or unit
        if isinstance(value, Mapping):
            found += facts(value, f"{label}: ", measured_in)
        elif isinstance(value, (list, tuple)):
            found.append((label, "; ".join(map(_item, value)) or "none"))
        else:
            found.append((label, _text(value, measured_in, grouped=key != "seed")))
    return found


def _label(key: str) -> tuple[str, str]:
    """The name for people, and the unit at the end of the key."""
    unit = next((unit for unit in ("bytes", "s") if key.endswith(f"_{unit}")), "")
    return _LABELS.get(key) or key.removesuffix(f"_{unit}").removeprefix("n_").replace("_", " "), unit


def _item(value: object) -> str:
    return ", ".join(f"{label} {text}" for label, text in facts(value)) if isinstance(value, Mapping) else _text(value)


def _text(value: object, unit: str = "", *, grouped: bool = True) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if not isinstance(value, (int, float)):
        return str(value)
    if unit:
        return size(value) if unit == "bytes" else seconds(value)
    if isinstance(value, int):
        return f"{value:,}" if grouped else str(value)
    return f"{value:.4g}".replace("-", "−")


def finding(test: Mapping, judged: Mapping, *, corrected: int = 0) -> str:
    """What one paired test supports, in a sentence; the better system comes first when there is one. corrected: for how many tests its
    interval and p are corrected, 0 for this one alone."""
    if test["constant"] is not None:
        same = f"On all {n_items(judged):,} {items(judged)} {metric(test['metric'])} is {value(test['constant'])} for both"
        return f"{same}: {system(test['a'])} and {system(test['b'])} cannot be compared by it."
    a, b, difference = test["a"], test["b"], test["difference"]
    real = p_of(test, corrected) < ALPHA
    turned = real and difference < 0
    if turned:
        a, b, difference = b, a, -difference
    found = evidence(test, corrected=corrected, turned=turned)
    if real:
        return f"{system(a)} beats {system(b)} by {points(difference)} points of {metric(test['metric'])} {found}."
    of = f"between {system(a)} and {system(b)} in {metric(test['metric'])}"
    return f"No evidence of a difference {of}: {points(difference, signed=True)} points {found}."


def evidence(test: Mapping, *, corrected: int = 0, turned: bool = False) -> str:
    """The interval and p of a test, which agree on whether there is a difference: both for the test alone, or both corrected. turned: of the
    difference b - a."""
    low, high = ci_of(test, corrected)
    if turned:
        low, high = -high, -low
    note = f", both corrected for {corrected} tests" if corrected > 1 else ""
    return f"(95 % CI {points(low)} to {points(high)}, p = {p_value(p_of(test, corrected))}{note})"


def p_of(test: Mapping, corrected: int) -> float:
    """The p-value of a test alone, or corrected by Holm's method."""
    return test["p_holm" if corrected else "p"]


def ci_of(test: Mapping, corrected: int) -> Sequence[float]:
    """The interval that belongs to ``p_of``."""
    return test["ci_holm" if corrected else "ci"]


def tested(corrected: int) -> str:
    """What interval and p of a table of tests are."""
    both = f"both corrected by Holm's method for {corrected} tests" if corrected > 1 else "both of each test alone, at 95 %"
    return f"The interval is the paired randomisation test turned round, p is that test; {both}."


def constant(test: Mapping, judged: Mapping) -> str:
    """Why a metric that is the same everywhere says nothing."""
    return f"{metric(test['metric'])} is {value(test['constant'])} for both on all {n_items(judged):,} {items(judged)}"


def told(systems: Mapping[str, Mapping], tests: Sequence[Mapping], name: str) -> list[Mapping]:
    """The tests worth a sentence and a plot: all when they are few, else those of the best system."""
    if len(tests) <= _MANY_TESTS:
        return list(tests)
    best = max(systems, key=lambda label: systems[label][name])
    return [test for test in tests if best in (test["a"], test["b"])]


def advice(
    systems: Mapping[str, Mapping], tests: Sequence[Mapping], name: str, judged: Mapping, *, corrected: int = 0, fewest: int = 0
) -> str:
    """Which system to use, and how well that is supported; below ``fewest`` items it is not."""
    on, best = items(judged), max(systems, key=lambda label: systems[label][name])
    has = f"the best {metric(name)}, {value(systems[best][name])}"
    rivals = [(test["b"] if test["a"] == best else test["a"], test) for test in tests if best in (test["a"], test["b"])]
    level = [system(rival) for rival, test in rivals if p_of(test, corrected) >= ALPHA]
    if rivals and all(test["constant"] is not None for _, test in rivals):
        return f"{metric(name)} tells none of the systems apart: judge by another metric, or on harder {on}."
    if n_items(judged) < fewest:
        return f"{system(best)} has {has}, on too few {on} to choose by."
    if level:
        apart = f"these {on} do not tell it apart from {_listed(level)}"
        return f"{system(best)} has {has}, but {apart}: choose by size and speed, or judge on more {on}."
    if rivals:
        return f"Use {system(best)}: it has {has}."
    return f"{system(best)} has {has}; it was not tested against another system."


def trained_on(found: Mapping | None, n: int) -> list[str]:
    """What was asked that the model has seen; nothing, where that is no more than hashes that meet by chance. n: the queries judged."""
    if not found or found.get("why"):
        return []
    if "queries" not in found:  # of a table, which knows its links
        what, seen = next(iter(found.items()))
        told = seen and not found["left_out"]
        return [f"{seen:,} of the {what} were trained on or chosen by: the figures flatter the model."] if told else []
    if found["left_out"]:
        return [
            f"{found['left_out']:,} of {n + found['left_out']:,} held-out queries may have been trained on, or chosen by, together "
            "with their answers: they were left out."
        ]
    if found["queries"] <= CHANCE * n + 3 * (CHANCE * n) ** 0.5:
        return []
    return [
        f"{found['queries']:,} of {n:,} queries, and {found['documents']:,} of their documents, may have been trained on or chosen by: "
        "the figures flatter the model."
    ]


def validation(judged: Mapping, systems: Mapping, history: Mapping, split: Mapping) -> list[str]:
    """Why a fit's validation and its test differ, where they do by more than two points."""
    name = judged["metrics"][0]
    reached = max((value for _, value in history.get(name, ())), default=None)
    tested = systems.get("trained", {}).get(name)
    if reached is None or tested is None or abs(reached - tested) <= _NOTABLE:
        return []
    on, asked = items(judged), split.get("validated") or {}
    others = f"on {asked['queries']:,} other {on} among {asked['candidates']:,} candidates" if asked else f"on other {on}"
    flattered = ", and the best of its points was kept, which flatters it" if reached > tested else ""
    return [
        f"On validation {metric(name)} reached {value(reached)}, on test it is {value(tested)}: validation was {others}{flattered}. "
        "What counts is the test."
    ]


def cautions(judged: Mapping, data: Mapping, seen: Mapping | None = None) -> list[str]:
    """What to keep in mind when reading the numbers."""
    found = []
    if cut := data.get("cut"):
        found.append(
            f"{cut['texts']:.1%} of the texts and {cut['tokens']:.1%} of the tokens were cut at {cut['limit']:,} tokens: the model does not "
            "read what is behind."
        )
    if n_items(judged) < FEW_ITEMS:
        found.append(
            f"Only {n_items(judged):,} {items(judged)}: the intervals are wide, and below about 30 they are too narrow."
        )
    left_out = judged.get("left_out") or {"queries without a relevant document": judged.get("n_skipped", 0)}
    found += [f"{n:,} {what} were left out." for what, n in left_out.items() if n]
    found += judged.get("notes", [])
    if why := (seen or {}).get("why"):
        found.append(f"Nobody can say whether the model was trained on what it was judged by: {why}.")
    if data.get("bad_rows"):
        found.append(f"{data['bad_rows']:,} bad rows of the data were skipped.")
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def rank(side: Mapping) -> str:
    """Where a system put the relevant document of a query."""
    return "not found" if side["rank"] is None else f"rank {side['rank']:,}"


def sections(report: Mapping) -> list[tuple[str, Mapping]]:
    """The parts of a report that are shown entry by entry, with their headings; empty ones are left out."""
    heads = {
        "cost": "Cost",
        "data": "Data",
        "split": "Split",
        "judged": "Judged",
        "geometry": "Layout of the vectors",
        "fusion": "Fusion",
        "recipe": "Recipe",
        "environment": "Environment",
    }
    shown = {**report, "judged": _judged(report["judged"])} if "judged" in report else report
    return [(head, shown[key]) for key, head in heads.items() if shown.get(key)]


def _judged(judged: Mapping) -> Mapping:
    """The same with the numbers of items and candidates called by their names, less what stands under the title."""
    named = {"n_items": judged.get("items"), "n_candidates": judged.get("candidates") and f"candidate {judged['candidates']}"}
    return {
        named.get(key) or key: value
        for key, value in judged.items()
        if key not in ("items", "candidates", "protocol", "notes", "findings")
    }
