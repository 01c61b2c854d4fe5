"""The findings of a homophily report in the words of somebody who has not read the paper: the same in every form."""

from datetime import UTC, datetime

import numpy as np

from awase.apps.homophily.report.value import HomophilyReport, Matrix
from awase.apps.homophily.states import STATES

# What each state and action is called where there is little room, in the order of ``states``.
STATE_NAMES = (
    "got agreement", "got a neutral reply", "got disagreement", "started a thread",
    "commented, first", "agreed, first", "replied, first", "disagreed, first",
    "commented, again", "agreed, again", "replied, again", "disagreed, again",
)  # fmt: skip
ACTION_NAMES = ("gets a reply", "starts a thread", "comments", "agrees", "replies neutrally", "disagrees")
ESTIMATORS = {
    "empirical": "counts of what each user did, plus one half for each possibility",
    "irl_paper": "inverse reinforcement learning with the paper's settings",
    "irl_causal": "inverse reinforcement learning by exact soft Bellman equations",
}
STANCES = {
    "neutral": "No stances were given: every reply counts as neutral.",
    "labels": "Whether a reply agrees comes from a file of labels.",
    "classifier": "Whether a reply agrees comes from a classifier that reads the reply and what it answers.",
}
QUALITY = {
    "n_train": "pairs fitted to",
    "n_valid": "pairs chosen by",
    "n_test": "test pairs",
    "interval": "95 % CI of the accuracy",
    "macro_f1": "macro-F1",
    "majority": "accuracy of always the most frequent",
    "calibration_error_before": "calibration error before it was calibrated",
}
CENSUS = {
    "deleted_authors": ("events without an author (deleted, removed or unknown)", "kept as context; nobody's own event"),
    "deleted_texts": ("events whose text is deleted or missing", "kept; without stance and topic"),
    "bots": ("accounts that look like bots", ""),
    "by_bots": ("events by them", "left out of the choice of users unless --bots is given"),
    "missing_parents": ("replies whose parent is not in the data", "kept; no stance can be told"),
    "before_parent": ("replies dated before what they answer", "kept in the order of their clocks"),
    "bad_times": ("rows with an impossible time", "left out"),
    "duplicates": ("rows whose id came before", "left out"),
    "bad_rows": ("rows that could not be read", "left out"),
}  # fmt: skip
STAGES = {
    "bots": "bots left out",
    "events_of_bots": "events by bots",
    "events_of_deleted": "events without an author",
    "drawn": "drawn in all years",
    "asked_of_each": "asked of each",
    "years_with_fewer": "years of a community with fewer",
    "min_events": "at least",
}
ALPHA = 0.05  # of a rank correlation
PANELS = {
    "same_pair": (
        "Near in topics, near in behaviour",
        "For each user: mean distance in topics to the users of the column's community, against mean distance in behaviour to the same.",
    ),
    "home_topic": (
        "At home in topics, near in behaviour",
        "For each user: mean distance in topics to the user's own community, against mean distance in behaviour to the column's community.",
    ),
}
MATTERS_FROM = 0.05  # the share of events from which something wrong with them is worth a caution
FEW_USERS = 20  # of a community
FEW_EVENTS = 300  # of a user: by chance alone two samples of one policy are then 0.1 apart
LOW_SILHOUETTE = 0.25  # below, groups are cuts through a cloud


def number(value: float) -> str:
    """A distance: 0.083; of a NaN, a dash.

    >>> number(0.0831), number(float("nan"))
    ('0.083', '–')
    """
    return "–" if np.isnan(value) else f"{value:.3f}".replace("-", "−")


def share(value: float) -> str:
    """0.314 is 31 %; what is not nothing is not called 0 %.

    >>> share(0.314), share(0.0004), share(0), share(0.9999)
    ('31 %', '< 1 %', '0 %', '> 99 %')
    """
    percent = round(100 * value)
    if value and not percent:
        return "< 1 %"
    return "> 99 %" if value < 1 and percent == 100 else f"{percent} %"


def interval(of: Matrix, a: int, b: int) -> str:
    """0.083 (95 % CI 0.071 to 0.095)"""
    if np.isnan(of.low[a, b]):
        return number(of.mean[a, b])
    return f"{number(of.mean[a, b])} (95 % CI {number(of.low[a, b])} to {number(of.high[a, b])})"


