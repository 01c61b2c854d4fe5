"""Pairs of texts: fit a text model to them, and judge it by retrieval."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from awase import recipes
from awase.apps import card
from awase.apps.job import Clock, Findings, Fit, Job
from awase.apps.outcomes import TEXTS, WORDS_ALONE
from awase.apps.reading import what_was_cut, what_was_read
from awase.apps.scored import with_scores
from awase.apps.systems import METRIC, Dense, Hybrid, Lexical, Passing, chosen_fusion, how_joined, system
from awase.apps.trained_on import without_trained_on
from awase.apps.training import Training
from awase.apps.weights import Choice, chosen_weights, mixed
from awase.core.progress import progress, say
from awase.data.beir import is_beir
from awase.data.compute import pc
from awase.data.documents import read_documents
from awase.data.judged import Judged, judged_from_pairs
from awase.data.keys import text_keys
from awase.data.pairs import Pairs, read_pairs
from awase.data.split import Split, split_pairs
from awase.data.trained_on import TrainedOn, remember
from awase.models import StaticModel, memory
from awase.tasks.geometry import geometry
from awase.tasks.metrics import asked_for, per_query
from awase.tasks.report import Asked, Report, environment
from awase.tasks.retrieval import judge


def fit(pairs: Any, job: Job) -> Fit:
    """See ``awase.fit``. The job may ask for ``corpus``, ``init``, ``tune_minutes`` and ``trained_on`` beside what all kinds have."""
    asked = job.asked(corpus=(), init=None, tune_minutes=0.0, trained_on=True)
    init, tune_minutes, clock, seed, threads = asked["init"], asked["tune_minutes"], job.clock, job.seed, job.threads
    data = pairs if isinstance(pairs, Pairs) else read_pairs(pairs, columns=job.columns, on_bad=job.on_bad)  # type: ignore[arg-type]
    split = split_pairs(data, valid=job.valid, test=job.test)
    corpus = list(asked["corpus"])
    if is_beir(pairs):
        # Documents that nobody judged are in no pair, but compete all the same.
        corpus += [text for batch in read_documents(pairs) for text in batch.texts]
    held_out, seen = judged_from_pairs(data, split.test, extra_documents=corpus), None
    began_with = () if init is None else memory.of(init)
    if began_with:
        held_out, seen = without_trained_on(held_out, began_with)
    chosen_on = judged_from_pairs(data, split.valid, extra_documents=corpus)
    chosen_on = replace(chosen_on, documents=held_out.documents)  # the same texts, held once
    _say_what_was_read(data, split, held_out)
    clock.lap("read_s")

    recipe = job.recipe
    if tune_minutes:
        from awase.apps.tune import tune

        options = tune(
            data, split, chosen_on, job.name, job.options, minutes=tune_minutes, init=init, seed=seed, threads=threads
        )
        recipe = recipes.get(job.name)(**options)
        clock.lap("tune_s")
    training = Training(recipe, data, split.train, init=init, seed=seed, threads=threads)
    lexical = Lexical(held_out.documents)
    for reason in training.reasons:
        say(reason)
    training.mine()
    clock.lap("prepare_s")

    untrained = training.model("untrained")
    job = replace(job, recipe=training.recipe)
    identity = job.identity(
        data=data_hash(data),
        parts=[len(split.train), len(split.valid), len(split.test)],
        candidates=len(held_out.documents),
        init=None if init is None else str(init),
    )
    checkpoints = job.checkpoints(identity)
    course = training.run(chosen_on, checkpoints)
    choice = chosen_weights(training, untrained, chosen_on)
    if choice.saved != "trained":
        say(f"{choice.saved} weights are kept (alpha {choice.alpha:g}): {choice.why}")
    model = mixed(training, untrained, choice.alpha, job.out.name if job.out is not None else "static")
    clock.lap("train_s", "train_cpu_s")

    report = _report(model, untrained, lexical, held_out, chosen_on, data, split, training, choice, course, clock, seed, seen)
    report = with_scores(report, data, split.test, held_out, lexical, {"trained": model, "untrained": untrained})
    if asked["trained_on"]:
        model.trained_on = (*began_with, _memory(data, split, seed))
    model.info = identity | {
        "metrics": report.systems["trained"],
        "split": report.split,
        "fusion": report.fusion,
        "weights": choice.as_dict(),
        "bm25": lexical.index.weighting.values(),
    }
    return job.save(
        model, Findings(report), checkpoints, card=card.model_card(report, model.name, remembers=asked["trained_on"])
    )


def _memory(data: Pairs, split: Split, seed: int) -> TrainedOn:
    """Of the texts that were trained on or chosen by."""
    rows = data.take(np.concatenate([split.train, split.valid]))
    columns = [rows.anchors, rows.positives, *([] if rows.negatives is None else [rows.negatives.combine_chunks().flatten()])]
    return remember(columns, f"{data_hash(data)} {seed}")


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


def _report(
    model: StaticModel, untrained: StaticModel, lexical: Lexical, held_out: Judged, chosen_on: Judged,
    data: Pairs, split: Split, training: Training, choice: Choice, course, clock: Clock, seed: int, seen: Mapping | None,
) -> Report:  # fmt: skip
    with progress("encoding the candidates", len(held_out.documents), "texts"):
        dense = Dense(model, held_out.documents)
    weighting = lexical.choose_weighting(chosen_on)
    fusion = chosen_fusion(lexical, dense, chosen_on)
    named = {
        "bm25": lexical,
        "untrained": Passing(untrained, held_out.documents),
        "trained": dense,
        "hybrid": Hybrid(lexical, dense, fusion, held_out.own),
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
        data={**what_was_read(data, {"pairs": len(data)}), **what_was_cut(model, held_out), "sha256": data_hash(data)},
        split={
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
            "components": split.components,
            "note": split.note,
            "plan": training.reasons,
            "validated": training.validated,
            "weights": choice.as_dict(),
        },
        cost={**clock.cost(), "model_bytes": model_bytes, "threads": training.threads},
        recipe=training.recipe.resolved(),
        environment=environment(),
        geometry=geometry(dense.encode(held_out.queries), dense.vectors, held_out, seed=seed),
        fusion=how_joined(fusion, weighting) | {"chosen_on": len(chosen_on.queries)},
        worst=("trained", "bm25"),
        trained_on=seen,
        n_bytes={
            "bm25": lexical.nbytes,
            "trained": dense_bytes,
            "hybrid": dense_bytes + lexical.nbytes,
        },
        dims=[_at_dim(model, held_out, dim) for dim in training.recipe.plan.dims],
        history=[point if "validation" not in point else point | {METRIC: point["validation"]} for point in course.points],
        outcome=Asked(baseline="bm25", saved=choice.saved, alpha=choice.alpha, remedies=TEXTS, without_model=WORDS_ALONE),
    )


def _at_dim(model: StaticModel, judged: Judged, dim: int) -> dict:
    hits = Dense(model, judged.documents, dim).search(judged.queries, asked_for(judged, 10))
    return {"dim": dim, METRIC: float(per_query(hits, judged, [METRIC])[METRIC].mean())}
