"""The kernel of Poincaré embeddings leaves the parameters that the generic step leaves."""

import numpy as np
import pytest
from both_steps import assert_equal_steps

from awase.contrast import fused
from awase.contrast.encoders import BallTable, PoincareTable
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.negatives import Noise
from awase.contrast.positives import LinkSource
from awase.contrast.scores import Distance, Poincare
from awase.train.plan import Plan
from awase.train.step import Generic, choose, optimizer_of

N = 80


def edges() -> LinkSource:
    """A tree in which node i lies below i // 2 and what that lies below, and node 0 above all; node N - 1 is linked to every node."""
    pairs = [(i, i >> up) for i in range(1, N) for up in range(1, i.bit_length() + 1)]
    pairs = sorted({*pairs, *((N - 1, other) for other in range(N - 1))})
    return LinkSource(*np.ascontiguousarray(np.random.default_rng(1).permutation(pairs).T), N, N)


def parts(negatives=None, dim=3, start=0.3):
    source = edges()
    batcher = (negatives or Noise(n=5, power=0.0)).bind(source, 7)
    return PoincareTable(dim, start).encoder(source.n_items, seed=0), batcher, Poincare(), InfoNCE(temperature=1.0)


def trained(step, batch: int, epochs: int = 2) -> list[float]:
    """Losses of the epochs; the whole run is some hundred batches."""
    n = -(-len(step) // batch)
    bounds = np.arange(n + 1) * len(step) // n
    return [step.run(step.order(epoch), bounds, epoch, np.linspace(1, 0.1, n)) for epoch in range(epochs)]


@pytest.mark.parametrize("batch", [1, 8, 10])
@pytest.mark.parametrize(
    "negatives", [Noise(n=5, power=0.0), Noise(n=12, power=0.75, filtered=False), Noise(n=200, power=0.0)], ids=repr
)
def test_kernel_and_generic_step_leave_equal_parameters(batch, negatives):
    plan = Plan(rate=0.3 * batch, optimizer="sgd")
    assert_equal_steps(lambda: parts(negatives), plan, kernel="poincare", batch=batch, epochs=2, atol=1e-11)


def test_a_rate_far_too_high_ends_at_the_edge_and_not_beyond():
    """Where rows meet."""
    plan = Plan(rate=1e4, optimizer="sgd")
    generic, kernel = Generic(*parts(dim=1), plan), choose(*parts(dim=1), plan)
    for step in (generic, kernel):
        assert np.isfinite(trained(step, 8)).all()
        lengths = np.abs(step.parameters["table"])
        assert lengths.max() == pytest.approx(1 - 1e-5, rel=1e-12) and (lengths > 0.99).sum() > N / 2


def test_one_thread_gives_the_same_bytes_and_more_learn_as_well():
    def run(threads, hogwild=True):
        step = choose(*parts(), Plan(rate=0.3, optimizer="sgd", hogwild=hogwild), threads=threads)
        return trained(step, 1, epochs=4), step.parameters["table"].tobytes()

    losses, table = run(1)
    assert run(1)[1] == table and run(2, hogwild=False)[1] == table
    assert run(2)[0][-1] == pytest.approx(losses[-1], rel=0.25)
    assert losses[-1] < 0.9 * losses[0]


def other(**changed):
    """The name of the kernel that is found for the usual parts with some of them changed."""
    encoder, batcher, score, loss = parts()
    given = {"encoder": encoder, "batcher": batcher, "score": score, "loss": loss, "plan": Plan(optimizer="sgd")} | changed
    optimizer = optimizer_of(given["encoder"].parameters, given["encoder"], given["plan"])
    found = fused.find(given["encoder"], given["batcher"], given["score"], given["loss"], optimizer, 1)
    return found and found.name


def test_other_parts_have_no_such_kernel():
    assert other() == "poincare"
    two_sets = LinkSource(np.array([0]), np.array([1]), 2, 2, offset=2)
    for changed in (
        {"score": Distance()},
        {"loss": InfoNCE(temperature=0.5)},
        {"loss": InfoNCE(temperature=1.0, symmetric=True)},
        {"loss": Margin(margin=1.0)},
        {"encoder": BallTable(3).encoder(N, seed=0)},
        {"plan": Plan()},
        {"batcher": Noise(n=5).bind(two_sets, 0)},
    ):
        assert other(**changed) != "poincare", changed
