"""Plans: what is chosen when the user leaves it open, with a reason that is true."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awase.core.errors import ConfigError
from awase.train.plan import Plan, lengthened, schedule, settle


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"batch": -2}, "E0601: batch must be at least 0\n  value: -2"),
        ({"epochs": -1}, "E0601: epochs must be at least 0\n  value: -1"),
        ({"patience": 0}, "E0601: patience must be at least 1\n  value: 0"),
        ({"validations": -1}, "E0601: validations must be at least 0\n  value: -1"),
        ({"seed": -1}, "E0601: seed must be at least 0\n  value: -1"),
        ({"rate": 0}, "E0601: the learning rate must be above 0\n  value: 0"),
        ({"rate": float("nan")}, "E0601: the learning rate must be above 0\n  value: nan"),
        ({"weight_rate": -0.1}, "E0601: the learning rate of the token weights must not be negative\n  value: -0.1"),
        ({"warmup": 1}, "E0601: warmup is a share of the steps, from 0 to below 1\n  value: 1"),
        ({"warmup": -0.1}, "E0601: warmup is a share of the steps, from 0 to below 1\n  value: -0.1"),
    ],
)
def test_impossible_plans(given, message):
    with pytest.raises(ConfigError) as caught:
        Plan(**given)
    assert str(caught.value) == message


@given(st.integers(0, 500), st.integers(1, 40), st.integers(1, 50), st.integers(0, 3000))
def test_few_examples_make_no_fewer_steps(n, batch, epochs, least):
    plan, reasons = lengthened(Plan(batch=batch, epochs=epochs, least_steps=least), n)
    per_epoch = max(-(-n // batch), 1)
    assert plan.epochs == max(epochs, -(-least // per_epoch)) and bool(reasons) == (plan.epochs > epochs)
    assert plan.epochs * per_epoch >= least


@pytest.mark.parametrize("n", [0, 1])
def test_one_pair_teaches_nothing(n):
    with pytest.raises(ConfigError) as caught:
        settle(Plan(), n)
    assert str(caught.value) == (
        f"E0602: training needs at least 2 pairs: the others' documents are the negatives\n  value: {n}\n"
        "  to do: give more pairs"
    )


@given(st.integers(2, 3_000_000))
def test_what_is_chosen_and_why(n):
    plan, (batch_reason, epochs_reason) = settle(Plan(), n)
    assert plan.batch and plan.epochs
    assert 2 <= plan.batch <= min(n, 1024)
    assert 3 <= plan.epochs <= 30
    if n >= 512:
        assert plan.batch * 32 <= n < plan.batch * 64 or plan.batch == 1024
        assert batch_reason == (
            f"batch {plan.batch:,}: the largest of 16 .. 1,024 that still gives 32 steps an epoch on {n:,} pairs"
        )
    else:
        assert plan.batch == min(16, n)
        assert batch_reason == f"batch {plan.batch}: the smallest that has enough negatives, as {n} pairs are few"
    said = re.fullmatch(r"(\d+) epochs: about ([\d,]+) steps; the best validation result is kept", epochs_reason)
    assert said and int(said[1]) == plan.epochs
    assert int(said[2].replace(",", "")) == plan.epochs * (n // plan.batch)


def test_what_is_given_stays():
    assert settle(Plan(batch=7, epochs=2), 100) == (
        Plan(batch=7, epochs=2),
        ["batch 7 and 2 epochs: as asked"],
    )
    plan, reasons = settle(Plan(batch=100), 10_000)
    assert (plan.batch, plan.epochs) == (100, 6)
    assert reasons == ["6 epochs: about 600 steps; the best validation result is kept"]
    plan, reasons = settle(Plan(epochs=2), 10_000)
    assert (plan.batch, plan.epochs) == (256, 2)
    assert len(reasons) == 1


@given(st.integers(1, 300), st.floats(0, 0.99))
def test_the_rate_rises_once_to_all_of_it_and_falls(steps, warmup):
    rates = schedule(0, steps, steps, Plan(warmup=warmup, epochs=1)).tolist()
    top = rates.index(max(rates))
    assert rates[top] == 1
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert abs(top + 1 - max(round(steps * warmup), 1)) <= 1


def test_the_rate_stays_or_starts_low_where_the_plan_says_so():
    assert schedule(0, 6, 2, Plan(epochs=3, warmup=0, decay="none")).tolist() == [1] * 6
    low = schedule(0, 6, 2, Plan(epochs=3, warmup=0, decay="none", burn_in=1, burn_in_rate=0.01))
    assert low.tolist() == [0.01, 0.01, 1, 1, 1, 1]
    whole = schedule(0, 6, 2, Plan(epochs=3))
    assert schedule(2, 5, 2, Plan(epochs=3)).tolist() == whole[2:5].tolist()
