"""The whole job: read, choose, follow, label, estimate, compare, report."""

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from awase.apps.homophily import measure, policies
from awase.apps.homophily.options import Options
from awase.apps.homophily.pseudonyms import key_of, pseudonyms
from awase.apps.homophily.report import HomophilyReport, Users
from awase.apps.homophily.selection import Choice, Selection, select
from awase.apps.homophily.stance import Classifier, LabelFile, Neutral, StancePart, fit_stance, label
from awase.apps.homophily.streams import OWN_REPLY, OWN_ROOT, OWN_THREAD, RECEIVED, Streams, gather
from awase.apps.homophily.topics import Topics, topics
from awase.apps.homophily.trajectories import Counts, Trajectories, counts, trajectories
from awase.apps.job import Clock
from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.discussions import Discussion, read_discussion
from awase.kernels.threads import available
from awase.models import load
from awase.store import files
from awase.tasks.report import environment

_EVENTS = {OWN_THREAD: "own threads", OWN_ROOT: "own root comments", OWN_REPLY: "own replies", RECEIVED: "received replies"}
_TOO_FEW_TEXTS = "E1036"


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
    options = Options.of(**asked)
    clock = Clock()
    if out is not None:
        files.check_replaceable(out)
    with _spilled(options, out) as spill:
        discussion = read_discussion(
            sources, format=options.format, columns=options.columns, spill=spill, on_bad=options.on_bad
        )
        clock.lap("read_s")
        study = Study(options, discussion, clock)
        report = study.report(_title(sources))
        if out is not None:
            _write(report, study, Path(out))
    return report


