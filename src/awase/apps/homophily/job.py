"""The whole job: read, choose, follow, label, estimate, compare, report."""

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps.homophily.measure import measure, write_distances
from awase.apps.homophily.options import Options
from awase.apps.homophily.profiles import asked_without_names, title_without_names, without_names
from awase.apps.homophily.pseudonyms import pseudonyms
from awase.apps.homophily.report import HomophilyReport, Users
from awase.apps.homophily.stance import Classifier
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED
from awase.apps.homophily.study import Study, given
from awase.apps.job import Clock
from awase.data.discussions import read_discussion
from awase.store import files
from awase.tasks.report import environment

_EVENTS = {OWN_THREAD: "own threads", OWN_ROOT: "own root comments", OWN_REPLY: "own replies", RECEIVED: "received replies"}
_EXAMPLES, _EXAMPLE_CHARACTERS = 3, 200


def homophily(sources: Any, out: Path | str | None = None, **asked: Any) -> HomophilyReport:
    """Who acts alike in a threaded discussion, whatever they talk about; written to the folder ``out``, if one is given, in every form.

    sources: a dump, several, or a folder of them (Pushshift, tables, mails), a list of dicts or a data frame (``read_discussion``). asked: see
    ``Options``. Users of a few communities are chosen, their events made trajectories of states and actions, a policy estimated for each, and
    policies compared by the divergence SWKL; beside it stand the noise floor of each distance and what they write about.

    Raises ConfigError E1046-E1048 for options, what reading and choosing raise, InputError E1053 where nobody chosen ever did two things.
    Source: Yuan, Schneider and Rizoiu, WWW 2025 (arXiv 2502.02943).

    >>> from awase.apps.homophily.simulate import simulate
    >>> made = simulate(getfixture("tmp_path") / "made", users=12, events=80, texts=False)
    >>> report = homophily(made.dump, stance=made.stance, topics=0, personas=2)
    >>> report.sizes.sum(), report.users.policy.shape
    (np.int64(12), (12, 12, 6))
    """
    options, clock = Options.of(**asked), Clock()
    beside = given(options)
    if out is not None:
        files.check_replaceable(out)
    with _spilled(options, out) as spill:
        discussion = read_discussion(
            sources, format=options.format, columns=options.columns, spill=spill, on_bad=options.on_bad
        )
        clock.lap("read_s")
        title = _title(sources)
        if options.names == "hashed":
            title, before = title_without_names(title, discussion), discussion.communities
            discussion = without_names(discussion, beside.key)
            asked_for = asked_without_names(options.communities, before, discussion.communities)
            options = dataclasses.replace(options, communities=asked_for)
        study = Study(options, beside, discussion, clock)
        report = _report(study, title)
        if out is not None:
            _write(report, study, Path(out))
    return report


def _report(study: Study, title: str) -> HomophilyReport:
    """Everything measured, as a value."""
    options, n = study.options, len(study.selection.communities)
    measured = measure(study)
    study.clock.lap("compare_s")
    idle = len(study.selection.users) - len(study.active)
    if idle:
        study.notes.append(f"{idle:,} chosen users had no two events to compare and were left out.")
    if unfitted := int((~study.policies.converged).sum()):
        study.notes.append(f"The policies of {unfitted:,} users did not converge.")
    return HomophilyReport(
        title=title,
        communities=study.selection.communities,
        options=_plain(options),
        data={"source": title, **study.discussion.census, "bad_rows_listed": _bad_rows(study)},
        stages=[
            *study.selection.stages,
            {"stage": "with two events to compare", "users": len(study.active), "communities": n},
        ],
        streams=_events(study),
        stance=study.stance.as_dict(),
        estimator=_estimator(study),
        users=Users(
            names=_names(study),
            home=study.home,
            events=study.counts.events,
            policy=study.policies.policy,
            weights=study.policies.weights,
            floor=measured.chance,
            floor_high=measured.chance_high,
            topics=None if study.topics is None else study.topics.users[study.active],
        ),
        behaviour=measured.behaviour,
        topics=measured.topics,
        order=measured.order,
        topic_names=_topic_names(study),
        personas=measured.personas,
        spearman=measured.spearman,
        stability=measured.stability,
        floor=measured.floor,
        privacy={"names": options.names, "texts": options.texts, "key": "drawn" if options.key is None else "given"},
        notes=study.notes,
        cost={**study.clock.cost(), "threads": study.threads},
        environment=environment(),
    )


