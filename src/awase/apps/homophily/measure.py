"""What is measured of a study: distances of communities and users, what chance alone would make of them, personas, and years."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from awase.apps.homophily.distances import Distances, behavioural, topical
from awase.apps.homophily.floor import NoiseFloor, self_floor
from awase.apps.homophily.groups import GroupDistances, compare_groups
from awase.apps.homophily.panels import Panel, panel
from awase.apps.homophily.personas import Personas, personas
from awase.apps.homophily.report import Matrix
from awase.apps.homophily.stability import Stability, stability
from awase.apps.homophily.study import Study
from awase.apps.homophily.trajectories import action_counts, units_by_year
from awase.core.errors import InputError
from awase.core.progress import say

_ALPHA = 0.05
_FEWEST_FOR_PERSONAS = 10  # users
_YEAR_EVENTS = 100  # pairs of state and action that every year is cut to
_NO_YEARS = "E1040"


class Measured(NamedTuple):
    """The parts of a ``HomophilyReport`` that are measured, under its names; chance and chance_high (u,) are of ``Users``."""

    chance: np.ndarray
    chance_high: np.ndarray
    behaviour: Matrix
    topics: Matrix | None
    order: list[int]
    personas: Personas | None
    spearman: dict[str, Panel] | None
    stability: Stability | None
    floor: dict[str, Any]


def measure(study: Study) -> Measured:
    """All of it. The noise floor is that of smoothed counts, whatever the estimator: what another makes of noise has no closed form."""
    n, seed = len(study.selection.communities), study.options.seed
    acts = behavioural(study.policies.policy, study.policies.weights)
    groups = compare_groups(acts, study.home, n, seed=seed)
    chance = NoiseFloor(study.counts.actions, level=_ALPHA, threads=study.threads).of_groups(study.home, n)
    expected, upper = self_floor(study.counts.actions, level=_ALPHA, seed=seed)
    writes = None if study.topics is None else topical(study.topics.users[study.active])
    return Measured(
        chance=expected,
        chance_high=upper,
        behaviour=_matrix(groups, chance.above, chance.expected, chance.share_above),
        topics=None if writes is None else _matrix(compare_groups(writes, study.home, n, seed=seed)),
        order=groups.order.tolist(),
        personas=_personas(study),
        spearman=None if writes is None or n < 2 else _spearman(writes, acts, study.home, n),
        stability=_stability(study),
        floor={"pairs": chance.n_pairs, "above": chance.n_above, "alpha": _ALPHA} if chance.n_pairs else {},
    )


def write_distances(study: Study, folder: Path) -> None:
    """The user x user matrices, in the order of ``users.parquet``: ``distances-behaviour.npy``, ``distances-topics.npy`` and, of each pair,
    what chance alone would make of it and whether it is above that."""
    behavioural(study.policies.policy, study.policies.weights).write(folder / "distances-behaviour.npy")
    if study.topics is not None:
        topical(study.topics.users[study.active]).write(folder / "distances-topics.npy")
    chance = NoiseFloor(study.counts.actions, level=_ALPHA, threads=study.threads)
    chance.write(folder / "distances-by-chance.npy", folder / "distances-above-chance.npy")


def _matrix(groups: GroupDistances, *chance: np.ndarray) -> Matrix:
    return Matrix(groups.mean, groups.interval[..., 0], groups.interval[..., 1], *chance)


def _personas(study: Study) -> Personas | None:
    """Unless so many were asked for, none are sought among fewer than ten users."""
    asked, n = study.options.personas, len(study.active)
    if asked is None and n < _FEWEST_FOR_PERSONAS:
        study.notes.append(f"No personas were sought among {n:,} users.")
        return None
    say(f"personas of {n:,} users")
    return personas(study.policies.policy, study.policies.weights, asked, seed=study.options.seed)


def _spearman(writes: Distances, acts: Distances, home: np.ndarray, n: int) -> dict[str, Panel]:
    return {against: panel(writes, acts, home, n, against=against) for against in ("same_pair", "home_topic")}


def _stability(study: Study) -> Stability | None:
    """Of users with two years of enough events; None, with a note, where there is nobody."""
    unit, users, years = units_by_year(study.streams)
    if len(np.unique(years)) < 2:
        return None
    actions = action_counts(study.follow(unit))
    position = np.full(study.streams.n_users, -1)
    position[study.active] = np.arange(len(study.active))
    kept = position[users] >= 0
    by_topic = None if study.topics is None else study.topics.of_units(unit, len(users))[kept]
    try:
        return stability(
            actions[kept], position[users[kept]], years[kept], study.home, len(study.selection.communities),
            events=_YEAR_EVENTS, topics=by_topic, seed=study.options.seed,
        )  # fmt: skip
    except InputError as error:
        if error.code != _NO_YEARS:
            raise
        study.notes.append(f"Nothing is said of years: {error.message}.")
        return None
