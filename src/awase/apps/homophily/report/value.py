"""The report as a value: everything that its forms show is in it, and all but the rows of single users is in ``report.json``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from awase.apps.homophily.panels import Panel
from awase.apps.homophily.personas import Personas
from awase.apps.homophily.stability import Stability
from awase.store.files import write_bytes

if TYPE_CHECKING:
    from rich.console import Console

FORMAT = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Users:
    """One row a user, u rows, all parallel; exported, and summed up in the report.

    names    pseudonyms, or names where they were asked for
    home     (u,) int: position in the report's communities
    events   (u,) int: of the user's stream, received replies among them
    policy   (u, 12, 6) and weights (u, 12): what the user does after each state, and how often that state comes
    floor    (u,): the distance that two samples of the user's own size of the user's policy have by chance, on average; floor_high (u,): the
             distance below which 95 % of such samples are
    topics   (u, t): the user's shares of topics, None where there are no texts
    """

    names: list[str]
    home: np.ndarray
    events: np.ndarray
    policy: np.ndarray
    weights: np.ndarray
    floor: np.ndarray
    floor_high: np.ndarray
    topics: np.ndarray | None = None


class Matrix(NamedTuple):
    """Community x community, all (c, c): the mean distance over pairs of users with its 95 % bootstrap interval, NaN where there is no pair;
    whether it is above what chance alone gives; that distance; and, of the pairs of users, the share that is above, each pair by itself."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    above_floor: np.ndarray | None = None
    chance: np.ndarray | None = None
    pairs_above: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class HomophilyReport:
    """Who acts alike, by what, and what of it the data support.

    title        of the report: the name of the source
    communities  names, in the order of every matrix here
    options      what was asked, as ``Options`` has it
    data         of the reader: its census, with ``format``, ``source``
    stages       of the choice: {"stage": what was done, "users": how many were left, ...}, as in ``Selection``
    streams      {"events": {kind: number}, "dropped": of them {reason: number}, "pairs": number of (state, action)}
    stance       ``StanceReport.as_dict()``
    estimator    {"name", "gap": {"median", "highest"} of its visitation, ...}
    users        one row a user
    behaviour    distances of policies (SWKL); topics: of topics (cosine), None where there are no texts
    order        the communities by average-linkage clustering of the behaviour matrix, so that neighbours act alike
    personas     None where there are too few users
    spearman     "same_pair" and "home_topic" -> the panel; None without topics
    stability    None with one year
    floor        {"pairs": of users, "above": of them above the floor, "alpha": the share that would be by chance}; empty with one user
    topic_names  of the columns of ``users.topics``: [{"name", "items", optionally "texts"}]
    privacy      {"names": "hashed" | "plain", "texts": bool, "key": "given" | "drawn"}
    notes        what else the job found worth saying, in sentences
    cost, environment   as in the report of a fit
    """

    title: str
    communities: list[str]
    options: Mapping[str, Any]
    data: Mapping[str, Any]
    stages: list[dict[str, Any]]
    streams: Mapping[str, Any]
    stance: Mapping[str, Any]
    estimator: Mapping[str, Any]
    users: Users
    behaviour: Matrix
    order: list[int]
    floor: Mapping[str, Any]
    topics: Matrix | None = None
    topic_names: list[dict[str, Any]] = field(default_factory=list)
    personas: Personas | None = None
    spearman: Mapping[str, Panel] | None = None
    stability: Stability | None = None
    privacy: Mapping[str, Any] = field(default_factory=lambda: {"names": "hashed", "texts": False, "key": "drawn"})
    notes: list[str] = field(default_factory=list)
    cost: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sizes(self) -> np.ndarray:
        """(c,) users of each community."""
        return np.bincount(self.users.home, minlength=len(self.communities))

    @property
    def shares(self) -> np.ndarray | None:
        """(c, k): of a community's users, the share that has each persona."""
        if self.personas is None:
            return None
        c, k = len(self.communities), len(self.personas.names)
        table = np.bincount(self.users.home * k + self.personas.labels, minlength=c * k).reshape(c, k)
        return table / np.maximum(table.sum(axis=1, keepdims=True), 1)

    @property
    def groups(self) -> list[tuple[str, np.ndarray]]:
        """(name, (u,) bool): all users, then those of each persona."""
        found = [("all users", np.ones(len(self.users.names), bool))]
        if self.personas is not None:
            found += [(name, self.personas.labels == i) for i, name in enumerate(self.personas.names)]
        return found

    @property
    def community_policies(self) -> np.ndarray:
        """(c, 12, 6): what users of each community do after each state, see ``pooled``."""
        return pooled(self.users.policy, self.users.weights, self.users.home, len(self.communities))

    @property
    def persona_policies(self) -> np.ndarray | None:
        """(k, 12, 6): the same of each persona."""
        if self.personas is None:
            return None
        return pooled(self.users.policy, self.users.weights, self.personas.labels, len(self.personas.names))

    @property
    def findings(self) -> list[str]:
        """What the data support, in sentences."""
        from awase.apps.homophily.report import words

        return words.findings(self)

    @property
    def cautions(self) -> list[str]:
        """What these data, read this way, cannot show, in sentences."""
        from awase.apps.homophily.report import words

        return words.cautions(self)

    def as_dict(self) -> dict[str, Any]:
        """The content of ``report.json``; NaN is null there."""
        from awase.apps.homophily.report.exports import as_dict

        return {"format": FORMAT, **as_dict(self), "findings": self.findings, "cautions": self.cautions}

    def as_json(self) -> str:
        """``report.json`` as text."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def files(self) -> dict[str, bytes]:
        """Every form that is a file: ``report.json``, ``report.md``, ``report.html``, ``users.parquet`` and ``COLUMNS.md``, which says what its
        columns are."""
        from awase.apps.homophily.report import exports, markdown, page

        forms = {"report.json": self.as_json(), "report.md": markdown.render(self), "report.html": page.render(self)}
        return {name: text.encode() for name, text in forms.items()} | exports.files(self)

    def write(self, folder: Path | str) -> None:
        """Write ``files()`` into a folder, each in one step."""
        for name, content in self.files().items():
            write_bytes(Path(folder) / name, content)

    def print(self, console: "Console | None" = None) -> None:
        """Print the report to a terminal."""
        from awase.apps.homophily.report import terminal

        terminal.show(self, console)


def pooled(policy: np.ndarray, weights: np.ndarray, group: np.ndarray, n: int) -> np.ndarray:
    """(n, 12, 6): the policy of each group of users, sum_u w_u(s) pi_u(a|s) / sum_u w_u(s): each user counts as much as any other, each state
    of a user as much as that user is in it. NaN where nobody of the group was ever in the state.

    >>> policy, weights = np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.array([[0.75], [0.25]])
    >>> pooled(policy, weights, np.array([0, 0]), 1).tolist()
    [[[0.75, 0.25]]]
    """
    total, visits = np.zeros((n, *policy.shape[1:])), np.zeros((n, weights.shape[1], 1))
    np.add.at(total, group, policy * weights[:, :, None])
    np.add.at(visits, group, weights[:, :, None])
    return np.divide(total, visits, out=np.full_like(total, np.nan), where=visits > 0)
