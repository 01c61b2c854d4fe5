"""Fitting a classifier of stances to labelled pairs: split, train, choose, calibrate, judge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from awase.apps.homophily.stance.classifier import Classifier
from awase.apps.homophily.stance.network import Step
from awase.apps.homophily.stance.pairs import STANCES, StancePairs, read_stance_pairs
from awase.apps.homophily.stance.report import quality
from awase.contrast.encoders import StaticBag
from awase.contrast.losses import InfoNCE, MajorityOrMinority
from awase.core.errors import ConfigError, InputError
from awase.core.progress import say
from awase.core.suggest import did_you_mean
from awase.data.keys import Interner, text_keys
from awase.data.split import split_pairs
from awase.models import StaticModel
from awase.store.files import check_replaceable
from awase.tasks.classification import classification
from awase.tasks.lbfgs import minimise
from awase.train.loop import Loop
from awase.train.plan import Plan

LOSSES = ("cross-entropy", "majority-or-minority")
_PATIENCE = 5  # epochs without a better validation result before training stops


def fit_stance(
    pairs: Any,
    *,
    out: Path | str | None = None,
    model: StaticModel | None = None,
    columns: Mapping[str, str] | None = None,
    stances: Mapping[str, str] | None = None,
    on_bad: Literal["error", "skip"] = "error",
    loss: str = "cross-entropy",
    share: float = 0.5,
    dim: int = 256,
    vocab_size: int = 16_000,
    epochs: int = 20,
    batch: int = 64,
    rate: float = 0.1,
    valid: float | int | None = None,
    test: float | int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> Classifier:
    """A classifier of stances trained on labelled pairs (parent, reply, stance), saved into the folder ``out`` if one is given.

    The table of tokens and the linear layer over it (``network``) are trained together. Tokens start at ``model``, or random over a tokenizer
    trained on the training texts (dim, vocab_size). Pairs of one parent stay on one side of the split, whose sizes count parents
    (``split_pairs``). The epoch with the best macro-F1 on the validation pairs is kept (a classifier that never says a rare stance is of no
    use here), and logits are divided by the temperature with the least cross-entropy on these. Test pairs are looked at once, at the end.

    pairs, columns, stances, on_bad: as ``read_stance_pairs``. loss: "cross-entropy", or "majority-or-minority" with its ``share``, for
    stances of very unequal size (``contrast.losses.MajorityOrMinority``).
    Raises, beside what reading raises, ConfigError E1030 and E0601 for a setting that cannot be, InputError E1031 where there
    are fewer than two stances to learn, E0113 where parents are too few to split, E0303 for an ``out`` that holds something else.

    >>> rows = [(f"tea number {i}", said, said.split()[0]) for i in range(60) for said in ("agree yes", "disagree no")]
    >>> fit_stance(rows, dim=8, epochs=4).predict(["tea"], ["no"]).tolist()
    [0]
    """
    if loss not in LOSSES:
        raise ConfigError("E1030", f"there is no loss {loss!r}", remedy=did_you_mean(loss, LOSSES))
    for name, value in (("epochs", epochs), ("batch", batch)):
        if value < 1:
            raise ConfigError("E0601", f"{name} must be at least 1", value=value)
    if out is not None:
        check_replaceable(out)
    data = read_stance_pairs(pairs, columns=columns, stances=stances, on_bad=on_bad)
    split = split_pairs(data.by_parent(), valid=valid, test=test)
    counts = np.bincount(data.stances[split.train], minlength=len(STANCES))
    if np.count_nonzero(counts) < 2:
        raise InputError(
            "E1031", "the pairs to train on have fewer than two different stances", place=data.source, value=counts.tolist(),
            remedy="give pairs of each stance",
        )  # fmt: skip
    majority = int(counts.argmax())
    paid = InfoNCE(temperature=1.0) if loss == LOSSES[0] else MajorityOrMinority(majority, share)
    say(
        f"{len(split.train):,} pairs to train on, {len(split.valid):,} to choose by, {len(split.test):,} to judge by: {split.note}"
    )
    plan = Plan(batch=min(batch, len(split.train)), epochs=epochs, rate=rate, validations=epochs, patience=_PATIENCE, seed=seed)
    part = StaticBag(dim if model is None else model.dim, vocab_size)
    training = Training(data, split.train, paid, plan, part, model, threads=threads)
    Loop(training.step, plan, validate=(lambda: training.macro_f1(split.valid)) if len(split.valid) else None).run()

    right = data.stances.astype(np.int64)
    temperature = calibrated(training.logits(split.valid), right[split.valid]) if len(split.valid) else 1.0
    raw = training.logits(split.test)
    judged = quality(
        log_softmax(raw / temperature), log_softmax(raw), right[split.test], majority, temperature,
        (len(split.train), len(split.valid)), loss, split.note,
    )  # fmt: skip
    classifier = Classifier(training.encoder(), training.step.head, training.step.bias, temperature, judged)
    if out is not None:
        classifier.save(out)
    return classifier


class Training:
    """Labelled pairs bound to a bag of tokens in which each distinct text is one item; ``step`` trains on the pairs ``rows``."""

    def __init__(
        self, data: StancePairs, rows: np.ndarray, loss, plan: Plan, part: StaticBag, model: StaticModel | None, *, threads: int
    ):
        texts = pa.chunked_array([*data.parents.chunks, *data.replies.chunks])
        items = Interner().ids(text_keys(texts))
        self._parents, self._replies, self._stances = items[: len(data)], items[len(data) :], data.stances
        distinct = texts.take(np.unique(items, return_index=True)[1])
        if model is None:
            trained = np.unique(np.concatenate([self._parents[rows], self._replies[rows]]))
            self.tokenizer, table = part.tokenizer(distinct.take(trained)), None
        else:
            self.tokenizer, table = model.tokenizer, model.table[: model.tokenizer.vocab_size]
        bag = part.bag(self.tokenizer, self.tokenizer.encode(distinct), seed=plan.seed, threads=threads, table=table)
        self.step = Step(bag, self._parents[rows], self._replies[rows], data.stances[rows], loss, plan, threads=threads)

    def logits(self, rows: np.ndarray) -> np.ndarray:
        """float64 (n, 3) of the pairs ``rows``, as the parameters are now."""
        return self.step.logits(self._parents[rows], self._replies[rows]).astype(np.float64)

    def macro_f1(self, rows: np.ndarray) -> float:
        """Of the pairs ``rows``, as the parameters are now."""
        return classification(self.logits(rows).argmax(axis=1), self._stances[rows]).macro_f1.value

    def encoder(self) -> StaticModel:
        """The bag as it is now, with token weights folded into rows."""
        drop = self.tokenizer.drop_unknown
        return StaticModel(self.tokenizer.to_json(), self.step.bag.folded(), normalize=False, name="stance", drop_unknown=drop)


def calibrated(logits: np.ndarray, right: np.ndarray) -> float:
    """The temperature T with the least cross-entropy of softmax(logits / T), for logits (n, c) and right classes (n,) (Guo et al. 2017,
    section 4.2).

    >>> T = calibrated(np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1]))
    >>> round(float(np.exp(4 / T)), 3)  # three of four are right: odds of 3
    3.0
    """
    rows = np.arange(len(right))

    def cross_entropy(log_scale: np.ndarray) -> tuple[float, np.ndarray]:
        scale = float(np.exp(log_scale[0]))
        log_p = log_softmax(logits * scale)
        slope = (np.exp(log_p) * logits).sum(axis=1) - logits[rows, right]
        return -float(log_p[rows, right].mean()), np.array([scale * slope.mean()])

    return float(np.exp(-minimise(cross_entropy, np.zeros(1))[0][0]))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """log softmax of the rows, float64 (n, c)."""
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
