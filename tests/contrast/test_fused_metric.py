"""The kernel of metric learning leaves the parameters that the generic step leaves."""

import numpy as np
import pytest
from both_steps import assert_equal_steps

from awase.contrast import fused
from awase.contrast.encoders import BallTable, Table
from awase.contrast.losses import InfoNCE, Margin, Warp
from awase.contrast.negatives import Noise
from awase.contrast.positives import LinkSource
from awase.contrast.regularisers import Covariance
from awase.contrast.scores import Distance, Dot
from awase.train.plan import Plan
from awase.train.step import Generic, choose, optimizer_of

N_USERS, N_ITEMS, SQUARED = 60, 90, Distance(squared=True)


def links(seed=0, n=700) -> LinkSource:
    """Random links; user 0 has every item, so it has no negatives."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, [N_USERS, N_ITEMS], (n, 2))
    pairs = np.unique(np.vstack([pairs, [(0, item) for item in range(N_ITEMS)]]), axis=0)
    return LinkSource(*np.ascontiguousarray(rng.permutation(pairs).T), N_USERS, N_ITEMS, offset=N_USERS)


def parts(loss=None, negatives=None, dim=8, seed=0):
    source = links()
    batcher = (negatives or Noise(n=6, power=0.0)).bind(source, seed)
    return BallTable(dim).encoder(source.n_items, seed=seed), batcher, SQUARED, loss or Warp(margin=1.5, n_items=N_ITEMS)


def trained(step, batch: int, epochs: int = 2) -> list[float]:
    """Losses of the epochs; the whole run is some hundred batches."""
    n = -(-len(step) // batch)
    edges = np.arange(n + 1) * len(step) // n
    return [step.run(step.order(epoch), edges, epoch, np.linspace(1, 0.1, n)) for epoch in range(epochs)]


@pytest.mark.parametrize("batch", [1, 8, 64])
@pytest.mark.parametrize(
    ("loss", "negatives"),
    [
        (Warp(margin=1.5, n_items=N_ITEMS), Noise(n=6, power=0.0)),
        (Warp(margin=0.3, n_items=N_ITEMS), Noise(n=20, power=0.75, filtered=False)),
        (Margin(margin=1.0, over="hardest"), Noise(n=3, power=0.0)),
        (Warp(margin=1.9, n_items=N_ITEMS), Noise(n=200, power=0.0)),
    ],
    ids=["plain", "by frequency, unfiltered", "unweighted", "more negatives than items"],
)
def test_kernel_and_generic_step_leave_equal_parameters(batch, loss, negatives):
    left = assert_equal_steps(
        lambda: parts(loss, negatives), Plan(rate=0.05), kernel="metric", batch=batch, epochs=2, atol=2e-6
    )
    assert np.linalg.norm(left["table"], axis=1).max() <= 1 + 1e-6


def test_one_thread_gives_the_same_bytes_and_more_learn_as_well():
    def run(threads, hogwild=True):
        step = choose(*parts(), Plan(rate=0.05, hogwild=hogwild), threads=threads)
        return trained(step, 4, epochs=4), step.parameters["table"].tobytes()

    losses, table = run(1)
    assert run(1)[1] == table and run(2, hogwild=False)[1] == table
    assert run(2)[0][-1] == pytest.approx(losses[-1], rel=0.1)


def other(**changed):
    """The name of the kernel that is found for the usual parts with some of them changed."""
    encoder, batcher, score, loss = parts()
    given = {"encoder": encoder, "batcher": batcher, "score": score, "loss": loss, "plan": Plan()} | changed
    optimizer = optimizer_of(given["encoder"].parameters, given["encoder"], given["plan"])
    found = fused.find(given["encoder"], given["batcher"], given["score"], given["loss"], optimizer, 1)
    return found and found.name


def test_other_parts_have_no_such_kernel():
    assert other() == "metric"
    one_set = links()
    nodes = LinkSource(one_set.anchors, one_set.targets, N_ITEMS, N_ITEMS)
    for changed in (
        {"score": Distance()},
        {"score": Dot()},
        {"loss": Margin(margin=1.0)},
        {"loss": InfoNCE()},
        {"encoder": Table(np.zeros((N_USERS + N_ITEMS, 4)))},
        {"plan": Plan(optimizer="sgd")},
        {"batcher": Noise(n=5).bind(nodes, 0)},
    ):
        assert other(**changed) != "metric", changed
    assert isinstance(choose(*parts(), Plan(), regularisers=(Covariance(),)), Generic)


def test_the_covariance_term_makes_dimensions_independent():
    def correlation(regularisers):
        step = Generic(*parts(dim=6), Plan(rate=0.05), regularisers=regularisers)
        trained(step, 64, epochs=12)
        C = np.abs(np.corrcoef(step.parameters["table"], rowvar=False))
        return (C.sum() - len(C)) / (C.size - len(C))

    assert correlation((Covariance(weight=300.0),)) < 0.7 * correlation(())
