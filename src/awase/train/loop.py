"""The loop. It knows epochs, steps, validation and checkpoints, and nothing of what is encoded, scored or paid."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from awase.core.errors import BackendError
from awase.core.progress import progress
from awase.train.checkpoint import Checkpoints
from awase.train.plan import Plan, schedule

_FULL = 1.0  # no measure goes higher
_POINTS = 20  # of the loss, where nothing is validated


@dataclass
class Course:
    """How a run went. points: (step, loss so far, validation or None); best: (step, validation) of what was kept."""

    points: list[dict] = field(default_factory=list)
    best_step: int = 0
    best: float = float("-inf")
    stopped_early: bool = False


class Loop:
    """Trains by steps: ``train.step.Generic`` or one of ``contrast.fused``.

    Everything random is drawn from the seed, the epoch and the example, so a run that was killed and resumed from a checkpoint takes the
    very steps that an unbroken one takes. ``validate`` is called a fixed number of times at fixed steps (``Plan.validations``), for the
    same reason; higher is better, at most 1, and the best parameters are kept. ``unit`` is what an example is called.
    """

    def __init__(
        self,
        step,
        plan: Plan,
        *,
        validate: Callable[[], float] | None = None,
        checkpoints: Checkpoints | None = None,
        unit: str = "pairs",
    ):
        self.step, self.plan, self.validate, self.checkpoints, self.unit = step, plan, validate, checkpoints, unit
        self.course = Course()
        self._best: dict[str, np.ndarray] = {}
        self._per_epoch = -(-len(step) // plan.batch)
        self.steps = self._per_epoch * plan.epochs
        self._mark_at = _spread(
            self.steps, max(1, min(plan.validations, plan.epochs)) if validate else min(_POINTS, self.steps)
        )
        self._step = 0
        self._since_best = 0
        self._sum, self._count = 0.0, 0
        self._order: np.ndarray | None = None  # of the examples, in this epoch; None: in sequence

    def run(self) -> Course:
        """Train to the end (from the newest checkpoint, if there is one) and leave the best parameters in the encoder."""
        if self.checkpoints is not None:
            self._restore(self.checkpoints.load())
        # One BLAS thread: the blocks are shared out by us, and idle BLAS threads spin.
        with threadpool_limits(1, "blas"), progress("training", self.steps * self.plan.batch, self.unit) as bar:
            bar.advance(self._step * self.plan.batch)
            started, first = time.monotonic(), self._step
            while self._step < self.steps and not self.course.stopped_early:
                done = self._advance()
                speed = (self._step - first) * self.plan.batch / max(time.monotonic() - started, 1e-9)
                bar.note(f"loss {self._sum / max(self._count, 1):.4f}, {speed:,.0f} {self.unit}/s")
                if self._step in self._mark_at:
                    self._mark()
                bar.advance(done * self.plan.batch)
                if self.checkpoints is not None and self.checkpoints.due(self._step):
                    self.checkpoints.save(*self._state())
        if self._constant():
            self.course.best_step = self.course.points[-1]["step"]
        else:
            for name, value in self._best.items():
                self.step.parameters[name][...] = value
        return self.course

    def _advance(self) -> int:
        """As many steps as a call should have, at most to the next validation or the end of the epoch; how many that were."""
        epoch, first = divmod(self._step, self._per_epoch)
        if first == 0:
            self._order = self.step.order(epoch)
        until = min((at for at in self._mark_at if at > self._step), default=self.steps)
        n = min(self.step.at_once, self._per_epoch - first, until - self._step)
        # Batches of equal size, to one example: a short last batch would have a different loss (huggingface/sentence-transformers#3420).
        edges = np.arange(first, first + n + 1) * len(self.step) // self._per_epoch
        rows = np.arange(edges[0], edges[-1]) if self._order is None else self._order[edges[0] : edges[-1]]
        total = self.step.run(rows, edges - edges[0], epoch, schedule(self._step, self._step + n, self._per_epoch, self.plan))
        if not np.isfinite(total):
            raise BackendError(
                "E0603",
                "the loss is no longer a finite number",
                place=f"step {self._step}",
                value=total,
                remedy="lower the learning rate",
            )
        self._sum, self._count, self._step = self._sum + total, self._count + n, self._step + n
        return n

    def _mark(self) -> None:
        """Note the loss; validate, and keep the parameters if they are the best so far."""
        self._check_finite()
        reached = self.validate() if self.validate else float(self._step)
        point = {"step": self._step, "epoch": self._step / self._per_epoch, "loss": self._sum / max(self._count, 1)}
        if self.validate:
            point["validation"] = reached
        self.course.points.append(point)
        self._sum, self._count = 0.0, 0
        if reached > self.course.best or (self.validate and reached >= _FULL):
            self.course.best, self.course.best_step, self._since_best = reached, self._step, 0
            # Without validation the last are the best, and a copy of a large table would be for nothing.
            self._best = {name: value.copy() for name, value in self.step.parameters.items()} if self.validate else {}
        elif not self._constant():
            self._since_best += 1
            self.course.stopped_early = self._since_best >= self.plan.patience
        if self.checkpoints is not None:
            self.checkpoints.log(point)

    def _constant(self) -> bool:
        """Whether validation has been the same at every point: it cannot choose, so training goes on, and the last parameters are kept."""
        return self.validate is not None and len({point["validation"] for point in self.course.points}) == 1

    def _check_finite(self) -> None:
        for name, value in self.step.parameters.items():
            # A sum is not finite if any term is not, and needs no array of its own.
            if not np.isfinite(value.sum(dtype=np.float64)):
                raise BackendError(
                    "E0603",
                    f"the parameter {name!r} is no longer finite",
                    place=f"step {self._step}",
                    remedy="lower the learning rate",
                )

    def _state(self) -> tuple[dict[str, np.ndarray], dict]:
        arrays = {f"parameter.{name}": value for name, value in self.step.parameters.items()}
        arrays |= {f"state.{name}": value for name, value in self.step.state.items()}
        arrays |= {f"best.{name}": value for name, value in self._best.items()}
        if self._order is not None:
            arrays["order"] = self._order
        plain = {
            "step": self._step,
            "since_best": self._since_best,
            "sum": self._sum,
            "count": self._count,
            "course": self.course.__dict__,
        }
        return arrays, plain

    def _restore(self, saved: tuple[dict[str, np.ndarray], dict] | None) -> None:
        if saved is None:
            return
        arrays, plain = saved
        for name, value in self.step.parameters.items():
            value[...] = arrays[f"parameter.{name}"]
        for name, value in self.step.state.items():
            value[...] = arrays[f"state.{name}"]
        self._best = {name: arrays[f"best.{name}"].copy() for name in self.step.parameters if f"best.{name}" in arrays}
        self.course = Course(**plain["course"])
        self._order = arrays["order"].copy() if "order" in arrays else None
        self._step, self._since_best = plain["step"], plain["since_best"]
        self._sum, self._count = plain["sum"], plain["count"]


def _spread(steps: int, n: int) -> set[int]:
    """n steps, evenly apart, the last being the end.

    >>> sorted(_spread(10, 3))
    [3, 7, 10]
    """
    return {round(steps * (i + 1) / n) for i in range(n)}
