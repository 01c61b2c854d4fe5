"""The main job: what belongs together in; a model fitted to it, and a report of whether it is better than what there was before, out."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from awase import recipes
from awase.apps.job import Fit, Job
from awase.core.errors import ConfigError
from awase.kernels.threads import available
from awase.recipes import Recipe
from awase.store import files

# What a recipe's positives need -> the file here that reads it, splits it, trains on it and judges what came out.
JOBS = {
    "a corpus": "words",
    "a graph or a corpus": "neighbours",
    "a hierarchy": "hierarchy",
    "interactions": "users",
    "labelled texts": "labels",
    "pairs of names": "names",
    "pairs of texts": "texts",
    "triples": "graph",
}


def fit(
    data: Any,
    recipe: str | Recipe = "static",
    *,
    out: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    valid: float | int | None = None,
    test: float | int | None = None,
    seed: int = 0,
    threads: int | None = None,
    resume: bool = False,
    **more: Any,
) -> Fit:
    """Read the data, split them, train the recipe, judge it on what was held out, save.

    data: what the recipe needs (``awase recipes NAME``), as a file, a folder, or Python objects. out: the model folder to write; beside
    it ``<out>.run`` keeps the run, from which ``resume=True`` goes on after a kill. options: of the recipe, by name. columns: name in
    the file -> role. on_bad: "error" or "skip". valid, test: sizes, as shares or numbers. threads: default all; one number of threads gives
    the same bytes, unless the recipe says that it trains without locks.

    more: what only some kinds of data know. Pairs of texts: corpus, further texts that compete as candidates; init, a folder whose tokenizer
    and token vectors to start from; tune_minutes, to search the recipe's options on the validation queries for so long; trained_on=False, for a
    model that does not remember hashes of its texts (so with labelled texts), and cannot be kept from being judged on them. A corpus: lang,
    min_count, max_words; similarity, files of word pairs with people's scores; on_disk, to train the table in a file in place of
    memory. Interactions: min_value, below which they do not count; features, item -> numbers. Whatever gives a table of names: half, to save
    it in 16 bits.

    Raises InputError (E01..) for bad data, ConfigError for options, BackendError for a full disk.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> fitted = fit(animals, options={"epochs": 1, "dim": 16}, threads=1)
    >>> fitted.model.encode(["animal 7"]).shape, sorted(fitted.report.systems)
    ((1, 16), ['bm25', 'hybrid', 'trained', 'untrained'])
    """
    if out is not None:
        files.check_replaceable(out)
    if isinstance(recipe, Recipe) and options:
        raise ConfigError(
            "E1001", "options belong to a recipe of the list", value=dict(options), remedy="set them in the Recipe"
        )
    value = recipe if isinstance(recipe, Recipe) else recipes.get(recipe)(**(options or {}))
    job = Job(
        recipe=replace(value, plan=replace(value.plan, seed=seed)),
        name=recipe if isinstance(recipe, str) else "your recipe",
        options=dict(options or {}),
        out=None if out is None else Path(out),
        columns=columns,
        on_bad=on_bad,
        valid=valid,
        test=test,
        seed=seed,
        threads=threads or available(),
        resume=resume,
        more=more,
    )
    return import_module(f"awase.apps.{JOBS[value.positives.needs]}").fit(data, job)
