"""Searching a recipe's options on the validation queries, for as long as the user allows."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from awase import recipes
from awase.apps.training import Training
from awase.core.errors import ConfigError, missing_extra
from awase.core.progress import progress
from awase.data.judged import Judged
from awase.data.pairs import Pairs
from awase.data.split import Split

_SPACE = {
    "static": lambda trial: {
        "temperature": trial.suggest_float("temperature", 0.02, 0.12, log=True),
        "rate": trial.suggest_float("rate", 0.03, 0.3, log=True),
        "batch": trial.suggest_categorical("batch", [256, 512, 1024, 2048]),
        "negatives": trial.suggest_categorical("negatives", ["topical", "mined", "in-batch"]),
        "vocab_size": trial.suggest_categorical("vocab_size", [16_000, 32_000, 64_000]),
    }
}


def tune(
    pairs: Pairs,
    split: Split,
    valid: Judged,
    recipe: str,
    fixed: Mapping[str, Any],
    *,
    minutes: float,
    init: str | Path | None,
    seed: int,
    threads: int,
) -> dict[str, Any]:
    """The options with the best nDCG@10 on the validation queries among those tried (optuna's TPE; the recipe's defaults are tried
    first, so the result is not worse than they are there). Options the user fixed stay. The test queries are not looked at."""
    if recipe not in _SPACE:
        raise ConfigError("E1004", f"recipe {recipe!r} has nothing to tune", remedy="leave out --tune")
    try:
        import optuna
    except ImportError:
        raise missing_extra("tune", "optuna") from None
    optuna.logging.set_verbosity(logging.WARNING)
    defaults = {name: known["default"] for name, known in recipes.get(recipe).options().items()}
    tried: list[tuple[float, dict[str, Any]]] = []
    until = time.monotonic() + 60 * minutes

    def objective(trial) -> float:
        options = _SPACE[recipe](trial) | dict(fixed)
        training = Training(recipes.get(recipe)(**options), pairs, split.train, init=init, seed=seed, threads=threads)
        training.mine()
        reached = training.run(valid).best
        tried.append((reached, options))
        return reached

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    first = {name: defaults[name] for name in ("temperature", "rate", "negatives", "vocab_size")} | {"batch": 1024}
    study.enqueue_trial(first)
    with progress("tuning", total=round(60 * minutes), unit="s") as bar:
        while not tried or time.monotonic() < until:
            study.optimize(objective, n_trials=1)
            bar.done = round(60 * minutes - max(until - time.monotonic(), 0))
            bar.note(f"{len(tried)} tried, best nDCG@10 {max(score for score, _ in tried):.4f}")
            bar.advance(0)
    return max(tried, key=lambda one: one[0])[1]
