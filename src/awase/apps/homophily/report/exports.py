"""The report for programs: ``report.json``, ``users.parquet``, and a page that says what their columns are."""

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from awase.apps.homophily.report import words
from awase.apps.homophily.report.value import HomophilyReport
from awase.apps.homophily.states import ACTIONS, STATES
from awase.tasks.report.value import plain

_APART = ("users", "communities", "personas", "stability")  # of the fields: not taken as they are


def as_dict(report: HomophilyReport) -> dict[str, Any]:
    """What JSON can hold of a report: all but the rows of single users. NaN is None; states and actions are in the order of ``states`` and
    ``actions``."""
    fields = {one.name: getattr(report, one.name) for one in dataclasses.fields(report) if one.name not in _APART}
    for name in ("behaviour", "topics"):
        fields[name] = fields[name] and fields[name]._asdict()
    fields["spearman"] = report.spearman and {name: vars(panel) for name, panel in report.spearman.items()}
    if not report.privacy["texts"]:
        fields["topic_names"] = [{key: value for key, value in one.items() if key != "texts"} for one in report.topic_names]
    sizes, medians = report.sizes, [report.users.events[report.users.home == i] for i in range(len(report.communities))]
    fields |= {
        "states": STATES,
        "actions": ACTIONS,
        "communities": [
            {"name": name, "users": size, "median_events": np.median(events) if len(events) else None, "policy": policy}
            for name, size, events, policy in zip(report.communities, sizes, medians, report.community_policies)
        ],
        "personas": _personas(report),
        "stability": report.stability and {
            "years": report.stability.years, "events": report.stability.events,
            "behaviour": _quartiles(report.stability.behaviour), "by_chance": _quartiles(report.stability.by_chance),
            "topics": _quartiles(report.stability.topics),
        },
    }  # fmt: skip
    return plain(known(fields), "report")


def _personas(report: HomophilyReport) -> dict | None:
    personas, shares, policies = report.personas, report.shares, report.persona_policies
    if personas is None or shares is None or policies is None:
        return None
    sizes = np.bincount(personas.labels, minlength=len(personas.names))
    kinds = [
        {"name": name, "users": size, "policy": policy, "centre": centre}
        for name, size, policy, centre in zip(personas.names, sizes, policies, personas.centres)
    ]
    tried = {name: getattr(personas, name) for name in ("tried", "gap", "gap_error", "silhouette", "note")}
    return {"kinds": kinds, "shares_by_community": shares, **tried}


def _quartiles(values: np.ndarray | None) -> dict | None:
    if values is None or np.isnan(values).all():
        return None
    found = values[~np.isnan(values)]
    low, median, high = np.quantile(found, (0.25, 0.5, 0.75))
    return {"users": len(found), "lower_quartile": low, "median": median, "upper_quartile": high}


def known(value: Any) -> Any:
    """The value with None for each NaN.

    >>> known({"rho": np.array([[1.0, np.nan]])})
    {'rho': [[1.0, None]]}
    """
    if isinstance(value, Mapping):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return known(value.tolist())
    if isinstance(value, (list, tuple)):
        return [known(item) for item in value]
    return None if isinstance(value, (float, np.floating)) and np.isnan(value) else value


def files(report: HomophilyReport) -> dict[str, bytes]:
    """``users.parquet`` and ``COLUMNS.md``."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array(values, from_pandas=True) for name, (values, _) in _columns(report).items()}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return {"users.parquet": stream.getvalue(), "COLUMNS.md": _explained(report).encode()}


def _columns(report: HomophilyReport) -> dict[str, tuple[Any, str]]:
    """Name -> (values, what it is), one row a user."""
    users = report.users
    home = [report.communities[i] for i in users.home.tolist()]
    called = "the name in the data" if report.privacy["names"] == "plain" else "a hash of the name with a key"
    columns: dict[str, tuple[Any, str]] = {
        "user": (users.names, called),
        "home": (home, "the community with most of the user's comments"),
        "events": (users.events, "events of the user's stream, received replies among them"),
        "noise_floor": (users.floor, "distance of two samples of this user's size of this user's policy, on average"),
        "noise_floor_95": (users.floor_high, "the distance below which 95 % of such samples are"),
    }
    if report.personas is not None:
        kinds = [report.personas.names[i] for i in report.personas.labels.tolist()]
        columns["persona"] = (kinds, "the kind of user, by k-means on policies")
    if report.stability is not None:
        columns["variation_behaviour"] = (
            report.stability.behaviour,
            "sd / mean over years of the distance to the home community",
        )
        columns["variation_by_chance"] = (
            report.stability.by_chance,
            "the same if the user acted in every year as over all years",
        )
        if report.stability.topics is not None:
            columns["variation_topics"] = (report.stability.topics, "the same of topics")
    for s, state in enumerate(STATES):
        columns[f"weight {state}"] = (
            users.weights[:, s],
            f"share of the time in which the user was in the state '{words.STATE_NAMES[s]}'",
        )
    for s, state in enumerate(STATES):
        for a, action in enumerate(ACTIONS):
            what = f"probability: after '{words.STATE_NAMES[s]}' comes '{words.ACTION_NAMES[a]}'"
            columns[f"policy {state} {action}"] = (users.policy[:, s, a], what)
    if users.topics is not None:
        for i, topic in enumerate(report.topic_names):
            columns[f"topic {i}"] = (users.topics[:, i], f"share of the topic {topic['name']}")
    return columns


def _explained(report: HomophilyReport) -> str:
    from awase.tasks.report.markdown import plain as text
    from awase.tasks.report.markdown import table

    rows = [(f"`{name}`", text(about)) for name, (_, about) in _columns(report).items()]
    return f"""# The columns of users.parquet

One row for each of {len(report.users.names):,} users. Rows of a policy sum to 1. A state with weight 0 was never seen of that user, and its row
says nothing.

{table(("column", "what it is"), rows)}
"""
