"""The loop. It knows ``encode``, ``contrast`` and ``pull``, and nothing of what is encoded, scored or paid."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from awase.contrast.encoders import Rows
from awase.contrast.joint import contrast
from awase.contrast.negatives import CandidateMaker
from awase.contrast.positives import PairSource
from awase.core.errors import BackendError
from awase.core.progress import progress
from awase.train.checkpoint import Checkpoints
from awase.train.optimizer import Adagrad
from awase.train.plan import Plan, schedule

_LOSS_RATE = 0.02  # of the loss's own parameters (a learned temperature)


@dataclass
class Course:
    """How a run went. points: (step, loss so far, validation or None); best: (step, validation) of what was kept."""

    points: list[dict] = field(default_factory=list)
    best_step: int = 0
    best: float = float("-inf")
    stopped_early: bool = False


class Loop:
    """Trains an encoder on pairs.

    Everything random is drawn from (seed, epoch) or (seed, epoch, step), so a run that was killed and resumed from a checkpoint takes the very
    steps that an unbroken one takes. ``validate`` is called a fixed number of times at fixed steps (``Plan.validations``), for the same
    reason; higher is better, and the best parameters are kept.
    """

    def __init__(
        self,
        encoder,
        source: PairSource,
        score,
        negatives,
        loss,
        plan: Plan,
        *,
        validate: Callable[[], float] | None = None,
        checkpoints: Checkpoints | None = None,
        threads: int = 1,
    ):
        self.encoder, self.source, self.score, self.loss, self.plan = encoder, source, score, loss, plan
        self.validate, self.checkpoints, self.threads = validate, checkpoints, threads
        self.course = Course()
        self._negatives = negatives
        self._maker = CandidateMaker(source, negatives)
        self._loss_params = loss.init()
        rates = {"table": plan.rate, "log_weights": plan.weight_rate, "loss": _LOSS_RATE}
        self._parameters = {**encoder.parameters, "loss": self._loss_params}
        self._optimizer = Adagrad(self._parameters, rates, threads=threads)
        self._best: dict[str, np.ndarray] = {}
        self._per_epoch = -(-len(source) // plan.batch)
        self.steps = self._per_epoch * plan.epochs
        self._validate_at = _spread(self.steps, min(plan.validations, plan.epochs) if validate else 0)
        self._step = 0
        self._since_best = 0
        self._sum, self._count = 0.0, 0
        self._order = np.empty(0, np.int64)  # of the pairs, in this epoch

    def run(self) -> Course:
        """Train to the end (from the newest checkpoint, if there is one) and leave the best parameters in the encoder."""
        if self.checkpoints is not None:
            self._restore(self.checkpoints.load())
        # One BLAS thread: the blocks are shared out by us, and idle BLAS threads spin.
        with threadpool_limits(1, "blas"), progress("training", self.steps * self.plan.batch, "pairs") as bar:
            bar.advance(self._step * self.plan.batch)
            started, first = time.monotonic(), self._step
            while self._step < self.steps and not self.course.stopped_early:
                self._one_step()
                speed = (self._step - first) * self.plan.batch / max(time.monotonic() - started, 1e-9)
                bar.note(f"loss {self._sum / max(self._count, 1):.4f}, {speed:,.0f} pairs/s")
                if self._step in self._validate_at:
                    self._mark()
                bar.advance(self.plan.batch)
                if self.checkpoints is not None and self.checkpoints.due(self._step):
                    self.checkpoints.save(*self._state())
        if not self._validate_at:
            self._mark()
        for name, value in self._best.items():
            self.encoder.parameters[name][...] = value
        return self.course

    def _one_step(self) -> None:
        epoch, step = divmod(self._step, self._per_epoch)
        if step == 0:
            self._order = self._epoch_order(epoch)
        # Batches of equal size, to one pair: a short last batch would have a different loss (huggingface/sentence-transformers#3420).
        edges = np.linspace(0, len(self._order), self._per_epoch + 1).astype(np.int64)
        rows = self._order[edges[step] : edges[step + 1]]
        candidates = self._maker.make(rows, np.random.default_rng((self.plan.seed, epoch, step)))
        items = np.concatenate([self.source.anchors[rows], self.source.n_anchors + candidates.items])
        V = self.encoder.encode(items)
        out = contrast(
            V[: len(rows)], V[len(rows) :], candidates, self.score, self.loss, self._loss_params,
            dims=self.plan.dims, threads=self.threads,
        )  # fmt: skip
        mean = float(out.value.mean())
        if not np.isfinite(mean):
            raise BackendError(
                "E0603",
                "the loss is no longer a finite number",
                place=f"step {self._step}",
                value=mean,
                remedy="lower the learning rate",
            )
        gradients = self.encoder.pull(items, np.concatenate([out.dA, out.dC]))
        gradients.append(Rows("loss", np.arange(len(out.dparams)), out.dparams))
        self._optimizer.step(gradients, schedule(self._step, self.steps, self.plan.warmup))
        self._sum, self._count, self._step = self._sum + mean, self._count + 1, self._step + 1

    def _epoch_order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self.plan.seed, epoch))
        order = getattr(self._negatives, "order", None)
        if order is None:
            return rng.permutation(len(self.source))
        return order(
            self.source, epoch, self.plan.batch, lambda documents: self.encoder.encode(self.source.n_anchors + documents), rng
        )

    def _mark(self) -> None:
        """Validate, note the result, keep the parameters if they are the best so far."""
        reached = self.validate() if self.validate else float(self._step)
        point = {"step": self._step, "epoch": self._step / self._per_epoch, "loss": self._sum / max(self._count, 1)}
        if self.validate:
            point["validation"] = reached
        self.course.points.append(point)
        self._sum, self._count = 0.0, 0
        if reached > self.course.best:
            self.course.best, self.course.best_step, self._since_best = reached, self._step, 0
            self._best = {name: value.copy() for name, value in self.encoder.parameters.items()}
        else:
            self._since_best += 1
            self.course.stopped_early = self._since_best >= self.plan.patience
        if self.checkpoints is not None:
            self.checkpoints.log(point)

    def _state(self) -> tuple[dict[str, np.ndarray], dict]:
        arrays = {f"parameter.{name}": value for name, value in self._parameters.items()}
        arrays |= {f"optimizer.{name}": value for name, value in self._optimizer.state.items()}
        arrays |= {f"best.{name}": value for name, value in self._best.items()}
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
        for name, value in self._parameters.items():
            value[...] = arrays[f"parameter.{name}"]
        for name, value in self._optimizer.state.items():
            value[...] = arrays[f"optimizer.{name}"]
        self._best = {name: arrays[f"best.{name}"].copy() for name in self.encoder.parameters if f"best.{name}" in arrays}
        self.course = Course(**plain["course"])
        self._order = arrays["order"].copy()
        self._step, self._since_best = plain["step"], plain["since_best"]
        self._sum, self._count = plain["sum"], plain["count"]


def _spread(steps: int, n: int) -> set[int]:
    """n steps, evenly apart, the last being the end.

    >>> sorted(_spread(10, 3))
    [3, 7, 10]
    """
    return {round(steps * (i + 1) / n) for i in range(n)}