def listed(names: list[str]) -> str:
    """a, b and c"""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def many(n: int, one: str, more: str = "") -> str:
    """1 user, 2 users, 3 communities."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def day(seconds: float) -> str:
    """2021-03-05, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def subtitle(report: HomophilyReport) -> str:
    """How much was measured."""
    n = len(report.users.names)
    events = many(int(report.users.events.sum()), "event")
    return f"{many(n, 'user')} of {many(len(report.communities), 'community', 'communities')}, {events} of theirs"


def findings(report: HomophilyReport) -> list[str]:
    """What the data support, in sentences."""
    return [*_of_pairs(report), *_of_behaviour(report), *_of_topics(report), *_of_personas(report), *_of_years(report)]


def _of_pairs(report: HomophilyReport) -> list[str]:
    pairs, above = report.floor.get("pairs", 0), report.floor.get("above", 0)
    if not pairs:
        return []
    chance = f"{share(report.floor['alpha'])} would if all acted alike"
    return [f"{share(above / pairs)} of the {many(pairs, 'pair')} of users act differently beyond chance ({chance})."]


def _of_behaviour(report: HomophilyReport) -> list[str]:
    of, names, c = report.behaviour, report.communities, len(report.communities)
    if c == 1:
        return [
            f"One community: there is nothing to compare {names[0]} with; its users are {interval(of, 0, 0)} apart on average."
        ]
    told = [(a, b) for a in range(c) for b in range(a + 1, c) if not np.isnan(of.mean[a, b])]
    if not told:
        return []
    near, far = min(told, key=lambda pair: of.mean[pair]), max(told, key=lambda pair: of.mean[pair])
    found = [f"Users of {names[near[0]]} and {names[near[1]]} act most alike: mean distance {interval(of, *near)}."]
    if far != near:
        found.append(f"Users of {names[far[0]]} and {names[far[1]]} act least alike: {interval(of, *far)}.")
    if of.above_floor is not None:
        above = sum(bool(of.above_floor[pair]) for pair in told)
        of_all = many(len(told), "pair") + " of communities"
        found.append(
            f"In {above:,} of the {of_all} the difference in behaviour is more than chance gives between equal policies."
        )
    return found


def _own_nearest(of: Matrix) -> int:
    """Communities whose users are nearer to each other than to those of any other community."""
    return sum(bool(of.mean[a, a] <= np.nanmin(of.mean[a])) for a in range(len(of.mean)) if not np.isnan(of.mean[a, a]))


def _of_topics(report: HomophilyReport) -> list[str]:
    c = len(report.communities)
    if report.topics is None or c == 1:
        return []
    by_topic, by_act = _own_nearest(report.topics), _own_nearest(report.behaviour)
    return [
        f"{by_topic:,} of {c:,} communities are nearest to themselves in what they write about, {by_act:,} in how they act."
    ]


def _of_personas(report: HomophilyReport) -> list[str]:
    if report.personas is None:
        return []
    names = report.personas.names
    sizes = np.bincount(report.personas.labels, minlength=len(names))
    n = max(len(report.users.names), 1)
    kinds = listed([f"{name} ({size:,}, {share(size / n)})" for name, size in zip(names, sizes.tolist())])
    return [f"{'One persona' if len(names) == 1 else f'{len(names):,} personas'}: {kinds}."]


def _of_years(report: HomophilyReport) -> list[str]:
    if report.stability is None:
        return []
    middle = [("behaviour", report.stability.behaviour), ("topics", report.stability.topics)]
    told = [f"{np.nanmedian(cv):.2f} in {what}" for what, cv in middle if cv is not None and not np.isnan(cv).all()]
    return [
        f"From year to year, a user's distance to the home community varies by {listed(told)} (sd / mean, the median user)."
    ] * bool(told)


def cautions(report: HomophilyReport) -> list[str]:
    """What these data, read this way, cannot show, in sentences."""
    return [*_few(report), *_of_stance(report), *_of_estimator(report), *_of_data(report), *_always(report), *report.notes]


