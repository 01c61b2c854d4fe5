"""What every kind of fit has: what was asked for, a clock, a run folder to resume from, and a model folder to write."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import awase
from awase.core.errors import ConfigError
from awase.core.process import peak_rss_bytes
from awase.core.suggest import did_you_mean
from awase.models import StaticModel
from awase.models.table import TableModel
from awase.recipes import Recipe
from awase.tasks.items import Metric
from awase.tasks.report import Report, environment
from awase.train.checkpoint import Checkpoints
from awase.train.loop import Course, Loop


class Findings(NamedTuple):
    """A report, and what it is made of: ``values``, system -> metric -> its values item by item, and ``items``, sha256 over what was asked.
    Values of several fits may be set against each other where ``items`` are equal. Of pairs of texts both are empty."""

    report: Report
    values: Mapping[str, Mapping[str, Metric]] = {}
    items: str = ""


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit made: the model, and the report on held-out data; ``findings`` are that report with its values."""

    model: StaticModel | TableModel
    findings: Findings = field(repr=False)

    @property
    def report(self) -> Report:
        return self.findings.report


class Clock:
    """Seconds and CPU-seconds since the last lap."""

    def __init__(self):
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter(), time.process_time()

    def lap(self, name: str, cpu_name: str | None = None) -> None:
        now = time.perf_counter(), time.process_time()
        self.laps[name] = now[0] - self._at[0]
        if cpu_name:
            self.laps[cpu_name] = now[1] - self._at[1]
        self._at = now

    def cost(self) -> dict[str, float]:
        """The laps, and the most memory held so far."""
        return {**self.laps, "peak_rss_bytes": peak_rss_bytes()}


@dataclass(frozen=True, eq=False)
class Job:
    """What a user asked for beside the data, as the arguments of ``awase.fit``; ``more`` is what only some kinds of fit know."""

    recipe: Recipe
    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    out: Path | None = None
    columns: Mapping[str, str] | None = None
    on_bad: str = "error"
    valid: float | int | None = None
    test: float | int | None = None
    seed: int = 0
    threads: int = 1
    resume: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def with_recipe(self, recipe: Recipe) -> "Job":
        """The same with another recipe: one whose open choices were made."""
        return replace(self, recipe=recipe)

    def asked(self, **known: Any) -> dict[str, Any]:
        """What was asked beyond the common arguments, over these names and defaults.

        Raises ConfigError E1005 for what this kind of fit does not know.
        """
        for name, value in self.more.items():
            if name not in known:
                raise ConfigError(
                    "E1005",
                    f"a fit of {self.name!r} has no {name!r}",
                    value=value,
                    remedy=did_you_mean(name, known) if known else "leave it out",
                )
        return known | {name: value for name, value in self.more.items() if value is not None}

    def identity(self, **what: Any) -> dict[str, Any]:
        """What must not differ between a run and its resumption, and what ``awase.json`` remembers: give the data's hash and sizes."""
        common = {"seed": self.seed, "threads": self.threads, "awase": awase.__version__}
        return {"recipe": self.recipe.resolved(), **what, **common}

    def checkpoints(self, identity: Mapping[str, Any]) -> Checkpoints | None:
        """The run folder ``<out>.run``; None where nothing is written."""
        return None if self.out is None else Checkpoints(Path(f"{self.out}.run"), dict(identity), resume=self.resume)

    def train(self, step, checkpoints: Checkpoints | None, *, validate=None, unit: str) -> Course:
        """Train, from the newest checkpoint if there is one; the best parameters are left in the step's encoder."""
        if not self.recipe.plan.batch or not self.recipe.plan.epochs:
            raise ConfigError(
                "E0601", "batch and epochs must be at least 1", value=(self.recipe.plan.batch, self.recipe.plan.epochs)
            )
        self.clock.lap("prepare_s")
        course = Loop(step, self.recipe.plan, validate=validate, checkpoints=checkpoints, unit=unit).run()
        self.clock.lap("train_s", "train_cpu_s")
        return course

    def findings(
        self, values: Mapping[str, Mapping[str, Metric]], asked: Sequence[np.ndarray | None], **report: Any
    ) -> Findings:
        """The report of what systems scored on the same items. asked: the arrays that say which items these are and what each was compared
        with; report: the other arguments of ``Report.of_items``."""
        made = Report.of_items(values, seed=self.seed, environment=environment(), **report)
        return Findings(made, values, digest(*asked))

    def save(self, model: StaticModel | TableModel, findings: Findings, checkpoints: Checkpoints | None, *, card: str) -> Fit:
        """Write the model folder with its report, where one was asked for, and end the run. A table is saved in 16 bits where ``half`` was
        asked for."""
        if self.out is not None:
            if isinstance(model, TableModel):
                dtype = "float16" if self.more.get("half") else "float32"
                model.save(self.out, dtype=dtype, card=card, extra=findings.report.files())
            else:
                model.save(self.out, card=card, extra=findings.report.files())
        if checkpoints is not None:
            checkpoints.finish()
        return Fit(model, findings)


def digest(*arrays: np.ndarray | None) -> str:
    """sha256, in hex, over the bytes of arrays, in order."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return sha.hexdigest()
