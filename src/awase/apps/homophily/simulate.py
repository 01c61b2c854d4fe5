"""A discussion of users whose policies are known, so that one can see what data of a given size can show."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import ArrayLike

from awase.apps.homophily.simulated import policies
from awase.apps.homophily.simulated.discussion import DELETED, NONE, Comments, Setting, Threads, written
from awase.apps.homophily.simulated.dump import FORMATS, Names, dirty_lines, write_comments, write_threads
from awase.apps.homophily.simulated.texts import COMMUNITIES
from awase.apps.homophily.simulated.texts import texts as said
from awase.apps.homophily.states import ACTIONS, AGREE, STATES, UNKNOWN
from awase.core.errors import ConfigError
from awase.core.suggest import did_you_mean
from awase.data.compute import pc
from awase.store.files import check_replaceable, folder, open_atomic, write_bytes

_START_YEAR, _MOST_YEARS = 2015, 7  # the years of the paper
_WITH_THEIR_KIND = 0.5  # users who live where their persona does; the others live anywhere
_DELETED_REPLIERS = 0.02
_PAIRS = 3000
_STANCES = ("disagree", "neutral", "agree")
_RANGES = {
    "users": (1, 10_000_000),
    "events": (10, 1 << 20),
    "communities": (1, len(COMMUNITIES)),
    "topics": (1, 8),
    "years": (1, _MOST_YEARS),
    "stance_error": (0, 1),
}


@dataclass(frozen=True)
class Simulated:
    """What ``simulate`` wrote: the dump (a folder), stances by id, labelled pairs if there are texts; and what is true of it."""

    folder: Path
    dump: Path
    stance: Path
    pairs: Path | None
    truth: Mapping[str, Any]


def simulate(
    out: Path | str,
    *,
    users: int = 100,
    personas: int | Literal["swap"] | Mapping[str, ArrayLike] = 5,
    events: int = 1000,
    communities: int = 6,
    topics: int = 2,
    years: int = 2,
    stance_error: float = 0.0,
    texts: bool = True,
    dirt: bool = False,
    format: Literal[".ndjson", ".ndjson.zst"] = ".ndjson",
    seed: int = 0,
) -> Simulated:
    """Writes the discussion of users who follow known policies to a folder, as a dump in the format of Pushshift.

    users: in all, dealt to the personas in turn. personas: the first of the five made after the paper's; "swap", two that do all things
    equally often and answer agreement and disagreement in opposite ways, which no reward of states alone can tell apart; or policies (12, 6)
    by name. events: of each user, received replies included, spread over ``years`` from 2015 on. topics: of each community. stance_error:
    share of the labels in ``stance.csv`` that are wrong; the texts show the true stance. dirt: adds what real dumps have, counted in the
    truth: deleted accounts, removed texts, a bot, missing parents, wrong clocks, lines that come twice.

    The folder then holds ``dump/``, ``stance.csv`` (id, stance), ``stance-pairs.csv`` (parent, reply, stance: other texts, to fit a classifier
    to), ``truth.parquet`` (author, persona, home, policy) and ``truth.json`` (policies, dynamics, the census of the dump). Who writes beside
    the users has few posts each, so that no selection chooses him.

    Raises ConfigError E1042 for a number out of range, E1043 for unknown personas, E1044 for policies that are no probabilities, E1045 for an
    unknown format, E0303 for a folder that is not ours to replace, MissingExtra where zstandard is needed.

    >>> made = simulate(getfixture("tmp_path") / "made", users=4, personas="swap", events=20)
    >>> sorted(path.name for path in made.dump.iterdir()), made.truth["census"]["bots"]
    (['RC.ndjson', 'RS.ndjson'], 0)
    """
    asked = {
        "users": users, "events": events, "communities": communities, "topics": topics, "years": years, "stance_error": stance_error,
    }  # fmt: skip
    for name, value in asked.items():
        least, most = _RANGES[name]
        if not least <= value <= most:
            raise ConfigError("E1042", f"{name} is from {least} to {most:,}", place=name, value=value)
    if format not in FORMATS:
        raise ConfigError("E1045", f"a dump cannot be written as {format!r}", remedy=did_you_mean(format, FORMATS))
    followed = _policies(personas)
    check_replaceable(out)

    rng = np.random.default_rng((seed, 0xD15C))
    persona = np.arange(users) % len(followed)
    states = policies.walks(list(followed.values()), events, group=persona, seed=seed)
    homes = np.where(rng.random(users) < _WITH_THEIR_KIND, persona % communities, rng.integers(0, communities, users))
    threads, comments, n_authors = written(
        states, homes, rng.integers(0, topics, users), _setting(communities, topics, years, events), rng
    )
    if dirt:
        replies_to_users = (comments.author >= users) & (comments.parent != NONE)
        left = replies_to_users & (rng.random(len(comments.author)) < _DELETED_REPLIERS)
        comments = comments._replace(author=np.where(left, DELETED, comments.author))
    names = Names(pa.array(list(COMMUNITIES)[:communities]), _author_names(users, n_authors), topics, texts)
    truth = {
        "seed": seed,
        **asked,
        "states": STATES,
        "actions": ACTIONS,
        "personas": {
            name: {"users": int((persona == i).sum()), "policy": policy.tolist()}
            for i, (name, policy) in enumerate(followed.items())
        },
        "dynamics": policies.DYNAMICS.tolist(),
    }
    out = Path(out)
    with folder(out) as made:
        truth["census"] = _write_dump(made / "dump", format, threads, comments, names, dirt, rng)
        _write_stances(made / "stance.csv", comments, stance_error, rng)
        if texts:
            _write_pairs(made / "stance-pairs.csv", communities, topics, rng)
        _write_truth(made / "truth.parquet", names, list(followed), np.array(list(followed.values())), persona, homes)
        write_bytes(made / "truth.json", json.dumps(truth, indent=1).encode())
    return Simulated(out, out / "dump", out / "stance.csv", out / "stance-pairs.csv" if texts else None, truth)


def _policies(personas: int | str | Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    if isinstance(personas, Mapping) and personas:
        return {name: np.asarray(policy, np.float64) for name, policy in personas.items()}
    if personas == "swap":
        return policies.swap()
    five = policies.five()
    if not isinstance(personas, int) or not 1 <= personas <= len(five):
        raise ConfigError(
            "E1043", "there are no such personas", place="personas", value=personas,
            remedy=f"give a number from 1 to {len(five)}, 'swap', or policies by name",
        )  # fmt: skip
    return dict(list(five.items())[:personas])


def _setting(communities: int, topics: int, years: int, events: int) -> Setting:
    start, end = (int(np.datetime64(f"{year}-01-01", "s").astype(np.int64)) for year in (_START_YEAR, _START_YEAR + years))
    return Setting(communities, topics, start, (end - start) // events)


def _author_names(users: int, n_authors: int) -> pa.Array:
    numbers = pc.cast(pa.array(np.concatenate([np.arange(users), np.arange(n_authors - users)])), pa.string())
    kind = pa.array(["user", "other"]).take(pa.array((np.arange(n_authors) >= users).astype(np.int64)))
    return pc.binary_join_element_wise(kind, numbers, "")


def _write_dump(
    made: Path, ending: str, threads: Threads, comments: Comments, names: Names, dirty: bool, rng: np.random.Generator
) -> dict[str, int]:
    """Writes the dump; the census that a reader of it should take."""
    more, counts = dirty_lines(comments, threads, names) if dirty else ("", {})
    write_threads(made / f"RS{ending}", threads, names, rng)
    write_comments(made / f"RC{ending}", comments, threads, names, rng, more)
    nothing = dict.fromkeys(
        ("deleted_texts", "bots", "by_bots", "missing_parents", "before_parent", "bad_times", "duplicates"), 0
    )
    replies = int((comments.parent != NONE).sum()) + counts.get("missing_parents", 0)
    roots = int((comments.parent == NONE).sum()) + sum(
        counts.get(kind, 0) for kind in ("by_bots", "deleted_texts", "before_parent")
    )
    return (
        nothing
        | counts
        | {
            "events": len(threads.time) + roots + replies,
            "threads": len(threads.time),
            "roots": roots,
            "replies": replies,
            "deleted_authors": int((comments.author == DELETED).sum()),
        }
    )


def _write_stances(path: Path, comments: Comments, error: float, rng: np.random.Generator) -> None:
    replies = np.flatnonzero(comments.stance != UNKNOWN)
    wrong = np.where(rng.random(len(replies)) < error, rng.integers(1, len(_STANCES), len(replies)), 0)
    stance = (comments.stance[replies] + wrong) % len(_STANCES)
    ids = pc.binary_join_element_wise("t1_", pc.cast(pa.array(replies), pa.string()), "")
    _write_csv(path, {"id": ids, "stance": pa.array(_STANCES).take(pa.array(stance))})


def _write_pairs(path: Path, communities: int, topics: int, rng: np.random.Generator) -> None:
    about = rng.integers(0, communities, _PAIRS), rng.integers(0, topics, _PAIRS)
    stance = np.arange(_PAIRS) % (AGREE + 1)
    parents, replies = (said(*about, shown, topics, rng) for shown in (np.full(_PAIRS, UNKNOWN), stance))
    _write_csv(path, {"parent": parents, "reply": replies, "stance": pa.array(_STANCES).take(pa.array(stance))})


def _write_csv(path: Path, columns: Mapping[str, pa.Array]) -> None:
    with open_atomic(path) as stream:
        pyarrow.csv.write_csv(pa.table(dict(columns)), stream)


def _write_truth(
    path: Path, names: Names, personas: list[str], tables: np.ndarray, persona: np.ndarray, homes: np.ndarray
) -> None:
    users = pa.array(persona)
    rows = pa.FixedSizeListArray.from_arrays(pa.array(tables.reshape(-1)), tables[0].size)
    table = pa.table(
        {
            "author": names.authors[: len(persona)],
            "persona": pa.array(personas).take(users),
            "home": names.communities.take(pa.array(homes)),
            "policy": rows.take(users),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink)
    write_bytes(path, sink.getvalue())
