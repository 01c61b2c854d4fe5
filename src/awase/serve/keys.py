"""Who may do what: keys, and for a server without a key the address it was called by."""

import hmac

from starlette.requests import Request

from awase.serve.refusal import Refusal
from awase.serve.settings import Settings, is_loopback


def check(request: Request, settings: Settings, *, writes: bool) -> None:
    """Raises Refusal E0904 (401) for a missing or wrong key, E0905 (403) for a read-only key where a write is asked for."""
    if settings.key is None:
        return
    given = _given(request)
    # Both are compared, each in constant time: neither the place of a wrong character nor the kind of the key shows in the time.
    full = hmac.compare_digest(given, settings.key.encode())
    read = hmac.compare_digest(given, (settings.read_key or settings.key).encode())
    if not (full or read):
        message = "the key is missing or wrong; send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'"
        raise Refusal(401, "E0904", message, headers={"www-authenticate": "Bearer"})
    if writes and not full:
        raise Refusal(403, "E0905", "this key may only read")


def check_host(request: Request, settings: Settings) -> None:
    """Raises Refusal E0915 (421) when a server without a key is called by a name that is not this machine's.

    A page from elsewhere can point a name of its own at 127.0.0.1, and then read from here as if it came from here.
    """
    if settings.key is not None:
        return
    host = request.headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    if not is_loopback(name):
        raise Refusal(421, "E0915", "without a key the server answers to localhost and 127.0.0.1 only")


def _given(request: Request) -> bytes:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    given = key.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    return given.encode("latin-1")
