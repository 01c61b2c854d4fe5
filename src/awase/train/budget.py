"""How much validation a run can afford, decided beforehand from the sizes of the data.

By the sizes and not by the clock: a run that is resumed must validate at the steps where an unbroken one does.
"""

from dataclasses import dataclass

_SHARE = 0.1  # of the training's work
_FEWEST_CANDIDATES = 2_000
_TOKEN_COST = 4  # a gathered float costs about as much as four multiplied ones


@dataclass(frozen=True)
class ValidationBudget:
    """n_validations over the run, each of n_queries against n_candidates."""

    n_validations: int
    n_queries: int
    n_candidates: int


def validation_budget(
    *,
    steps: int,
    batch: int,
    tokens_per_pair: float,
    tokens_per_document: float,
    wanted: int,
    n_queries: int,
    n_candidates: int,
) -> ValidationBudget:
    """At most ``wanted`` validations whose work, in multiplications per dimension, is a tenth of the training's.

    Candidates are left out first, down to 2,000; then queries, down to 200; then validations, down to one at the end, which is
    made even if it takes more.

    >>> validation_budget(
    ...     steps=280, batch=1024, tokens_per_pair=80, tokens_per_document=75, wanted=5, n_queries=1000, n_candidates=60_000
    ... )
    ValidationBudget(n_validations=5, n_queries=1000, n_candidates=17785)
    """
    if not wanted or not n_queries:
        return ValidationBudget(0, 0, 0)
    training = steps * batch * (3 * batch + 3 * _TOKEN_COST * tokens_per_pair)
    affordable = _SHARE * training
    per_candidate = _TOKEN_COST * tokens_per_document
    for n_validations, queries in [(wanted, n_queries), *((n, min(n_queries, 200)) for n in range(wanted, 0, -1))]:
        candidates = min(n_candidates, int(affordable / n_validations / (queries + per_candidate)))
        if candidates >= min(_FEWEST_CANDIDATES, n_candidates):
            return ValidationBudget(n_validations, queries, candidates)
    return ValidationBudget(1, min(n_queries, 200), min(n_candidates, _FEWEST_CANDIDATES))