def _bad_rows(study: Study) -> list[dict[str, str]]:
    """Where rows were refused, and why. What stood there, and what the files are called, only where names may be written."""
    listed = study.discussion.bad.listed
    if study.options.names != "hashed":
        return listed
    return [
        {"place": f"line {row['place'].rpartition(':')[2]}", "column": row["column"], "problem": row["problem"]}
        for row in listed
    ]


def _events(study: Study) -> dict[str, Any]:
    unlabelled = int(study.trajectories.unlabelled.sum())
    drops = study.options.missing == "drop"
    dropped = {
        "replies without a stance": unlabelled if drops else 0,
        "received by users who never reply": int(study.trajectories.unheard.sum()),
    }
    if unlabelled and not drops:
        study.notes.append(f"{unlabelled:,} replies without a stance count as neutral.")
    return {
        "events": {name: int((study.streams.code == code).sum()) for code, name in _EVENTS.items()},
        "dropped": dropped,
        "pairs": int(study.counts.actions.sum()),
    }


def _estimator(study: Study) -> dict[str, Any]:
    gap = study.policies.gap
    return {
        "name": study.policies.estimator,
        **study.policies.options,
        "gap": {"median": float(np.median(gap)), "highest": float(gap.max())},
    }


def _names(study: Study) -> list[str]:
    chosen = study.selection.users[study.active]
    if study.options.names == "hashed":
        return pseudonyms(chosen, study.given.key)
    names = study.discussion.names(chosen)  # sorted and distinct, as the selection is
    return [names[int(user)] for user in chosen]


def _topic_names(study: Study) -> list[dict[str, Any]]:
    if study.topics is None:
        return []
    rows = [
        {"name": ", ".join(terms[:3]), "terms": terms, "items": int(size)}
        for terms, size in zip(study.topics.names, study.topics.sizes)
    ]
    if study.options.texts:
        for row, texts in zip(rows, _example_texts(study)):
            row["texts"] = texts
    return rows


def _example_texts(study: Study) -> list[list[str]]:
    """Of each topic, the beginnings of three texts drawn at random."""
    assert study.topics is not None
    rng = np.random.default_rng((study.options.seed, 0x7E87))
    drawn = []
    for topic in range(study.topics.k):
        ids = np.unique(study.streams.id[study.topics.of_item == topic])
        drawn.append(rng.choice(ids, min(_EXAMPLES, len(ids)), replace=False))
    table = study.discussion.texts(np.unique(np.concatenate(drawn)))
    texts = dict(zip(table["id"].to_pylist(), table["text"].to_pylist()))
    return [[texts[id_][:_EXAMPLE_CHARACTERS] for id_ in ids.tolist() if id_ in texts] for ids in drawn]


def _spilled(options: Options, out: Path | str | None) -> AbstractContextManager[Path | None]:
    """Where the events of a dump are while the job runs: the folder asked for, else one beside the report, else memory."""
    return nullcontext(options.spill) if options.spill is not None or out is None else files.scratch(out)


def _write(report: HomophilyReport, study: Study, out: Path) -> None:
    with files.folder(out) as made:
        for name, content in report.files().items():
            files.write_bytes(made / name, content)
        if isinstance(study.given.stance, Classifier) and study.options.stance_pairs is not None:
            study.given.stance.save(made / "stance-classifier")
        if study.options.distances:
            write_distances(study, made)


def _title(sources: Any) -> str:
    if isinstance(sources, str | Path):
        return Path(sources).name
    if isinstance(sources, list | tuple) and sources and all(isinstance(one, str | Path) for one in sources):
        return ", ".join(Path(one).name for one in sources)
    return "a discussion"


def _plain(options: Options) -> dict[str, Any]:
    """The options as JSON has them; of a path its last name alone, and of the key that there is one."""
    said = {name: value.name if isinstance(value, Path) else value for name, value in dataclasses.asdict(options).items()}
    return said | {"key": options.key is not None}
