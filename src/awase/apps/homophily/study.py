"""The chosen users of a discussion, and everything that is fitted to what they did."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from awase.apps.homophily import policies
from awase.apps.homophily.options import Options
from awase.apps.homophily.pseudonyms import key_of
from awase.apps.homophily.selection import Choice, Selection, select
from awase.apps.homophily.stance import Classifier, LabelFile, Neutral, StancePart, fit_stance, label
from awase.apps.homophily.streams import Streams, gather
from awase.apps.homophily.topics import Topics, topics
from awase.apps.homophily.trajectories import Counts, Trajectories, counts, trajectories
from awase.apps.job import Clock
from awase.core.errors import InputError
from awase.core.progress import say
from awase.data.discussions import Discussion
from awase.kernels.threads import available
from awase.models import load

_TOO_FEW_TEXTS = "E1036"


class Given(NamedTuple):
    """What a user gives beside the dump, read before it, as a wrong path should not be found hours later."""

    key: bytes
    stance: StancePart
    model: Any


def given(options: Options) -> Given:
    """Reads the key, the labels, pairs or classifier of stances, and the model of texts. Raises what these raise."""
    model = None if options.model is None else load(options.model)
    return Given(key_of(options.key), _stance_part(options), model)


def _stance_part(options: Options) -> StancePart:
    written: dict[str, Any] = {"columns": options.stance_columns, "stances": options.stance_names}
    if options.stance_pairs is not None:
        return fit_stance(
            options.stance_pairs, on_bad=options.on_bad, seed=options.seed, threads=options.threads or available(), **written
        )
    if str(options.stance) == "neutral":
        return Neutral()
    return Classifier.load(options.stance) if Path(options.stance).is_dir() else LabelFile(options.stance, **written)


class Study:
    """The chosen users of a discussion: what they did, by which policies, about what. u users, all with at least one pair."""

    def __init__(self, options: Options, given: Given, discussion: Discussion, clock: Clock):
        self.options, self.given, self.clock, self.threads = options, given, clock, options.threads or available()
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
        stances, self.stance = label(given.stance, self.streams, discussion)
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
        try:
            return topics(
                self.streams,
                self.discussion,
                model=self.given.model,
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
