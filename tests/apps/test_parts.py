"""Which rows a fit trains on, chooses by and judges by: for every kind of fit, exactly those of their part.

From the outside: what is exchanged among the test rows alone must change the judgement and nothing else; among the validation rows, the
choices and not the judgement of what is not chosen; among the training rows, the vectors. And once spied: the rows that training is given.
"""

from importlib import import_module
from inspect import signature

import numpy as np
import pytest
from worlds import PARTS, SMALL, WORLDS, run

import awase
from awase import recipes
from awase.apps import fit as fits
from awase.apps import neighbours, words
from awase.contrast import positives


def weights(fitted):
    model = fitted.model
    tables = model.tables if hasattr(model, "tables") else {"table": model.table}
    return {table: np.asarray(values).tobytes() for table, values in tables.items()}


def chosen(fitted):
    """All that validation decides, as the report has it."""
    report = fitted.report.as_dict()
    outcome = report.get("outcome") or {}
    return {
        "history": {key: values for key, values in report["history"].items() if not key.endswith("_s")},
        "fusion": report.get("fusion"),
        "recipe": report["recipe"],
        "saved": (outcome.get("saved"), outcome.get("alpha")),
    }


def items(report):
    return "n_items" if "n_items" in report.judged else "n_queries"


def judged(fitted, system):
    report = fitted.report
    return [report.systems[system][metric] for metric in report.judged["metrics"]]


@pytest.fixture
def ticking(monkeypatch):
    """A clock of tuning that moves a second each time it is read: the number of trials does not depend on the machine."""
    from awase.apps import tune

    class Clock:
        now = 0.0

        @classmethod
        def monotonic(cls):
            cls.now += 1
            return cls.now

    monkeypatch.setattr(tune, "time", Clock)


def test_every_kind_of_fit_is_here():
    """A new recipe needs a world of its own, and a new kind of data needs one at least."""
    tried = {world.recipe for world in WORLDS.values()} | {"sgns", "edrep"}
    assert tried == set(recipes.names())
    assert len(tried) == 11
    assert {recipes.get(name)().positives.needs for name in tried - {"ace"}} == set(fits.JOBS)


@pytest.mark.parametrize("name", WORLDS)
def test_each_part_has_its_use_and_no_other(name, tmp_path, ticking):
    world = WORLDS[name]
    whole = run(name, world, world.write(tmp_path))
    sizes = {part: len(world.rows[part]) for part in PARTS}
    assert {part: whole.report.split.get(part, 0) for part in PARTS} == sizes

    test = run(name, world, world.write(tmp_path, "test"))
    assert weights(test) == weights(whole), "what is trained on or chosen by has test rows in it"
    assert chosen(test) == chosen(whole), "test rows decided something"
    assert judged(test, world.baseline) != judged(whole, world.baseline), "what was judged are not the test rows"

    train = run(name, world, world.write(tmp_path, "train"))
    assert weights(train) != weights(whole)

    assert whole.report.judged[items(whole.report)] == world.asked(world.rows["test"]) != world.asked(world.rows["valid"])
    if sizes["valid"]:
        valid = run(name, world, world.write(tmp_path, "valid"))
        if not world.filtered:
            assert judged(valid, world.baseline) == judged(whole, world.baseline), "validation rows are judged by"
        if "validation" in str(whole.report.history) or len(whole.report.history) > 2:
            assert chosen(valid) != chosen(whole), "nothing was chosen by the validation rows"


# Tuning chooses by validation rows what is trained.
@pytest.mark.parametrize("name", [name for name, world in WORLDS.items() if world.rows["valid"] and not name.endswith("tuned")])
def test_validation_rows_are_not_trained_on(name, tmp_path):
    """With one epoch, and one point to choose from, nothing is left that they could decide but the fusion and what is saved."""
    world = WORLDS[name]
    states = []
    for exchanged in (None, "valid"):
        with pytest.MonkeyPatch.context() as patch:
            steps = _as_trained(patch)
            run(name, world, world.write(tmp_path, exchanged), epochs=1)
        states.append(steps)
    assert states[0] and states[0] == states[1]


def _as_trained(patch):
    """Where the parameters go as they are at each point of validation, before anything is chosen."""
    from awase.train.loop import Loop

    seen: list[dict] = []
    mark = Loop._mark

    def spied(self):
        seen.append({key: np.asarray(value).tobytes() for key, value in self.step.parameters.items()})
        mark(self)

    patch.setattr(Loop, "_mark", spied)
    return seen


# Spied: what training is given, where the job divides the rows itself


