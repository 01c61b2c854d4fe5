"""Python functions as models, and what they may get wrong."""

import numpy as np
import pytest

from awase.core.errors import BackendError, ConfigError, InputError
from awase.core.protocols import TextEncoder
from awase.models import wrap


def lengths(texts):
    return np.array([[len(text), 1.0] for text in texts])


def test_a_function_becomes_a_model():
    model = wrap(lengths)
    assert isinstance(model, TextEncoder)
    assert (model.name, model.dim) == ("lengths", 2)
    assert model.fingerprint.endswith(".lengths")
    assert wrap(lengths, fingerprint="mine").fingerprint == "mine"
    vectors = model.encode(["", "abc"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0, 1], [3 / 10**0.5, 1 / 10**0.5]], atol=1e-6)
    np.testing.assert_allclose(model.encode(["", "abc"], dim=1), [[0], [1]])
    assert model.encode([]).shape == (0, 2)


def test_the_role_is_passed_to_who_takes_it():
    model = wrap(lambda texts, role: [[role == "query", role == "document"]] * len(texts), name="role")
    with pytest.raises(InputError, match=r"E0415: role must give one row of numbers for each text\n  value: .*bool"):
        model.encode(["a"])
    model = wrap(lambda texts, **options: [[float(options["role"] == "query"), 1.0]] * len(texts), name="role")
    assert model.encode(["a"], role="query").tolist() == pytest.approx(np.array([[2**-0.5, 2**-0.5]]))
    assert model.encode(["a"]).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        (lambda texts: [1.0, 2.0], InputError, r"E0415: it must give one row of numbers for each text\n  value: \(\(2,\)"),
        (lambda texts: [["a"]] * len(texts), InputError, "E0415: it must give one row of numbers"),
        (lambda texts: [[1.0]], InputError, r"E0415: it must give 2 finite vectors of 1 dimensions\n  value: \(1, 1\)"),
        (lambda texts: [[np.nan]] * 2, InputError, "E0415: it must give 2 finite vectors"),
        (lambda texts: 1 / 0, BackendError, "E0409: the model failed: ZeroDivisionError: division by zero"),
    ],
)
def test_a_function_that_fails_is_named(function, kind, message):
    with pytest.raises(kind, match=message):
        wrap(function, name="it").encode(["a", "b"])


def test_texts_are_checked_before_they_are_given_away():
    with pytest.raises(InputError, match="E0253: one string was given"):
        wrap(lengths).encode("abc")
    with pytest.raises(InputError, match="E0253: a text must be a string, not int\n  where: row 1"):
        wrap(lengths).encode(["abc", 3])
    with pytest.raises(ConfigError, match="E0410: the model has 2 dimensions\n  value: 3"):
        wrap(lengths).encode(["abc"], dim=3)
