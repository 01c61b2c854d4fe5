"""What the loop does with a batch: the generic step, for all recipes, or a kernel that computes the same."""

import numpy as np

from awase.contrast import fused
from awase.contrast.encoders import Rows
from awase.contrast.joint import contrast
from awase.core.progress import say
from awase.train.optimizer import OPTIMIZERS
from awase.train.plan import Plan

_RATES = {"loss": 0.02}  # of the loss's own parameters (a learned temperature)


class Generic:
    """One batch after the other: encode, contrast, pull, and a step of the optimiser.

    batcher: ``make(rows, epoch) -> Batch``, ``order(epoch)`` (None: in sequence), and, if its negatives look at the model or learn,
    ``watch(encoder, score)``, called once, ``feedback(batch, scores)``, called before each step, and ``state``. parameters: all that is
    trained; state: what else a checkpoint must keep. at_once: batches a call of ``run`` should have.
    """

    name = "generic"
    at_once = 1

    def __init__(self, encoder, batcher, score, loss, plan: Plan, *, regularisers: tuple = (), threads: int = 1):
        self.encoder, self.batcher, self.score, self.loss, self.regularisers = encoder, batcher, score, loss, regularisers
        self.dims, self.threads = plan.dims, threads
        self._loss_params = loss.init()
        self.parameters = {**encoder.parameters, "loss": self._loss_params}
        for regulariser in regularisers:
            self.parameters |= regulariser.parameters
        self.optimizer = optimizer_of(self.parameters, encoder, plan, threads)
        if hasattr(batcher, "watch"):
            batcher.watch(encoder, score)
        self.state = self.optimizer.state | getattr(batcher, "state", {})

    def __len__(self) -> int:
        return len(self.batcher.source)

    def order(self, epoch: int) -> np.ndarray | None:
        """The examples in the order of this epoch, (n,) int64; None: in sequence."""
        return self.batcher.order(epoch)

    def run(self, rows: np.ndarray, edges: np.ndarray, epoch: int, schedule: np.ndarray) -> float:
        """Train on the examples ``rows``, batch by batch; the sum over the batches of their mean loss.

        edges: (n_batches + 1,), where each begins and ends in rows; schedule: (n_batches,), the share of the full rate at each.
        """
        return sum(
            self._step(rows[first:last], epoch, float(share))
            for first, last, share in zip(edges[:-1], edges[1:], schedule, strict=True)
        )

    def _step(self, rows: np.ndarray, epoch: int, share: float) -> float:
        batch = self.batcher.make(rows, epoch)
        anchors, candidates = batch
        if not len(anchors):  # a word that subsampling left out
            return 0.0
        items = np.concatenate([anchors, candidates.items.ravel()])
        V = self.encoder.encode(items)
        A, C = V[: len(anchors)], V[len(anchors) :].reshape(*candidates.items.shape, V.shape[1])
        out = contrast(A, C, candidates, self.score, self.loss, self._loss_params, dims=self.dims, threads=self.threads)
        if hasattr(self.batcher, "feedback"):
            self.batcher.feedback(batch, lambda rows, columns: _scores(out.scores, self.score, A, C, rows, columns))
        dV, value = np.concatenate([out.dA, out.dC.reshape(-1, V.shape[1])]), float(out.value.mean())
        own = [Rows("loss", np.arange(len(out.dparams)), out.dparams)]
        for regulariser in self.regularisers:
            pull = regulariser(items, V)
            dV, value = dV + pull.dV, value + pull.value
            own += pull.own
        self.optimizer.step(self.encoder.pull(items, dV) + own, share)
        return value


def _scores(S, score, A, C, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The scores of anchors rows with columns, which are broadcast: from S (b, c), or if that was not held, without those of other pairs."""
    if S is not None:
        return S[rows, columns]
    rows, columns = np.broadcast_arrays(rows, columns)
    at, of = rows.ravel(), columns.ravel()
    chosen = C[of] if C.ndim == 2 else C[at, of]
    return score(A[at], chosen[:, None, :])[:, 0].reshape(rows.shape)


def optimizer_of(parameters: dict[str, np.ndarray], encoder, plan: Plan, threads: int = 1):
    """The plan's optimiser over these parameters, on the encoder's manifolds."""
    rates = {name: _RATES.get(name, plan.weight_rate if name == "log_weights" else plan.rate) for name in parameters}
    return OPTIMIZERS[plan.optimizer](parameters, rates, getattr(encoder, "manifolds", {}), threads=threads)


def choose(encoder, batcher, score, loss, plan: Plan, *, regularisers: tuple = (), threads: int = 1):
    """The kernel that computes these parts in one go, if there is one, else the generic step; says which."""
    optimizer = optimizer_of(encoder.parameters, encoder, plan)
    kernel = None if regularisers else fused.find(encoder, batcher, score, loss, optimizer, threads if plan.hogwild else 1)
    if kernel is None:
        return Generic(encoder, batcher, score, loss, plan, regularisers=regularisers, threads=threads)
    say(f"kernel: {kernel.name}{f', {threads} threads without locks' if plan.hogwild and threads > 1 else ''}")
    return kernel
