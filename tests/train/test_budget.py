"""Validation costs a tenth of training at most, or is as small as it can be."""

from hypothesis import given
from hypothesis import strategies as st

from awase.train.budget import ValidationBudget, validation_budget

SIZES = st.fixed_dictionaries(
    {
        "steps": st.integers(1, 100_000),
        "batch": st.integers(2, 4096),
        "tokens_per_pair": st.floats(0, 1000),
        "tokens_per_document": st.floats(0, 1000),
        "wanted": st.integers(1, 30),
        "n_queries": st.integers(1, 50_000),
        "n_candidates": st.integers(1, 10_000_000),
    }
)


def work(budget: ValidationBudget, tokens_per_document: float) -> float:
    """Multiplications per dimension: every query against every candidate, and each candidate's tokens gathered, at four each."""
    return budget.n_validations * budget.n_candidates * (budget.n_queries + 4 * tokens_per_document)


@given(SIZES)
def test_at_most_a_tenth_unless_at_the_floor(sizes):
    budget = validation_budget(**sizes)
    training = sizes["steps"] * sizes["batch"] * (3 * sizes["batch"] + 12 * sizes["tokens_per_pair"])
    floor = ValidationBudget(1, min(sizes["n_queries"], 200), min(sizes["n_candidates"], 2000))
    assert work(budget, sizes["tokens_per_document"]) <= 0.1 * training * (1 + 1e-9) or budget == floor
    assert 1 <= budget.n_validations <= sizes["wanted"]
    assert floor.n_queries <= budget.n_queries <= sizes["n_queries"]
    assert floor.n_candidates <= budget.n_candidates <= sizes["n_candidates"]


@given(SIZES, st.integers(2, 20))
def test_more_training_affords_no_less(sizes, times):
    less, more = validation_budget(**sizes), validation_budget(**sizes | {"steps": sizes["steps"] * times})
    cost = [work(budget, sizes["tokens_per_document"]) for budget in (less, more)]
    assert cost[0] <= cost[1] or more == less


def test_candidates_go_first_then_queries_then_validations():
    sizes = {
        "batch": 1024,
        "tokens_per_pair": 80,
        "tokens_per_document": 75,
        "wanted": 5,
        "n_queries": 1000,
        "n_candidates": 60_000,
    }
    found = [validation_budget(steps=steps, **sizes) for steps in (2000, 280, 30, 12, 5, 1)]
    assert found == [
        ValidationBudget(5, 1000, 60_000),
        ValidationBudget(5, 1000, 17_785),
        ValidationBudget(5, 200, 4954),
        ValidationBudget(4, 200, 2477),
        ValidationBudget(2, 200, 2064),
        ValidationBudget(1, 200, 2000),
    ]


def test_no_validation_when_none_is_wanted_or_nothing_is_held_out():
    sizes = {"steps": 9, "batch": 9, "tokens_per_pair": 9, "tokens_per_document": 9, "n_candidates": 9}
    assert validation_budget(**sizes, wanted=0, n_queries=9) == ValidationBudget(0, 0, 0)
    assert validation_budget(**sizes, wanted=9, n_queries=0) == ValidationBudget(0, 0, 0)
