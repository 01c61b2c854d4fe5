"""What the server answers when it does not do what it was asked to: one JSON shape, the one OpenAI's clients understand.

An answer never repeats a text of the request, since clients and proxies write answers to logs.
"""

import json
from collections.abc import Mapping

from starlette.responses import Response

from awase.core.errors import AwaseError, ConfigError, InputError, LimitError

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    422: "limit_error",
    429: "rate_limit_error",
}
_STATUS_OF_CODE = {"E0302": 507, "E0314": 503, "E0340": 503}  # the disk is full; another process writes; the server ends


class Refusal(Exception):
    """An answer that is not 200. ``code`` is one that ``awase explain`` knows; ``param`` the field that is meant."""

    def __init__(
        self, status: int, code: str, message: str, *, param: str | None = None, headers: Mapping[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.message, self.param, self.headers = status, code, message, param, headers

    def response(self) -> Response:
        """The refusal as HTTP."""
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        content = json.dumps({"error": error}, ensure_ascii=False).encode(errors="replace")  # whatever it says, it can be sent
        return Response(content, self.status, self.headers, "application/json")


def from_error(error: AwaseError) -> Refusal:
    """The refusal for an error of the library: 4xx for what the client can mend, 5xx for the rest.

    The value is left out, and so are the further lines of a message: they show what was given. Of a 5xx only the code is told.
    """
    if not isinstance(error, InputError | ConfigError | LimitError):
        message = f"the server cannot answer this now; `awase explain {error.code}` says what it means"
        return Refusal(_STATUS_OF_CODE.get(error.code, 500), error.code, message)
    where = f" ({error.place})" if error.place else ""
    what_next = f"; {error.remedy}" if error.remedy else ""
    message = f"{error.message.splitlines()[0]}{where}{what_next}"
    return Refusal(422 if isinstance(error, LimitError) else 400, error.code, message)
