"""The report cut into sections, once for all its forms: headings, sentences, tables, and which plots belong there."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from awase.apps.homophily.report import words
from awase.apps.homophily.report.value import HomophilyReport, Matrix
from awase.apps.homophily.states import STATES
from awase.tasks.report import Table
from awase.tasks.report.words import facts

_CLOSEST = 6  # pairs of communities told at either end of the scale
_OPEN = 6  # communities whose policies are shown at once
_EVENTS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)  # where users are parted by their numbers of events


class Section(NamedTuple):
    """A part of the report. ``plots`` are names of functions in ``plots``; ``extra`` are tables for those who want to know exactly."""

    title: str
    words: list[str]
    tables: list[Table] = []  # noqa: RUF012
    plots: tuple[str, ...] = ()
    facts: list[tuple[str, str]] = []  # noqa: RUF012
    extra: list[Table] = []  # noqa: RUF012
    folded: bool = False  # whether the plots are many


def sections(report: HomophilyReport) -> Iterator[Section]:
    """In the order in which they are read."""
    yield _read(report)
    yield _chosen(report)
    yield _states(report)
    yield _stance(report)
    yield _behaviour(report)
    if report.topics is not None:
        yield _topics(report)
    if report.personas is not None:
        yield _personas(report)
    yield _communities(report)
    if report.spearman:
        yield _together(report)
    if report.stability is not None:
        yield _years(report)
    yield _floor(report)
    yield _how(report)


def _read(report: HomophilyReport) -> Section:
    data = report.data
    kinds = {"threads": "threads started", "roots": "comments on a thread", "replies": "replies to a comment"}
    said = [
        f"{words.many(data['events'], 'event')} were read: {words.listed([f'{data[key]:,} {kind}' for key, kind in kinds.items()])}."
    ]
    if data.get("first") is not None:
        said.append(f"The earliest is of {words.day(data['first'])}, the latest of {words.day(data['last'])}.")
    events = max(data["events"], 1)
    wrong = [(what, data[key], words.share(data[key] / events) if key != "bots" else None, done) for key, (what, done) in
             words.CENSUS.items() if data.get(key)]  # fmt: skip
    if not wrong:
        return Section("What was read", [*said, "Nothing was wrong with them."])
    table = Table(
        "What was wrong with it", ("what", "how many", "of all events", ""), wrong, "Counted, never silently dropped."
    )
    return Section("What was read", said, [table])


def _chosen(report: HomophilyReport) -> Section:
    said = [
        "A user's home is the community with most of the user's comments. Of each community and year, the most active users and random ones "
        "from each quarter of activity are candidates; of these, an equal number is drawn for each community.",
        "Names are shown as they are in the data." if report.privacy["names"] == "plain" else
        "Names are replaced by hashes with a key: " + (
            "whoever has the key can tell who somebody is, nobody else." if report.privacy.get("key") == "given"
            else "the key was drawn for this run and forgotten, so nobody can turn them back."
        ),
    ]  # fmt: skip
    rows = [(stage["stage"], stage["users"], _also(stage)) for stage in report.stages]
    stages = Table("Step by step", ("step", "users", ""), rows, "How many users were left after each step.")
    available = next((stage["home_users"] for stage in report.stages if "home_users" in stage), {})
    rows = []
    for i, name in enumerate(report.communities):
        events, floor = report.users.events[report.users.home == i], report.users.floor[report.users.home == i]
        rows.append((name, available.get(name), len(events), int(np.median(events)), float(floor.mean())))
    about = (
        "Noise floor: how far two samples of one user's own size are apart by chance, on average over the community's users."
    )
    homes = Table("Communities", ("community", "home users", "chosen", "events of the median user", "noise floor"), rows, about)
    return Section("Who was chosen", said, [stages, homes] if report.stages else [homes])


def _also(stage: dict) -> str:
    """What a step says beside the number of users, in words."""
    said = {words.STAGES.get(key, key): value for key, value in stage.items() if isinstance(value, int) and key != "users"}
    fewer = stage.get("with_fewer")
    short = [f"fewer in {words.listed([f'{name} ({n:,})' for name, n in fewer.items()])}"] if fewer else []
    return "; ".join([*(f"{label} {text}" for label, text in facts(said)), *short])


def _states(report: HomophilyReport) -> Section:
    said = [
        "All that a user did, and all replies that others gave to the user's comments, are put in order of time. What last happened is the "
        "user's state, what comes next is the action. 'First' and 'again' say whether it was the first thing of the user in that thread.",
        f"This gives {words.many(report.streams.get('pairs', 0), 'pair')} of a state and an action. A user's policy says, for each state, how "
        "often each action follows: it is what is compared here, and it knows nothing of what is talked about.",
    ]
    unseen = words.never_seen(report)
    if unseen:
        said.append(f"Nobody was ever in {words.many(len(unseen), 'state')} of the 12: {', '.join(unseen)}.")
    happened = report.users.weights.sum(axis=0)
    rows = [(f"{code}  {name}", words.share(total / max(happened.sum(), 1e-300))) for code, name, total in
            zip(STATES, words.STATE_NAMES, happened.tolist())]  # fmt: skip
    visits = Table("States", ("state", "share of the time"), rows, "Each user counts the same.")
    tables = [Table("Events of the chosen users", ("kind", "events"), list(report.streams.get("events", {}).items()))]
    dropped = [(why, n) for why, n in report.streams.get("dropped", {}).items() if n]
    if dropped:
        tables.append(Table("Dropped", ("why", "events"), dropped))
    return Section("How events became states", said, [*tables, visits])


def _stance(report: HomophilyReport) -> Section:
    stance, tables = report.stance, []
    n, unknown, quality = stance["n"], stance["unknown"], stance.get("quality")
    said = [words.STANCES[stance["kind"]]]
    if stance["kind"] != "neutral" and n > unknown:
        parts = words.listed([f"{words.share(part)} {name}" for name, part in stance["shares"].items()])
        said.append(f"{n - unknown:,} of {words.many(n, 'reply', 'replies')} have a stance: {parts}.")
    if stance.get("error_rate") is not None:
        said.append(
            f"On test pairs, which it was neither fitted to nor chosen by, {words.share(stance['error_rate'])} are wrong."
        )
    if stance.get("confusion") is not None:
        names = ("disagree", "neutral", "agree")
        rows = [(f"is {name}", *row) for name, row in zip(names, np.asarray(stance["confusion"]).tolist())]
        about = "Test pairs: what they are, down, and what they were taken for, across."
        tables = [Table("Right and wrong stances", ("", *names), rows, about)]
    shown = {words.QUALITY.get(key, key): value for key, value in (quality or {}).items() if key not in ("confusion", "shares")}
    return Section("Who agrees with whom", said, tables, facts=facts(shown))


def _behaviour(report: HomophilyReport) -> Section:
    said = [
        "The distance of two users is the mean, over the states that each is in, of how badly the one's policy predicts the other's "
        "actions (visit-weighted symmetric Kullback-Leibler divergence, in nats): 0 is the same behaviour. Between communities it is the "
        "mean over all pairs of their users; on the diagonal, over the pairs within.",
    ]
    if len(report.communities) == 1:
        return Section("Who acts alike", said, _pairs(report, report.behaviour))
    said.append("Communities are ordered so that those that act alike stand together (average linkage).")
    return Section(
        "Who acts alike", said, _pairs(report, report.behaviour), ("behaviour",), extra=[_whole(report, report.behaviour)]
    )


def _topics(report: HomophilyReport) -> Section:
    n = len(report.topic_names)
    said = [
        f"Texts were sorted into {words.many(n, 'topic')} by what they are about; a user is the shares of these topics. The distance is "
        "one minus the cosine: 0 is the same mixture, 1 has nothing in common. The order is that of behaviour, to compare the two.",
    ]
    rows = [(one["name"], one.get("items")) for one in report.topic_names]
    named = [Table("Topics", ("topic", "texts"), rows, "Each is named by the words that set it apart.")] if rows else []
    quoted = (
        [(one["name"], text) for one in report.topic_names for text in one.get("texts", ())]
        if report.privacy.get("texts")
        else []
    )
    if quoted:
        named.append(Table("Examples of texts", ("topic", "text"), quoted, "Asked for; they may say who wrote them."))
    assert report.topics is not None
    plots = () if len(report.communities) == 1 else ("topics",)
    whole = [] if len(report.communities) == 1 else [_whole(report, report.topics)]
    return Section("Who writes about the same", said, _pairs(report, report.topics), plots, extra=whole + named)


def _pairs(report: HomophilyReport, of: Matrix) -> list[Table]:
    """Each community by itself, and the pairs of different ones, the nearest and the farthest of many."""
    c, names = len(report.communities), report.communities
    within = []
    for a in range(c):
        others = [(float(of.mean[a, b]), b) for b in range(c) if b != a and not np.isnan(of.mean[a, b])]
        mean, near = min(others, default=(None, None))
        within.append((names[a], _number(of.mean[a, a]), _bounds(of, a, a), "–" if near is None else names[near], mean))
    heads = ("community", "within", "95 % CI", "nearest other", "distance")
    tables = [Table("Within communities", heads, within, "Intervals are of a bootstrap over users.")]
    pairs = sorted((float(of.mean[a, b]), a, b) for a in range(c) for b in range(a + 1, c) if not np.isnan(of.mean[a, b]))
    if not pairs:
        return tables
    shown = pairs if len(pairs) <= 2 * _CLOSEST else pairs[:_CLOSEST] + pairs[-_CLOSEST:]
    columns = {
        "communities": [f"{names[a]} – {names[b]}" for _, a, b in shown],
        "mean distance": [mean for mean, _, _ in shown],
        "95 % CI": [_bounds(of, a, b) for _, a, b in shown],
    }
    if of.chance is not None:
        columns["by chance"] = [_number(of.chance[a, b]) for _, a, b in shown]
    if of.above_floor is not None:
        columns["beyond chance"] = ["yes" if of.above_floor[a, b] else "no" for _, a, b in shown]
    if of.pairs_above is not None:
        columns["pairs of users beyond"] = [_share(of.pairs_above[a, b]) for _, a, b in shown]
    which = "" if shown is pairs else f"The {_CLOSEST} nearest and the {_CLOSEST} farthest of {len(pairs):,}. "
    chance = (
        "By chance: what users of equal policies with these numbers of events would be apart." if of.chance is not None else ""
    )
    return [*tables, Table("Pairs of communities", list(columns), list(zip(*columns.values())), (which + chance).strip())]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _share(value: float) -> str:
    return "–" if np.isnan(value) else words.share(value)


def _bounds(of: Matrix, a: int, b: int) -> str:
    return "–" if np.isnan(of.low[a, b]) else f"{words.number(of.low[a, b])} to {words.number(of.high[a, b])}"


def _whole(report: HomophilyReport, of: Matrix) -> Table:
    names = [report.communities[i] for i in report.order]
    values = of.mean[np.ix_(report.order, report.order)].tolist()
    rows = [(name, *(None if np.isnan(value) else value for value in row)) for name, row in zip(names, values)]
    return Table("All mean distances", ("", *names), rows)


def _personas(report: HomophilyReport) -> Section:
    personas, shares, policies = report.personas, report.shares, report.persona_policies
    assert personas is not None
    assert shares is not None
    assert policies is not None
    said = [
        "Users whose policies are near each other were grouped (k-means on the 72 numbers of a policy), and each group named by what its "
        "users do more than others.",
        *([personas.note] if personas.note else []),
    ]
    does = np.einsum("us,usa->ua", report.users.weights, report.users.policy)
    rows = [
        (name, int(who.sum()), *map(words.share, does[who].mean(axis=0).tolist())) for name, who in report.groups if who.any()
    ]
    about = "Of what happens next, on average over the users with a persona."
    kinds = Table("What each persona does", ("persona", "users", *words.ACTION_NAMES), rows, about)
    homes = [(name, *map(words.share, row)) for name, row in zip(report.communities, shares.tolist())]
    extra = [Table("Personas by community", ("community", *personas.names), homes)]
    if personas.tried and personas.gap:
        about = "The gap statistic compares the grouping with that of unstructured data; silhouette: 1 is apart, 0 is touching."
        rows = list(zip(map(str, personas.tried), personas.gap, personas.silhouette or [None] * len(personas.tried)))
        extra.append(Table("How many groups", ("groups", "gap", "silhouette"), rows, about))
    return Section("Personas", said, [kinds], ("shares", "personas"), extra=extra)


def _communities(report: HomophilyReport) -> Section:
    said = [
        "What follows what, on average over the users of a community: each row is what last happened, each column what came next. Rows "
        "that nobody there was ever in are blank.",
    ]
    return Section("What each community does", said, plots=("communities",), folded=len(report.communities) > _OPEN)


def _together(report: HomophilyReport) -> Section:
    tables, order, names = [], report.order, report.communities
    assert report.spearman is not None
    for panel, found in report.spearman.items():
        rho = found.rho[np.ix_(order, order)]
        rows = [(names[a], *(None if np.isnan(value) else value for value in row)) for a, row in zip(order, rho.tolist())]
        tables.append(Table(words.PANELS[panel][0], ("", *(names[b] for b in order)), rows, words.PANELS[panel][1]))
    said = [
        "Spearman's rank correlation over the users of the row's community: 1, the nearer in topics the nearer in behaviour; 0, no relation; "
        "−1, the nearer in topics the farther in behaviour.",
        *(_sure(words.PANELS[panel][0], found.p_holm) for panel, found in report.spearman.items()),
    ]
    return Section("Do those who write alike act alike?", said, plots=("spearman",), extra=tables)


def _sure(title: str, p: np.ndarray) -> str:
    known = p[np.isfinite(p)]
    return (
        f"{title}: {int((known < words.ALPHA).sum())} of {words.many(len(known), 'correlation')} can be told from 0 (p < {words.ALPHA}, "
        "corrected for their number by Holm's method)."
    )


def _years(report: HomophilyReport) -> Section:
    stability = report.stability
    assert stability is not None
    known = [("in behaviour", stability.behaviour), ("by chance alone", stability.by_chance)]
    if stability.topics is not None:
        known.append(("in topics", stability.topics))
    rows = [
        (name, int((~np.isnan(stability.behaviour[who])).sum()), *(_middle(cv[who]) for _, cv in known))
        for name, who in report.groups
    ]
    heads = ("users", "measured", *(what for what, _ in known))
    years = f"{stability.years[0]} to {stability.years[-1]}"
    said = [
        f"For each user and year ({years}), the mean distance to the users of the home community; then how much it varies over the years: "
        f"standard deviation / mean. 0 is the same every year. Every year was cut to {stability.events:,} events, as years with fewer "
        "events vary more by chance alone. What chance alone gives is that of the same users, as if each of them acted in every year as over "
        "all years. Who changes moves the others of the community too.",
    ]
    return Section(
        "From year to year",
        said,
        [Table("Variation", heads, rows, "The median user, and in brackets what the middle half lies between.")],
        ("stability",),
    )


def _middle(values: np.ndarray) -> str:
    """0.30 (0.24–0.37): the median and the quartiles of what is known."""
    found = values[~np.isnan(values)]
    if not len(found):
        return "–"
    low, median, high = np.quantile(found, (0.25, 0.5, 0.75))
    return f"{median:.2f} ({low:.2f}–{high:.2f})"


def _floor(report: HomophilyReport) -> Section:
    floor = report.floor
    said = [
        "Two samples of one and the same user are not 0 apart: what is counted varies. Below this noise floor a distance says nothing, and "
        "it falls as there are more events.",
    ]
    if floor.get("pairs"):
        said.append(
            f"Each pair of users was tested against the floor of their own numbers of events: {floor['above']:,} of {floor['pairs']:,} "
            f"({words.share(floor['above'] / floor['pairs'])}) are above it, where {words.share(floor['alpha'])} would be if all acted alike."
        )
    users, edges, rows = report.users, (0, *_EVENTS, np.inf), []
    for low, high in pairwise(edges):
        who = (users.events >= low) & (users.events < high)
        if who.any():
            span = f"under {high:,}" if not low else f"{low:,} or more" if high == np.inf else f"{low:,} to {high - 1:,}"
            rows.append((span, int(who.sum()), float(users.floor[who].mean()), float(users.floor_high[who].mean())))
    about = "Distance of two samples of a user's own policy, each of the user's own number of events; mean over such users."
    table = Table("Noise floor by number of events", ("events of a user", "users", "on average", "95 % are below"), rows, about)
    if report.estimator["name"] != "empirical":
        said.append("The floor is that of counted policies: the fitted ones know no more of a user than the counts do.")
    return Section("What chance alone gives", said, [table], ("floor",))


def _how(report: HomophilyReport) -> Section:
    name = report.estimator["name"]
    said = [f"Policies: {words.ESTIMATORS[name]}."]
    if report.estimator.get("gap"):
        said.append(
            "How far the fitted policies' visits are from the users' own (0 is a perfect fit, 2 the worst): "
            + ", ".join(f"{what} {words.number(value)}" for what, value in report.estimator["gap"].items()) + "."
        )  # fmt: skip
    options = {key: value for key, value in report.estimator.items() if key not in ("name", "gap")}
    asked = {"estimator": options, "asked": {key: value for key, value in report.options.items() if value is not None}}
    return Section("How it was computed", said, facts=facts({**asked, **report.cost, **report.environment}))
