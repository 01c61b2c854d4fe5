"""A recipe bound to pairs of texts: what there is to do between reading and judging."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from awase.contrast.encoders import Bag
from awase.contrast.negatives import Given, Mined, Mixture, TextBatches, parts_of
from awase.core.protocols import Hits
from awase.data.judged import Judged
from awase.data.pairs import Pairs
from awase.index.exact import Exact
from awase.index.lexical import BM25
from awase.models import StaticModel, token_table
from awase.recipes import Recipe
from awase.tasks.metrics import asked_for, per_query
from awase.train.budget import validation_budget
from awase.train.checkpoint import Checkpoints
from awase.train.loop import Course, Loop
from awase.train.plan import settle
from awase.train.step import choose

METRIC = "ndcg@10"


class Training:
    """Texts become items, items become tokens, the recipe's encoder is made over them; then ``run`` trains it.

    ``recipe`` is the one given with every open choice of its plan made; ``reasons`` says why.
    """

    def __init__(self, recipe: Recipe, pairs: Pairs, rows: np.ndarray, *, init: str | Path | None, seed: int, threads: int):
        plan, self.reasons = settle(replace(recipe.plan, seed=seed), len(rows))
        self.threads = threads
        self.validated: dict[str, int] = {}  # how many queries and candidates ``run`` validated on
        self.items = recipe.positives.items(pairs, rows)
        if self.items.source.negatives is not None:
            recipe = replace(recipe, negatives=Mixture((recipe.negatives, Given())))
            self.reasons.append("the negatives that the data give join those of the recipe, one to a pair")
        texts = pa.chunked_array([*self.items.anchors.chunks, *self.items.documents.chunks])
        table = None
        if init is None:
            self.tokenizer = recipe.encoder.tokenizer(texts)
        else:
            self.tokenizer, table = token_table(init)
            dims = tuple(dim for dim in plan.dims if dim < table.shape[1])
            plan = replace(plan, dims=(*dims, table.shape[1]) if plan.dims else ())
            recipe = replace(recipe, encoder=replace(recipe.encoder, dim=table.shape[1], vocab_size=len(table)))
            self.reasons.append(f"tokens and their vectors (dim {table.shape[1]}) from {init}")
        self.recipe = replace(recipe, plan=plan)
        tokens = self.tokenizer.encode(texts)
        self._tokens_per_document = len(tokens.ids) / max(len(texts), 1)
        self.bag: Bag = recipe.encoder.bag(self.tokenizer, tokens, seed=seed, threads=threads, table=table)

    def mine(self) -> None:
        """Let the recipe's mined negatives, if it has any, search the documents that are trained on: no others are negatives."""
        mined = [part for part in parts_of(self.recipe.negatives) if isinstance(part, Mined)]
        if mined:
            searcher = BM25()
            searcher.add(self.items.documents.to_pylist())
            for part in mined:
                part.prepare(self.items.source, searcher, self.items.anchors.to_pylist())

    def model(self, name: str) -> StaticModel:
        """The encoder as it is now, with weights folded into rows."""
        return StaticModel(self.tokenizer.to_json(), self.bag.folded(), name=name)

    def run(self, valid: Judged | None, checkpoints: Checkpoints | None = None) -> Course:
        """Train; keep the parameters with the best nDCG@10 on the validation queries, without any the last ones."""
        plan, source, validate = self.recipe.plan, self.items.source, None
        if valid is not None:
            budget = validation_budget(
                steps=-(-len(source) // plan.batch) * plan.epochs,
                batch=plan.batch,
                tokens_per_pair=2 * self._tokens_per_document,
                tokens_per_document=self._tokens_per_document,
                wanted=min(plan.validations, plan.epochs),
                n_queries=len(valid.queries),
                n_candidates=len(valid.documents),
            )
            plan = replace(plan, validations=budget.n_validations)
            self.recipe = replace(self.recipe, plan=plan)
            validate = Validation(self, valid, budget.n_queries, budget.n_candidates) if budget.n_validations else None
            self.validated = {"queries": budget.n_queries, "candidates": budget.n_candidates} if validate else {}
        batches = TextBatches(source, self.recipe.negatives, seed=plan.seed, size=plan.batch, encode=self.bag.encode)
        step = choose(self.bag, batches, self.recipe.score, self.recipe.loss, plan, threads=self.threads)
        return Loop(step, plan, validate=validate, checkpoints=checkpoints).run()


class Validation:
    """nDCG@10 of some validation queries against some candidates, all relevant ones among them; always the same ones."""

    def __init__(self, training: Training, valid: Judged, n_queries: int, n_candidates: int):
        rng = np.random.default_rng((training.recipe.plan.seed, 0x7A11D))
        queries = np.sort(rng.choice(len(valid.queries), min(n_queries, len(valid.queries)), replace=False))
        spans = [np.arange(*valid.offsets[q : q + 2].tolist()) for q in queries]
        at = np.concatenate(spans)
        relevant = np.unique(valid.rows[at])
        others = np.setdiff1d(np.arange(len(valid.documents)), relevant, assume_unique=True)
        more = rng.choice(others, min(max(n_candidates - len(relevant), 0), len(others)), replace=False)
        rows = np.sort(np.concatenate([relevant, more]))
        self._judged = Judged(
            queries=[valid.queries[q] for q in queries],
            documents=[valid.documents[row] for row in rows],
            offsets=np.concatenate([[0], np.cumsum([len(span) for span in spans])]),
            rows=np.searchsorted(rows, valid.rows[at]),
            grades=valid.grades[at],
            query_ids=[valid.query_ids[q] for q in queries],
            document_ids=[valid.document_ids[row] for row in rows],
            name="validation",
            own=None if valid.own is None else _places(rows, valid.own[queries]),
        )
        tokens = training.tokenizer.encode([*self._judged.queries, *self._judged.documents])
        self._bag, self._ids, self._offsets = training.bag, tokens.ids, tokens.offsets

    def vectors(self, table: np.ndarray | None = None) -> np.ndarray:
        """The vectors of the queries and then the documents: by the parameters as they are now, or by rows with their weights folded in."""
        parameters = self._bag.parameters
        weights = parameters["log_weights"] if table is None else np.zeros(len(table), np.float32)
        bag = Bag(parameters["table"] if table is None else table, weights, self._ids, self._offsets, threads=self._bag.threads)
        return bag.encode(np.arange(len(self._offsets) - 1))

    def per_query(self, vectors: np.ndarray) -> np.ndarray:
        """nDCG@10 of each query, float64, by vectors that need not be of unit length."""
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
        n = len(self._judged.queries)
        hits: Hits = Exact(vectors[n:]).search(vectors[:n], asked_for(self._judged, 10))
        return per_query(hits, self._judged, [METRIC])[METRIC]

    def __call__(self) -> float:
        return float(self.per_query(self.vectors()).mean())


def _places(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted number stands among ``rows``, which rise; -1 where it does not."""
    at = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    return np.where(rows[at] == wanted, at, -1)
