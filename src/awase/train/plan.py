"""How long and how fast to train. What the user leaves open is chosen from the data, with a reason that is printed."""

from dataclasses import dataclass, replace

import numpy as np

from awase.core.errors import ConfigError

_STEPS_WANTED = 600  # fewer, and a static model has not settled; counted on the sets of benchmarks/static.py
_EPOCHS_MOST = 30
_OPTIMIZERS, _DECAYS = ("adagrad", "sgd"), ("linear", "none")
_BATCHES = (1024, 512, 256, 128, 64, 32)
_BATCH_LEAST = 16  # a smaller batch has too few negatives to learn from
_STEPS_AN_EPOCH = 32  # fewer, and an epoch is too coarse a unit to stop at


@dataclass(frozen=True)
class Plan:
    """batch: pairs a step; epochs: passes over the pairs (0 for either: chosen from the data by ``settle``); rate: learning rate
    of the table; weight_rate: of the token weights; warmup: share of the steps over which the rate rises, after which it falls
    linearly to 0; dims: Matryoshka prefixes, () for none; patience: validations without a better result before training stops;
    validations: how many over the whole run, at most; optimizer: "adagrad" or "sgd"; decay: whether the rate falls, "linear", or stays,
    "none"; burn_in: first epochs, at the rate times burn_in_rate, in which rows find their places; hogwild: whether a kernel that steps
    after every few pairs may do so on several threads without locks (Niu et al. 2011, arXiv 1106.5730), which gives other bytes each time;
    least_steps: by more epochs, where the data are few (``lengthened``)."""

    batch: int = 0
    epochs: int = 0
    rate: float = 0.1
    weight_rate: float = 0.02
    warmup: float = 0.05
    dims: tuple[int, ...] = ()
    patience: int = 3
    validations: int = 10
    seed: int = 0
    optimizer: str = "adagrad"
    decay: str = "linear"
    burn_in: int = 0
    burn_in_rate: float = 0.1
    hogwild: bool = False
    least_steps: int = 0

    def __post_init__(self):
        for name, low in (
            ("batch", 0),
            ("epochs", 0),
            ("patience", 1),
            ("validations", 0),
            ("seed", 0),
            ("burn_in", 0),
            ("least_steps", 0),
        ):
            value = getattr(self, name)
            if value < low:
                raise ConfigError("E0601", f"{name} must be at least {low}", value=value)
        if not self.rate > 0:
            raise ConfigError("E0601", "the learning rate must be above 0", value=self.rate)
        if not self.weight_rate >= 0:
            raise ConfigError("E0601", "the learning rate of the token weights must not be negative", value=self.weight_rate)
        if not 0 <= self.warmup < 1:
            raise ConfigError("E0601", "warmup is a share of the steps, from 0 to below 1", value=self.warmup)
        for name, value, known in (("optimizer", self.optimizer, _OPTIMIZERS), ("decay", self.decay, _DECAYS)):
            if value not in known:
                raise ConfigError("E0601", f"{name} must be {' or '.join(map(repr, known))}", value=value)


def settle(plan: Plan, n_pairs: int) -> tuple[Plan, list[str]]:
    """The plan with every open choice made, and why.

    >>> settle(Plan(batch=512, epochs=2), 10_000)[1]
    ['batch 512 and 2 epochs: as asked']
    """
    if n_pairs < 2:
        raise ConfigError(
            "E0602",
            "training needs at least 2 pairs: the others' documents are the negatives",
            value=n_pairs,
            remedy="give more pairs",
        )
    if plan.batch and plan.epochs:
        return plan, [f"batch {plan.batch:,} and {plan.epochs} epochs: as asked"]
    reasons = []
    batch = plan.batch
    if not batch:
        batch = next((size for size in _BATCHES if n_pairs >= _STEPS_AN_EPOCH * size), min(_BATCH_LEAST, n_pairs))
        reasons.append(
            f"batch {batch:,}: the largest of {_BATCH_LEAST} .. 1,024 that still gives 32 steps an epoch on {n_pairs:,} pairs"
            if n_pairs >= _STEPS_AN_EPOCH * _BATCH_LEAST
            else f"batch {batch:,}: the smallest that has enough negatives, as {n_pairs:,} pairs are few"
        )
    epochs = plan.epochs
    if not epochs:
        steps = max(n_pairs // batch, 1)
        epochs = min(max(-(-_STEPS_WANTED // steps), 3), _EPOCHS_MOST)
        reasons.append(f"{epochs} epochs: about {epochs * steps:,} steps; the best validation result is kept")
    return replace(plan, batch=batch, epochs=epochs), reasons


def lengthened(plan: Plan, n: int) -> tuple[Plan, list[str]]:
    """The plan with as many epochs of n examples as ``least_steps`` need, and why; the burn-in keeps its share of them.

    >>> lengthened(Plan(batch=10, epochs=100, burn_in=20, least_steps=2000), 55)[1]
    ['334 epochs: an epoch of 55 examples has 6 steps, and fewer than 2,000 are too few to learn from']
    """
    per_epoch = max(-(-n // max(plan.batch, 1)), 1)
    epochs = -(-plan.least_steps // per_epoch)
    if epochs <= plan.epochs:
        return plan, []
    reason = (
        f"{epochs:,} epochs: an epoch of {n:,} examples has {per_epoch:,} steps, and fewer than {plan.least_steps:,} are too few "
        "to learn from"
    )
    return replace(plan, epochs=epochs, burn_in=round(plan.burn_in * epochs / plan.epochs)), [reason]


def schedule(first: int, last: int, per_epoch: int, plan: Plan) -> np.ndarray:
    """The share of the full learning rate at each of the steps first .. last - 1, of ``per_epoch`` steps an epoch.

    Up linearly over the warm-up, then down linearly to 0, or level; times ``burn_in_rate`` while burning in.

    >>> schedule(0, 10, 5, Plan(warmup=0.2, epochs=2)).round(3).tolist()
    [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    """
    step, steps = np.arange(first, last), per_epoch * plan.epochs
    rising = max(round(steps * plan.warmup), 1)
    falling = (steps - step) / max(steps - rising, 1) if plan.decay == "linear" else 1.0
    share = np.where(step < rising, (step + 1) / rising, falling)
    return np.where(step < plan.burn_in * per_epoch, share * plan.burn_in_rate, share)
