"""The loop: it learns, it repeats itself to the byte, it goes on where it was killed, and it keeps the best."""

import json
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from awase.contrast.encoders import Bag, Table
from awase.contrast.losses import InfoNCE, Margin
from awase.contrast.negatives import InBatch, TextBatches, Topical
from awase.contrast.positives import PairSource
from awase.contrast.scores import Cosine, Dot
from awase.core.errors import BackendError, ConfigError
from awase.train.checkpoint import Checkpoints
from awase.train.loop import Loop
from awase.train.plan import Plan
from awase.train.step import choose

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
WORDS = 60  # of each of two languages; word i of the one means word i of the other
PLAN = Plan(batch=64, epochs=6, rate=0.1, seed=0)


class World:
    """Sentences of five words and their translations: 600 pairs to train on, and 200 held out."""

    def __init__(self, n=800, held_out=200, length=5):
        rng = np.random.default_rng(0)
        words = rng.integers(0, WORDS, (n, length))
        self.ids = np.concatenate([words, words + WORDS]).astype(np.int32).ravel()
        self.offsets = np.arange(2 * n + 1) * length
        self.n, self.held_out = n, np.arange(n - held_out, n)
        known = np.arange(n - held_out)
        self.source = PairSource(known, known, n, n)

    def bag(self, dim=16, threads=1):
        table = np.random.default_rng(1).standard_normal((2 * WORDS, dim), np.float32) / 4
        return Bag(table, np.zeros(2 * WORDS, np.float32), self.ids, self.offsets, threads=threads)

    def accuracy(self, bag):
        """How many of the held-out sentences are nearest to their own translation."""
        V = bag.encode(np.concatenate([self.held_out, self.n + self.held_out]))
        V /= np.linalg.norm(V, axis=1, keepdims=True)
        half = len(V) // 2
        return float((np.argmax(V[:half] @ V[half:].T, axis=1) == np.arange(half)).mean())


@pytest.fixture(scope="module")
def world():
    return World()


def loop_over(world, plan=PLAN, *, negatives=None, loss=None, score=None, threads=1, checkpoints=None, validate=None):
    encoder = world.bag(threads=threads)
    step = step_over(
        encoder, world.source, score or Cosine(), negatives or InBatch(), loss or InfoNCE(0.1), plan, threads=threads
    )
    return encoder, Loop(step, plan, validate=validate, checkpoints=checkpoints)


def step_over(encoder, source, score, negatives, loss, plan, *, threads=1):
    batches = TextBatches(source, negatives, seed=plan.seed, size=plan.batch, encode=encoder.encode)
    return choose(encoder, batches, score, loss, plan, threads=threads)


def everything(encoder):
    return {name: value.tobytes() for name, value in encoder.parameters.items()}


# Learning


@pytest.mark.parametrize(
    ("change", "least"),
    [
        ({}, 0.9),
        ({"negatives": Topical()}, 0.9),
        ({"loss": InfoNCE(0.1, symmetric=True)}, 0.9),
        ({"loss": InfoNCE(0.3, learned=True)}, 0.8),
        ({"loss": Margin(0.3)}, 0.7),
        ({"score": Dot(), "loss": InfoNCE(1.0)}, 0.8),
        ({"plan": replace(PLAN, dims=(4, 16))}, 0.9),
        ({"threads": 2}, 0.9),
    ],
    ids=lambda value: ", ".join(f"{key}={part}" for key, part in value.items()) if isinstance(value, dict) else None,
)
def test_it_learns_to_translate(world, change, least):
    encoder, loop = loop_over(world, **change, validate=lambda: world.accuracy(encoder))
    assert world.accuracy(encoder) < 0.1
    course = loop.run()
    losses = [point["loss"] for point in course.points]
    assert losses[-1] < losses[0]
    assert world.accuracy(encoder) >= least
    assert course.best == world.accuracy(encoder)