class Study:
    """The chosen users of a discussion: what they did, by which policies, about what. u users, all with at least one pair."""

    def __init__(self, options: Options, discussion: Discussion, clock: Clock):
        self.options, self.clock, self.threads = options, clock, options.threads or available()
        self.notes: list[str] = []
        self.discussion = discussion
        choice = Choice(
            options.communities, options.per_community, min_events=options.min_events, bots=options.bots, seed=options.seed
        )
        self.selection: Selection = select(discussion, choice)
        self.streams: Streams = gather(discussion, self.selection, own_threads=options.own_threads)
        say(
            f"{len(self.selection.users):,} users of {len(self.selection.communities)} communities, {len(self.streams):,} events"
        )
        clock.lap("choose_s")
        self.stance_part = _stance_part(options, self.threads)
        stances, self.stance = label(self.stance_part, self.streams, discussion)
        self.streams = self.streams.with_stance(stances)
        clock.lap("stance_s")
        self.trajectories: Trajectories = self.follow()
        counted = counts(self.trajectories)
        self.active = np.flatnonzero(counted.actions.any(axis=(1, 2)))
        if not len(self.active):
            raise InputError(
                "E1053", "nobody chosen has two events that can be compared", value=len(self.selection.users),
                remedy="give stances (stance=...) or keep replies without one (missing='neutral'), or choose by fewer events",
            )  # fmt: skip
        self.counts: Counts = counted.take(self.active)
        self.home = self.selection.home[self.active]
        self.policies = policies.fit(self.counts, options.estimator, threads=self.threads)
        clock.lap("estimate_s", "estimate_cpu_s")
        self.topics = self._topics()
        clock.lap("topics_s")

    def follow(self, unit: np.ndarray | None = None) -> Trajectories:
        """The trajectories of the users, or of another division of their events."""
        return trajectories(self.streams, unit=unit, missing=self.options.missing, received=self.options.received)

    def _topics(self) -> Topics | None:
        if not self.options.topics:
            return None
        model: Any = None if self.options.model is None else load(self.options.model)
        try:
            return topics(
                self.streams,
                self.discussion,
                model=model,
                most=self.options.topics,
                analysis=self.options.analysis,
                seed=self.options.seed,
                threads=self.threads,
            )
        except InputError as error:
            if error.code != _TOO_FEW_TEXTS:
                raise
            self.notes.append(f"There are no topics: {error.message}.")
            return None

    def report(self, title: str) -> HomophilyReport:
        """Everything measured, as a value."""
        options, n = self.options, len(self.selection.communities)
        measured = measure.measure(self)
        self.clock.lap("compare_s")
        idle = len(self.selection.users) - len(self.active)
        if idle:
            self.notes.append(f"{idle:,} chosen users had no two events to compare and were left out.")
        if unfitted := int((~self.policies.converged).sum()):
            self.notes.append(f"The policies of {unfitted:,} users did not converge.")
        return HomophilyReport(
            title=title,
            communities=self.selection.communities,
            options=_plain(options),
            data={"source": title, **self.discussion.census, "bad_rows_listed": self.discussion.bad.listed},
            stages=[
                *self.selection.stages,
                {"stage": "with two events to compare", "users": len(self.active), "communities": n},
            ],
            streams=self._events(),
            stance=self.stance.as_dict(),
            estimator=self._estimator(),
            users=Users(
                names=self._names(),
                home=self.home,
                events=self.counts.events,
                policy=self.policies.policy,
                weights=self.policies.weights,
                floor=measured.chance,
                floor_high=measured.chance_high,
                topics=None if self.topics is None else self.topics.users[self.active],
            ),
            behaviour=measured.behaviour,
            topics=measured.topics,
            order=measured.order,
            topic_names=self._topic_names(),
            personas=measured.personas,
            spearman=measured.spearman,
            stability=measured.stability,
            floor=measured.floor,
            privacy={"names": options.names, "texts": options.texts, "key": "drawn" if options.key is None else "given"},
            notes=self.notes,
            cost={**self.clock.cost(), "threads": self.threads},
            environment=environment(),
        )

    def _events(self) -> dict[str, Any]:
        dropped = {
            "replies without a stance" if self.options.missing == "drop" else "replies without a stance, taken as neutral": int(
                self.trajectories.unlabelled.sum()
            ),
            "received by users who never reply": int(self.trajectories.unheard.sum()),
            "events that came twice": self.streams.duplicates,
        }
        return {
            "events": {name: int((self.streams.code == code).sum()) for code, name in _EVENTS.items()},
            "dropped": dropped,
            "pairs": int(self.counts.actions.sum()),
        }

    def _estimator(self) -> dict[str, Any]:
        gap = self.policies.gap
        return {
            "name": self.policies.estimator,
            **self.policies.options,
            "gap": {"median": float(np.median(gap)), "highest": float(gap.max())},
        }

    def _names(self) -> list[str]:
        chosen = self.selection.users[self.active]
        if self.options.names == "hashed":
            return pseudonyms(chosen, key_of(self.options.key))
        names = self.discussion.names(chosen)  # sorted and distinct, as the selection is
        return [names[int(user)] for user in chosen]

    def _topic_names(self) -> list[dict[str, Any]]:
        if self.topics is None:
            return []
        rows = [
            {"name": ", ".join(terms[:3]), "terms": terms, "items": int(size)}
            for terms, size in zip(self.topics.names, self.topics.sizes)
        ]
        if self.options.texts:
            for row, texts in zip(rows, measure.example_texts(self)):
                row["texts"] = texts
        return rows


def _stance_part(options: Options, threads: int) -> StancePart:
    written: dict[str, Any] = {"columns": options.stance_columns, "stances": options.stance_names}
    if options.stance_pairs is not None:
        return fit_stance(options.stance_pairs, on_bad=options.on_bad, seed=options.seed, threads=threads, **written)
    if str(options.stance) == "neutral":
        return Neutral()
    return Classifier.load(options.stance) if Path(options.stance).is_dir() else LabelFile(options.stance, **written)


def _spilled(options: Options, out: Path | str | None) -> AbstractContextManager[Path | None]:
    """Where the events of a dump are while the job runs: the folder asked for, else one beside the report, else memory."""
    return nullcontext(options.spill) if options.spill is not None or out is None else files.scratch(out)


def _write(report: HomophilyReport, study: Study, out: Path) -> None:
    with files.folder(out) as made:
        for name, content in report.files().items():
            files.write_bytes(made / name, content)
        if isinstance(study.stance_part, Classifier) and study.options.stance_pairs is not None:
            study.stance_part.save(made / "stance-classifier")
        if study.options.distances:
            measure.write_distances(study, made)


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