@pytest.mark.parametrize("name", WORLDS)
def test_training_is_given_the_training_rows_and_all_of_them(name, tmp_path, monkeypatch, ticking):
    world = WORLDS[name]
    path = tmp_path / "whole.csv"
    rows = [row for part in PARTS for row in world.rows[part]]
    path.write_text("\n".join(",".join(row) for row in (world.columns, *rows)) + "\n", encoding="utf-8")
    splits, given = _spied_splits(monkeypatch), _spied_rows(monkeypatch)
    # Of interactions a part is a share of each user's.
    sizes = {} if world.recipe == "cml" else {part: n for part in ("valid", "test") if (n := len(world.rows[part]))}
    fitted = run(name, world, path, sizes, epochs=1)
    (split,) = splits
    parts = [set(part.tolist()) for part in (split.train, split.valid, split.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(rows), "the parts are disjoint, and all rows are in one"
    assert given and all(np.array_equal(one, split.train if isinstance(one, np.ndarray) else len(split.train)) for one in given)
    test = [rows[row] for row in split.test]
    assert fitted.report.judged[items(fitted.report)] == world.asked(test)


def _spied_splits(monkeypatch):
    splits = []
    for job in sorted(set(fits.JOBS.values())):
        module = import_module(f"awase.apps.{job}")
        for name in ("split_pairs", "split_links"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, _kept(getattr(module, name), splits))
    return splits


def _kept(function, results):
    def spied(*arguments, **options):
        results.append(function(*arguments, **options))
        return results[-1]

    return spied


def _spied_rows(monkeypatch):
    """What the positives of any recipe are bound to: numbers of rows, or where they are given columns, how long these are."""
    given = []
    for cls in {value for value in vars(positives).values() if isinstance(value, type)}:
        for name in {"items", "source"} & vars(cls).keys() if cls is not positives.Windows else ():
            monkeypatch.setattr(cls, name, _noted(vars(cls)[name], given))
    monkeypatch.setattr(positives.Walks, "matrix", _noted(positives.Walks.matrix, given))
    return given


def _noted(method, given):
    takes = list(signature(method).parameters)
    at, count = next(
        (takes.index(name), len_of) for name, len_of in (("rows", None), ("texts", len), ("heads", len)) if name in takes
    )

    def spied(*arguments, **options):
        given.append(arguments[at] if count is None else count(arguments[at]))
        return method(*arguments, **options)

    return spied


# Sentences


@pytest.mark.parametrize("recipe", ["sgns", "edrep"])
def test_sentences_that_are_held_out_are_judged_by_and_nothing_else(recipe, tmp_path, monkeypatch):
    """Their words in another order: the vectors stay, the judgement does not."""
    rng = np.random.default_rng(5)
    kinds = [[f"{kind}{i}" for i in range(12)] for kind in ("fish", "bird", "tree")]
    lines = [rng.choice(kinds[i % 3], 9).tolist() for i in range(300)]
    held = []
    monkeypatch.setattr(words, "hold_out", _kept(words.hold_out, held))
    monkeypatch.setattr(neighbours, "_near_pairs", _asked(neighbours._near_pairs, held))

    def fitted(changed):
        path = tmp_path / "corpus.txt"
        shown = (line[::2] + line[1::2] if i in changed else line for i, line in enumerate(lines))
        path.write_text("".join(" ".join(line) + "\n" for line in shown), encoding="utf-8")
        return awase.fit(path, recipe, options=SMALL, threads=1, test=40, min_count=1)

    whole = fitted([])
    test = held[0] if recipe == "edrep" else held[0].test
    assert len(test) == 40 and whole.report.split == whole.report.split | {"train": 260, "test": 40}
    other = fitted(test.tolist())
    assert weights(other) == weights(whole) and judged(other, "trained") != judged(whole, "trained")
    for row in np.setdiff1d(np.arange(300), test)[[0, 131, -1]].tolist():
        assert weights(fitted([row])) != weights(whole), "a sentence is not trained on"


def _asked(function, given):
    def spied(corpus, sentences, rng):
        given.append(sentences)
        return function(corpus, sentences, rng)

    return spied


def test_tuning_and_training_choose_by_the_validation_queries(tmp_path, monkeypatch, ticking):
    """The best of a few trials may be the same by either part, so what they are chosen by is looked at."""
    from awase.apps.training import Training

    asked, run_it = [], Training.run

    def spied(self, valid, *arguments):
        asked.append(set(valid.queries))
        return run_it(self, valid, *arguments)

    monkeypatch.setattr(Training, "run", spied)
    world = WORLDS["static, tuned"]
    run("static, tuned", world, world.write(tmp_path))
    assert len(asked) >= 3, "two trials and the training itself"
    assert all(queries == {row[0] for row in world.rows["valid"]} for queries in asked)
