"""Errors of the library as answers: what the client can mend is 4xx and says how, the rest is 5xx and says nothing of the inside."""

import json

import pytest

from awase.core.errors import BackendError, ConfigError, FormatError, InputError, IntegrityError, LimitError
from awase.serve.refusal import Refusal, from_error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("E0253", "wrong"), 400),
        (ConfigError("E0411", "wrong"), 400),
        (LimitError("E0250", "wrong"), 422),
        (BackendError("E0314", "wrong"), 503),
        (BackendError("E0302", "wrong"), 507),
        (BackendError("E0301", "wrong"), 500),
        (IntegrityError("E0724", "wrong"), 500),
        (FormatError("E0312", "wrong"), 500),
    ],
)
def test_statuses(error, status):
    assert (from_error(error).status, from_error(error).code) == (status, error.code)


def test_an_answer_has_the_place_and_the_remedy_but_not_what_was_given():
    error = InputError(
        "E0710", "it ends too early\n    SECRET = \n    ^", place="column 9", value="SECRET", remedy="write more"
    )
    assert from_error(error).message == "it ends too early (column 9); write more"


def test_the_shape_is_that_of_openai():
    response = Refusal(429, "E0912", "later", param="input", headers={"retry-after": "1"}).response()
    assert json.loads(response.body) == {
        "error": {"message": "later", "type": "rate_limit_error", "param": "input", "code": "E0912"}
    }
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")