def _few(report: HomophilyReport) -> list[str]:
    found = []
    events, sizes = report.users.events, report.sizes
    if len(events) and np.median(events) < FEW_EVENTS:
        floor = np.median(report.users.floor)
        found.append(
            f"Half of the users have {int(np.median(events)):,} events or fewer. Two samples of that size of one and the same behaviour are "
            f"{number(floor)} apart on average, so a smaller distance between two single users says nothing; means over communities say more."
        )
    small = [f"{name} ({size:,})" for name, size in zip(report.communities, sizes.tolist()) if size < FEW_USERS]
    if small:
        found.append(f"Few users: {listed(small)}. Their intervals are wide, and one unusual user can move their means.")
    if len(report.communities) == 1:
        found.append("With one community, homophily by community cannot be measured at all.")
    if report.stability is None:
        found.append("Stability over the years is not shown: it needs users with enough events in at least two years.")
    personas = report.personas
    if personas is not None and personas.silhouette:
        tried = dict(zip(personas.tried or (), personas.silhouette))
        width = tried.get(len(personas.names))
        if width is not None and width < LOW_SILHOUETTE:
            found.append(
                f"The personas overlap (mean silhouette {width:.2f}, where 1 is apart and 0 is touching): they are cuts through a cloud "
                "of policies, not kinds of people."
            )
    if personas is None:
        found.append("Personas are not shown: there are too few users to group.")
    return found


def _of_stance(report: HomophilyReport) -> list[str]:
    kind, error = report.stance.get("kind"), report.stance.get("error_rate")
    if kind == "neutral":
        return [
            "No stances were given: every reply counts as neutral, so nothing here says who agrees or disagrees, or reacts to it."
        ]
    found = []
    if error is None:
        found.append(
            "How often the stances are wrong is not known: without that, nobody can say how much of a difference they hide."
        )
    elif error > 0:
        found.append(
            f"{share(error)} of the stances are wrong on pairs they were checked on. Errors make people look alike: if they fall evenly, a "
            f"difference that lies only in how people react to agreement and disagreement shrinks to about {share(kept(error))} of its size."
        )
    return found


def kept(error: float) -> float:
    """What is left of the part of a distance that lies in reactions to stances when a share of them is replaced evenly by one of the other two.

    A label keeps (1 - 1.5 e) of its contrast; a reaction needs two labels, that of the state and that of the action, and the distance grows
    with the square of the contrast: (1 - 1.5 e)^4.

    >>> kept(0.0), round(kept(0.2), 2), kept(2 / 3)
    (1.0, 0.24, 0.0)
    """
    return max(1 - 1.5 * error, 0.0) ** 4


def _of_estimator(report: HomophilyReport) -> list[str]:
    name = report.estimator["name"]
    if name == "empirical" or "action" in str(report.estimator.get("features", "state")):
        return []
    found = [
        f"The estimator {name} gives rewards to states alone. It shows how often somebody replies, agrees or waits, but hardly what "
        "they do after being agreed or disagreed with: two groups that differ only in that look the same to it."
    ]
    if name == "irl_paper":
        found.append(
            "Its error does not vanish with more data either; the policies are comparable among each other, not exact."
        )
    return found


def _of_data(report: HomophilyReport) -> list[str]:
    data, found = report.data, []
    events = max(data.get("events", 0), 1)
    found += [
        f"{share(data[key] / events)} of all events are {CENSUS[key][0]}: what hangs on them is missing here."
        for key in ("deleted_authors", "missing_parents", "before_parent")
        if data.get(key, 0) / events >= MATTERS_FROM
    ]
    dropped = sum(report.streams.get("dropped", {}).values())
    total = sum(report.streams.get("events", {}).values())
    if total and dropped / total >= MATTERS_FROM:
        found.append(
            f"{share(dropped / total)} of the chosen users' events were dropped, mostly replies whose stance cannot be told."
        )
    return found


def _always(report: HomophilyReport) -> list[str]:
    found = [
        "'Gets a reply' is not a decision: it says that a reply came next, so it mixes how a user behaves with how much others answer "
        "there. A lively community makes its users look patient.",
        "Only chosen, active users are measured: nothing here speaks of those who read, who write seldom, or who were deleted.",
        "Alike is not influenced: people may act alike because they met, because such people come there, or because the rules of "
        "the place ask for it.",
    ]
    if report.topics is None:
        found.append("Topics are not shown: without texts, acting alike cannot be told from writing about the same things.")
    return found


def never_seen(report: HomophilyReport) -> list[str]:
    """The states nobody was ever in."""
    return [name for name, total in zip(STATES, report.users.weights.sum(axis=0)) if total == 0]
