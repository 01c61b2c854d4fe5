"""Which weights a fit of texts keeps: the trained ones, those it started from, or some between, as validation says."""

from typing import NamedTuple

import numpy as np

from awase.apps.training import Training, Validation
from awase.data.judged import Judged
from awase.models import StaticModel
from awase.tasks.report.outcome import FEWEST, Saved
from awase.tasks.significance import paired_test

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the trained weights
_LEVEL = 0.1  # of the interval whose lower end must be above 0: better by chance in one case of twenty
_DRAWS = 2_000
_MOST_CANDIDATES = 20_000


class Choice(NamedTuple):
    """alpha: the share of the trained weights in what is kept; tried: alpha -> nDCG@10 on validation; why: in a sentence."""

    alpha: float
    tried: dict[float, float]
    why: str

    @property
    def saved(self) -> Saved:
        return "trained" if self.alpha == 1 else "untrained" if self.alpha == 0 else "interpolated"

    def as_dict(self) -> dict:
        """As in ``awase.json`` and in the report."""
        return {
            "saved": self.saved,
            "alpha": self.alpha,
            "why": self.why,
            "validation": {f"{a:g}": v for a, v in self.tried.items()},
        }


def chosen_weights(training: Training, start: StaticModel, valid: Judged) -> Choice:
    """The mixture of start and trained weights that surely gains most on the validation queries: that with the highest lower end of the 90 %
    interval of its gain over the start, which is kept where none is above 0. So a model that was good before is not given up for one that
    looks better on a handful of queries. A validation that is full whatever the weights is none, and the trained ones are kept. The test
    queries are not looked at.

    What is mixed are rows with their weights folded in, so that the vector of a text is the same mixture of its two vectors.
    """
    n = len(valid.queries)
    if not n:
        return Choice(1.0, {}, "there were no validation queries to choose by")
    asked = Validation(training, valid, n, _MOST_CANDIDATES)
    before, after = asked.vectors(start.table), asked.vectors()
    values = {alpha: asked.per_query((1 - alpha) * before + alpha * after) for alpha in map(np.float32, ALPHAS)}
    return choose_alpha({float(alpha): of for alpha, of in values.items()})


def choose_alpha(values: dict[float, np.ndarray]) -> Choice:
    """The choice, from the metric on each validation query for every alpha, 0 and 1 among them.

    >>> choose_alpha({0.0: np.zeros(60), 0.5: np.full(60, 0.5), 1.0: np.ones(60)}).saved
    'trained'
    >>> choose_alpha({0.0: np.zeros(4), 0.5: np.full(4, 0.5), 1.0: np.ones(4)}).why
    'no share of the trained weights beat the start on 4 validation queries by more than chance'
    """
    start, n = values[0.0], len(values[0.0])
    tried = {alpha: float(of.mean()) for alpha, of in values.items()}
    if n >= FEWEST and all((of == 1).all() for of in values.values()):
        return Choice(1.0, tried, "validation is full whatever the weights and tells nothing: the trained ones were kept")
    surely = {alpha: paired_test(of, start, permutations=_DRAWS).interval(_LEVEL)[0] for alpha, of in values.items()}
    gain, alpha = max((gain, alpha) for alpha, gain in surely.items())
    if gain <= 0:
        why = f"no share of the trained weights beat the start on {n:,} validation queries by more than chance"
        return Choice(0.0, tried, why)
    return Choice(alpha, tried, f"the surest gain over the start on {n:,} validation queries")


def mixed(training: Training, start: StaticModel, alpha: float, name: str) -> StaticModel:
    """The model with a share alpha of the trained weights; of 0 and 1 exactly the one and the other."""
    trained = training.model(name)
    if alpha < 1:
        share = np.float32(alpha)
        trained.table[...] = start.table if alpha == 0 else (1 - share) * start.table + share * trained.table
    return trained