def test_it_learns_which_of_two_words_tells_sentences_apart():
    """Each text is a word of its own and a word that all have: the weight of the second must fall."""
    n = 300
    ids = np.stack([np.arange(n) % 100 + 1, np.zeros(n)], axis=1).astype(np.int32).ravel()
    table = np.random.default_rng(0).standard_normal((101, 16), np.float32) / 4
    bag = Bag(table, np.zeros(101, np.float32), np.tile(ids, 2), np.arange(2 * n + 1) * 2)
    pairs = np.arange(n)
    plan = replace(PLAN, weight_rate=0.1)
    Loop(step_over(bag, PairSource(pairs, pairs, n, n), Cosine(), InBatch(), InfoNCE(0.1), plan), plan).run()
    weights = bag.parameters["log_weights"]
    assert weights[0] < -0.1
    assert weights[1:].min() > 0


def test_it_trains_a_table_of_users_and_items():
    """Users like the ten items of one of four kinds; each user's pair with one of them is held out, and found."""
    taste = np.random.default_rng(0).integers(0, 4, 80)
    users, tens = np.divmod(np.arange(800), 10)
    items, held_out = tens * 4 + taste[users], tens == users % 10
    table = Table(np.random.default_rng(1).standard_normal((80 + 40, 8), np.float32) / 4)
    source = PairSource(users[~held_out], items[~held_out], 80, 40)
    plan = replace(PLAN, epochs=10)
    Loop(step_over(table, source, Cosine(), InBatch(), InfoNCE(0.2), plan), plan).run()
    V = table.parameters["table"] / np.linalg.norm(table.parameters["table"], axis=1, keepdims=True)
    nearest = np.argsort(-(V[:80] @ V[80:].T), axis=1)[:, :10]
    assert (nearest == items[held_out][:, None]).any(axis=1).mean() > 0.9


# Batches


class Watched:
    """In-batch negatives that note the batches, and what would be drawn for them."""

    def __init__(self):
        self.batches, self.drawn = [], []

    def draw(self, source, rows, rng):
        self.batches.append(rows)
        self.drawn.append(rng.random())
        return np.empty(0, np.int64)


