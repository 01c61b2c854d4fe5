"""What every request passes: who may call, what is counted and logged, how an error becomes an answer, headers that protect.

A log line has the route, never the path, the query or a text: those are the users'.
"""

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from awase.core import limits
from awase.core.errors import AwaseError
from awase.serve import keys
from awase.serve.metrics import Metrics
from awase.serve.refusal import Refusal, from_error
from awase.serve.settings import Settings

log = logging.getLogger("awase.serve")

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_DRAIN_S = 5.0
_DRAIN_BYTES = 8 * limits.MAX_BODY_BYTES
_GONE = 499  # the client hung up; as nginx counts it


class Front:
    """The outermost layer. names: endpoint -> the path it is counted under."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, names: Mapping[Any, str]):
        self.app, self.settings, self.metrics, self.names = app, settings, metrics, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        exchange = _Exchange(scope, receive, send)
        try:
            keys.check_host(Request(scope), self.settings)
            await self.app(scope, exchange.receive, exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal)
        except AwaseError as error:
            refusal = from_error(error)
            if refusal.status >= 500:
                _log_failure(error, exchange.id)
            await exchange.refuse(refusal)
        except ClientDisconnect:
            exchange.status = _GONE
        except Exception as error:  # noqa: BLE001 - the last line: a client gets an answer, the log where it happened
            _log_failure(error, exchange.id)
            await exchange.refuse(Refusal(500, "E0917", f"the server failed; its log says where, under {exchange.id}"))
        seconds = time.perf_counter() - start
        route = self.names.get(scope.get("endpoint"), "other")
        self.metrics.observe(route, exchange.status, seconds)
        log.info("%s %s %s %d %.1f ms", exchange.id, scope["method"], route, exchange.status, 1000 * seconds)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send):
        self.id, self.status, self.started = secrets.token_hex(8), _GONE, False
        self._scope, self._receive, self._send = scope, receive, send
        self._more_body = True

    async def receive(self) -> Message:
        message = await self._receive()
        self._more_body = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = MutableHeaders(raw=list(message["headers"]))
            for name, value in (*_HEADERS.items(), ("x-request-id", self.id)):
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer, then take what still comes of the body: closing on a client that sends loses the answer with it."""
        if self.started:
            return
        response = refusal.response()
        await self.send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await self.send({"type": "http.response.body", "body": response.body, "more_body": True})
        if refusal.status != 408 and "expect" not in Request(self._scope).headers:  # such clients wait before they send
            await self._drain()
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        size = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                while self._more_body and size <= _DRAIN_BYTES:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return


def _log_failure(error: Exception, request_id: str) -> None:
    """Where it happened and of what kind: the message of an error may hold what a user sent."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    kinds = [f"{type(cause).__name__}{f' {cause.code}' if isinstance(cause, AwaseError) else ''}" for cause in causes]
    frames = traceback.extract_tb(error.__traceback__)
    at = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    log.error("%s failed: %s\n%s", request_id, " from ".join(kinds), at)
