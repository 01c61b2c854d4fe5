"""The kernel of order embeddings leaves the parameters that the generic step leaves."""

import numpy as np
import pytest
from both_steps import assert_equal_steps

from awase.contrast import fused
from awase.contrast.encoders import OrderTable, Table
from awase.contrast.losses import Hinge, Margin
from awase.contrast.negatives import CorruptedEdges, Noise
from awase.contrast.positives import LinkSource
from awase.contrast.scores import Distance, Order
from awase.train.plan import Plan
from awase.train.step import choose, optimizer_of

N = 80


def edges() -> LinkSource:
    """A tree in which node i lies below i // 2 and what that lies below; node N - 1 lies below every node."""
    pairs = [(i, i >> up) for i in range(1, N) for up in range(1, i.bit_length() + 1)]
    pairs = sorted({*pairs, *((N - 1, other) for other in range(N - 1))})
    return LinkSource(*np.ascontiguousarray(np.random.default_rng(1).permutation(pairs).T), N, N)


def parts(negatives=None, margin=1.0, dim=6):
    source = edges()
    batcher = (negatives or CorruptedEdges()).bind(source, 7)
    return OrderTable(dim).encoder(source.n_items, seed=0), batcher, Order(), Hinge(margin)


def trained(step, batch: int, epochs: int = 2) -> list[float]:
    """Losses of the epochs; the whole run is some hundred batches."""
    n = -(-len(step) // batch)
    bounds = np.arange(n + 1) * len(step) // n
    return [step.run(step.order(epoch), bounds, epoch, np.linspace(1, 0.1, n)) for epoch in range(epochs)]


@pytest.mark.parametrize("batch", [1, 8, 10])
@pytest.mark.parametrize(
    ("negatives", "margin"),
    [(CorruptedEdges(), 1.0), (CorruptedEdges(n=4, turned=False), 1.0), (CorruptedEdges(n=200), 0.2)],
    ids=["plain", "not turned round", "more than there are"],
)
def test_kernel_and_generic_step_leave_equal_parameters(batch, negatives, margin):
    left = assert_equal_steps(
        lambda: parts(negatives, margin), Plan(rate=0.05), kernel="order", batch=batch, epochs=2, atol=2e-6
    )
    assert left["table"].min() >= 0


def test_one_thread_gives_the_same_bytes_and_more_learn_as_well():
    def run(threads, hogwild=True):
        step = choose(*parts(), Plan(rate=0.05, hogwild=hogwild), threads=threads)
        return trained(step, 4, epochs=4), step.parameters["table"].tobytes()

    losses, table = run(1)
    assert run(1)[1] == table and run(2, hogwild=False)[1] == table
    assert run(2)[0][-1] == pytest.approx(losses[-1], rel=0.2)
    assert losses[-1] < 0.8 * losses[0]


def other(**changed):
    """The name of the kernel that is found for the usual parts with some of them changed."""
    encoder, batcher, score, loss = parts()
    given = {"encoder": encoder, "batcher": batcher, "score": score, "loss": loss, "plan": Plan()} | changed
    optimizer = optimizer_of(given["encoder"].parameters, given["encoder"], given["plan"])
    found = fused.find(given["encoder"], given["batcher"], given["score"], given["loss"], optimizer, 1)
    return found and found.name


def test_other_parts_have_no_such_kernel():
    assert other() == "order"
    for changed in (
        {"score": Distance()},
        {"loss": Margin(margin=1.0)},
        {"encoder": Table(np.zeros((N, 3), np.float32))},
        {"plan": Plan(optimizer="sgd")},
        {"batcher": Noise(n=5).bind(edges(), 0)},
    ):
        assert other(**changed) != "order", changed
