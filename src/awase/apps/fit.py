"""The main job: pairs in; a model fitted to them, and a report of whether it is better than what there was before, out."""

import hashlib
import resource
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import awase
from awase import recipes
from awase.apps import card
from awase.apps.systems import METRIC, Dense, Hybrid, Lexical, Passing, chosen_fusion, system
from awase.apps.training import Training
from awase.core.errors import ConfigError
from awase.core.progress import progress, say
from awase.data.beir import is_beir
from awase.data.compute import pc
from awase.data.documents import read_documents
from awase.data.judged import Judged, judged_from_pairs
from awase.data.keys import text_keys
from awase.data.pairs import Pairs, read_pairs
from awase.data.split import Split, split_pairs
from awase.kernels.threads import available
from awase.models import StaticModel
from awase.recipes import Recipe
from awase.store import files
from awase.tasks.geometry import geometry
from awase.tasks.metrics import per_query
from awase.tasks.report import Report, environment
from awase.tasks.retrieval import judge
from awase.train.checkpoint import Checkpoints

REPORT_FILES = ("report.json", "report.md", "report.html")


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit made: the model, and the report on the held-out queries."""

    model: StaticModel
    report: Report


def fit(
    pairs: Any,
    recipe: str | Recipe = "static",
    *,
    out: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    columns: Mapping[str, str] | None = None,
    on_bad: str = "error",
    corpus: Iterable[str] = (),
    init: str | Path | None = None,
    valid: float | int | None = None,
    test: float | int | None = None,
    seed: int = 0,
    threads: int | None = None,
    resume: bool = False,
    tune_minutes: float = 0.0,
) -> Fit:
    """Read pairs, split them, train the recipe, judge it on the held-out queries, save.

    pairs: whatever ``awase.read_pairs`` reads (with ``columns`` and ``on_bad``), or Pairs. out: the model folder to write; beside
    it ``<out>.run`` keeps the run, from which ``resume=True`` goes on after a kill. options: of the recipe, by name. corpus: further texts
    that compete as candidates. init: a folder whose tokenizer and token vectors to start from. valid, test: sizes, as
    ``split_pairs``. threads: default all; the result depends on their number only in rounding, and one number gives the same bytes.
    tune_minutes: first search the recipe's options on the validation queries for so long.

    Raises InputError (E01..) for bad data, ConfigError for options, BackendError for a full disk.

    >>> animals = [(f"animal {i}", f"the animal with number {i}") for i in range(60)]
    >>> fitted = fit(animals, options={"epochs": 1, "dim": 16}, threads=1)
    >>> fitted.model.encode(["animal 7"]).shape, sorted(fitted.report.systems)
    ((1, 16), ['bm25', 'hybrid', 'trained', 'untrained'])
    """
    clock = _Clock()
    threads = threads or available()
    run = None if out is None else Path(f"{Path(out)}.run")
    if out is not None:
        files.check_replaceable(out)
    data = pairs if isinstance(pairs, Pairs) else read_pairs(pairs, columns=columns, on_bad=on_bad)  # type: ignore[arg-type]
    split = split_pairs(data, valid=valid, test=test)
    corpus = list(corpus)
    if is_beir(pairs):
        # Documents that nobody judged are in no pair, but compete all the same.
        corpus += [text for batch in read_documents(pairs) for text in batch.texts]
    held_out = judged_from_pairs(data, split.test, extra_documents=corpus)
    chosen_on = judged_from_pairs(data, split.valid, extra_documents=corpus)
    chosen_on = replace(chosen_on, documents=held_out.documents)  # the same texts, held once
    _say_what_was_read(data, split, held_out)
    clock.lap("read_s")

    entry = recipe if isinstance(recipe, str) else None
    options = dict(options or {})
    if tune_minutes:
        from awase.apps.tune import tune

        if entry is None:
            raise ConfigError("E1001", "only a recipe of the list can be tuned", remedy="give its name instead of a Recipe")
        options = tune(data, split, chosen_on, entry, options, minutes=tune_minutes, init=init, seed=seed, threads=threads)
        clock.lap("tune_s")
    value = recipes.get(entry)(**options) if entry is not None else recipe
    assert isinstance(value, Recipe)
    training = Training(value, data, split.train, init=init, seed=seed, threads=threads)
    lexical = Lexical(held_out.documents)
    for reason in training.reasons:
        say(reason)
    training.mine()
    clock.lap("prepare_s")

    untrained = training.model("untrained")
    identity = {
        "recipe": training.recipe.resolved(),
        "data": data_hash(data),
        "parts": [len(split.train), len(split.valid), len(split.test)],
        "candidates": len(held_out.documents),
        "init": None if init is None else str(init),
        "seed": seed,
        "threads": threads,
        "awase": awase.__version__,
    }
    checkpoints = None if run is None else Checkpoints(run, identity, resume=resume)
    course = training.run(chosen_on, checkpoints)
    model = training.model(Path(out).name if out is not None else "static")
    clock.lap("train_s", "train_cpu_s")

    report = _report(model, untrained, lexical, held_out, chosen_on, data, split, training, course, clock, seed)
    model.info = identity | {"metrics": report.systems["trained"], "split": report.split, "fusion": report.fusion}
    if out is not None:
        written = report.files()
        model.save(out, card=card.model_card(report, Path(out).name), extra=written)
        assert checkpoints is not None
        checkpoints.finish()
    return Fit(model, report)


def _say_what_was_read(data: Pairs, split: Split, held_out: Judged) -> None:
    roles = ", ".join(f"{column} = {role}" for column, role in data.understood.get("columns", {}).items())
    say(f"{len(data):,} pairs read ({roles}); {data.duplicates:,} duplicates removed, {data.bad.n:,} bad rows skipped")
    for note in data.understood.get("notes", []):
        say(note)
    say(f"{len(split.train):,} to train on, {len(split.valid):,} to choose by, {len(split.test):,} to judge by: {split.note}")
    say(f"{len(held_out.queries):,} held-out queries against {len(held_out.documents):,} candidate documents")


def data_hash(pairs: Pairs) -> str:
    """sha256, in hex, over all that training sees of the pairs, in order; of texts, the normalised form."""
    digest = hashlib.sha256()
    arrays = [pairs.anchor_keys, pairs.positive_keys, pairs.scores, pairs.parts]
    if pairs.negatives is not None:
        negatives = pairs.negatives.combine_chunks()
        lengths = pc.fill_null(pc.list_value_length(negatives), 0).to_numpy(zero_copy_only=False)
        arrays += [lengths, text_keys(negatives.flatten())]
    for array in arrays:
        digest.update(b"none" if array is None else np.ascontiguousarray(array).data)
    return digest.hexdigest()


class _Clock:
    """Seconds and CPU-seconds since the last lap."""

    def __init__(self):
        self.laps: dict[str, float] = {}
        self._at = time.perf_counter(), time.process_time()

    def lap(self, name: str, cpu_name: str | None = None) -> None:
        now = time.perf_counter(), time.process_time()
        self.laps[name] = now[0] - self._at[0]
        if cpu_name:
            self.laps[cpu_name] = now[1] - self._at[1]
        self._at = now


def peak_rss_bytes() -> int:
    """The most memory this process ever held. Linux counts in KiB, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _report(
    model: StaticModel, untrained: StaticModel, lexical: Lexical, held_out: Judged, chosen_on: Judged,
    data: Pairs, split: Split, training: Training, course, clock: _Clock, seed: int,
) -> Report:  # fmt: skip
    with progress("encoding the candidates", len(held_out.documents), "texts"):
        dense = Dense(model, held_out.documents)
    fusion = chosen_fusion(lexical, dense, chosen_on)
    named = {
        "bm25": lexical,
        "untrained": Passing(untrained, held_out.documents),
        "trained": dense,
        "hybrid": Hybrid(lexical, dense, fusion),
    }
    judgement = judge(
        [system(name, searcher) for name, searcher in named.items()],
        held_out,
        pairs=[("trained", "bm25"), ("trained", "untrained"), ("hybrid", ("bm25", "trained"))],
        seed=seed,
    )
    model_bytes = model.table.nbytes + len(model.tokenizer.to_json().encode())
    dense_bytes = model_bytes + dense.vectors.nbytes
    clock.lap("evaluate_s")
    return Report.of(
        judgement,
        title=Path(str(data.understood.get("source", "pairs"))).name,
        data={
            **data.understood,
            "pairs": len(data),
            "duplicates": data.duplicates,
            "bad_rows": data.bad.n,
            "bad": data.bad.listed,
            "sha256": data_hash(data),
        },
        split={
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
            "components": split.components,
            "note": split.note,
            "plan": training.reasons,
        },
        cost={**clock.laps, "peak_rss_bytes": peak_rss_bytes(), "model_bytes": model_bytes, "threads": training.threads},
        recipe=training.recipe.resolved(),
        environment=environment(),
        geometry=geometry(dense.encode(held_out.queries), dense.vectors, held_out, seed=seed),
        fusion={"weight": fusion.weight, "depth": fusion.depth, "chosen_on": len(chosen_on.queries)},
        worst=("trained", "bm25"),
        n_bytes={
            "bm25": lexical.nbytes,
            "trained": dense_bytes,
            "hybrid": dense_bytes + lexical.nbytes,
        },
        dims=[_at_dim(model, held_out, dim) for dim in training.recipe.plan.dims],
        history=[point if "validation" not in point else point | {METRIC: point["validation"]} for point in course.points],
    )


def _at_dim(model: StaticModel, judged: Judged, dim: int) -> dict:
    hits = Dense(model, judged.documents, dim).search(judged.queries, 10)
    return {"dim": dim, METRIC: float(per_query(hits, judged, [METRIC])[METRIC].mean())}
