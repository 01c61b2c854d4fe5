"""Adagrad over the gradients of some rows."""

import numpy as np
import pytest

from awase.contrast.encoders import Rows
from awase.train.optimizer import Adagrad


def test_steps_equal_the_formula_on_tables_vectors_and_both_float_types():
    rng = np.random.default_rng(0)
    parameters = {"table": rng.standard_normal((6, 3), np.float32), "log_weights": np.zeros(6, np.float32), "loss": np.zeros(1)}
    rates = {"table": 0.1, "log_weights": 0.02, "loss": 0.5}
    expected = {name: value.astype(np.float64) for name, value in parameters.items()}
    squares = {name: np.zeros_like(value) for name, value in expected.items()}
    optimizer = Adagrad(parameters, rates)
    for share in (0.5, 1.0, 0.25):
        rows = rng.permutation(6)[:4]
        gradients = [
            Rows("table", rows, rng.standard_normal((4, 3), np.float32)),
            Rows("log_weights", rows, rng.standard_normal(4, np.float32)),
            Rows("loss", np.arange(1), rng.standard_normal(1)),
        ]
        optimizer.step(gradients, share)
        for name, where, g in gradients:
            squares[name][where] += g.astype(np.float64) ** 2
            expected[name][where] -= rates[name] * share * g / np.sqrt(squares[name][where])
    for name, value in expected.items():
        np.testing.assert_allclose(parameters[name], value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(optimizer.state[f"{name}.squares"], squares[name], rtol=1e-5)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_give_the_same_bytes(threads):
    def trained(threads):
        rng = np.random.default_rng(1)
        table = rng.standard_normal((2000, 5), np.float32)
        optimizer = Adagrad({"table": table}, {"table": 0.1}, threads=threads)
        for _ in range(2):
            optimizer.step([Rows("table", rng.permutation(2000)[:1500], rng.standard_normal((1500, 5), np.float32))], 1.0)
        return table.tobytes()

    assert trained(threads) == trained(1)


def test_no_gradient_no_step():
    table = np.ones((2, 2), np.float32)
    Adagrad({"table": table}, {"table": 1.0}).step([Rows("table", np.arange(2), np.zeros((2, 2), np.float32))], 1.0)
    assert (table == 1).all()
