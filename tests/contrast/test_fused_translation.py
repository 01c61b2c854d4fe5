"""The fused kernel of TransE and TransD computes what the generic step computes."""

from dataclasses import replace

import numpy as np
import pytest
from both_steps import assert_equal_steps

from awase.contrast import fused
from awase.contrast.encoders import Projection, Translation
from awase.contrast.losses import Margin
from awase.contrast.negatives import Corrupted
from awase.contrast.positives import TripleSource
from awase.contrast.scores import Cosine, Distance
from awase.train.plan import Plan
from awase.train.step import Generic, choose, optimizer_of

N_ENTITIES, N_RELATIONS, N = 12, 3, 64  # few entities, so that a row stands in many places of a batch


@pytest.fixture(scope="module")
def source():
    rng = np.random.default_rng(0)
    return TripleSource(*(rng.integers(0, n, N) for n in (N_ENTITIES, N_RELATIONS, N_ENTITIES)), N_ENTITIES, N_RELATIONS)


def trained(step, plan):
    """The loss of each of the plan's epochs."""
    losses = []
    for epoch in range(plan.epochs):
        rows, edges = step.order(epoch), np.append(np.arange(0, N, plan.batch), N)
        losses.append(step.run(rows, edges, epoch, np.linspace(1, 0.5, len(edges) - 1)))
    return losses


def parts(source, spec, score, negatives, plan):
    return spec.encoder(N_ENTITIES, N_RELATIONS, seed=3), negatives.bind(source, plan.seed), score, Margin(1.0), plan


@pytest.mark.parametrize(
    ("spec", "score", "negatives", "plan"),
    [
        (Translation(5), Distance(p=1), Corrupted(1), Plan(batch=1, epochs=5, rate=0.05, optimizer="sgd")),
        (Translation(5), Distance(p=2), Corrupted(3, bernoulli=True), Plan(batch=8, epochs=30, rate=0.1)),
        (Translation(7), Distance(p=1), Corrupted(2, filtered=False), Plan(batch=64, epochs=100, rate=0.1, seed=5)),
        (Projection(5), Distance(p=1), Corrupted(3, bernoulli=True), Plan(batch=1, epochs=5, rate=0.1)),
        (Projection(6), Distance(p=2), Corrupted(1, filtered=False), Plan(batch=8, epochs=30, rate=0.1, optimizer="sgd")),
        (Projection(5), Distance(p=1), Corrupted(8), Plan(batch=8, epochs=20, rate=0.1)),
        (Projection(5), Distance(p=1), Corrupted(7), Plan(batch=6, epochs=20, rate=0.1)),
    ],
    ids=str,
)
def test_it_equals_the_generic_step(source, spec, score, negatives, plan):
    def made():
        return parts(source, spec, score, negatives, plan)[:-1]

    assert_equal_steps(made, plan, kernel="translation", batch=plan.batch, epochs=plan.epochs, atol=2e-6)


def test_places_without_a_negative_are_left_out_alike():
    """Relation 0 links everything with everything, so that no corrupted triple of it is unknown; relation 1 has one triple."""
    heads, tails = (side.ravel() for side in np.indices((4, 4)))
    source = TripleSource(np.append(heads, 0), np.append(np.zeros(16, np.int64), 1), np.append(tails, 1), 4, 2)
    plan = Plan(batch=8, epochs=1, rate=0.1)
    made = []
    for kind in (choose, Generic):
        step = kind(Translation(4).encoder(4, 2, seed=0), Corrupted(2).bind(source, 0), Distance(p=1), Margin(1.0), plan)
        loss = step.run(np.arange(17), np.array([0, 8, 16, 17]), 0, np.ones(3))
        made.append((loss, step.parameters))
    (loss, found), (expected_loss, expected) = made
    assert loss == pytest.approx(expected_loss, rel=1e-5) and loss > 0
    np.testing.assert_allclose(found["entities"], expected["entities"], atol=1e-6)
    untouched = Translation(4).encoder(4, 2, seed=0).parameters["relations"][0]
    assert (found["relations"][0] == untouched).all(), "a relation without negatives has no gradient"


def test_threads_without_locks_train_as_well(source):
    """Not to the same bytes; with one thread, to the same."""
    plan, score = Plan(batch=4, epochs=40, rate=0.1, hogwild=True), Distance(p=1)
    losses = [
        trained(choose(*parts(source, Translation(8), score, Corrupted(2), made), threads=threads), made)
        for made, threads in ((plan, 2), (replace(plan, hogwild=False), 2), (plan, 1))
    ]
    assert losses[1] == losses[2]
    assert np.mean(losses[0][-10:]) < 0.8 * losses[0][0]


def test_other_parts_take_the_generic_step(source):
    plan = Plan(batch=4, epochs=1)
    encoder, batcher, score, loss, _ = parts(source, Translation(4), Distance(p=1), Corrupted(2), plan)
    optimizer = optimizer_of(encoder.parameters, encoder, plan)
    assert fused.find(encoder, batcher, score, loss, optimizer, 1) is not None
    for other in ({"score": Cosine()}, {"score": Distance(squared=True)}, {"loss": Margin(1.0, over="hardest")}):
        given = {"score": score, "loss": loss} | other
        assert fused.find(encoder, batcher, given["score"], given["loss"], optimizer, 1) is None
    encoder.parameters["entities"] = encoder.parameters["entities"].astype(np.float64)
    assert fused.find(encoder, batcher, score, loss, optimizer, 1) is None
