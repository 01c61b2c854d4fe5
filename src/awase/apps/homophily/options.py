"""What can be asked of the job, with the paper's choices as defaults where there is a paper's choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from awase.core.errors import ConfigError
from awase.core.suggest import did_you_mean

Format = Literal["auto", "pushshift", "columns", "mail"]
Estimator = Literal["empirical", "irl_paper", "irl_causal"]
Missing = Literal["drop", "neutral"]
Received = Literal["all", "repliers"]
Names = Literal["hashed", "plain"]
OnBad = Literal["error", "skip"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The keyword arguments of ``awase.homophily`` and, with dashes, the options of the command.

    Reading    format, columns (role -> column), on_bad; spill: a folder for the events while it runs, beside the report if not given
    Choosing   communities: how many, or which; per_community: users of each; min_events: of a user; bots: whether they may be chosen
    Events     own_threads: comments directly under one's own thread count as received replies (not in the paper); missing: what becomes of a
               reply whose stance is not known; received: whose received replies count, "repliers" being an artefact of the paper's group's code
    Stance     stance: "neutral", a file of labels or the folder of a saved classifier; stance_pairs: labelled pairs to fit a classifier to,
               which is saved beside the report; stance_columns (role -> column), stance_names (what is written -> stance) of either file
    Topics     topics: at most so many, 0 for none; model: the folder of a model for texts, without which one is made from the texts themselves;
               analysis: of texts into the words of their names, as of a search ("sudachi" for Japanese)
    Measuring  estimator (the paper's is "irl_paper"); personas: how many, None to choose by the gap statistic
    Privacy    names: "hashed" or "plain"; key: a file whose content is the key of the hashes, without which a new one is drawn and forgotten;
               texts: whether example texts may stand in the report
    Output     distances: also write the user x user matrices

    >>> Options().per_community, Options.of(personas=5).personas
    (45, 5)
    """

    format: Format = "auto"
    columns: Mapping[str, str] | None = None
    on_bad: OnBad = "error"
    spill: Path | None = None
    communities: int | tuple[str, ...] = 15
    per_community: int = 45
    min_events: int = 10
    bots: bool = False
    own_threads: bool = False
    missing: Missing = "drop"
    received: Received = "all"
    stance: str | Path = "neutral"
    stance_pairs: Path | None = None
    stance_columns: Mapping[str, str] | None = None
    stance_names: Mapping[str, str] | None = None
    topics: int = 484
    model: Path | None = None
    analysis: str = "simple"
    estimator: Estimator = "empirical"
    personas: int | None = None
    names: Names = "hashed"
    key: Path | None = None
    texts: bool = False
    distances: bool = False
    seed: int = 0
    threads: int | None = None

    @staticmethod
    def of(**asked: Any) -> "Options":
        """Options from keyword arguments. Raises ConfigError E1046 for an unknown name, and what ``Options`` raises."""
        for name in asked:
            if name not in Options.__dataclass_fields__:
                raise ConfigError(
                    "E1046", f"homophily has no option {name!r}", remedy=did_you_mean(name, Options.__dataclass_fields__)
                )
        return Options(**asked)

    def __post_init__(self):
        """Raises ConfigError E1047 for a value that cannot be, E1048 for two that contradict each other."""
        _one_of("format", self.format, Format)
        _one_of("on_bad", self.on_bad, OnBad)
        _one_of("missing", self.missing, Missing)
        _one_of("received", self.received, Received)
        _one_of("estimator", self.estimator, Estimator)
        _one_of("names", self.names, Names)
        _at_least("communities", self.communities if isinstance(self.communities, int) else len(self.communities), 1)
        _at_least("per_community", self.per_community, 1)
        _at_least("min_events", self.min_events, 2)  # fewer have no pair of state and action
        _at_least("topics", self.topics, 0)
        _at_least("personas", 1 if self.personas is None else self.personas, 1)
        if self.stance_pairs is not None and str(self.stance) != "neutral":
            raise ConfigError(
                "E1048", "stances are either given or learned", place="stance, stance_pairs", value=str(self.stance),
                remedy="give labels or a classifier (stance), or pairs to fit one to (stance_pairs)",
            )  # fmt: skip
        if self.names == "plain" and self.key is not None:
            raise ConfigError("E1048", "plain names need no key", place="names, key", remedy="leave one of them out")


def _one_of(name: str, value: str, kind: Any) -> None:
    if value not in kind.__args__:
        message = f"{name} is one of {', '.join(kind.__args__)}"
        raise ConfigError("E1047", message, place=name, value=value, remedy=did_you_mean(str(value), kind.__args__))


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError("E1047", f"{name} is at least {least}", place=name, value=value)
