"""Skip-gram and pairs by their kernels against the generic step over the same batches."""

from dataclasses import replace

import numpy as np
import pytest
from both_steps import assert_equal_steps

from awase import recipes
from awase.contrast.encoders import Table
from awase.contrast.losses import Margin
from awase.contrast.positives import LinkSource
from awase.contrast.scores import Cosine
from awase.data.corpus import read_corpus
from awase.train.loop import Loop
from awase.train.step import Generic, choose


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(25)]
    chances = 1 / np.arange(1, 26)
    return read_corpus(
        [" ".join(rng.choice(words, rng.integers(1, 30), p=chances / chances.sum())) for _ in range(30)], min_count=1
    )


def windows(corpus, **options):
    recipe = recipes.get("sgns")(dim=20, epochs=2, rate=0.1, **options)
    source = recipe.positives.source(corpus)
    table = recipe.encoder.encoder(source.offset, source.offset, seed=0)
    return recipe, table, recipe.negatives.bind(source, seed=5)


def pairs(**options):
    rng = np.random.default_rng(1)
    recipe = recipes.get("ns")(dim=20, epochs=2, rate=0.2, **options)
    source = LinkSource(rng.integers(0, 12, 300), rng.integers(0, 9, 300), 12, 9, offset=12)
    return recipe, recipe.encoder.encoder(12, 9, seed=0), recipe.negatives.bind(source, seed=5)


def train(step, plan):
    Loop(step, plan).run()
    return step.parameters["table"]


def both(recipe, table, batcher, kernel, atol):
    """Compares the kernel with the generic step, from a table that is not all zero."""
    start = np.random.default_rng(3).normal(0, 0.3, table.parameters["table"].shape).astype(np.float32)
    plan = recipe.plan

    def parts():
        return Table(start.copy()), batcher, recipe.score, recipe.loss

    assert_equal_steps(parts, plan, kernel=kernel, batch=plan.batch, epochs=plan.epochs, atol=atol)


@pytest.mark.parametrize(
    "options",
    [{}, {"window": 2, "n_negatives": 13}, {"subsample": 0.0, "dynamic": False}, {"subsample": 0.02, "power": 0.0, "n_negatives": 1}],
    ids=str,
)  # fmt: skip
def test_windows_equal_the_generic_step(corpus, options):
    both(*windows(corpus, **options), "skip-gram", atol=1e-6)


@pytest.mark.parametrize(
    "options", [{}, {"batch": 8}, {"batch": 7, "filtered": True, "n_negatives": 3}, {"power": 0.0, "n_negatives": 12}], ids=str
)
def test_pairs_equal_the_generic_step(options):
    both(*pairs(**options), "pairs", atol=1e-6)


def test_one_thread_gives_the_same_bytes_and_several_nearly_the_same(corpus):
    def trained(threads):
        recipe, table, batcher = windows(corpus)
        return train(choose(table, batcher, recipe.score, recipe.loss, recipe.plan, threads=threads), recipe.plan)

    one, again, two = trained(1), trained(1), trained(2)
    assert one.tobytes() == again.tobytes()
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.9


def test_other_parts_have_no_kernel(corpus):
    recipe, table, batcher = windows(corpus)
    for change in ({"score": Cosine()}, {"loss": Margin()}, {"plan": replace(recipe.plan, optimizer="adagrad")}):
        other = replace(recipe, **change)
        step = choose(table, batcher, other.score, other.loss, other.plan)
        assert isinstance(step, Generic)