@pytest.mark.parametrize(("batch", "sizes"), [(64, {60}), (100, {100}), (250, {200}), (600, {600}), (5000, {600})])
def test_an_epoch_is_every_pair_once_in_batches_of_one_size(world, batch, sizes):
    watched = Watched()
    plan = Plan(batch=batch, epochs=2)
    _, loop = loop_over(world, plan, negatives=watched)
    loop.run()
    assert len(watched.batches) == loop.steps == 2 * -(-600 // batch)
    assert {len(rows) for rows in watched.batches} == sizes
    for epoch in (0, 1):
        rows = np.concatenate(watched.batches[epoch * loop.steps // 2 : (epoch + 1) * loop.steps // 2])
        assert sorted(rows.tolist()) == list(range(600))
    first, second = watched.batches[0], watched.batches[loop.steps // 2]
    assert first.tolist() != second.tolist(), "each epoch has its own order"


def test_every_step_of_every_epoch_draws_anew_and_by_the_seed(world):
    drawn = []
    for seed in (0, 0, 1):
        watched = Watched()
        loop_over(world, Plan(batch=200, epochs=3, seed=seed), negatives=watched)[1].run()
        drawn.append(watched.drawn)
    assert drawn[0] == drawn[1]
    assert len({*drawn[0], *drawn[2]}) == 18


def test_sizes_differ_by_one_pair_at_most(world):
    watched = Watched()
    loop_over(world, Plan(batch=77, epochs=1), negatives=watched)[1].run()
    sizes = [len(rows) for rows in watched.batches]
    assert len(sizes) == 8 and set(sizes) == {75} and sum(sizes) == 600
    watched = Watched()
    loop_over(world, Plan(batch=90, epochs=1), negatives=watched)[1].run()
    sizes = [len(rows) for rows in watched.batches]
    assert len(sizes) == 7 and set(sizes) == {85, 86} and sum(sizes) == 600


# The same again


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_seed_and_threads_same_bytes(world, threads):
    plan = replace(PLAN, batch=300, epochs=2)
    runs = []
    for seed in (0, 0, 1):
        encoder, loop = loop_over(world, replace(plan, seed=seed), negatives=Topical(), threads=threads)
        course = loop.run()
        runs.append((everything(encoder), course))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_threads_differ_only_in_rounding(world):
    tables = []
    for threads in (1, 2, 3):
        encoder, loop = loop_over(world, replace(PLAN, batch=600, epochs=3), threads=threads)
        loop.run()
        tables.append(encoder.parameters["table"])
    np.testing.assert_allclose(tables[1], tables[0], atol=1e-4)
    np.testing.assert_allclose(tables[2], tables[0], atol=1e-4)


# Resuming


class Killed(Exception):
    pass


class Mortal(Checkpoints):
    """A run that is killed when step ``at`` is done: before its state is saved, or after."""

    def __init__(self, folder, *, at, saved, every_steps, resume=False):
        super().__init__(folder, {"of": "test"}, resume=resume, every_steps=every_steps)
        self.at, self.saved, self.step = at, saved, 0

    def due(self, step):
        self.step = step
        if step == self.at and not self.saved:
            raise Killed
        return super().due(step)

    def save(self, arrays, plain):
        super().save(arrays, plain)
        if self.step >= self.at:
            raise Killed


RUN = Plan(batch=200, epochs=4, rate=0.1, validations=4, patience=2, seed=5)  # 12 steps, a validation every third
SCRIPTS = {"rising": [0.1, 0.2, 0.3, 0.4], "best in the middle": [0.1, 0.4, 0.2, 0.4], "stops early": [0.5, 0.1, 0.2, 0.9]}


@pytest.fixture
def folder():
    """In memory: these tests save hundreds of states, and none is about the disk."""
    with TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


def one_run(world, script, checkpoints=None, dies_at=None):
    """An encoder and its loop, whose validations give the results of the script, by the step."""

    def validate():
        if loop._step == dies_at:
            raise Killed
        return SCRIPTS[script][loop._step // 3 - 1]

    encoder, loop = loop_over(
        world, RUN, negatives=Topical(), loss=InfoNCE(0.1, learned=True), checkpoints=checkpoints, validate=validate
    )
    return encoder, loop


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize(("every_steps", "saved"), [(1, True), (1, False), (4, False)])
def test_a_killed_run_ends_as_an_unbroken_one(world, folder, script, every_steps, saved):
    """Killed at each of its steps in turn."""
    encoder, loop = one_run(world, script, Checkpoints(folder / "whole", {"of": "test"}, resume=False))
    course = loop.run()
    last = 9 if script == "stops early" else 12
    assert loop._step == last
    log = (folder / "whole/metrics.jsonl").read_text()
    kills = 0
    for at in range(1, last + 1):
        place = folder / f"killed-{at}"
        with pytest.raises(Killed):
            one_run(world, script, Mortal(place, at=at, saved=saved, every_steps=every_steps))[1].run()
        kills += 1
        again, resumed = one_run(world, script, Checkpoints(place, {"of": "test"}, resume=True, every_steps=every_steps))
        assert resumed.run() == course
        assert everything(again) == everything(encoder)
        assert resumed.step.parameters["loss"].tobytes() == loop.step.parameters["loss"].tobytes()
        assert (place / "metrics.jsonl").read_text() == log
    assert kills == last


def test_killed_again_and_again_at_every_step(world, folder):
    encoder, loop = one_run(world, "best in the middle")
    course = loop.run()
    for step in range(1, 13):
        mortal = Mortal(folder / "run", at=step, saved=True, every_steps=1, resume=step > 1)
        with pytest.raises(Killed):
            one_run(world, "best in the middle", mortal)[1].run()
    again, resumed = one_run(world, "best in the middle", Checkpoints(folder / "run", {"of": "test"}, resume=True))
    assert resumed.run() == course
    assert everything(again) == everything(encoder)


def test_killed_in_validation(world, folder):
    """Validation changes nothing, so it is simply made again."""
    encoder, loop = one_run(world, "rising")
    course = loop.run()
    dying = one_run(world, "rising", Checkpoints(folder / "run", {"of": "test"}, resume=False, every_steps=2), dies_at=6)[1]
    with pytest.raises(Killed):
        dying.run()
    again, resumed = one_run(world, "rising", Checkpoints(folder / "run", {"of": "test"}, resume=True))
    assert resumed.run() == course
    assert everything(again) == everything(encoder)


def test_other_options_do_not_resume(world, tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", {"seed": 0, "rate": 0.1}, resume=False, every_steps=1)
    loop_over(world, RUN, checkpoints=checkpoints)[1].run()
    with pytest.raises(ConfigError, match=r"E0605(.|\n)*\(rate differ\)"):
        Checkpoints(tmp_path / "run", {"seed": 0, "rate": 0.2}, resume=True)


# Validation


@pytest.mark.parametrize("values", [[0.4, 0.4, 0.4, 0.4], [0.0, 0.0, 0.0, 0.0], [0.9, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
def test_a_validation_that_is_constant_or_full_chooses_nothing(world, values):
    """Training goes on to the last step, also past the patience, and the last parameters are kept."""
    encoder, loop = loop_over(world, replace(RUN, patience=1), validate=lambda: values[loop._step // 3 - 1])
    course = loop.run()
    assert (course.best_step, course.stopped_early, len(course.points)) == (12, False, 4)
    unvalidated, alone = loop_over(world, RUN)
    alone.run()
    assert everything(encoder) == everything(unvalidated)


def test_the_best_is_kept(world):
    kept = {}

    def validate():
        kept[loop._step] = everything(encoder)
        return {3: 0.2, 6: 0.9, 9: 0.9, 12: 0.3}[loop._step]

    encoder, loop = loop_over(world, RUN, validate=validate)
    course = loop.run()
    assert sorted(kept) == [3, 6, 9, 12]
    assert (course.best_step, course.best, course.stopped_early) == (6, 0.9, True), "of equal results the earlier one"
    assert everything(encoder) == kept[6] != kept[12]
    assert [(point["step"], point["epoch"], point["validation"]) for point in course.points] == [
        (3, 1.0, 0.2), (6, 2.0, 0.9), (9, 3.0, 0.9), (12, 4.0, 0.3),
    ]  # fmt: skip


def test_it_stops_when_nothing_gets_better(world):
    results = iter([0.5, 0.4, 0.3])
    _, loop = loop_over(world, replace(RUN, patience=1), validate=lambda: next(results))
    course = loop.run()
    assert course.stopped_early and len(course.points) == 2 and course.best == 0.5
    assert loop._step == 6


def test_without_validation_the_end_is_kept(world):
    encoder, loop = loop_over(world, RUN)
    course = loop.run()
    assert [point["step"] for point in course.points] == list(range(1, 13)), "the loss is noted all the same"
    assert not any("validation" in point for point in course.points)
    assert course.best_step == 12 and not course.stopped_early
    validated, other = loop_over(world, RUN, validate=lambda: other._step)
    other.run()
    assert everything(encoder) == everything(validated)


@pytest.mark.parametrize(("validations", "steps"), [(1, [12]), (2, [6, 12]), (4, [3, 6, 9, 12]), (9, [3, 6, 9, 12])])
def test_validations_are_even_and_at_most_one_an_epoch(world, validations, steps):
    _, loop = loop_over(world, replace(RUN, validations=validations), validate=lambda: loop._step)
    assert [point["step"] for point in loop.run().points] == steps


def test_the_loss_of_a_point_is_the_mean_since_the_last(world, tmp_path):
    checkpoints = Checkpoints(tmp_path, {}, resume=False)
    _, loop = loop_over(world, RUN, validate=lambda: 0.0, checkpoints=checkpoints)
    course = loop.run()
    logged = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    checkpoints.finish()
    assert logged == course.points
    assert logged[0]["loss"] > logged[-1]["loss"] > 0
    assert logged[0]["loss"] < np.log(200) + 3


# When it goes wrong


def test_a_loss_that_is_no_number_stops_the_run(world):
    encoder, loop = loop_over(world, RUN)
    encoder.parameters["table"][:] = np.nan
    with pytest.raises(BackendError) as caught:
        loop.run()
    assert str(caught.value) == (
        "E0603: the loss is no longer a finite number\n  where: step 0\n  value: nan\n  to do: lower the learning rate"
    )


def test_a_rate_that_is_too_high_is_an_error_and_not_a_model(world):
    with pytest.raises(BackendError, match="E0603"), np.errstate(all="ignore"):
        loop_over(world, replace(RUN, rate=1e38), score=Dot(), loss=InfoNCE(1.0))[1].run()
