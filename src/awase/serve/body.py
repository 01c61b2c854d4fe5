"""The body of a request: read with a cap, a time limit and a budget for all of them together; then JSON, taken strictly."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from starlette.requests import Request

from awase.serve.refusal import Refusal
from awase.serve.settings import Settings

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # how JSON spells surrogates; as bytes they are no UTF-8
_SHOWN_CHARS = 64  # of the name of a field


class Bodies:
    """Reads bodies, and knows how many bytes of them are held at the moment."""

    def __init__(self, settings: Settings):
        self.settings, self.held_bytes = settings, 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """The body, counted as held until the block ends.

        Raises Refusal E0907 (413), E0914 (408), E0912 (429, when all bodies together are too much).
        """
        settings = self.settings
        declared = request.headers.get("content-length", "0")
        # Only a hint that saves the reading: the bytes themselves are counted below.
        if len(declared) > 18 or int(declared) > settings.max_body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        try:
            try:
                async with asyncio.timeout(settings.body_timeout_s):
                    async for chunk in request.stream():
                        size += len(chunk)
                        self.held_bytes += len(chunk)
                        if size > settings.max_body_bytes:
                            raise self._too_large()
                        if self.held_bytes > settings.max_bodies_bytes:
                            raise busy("too much is being sent to the server at the moment")
                        chunks.append(chunk)
            except TimeoutError:
                message = f"the body did not arrive within {settings.body_timeout_s:g} s"
                raise Refusal(408, "E0914", message, headers={"connection": "close"}) from None
            yield b"".join(chunks)
        finally:
            self.held_bytes -= size

    def _too_large(self) -> Refusal:
        most = self.settings.max_body_bytes
        return Refusal(413, "E0907", f"the body has more than {most:,} bytes, the most that is allowed")


def busy(why: str) -> Refusal:
    """The answer of a server that has enough to do."""
    return Refusal(429, "E0912", f"{why}; try again in a second", headers={"retry-after": "1"})


def parse(body: bytes) -> Any:
    """The value of a JSON text.

    Raises Refusal E0909 (400) for anything else, also for NaN, infinity and deep nesting; E0920 (400) for half of a character, which JSON
    can spell and no text can hold.

    >>> parse(b'{"query": "wine"}')
    {'query': 'wine'}
    """
    try:
        value = json.loads(body.decode(), parse_constant=_not_finite, parse_float=_finite)
        place = _half(value) if _HALF.search(body) else None
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise _malformed("it nests too deeply") from None
    except ValueError:  # Python reads whole numbers of up to 4,300 digits
        raise _malformed("a number has too many digits") from None
    if place is not None:
        name = place.removeprefix(".")
        where = f"{name!r}" if name else "the body"
        raise Refusal(400, "E0920", f"{where} holds half of a character (a lone surrogate)", param=name or None)
    return value


def _half(value: Any) -> str | None:
    """Where a value holds a text that is not Unicode; None if it does not. A field with such a name is meant by what it is in."""
    if isinstance(value, str):
        return None if _is_unicode(value) else ""
    if isinstance(value, dict):
        if not all(map(_is_unicode, value)):
            return ""
        inside = ((f".{key[:_SHOWN_CHARS]}", inner) for key, inner in value.items())
    elif isinstance(value, list):
        inside = ((f"[{i}]", inner) for i, inner in enumerate(value))
    else:
        return None
    return next((step + place for step, inner in inside if (place := _half(inner)) is not None), None)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _not_finite(text)
    return number


def _not_finite(text: str) -> NoReturn:
    raise _malformed("a number is NaN or infinite, which JSON does not have")


def _malformed(why: str) -> Refusal:
    return Refusal(400, "E0909", f"the body is not JSON: {why}")
