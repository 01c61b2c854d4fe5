"""The application: the table of routes, and what happens between a request and the function that answers it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from awase.serve import keys, openapi, pages, schema
from awase.serve.body import Bodies, parse
from awase.serve.front import Front
from awase.serve.lane import Lane
from awase.serve.metrics import CONTENT_TYPE, Metrics
from awase.serve.refusal import Refusal
from awase.serve.routes import embeddings, items, rerank, search
from awase.serve.settings import Settings

_CLOSE_S = 1.0  # for jobs that are stopped to notice it
_STATE_AGE_S = 1.0  # what monitors see may be so old


class _Any(PathConvertor):
    """As ``path``, which does not take a line break."""

    regex = "(?s:.*)"


register_url_convertor("any", _Any())


class Lanes(NamedTuple):
    """Threads and collections for each kind of work."""

    read: Lane
    heavy: Lane
    write: Lane
    status: Lane


class _Call(NamedTuple):
    """A route that takes JSON: its method and path, the lane it runs in, the function that answers, and the one that tells whether
    answering takes so long that it belongs into the heavy lane."""

    method: str
    path: str
    lane: str
    answer: Callable[[Any, dict], dict]
    is_heavy: Callable[[Any, dict], bool] = lambda collection, body: False


class _Heavy(Exception):
    """Raised by a job that has no place in the lane where it runs."""


CALLS = (
    _Call("POST", "/v1/embeddings", "read", embeddings.answer),
    _Call("POST", "/v1/search", "read", search.answer, search.is_heavy),
    *(_Call("POST", path, "read", rerank.answer) for path in ("/v1/rerank", "/v2/rerank", "/rerank")),
    _Call("POST", "/v1/items", "write", items.upsert),
    _Call("DELETE", "/v1/items", "write", items.delete),
)


class Application:
    """The endpoints that share the lanes, the counters and the settings of one server."""

    def __init__(self, lanes: Lanes, settings: Settings):
        self.lanes, self.settings = lanes, settings
        self.metrics, self.bodies = Metrics(), Bodies(settings)
        self._described: asyncio.Task[dict] | None = None
        self._described_at = 0.0

    def starlette(self) -> Starlette:
        """The ASGI application."""
        routes = [
            *(Route(call.path, self._endpoint(call), methods=[call.method]) for call in CALLS),
            Route("/v1/items/{id:any}", self.delete_item, methods=["DELETE"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{id:any}", self.model),
            Route("/v1/info", self.info),
            Route("/healthz", self.healthz),
            Route("/metrics", self.show_metrics),
            *pages.routes(),
        ]
        names = {route.endpoint: route.path.replace(":any", "") for route in routes}
        app = Starlette(
            routes=routes,
            middleware=[Middleware(Front, self.settings, self.metrics, names)],
            exception_handlers={HTTPException: _unknown},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False  # a redirect repeats the address it was given
        return app

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        end = time.monotonic() + _CLOSE_S
        for lane in self.lanes:
            lane.stop_at = 0.0
        for lane in self.lanes:
            lane.close(max(end - time.monotonic(), 0))

    def _endpoint(self, call: _Call) -> Callable:
        expected = openapi.request_schema(call.method, call.path)

        async def endpoint(request: Request) -> Response:
            keys.check(request, self.settings, writes=call.lane == "write")
            _check_media_type(request)
            async with self.bodies.read(request) as body:

                def job(collection) -> bytes:
                    asked = schema.check(parse(body), expected)
                    if call.is_heavy(collection, asked):
                        raise _Heavy
                    return _json(call.answer(collection, asked))

                def heavy(collection) -> bytes:
                    return _json(call.answer(collection, schema.check(parse(body), expected)))

                lane: Lane = getattr(self.lanes, call.lane)
                end = lane.deadline()
                try:
                    content = await lane.run(job, end)
                except _Heavy:
                    content = await self.lanes.heavy.run(heavy, end)
            return Response(content, media_type="application/json")

        return endpoint

    async def delete_item(self, request: Request) -> Response:
        """DELETE /v1/items/{id}."""
        keys.check(request, self.settings, writes=True)
        item_id = _id_in_address(request, "/v1/items/")
        return JSONResponse(await self.lanes.write.run(lambda collection: items.delete(collection, {"ids": [item_id]})))

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        keys.check(request, self.settings, writes=False)
        return JSONResponse({"object": "list", "data": await self._models()})

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{id}."""
        keys.check(request, self.settings, writes=False)
        name = _id_in_address(request, "/v1/models/")
        for known in await self._models():
            if known["id"] == name:
                return JSONResponse(known)
        raise Refusal(404, "E0921", "there is no model of this name; /v1/models lists what there is", param="id")

    async def _models(self) -> list[dict]:
        name = (await self._current())["model"]
        return [{"id": name, "object": "model", "created": 0, "owned_by": "awase"}] if name is not None else []

    async def info(self, request: Request) -> Response:
        """GET /v1/info."""
        keys.check(request, self.settings, writes=False)
        return JSONResponse(await self._current())

    async def healthz(self, _: Request) -> Response:
        """GET /healthz: whether the collection can be read. It tells nothing else, so it needs no key."""
        await self._current()
        return JSONResponse({"status": "ok"})

    async def show_metrics(self, request: Request) -> Response:
        """GET /metrics."""
        keys.check(request, self.settings, writes=False)
        current = await self._current()
        gauges = {
            "awase_read_queue_length": ("Requests waiting to be answered.", self.lanes.read.waiting),
            "awase_heavy_queue_length": ("Requests with costly filters waiting.", self.lanes.heavy.waiting),
            "awase_write_queue_length": ("Writes waiting.", self.lanes.write.waiting),
            "awase_held_body_bytes": ("Bytes of requests that are being read or wait.", self.bodies.held_bytes),
            "awase_items": ("Items in the collection.", current["items"]),
            "awase_generation": ("Commits the collection has had.", current["generation"]),
        }
        return PlainTextResponse(self.metrics.text(gauges), media_type=CONTENT_TYPE)

    async def _current(self) -> dict:
        """What the collection holds, read at most once a second however many ask, whether that works or fails."""
        now = time.monotonic()
        if self._described is None or (self._described.done() and now - self._described_at > _STATE_AGE_S):
            self._described, self._described_at = asyncio.create_task(self.lanes.status.run(_describe)), now
        return await asyncio.shield(self._described)


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        raise Refusal(405, "E0906", "this address does not take this method", headers=error.headers)
    raise Refusal(404, "E0906", "there is nothing at this address; /docs lists what there is")


def _id_in_address(request: Request, before: str) -> str:
    """The id that ends the address. The server has decoded the path already, but leniently: two ids could become one."""
    try:
        return unquote_to_bytes(request.scope["raw_path"]).decode().removeprefix(before)
    except UnicodeDecodeError:
        raise Refusal(400, "E0910", "the id in the address is not UTF-8", param="id") from None


def _describe(collection) -> dict:
    known = collection.info()
    return {name: known[name] for name in ("items", "generation", "model", "dim", "fields")}  # the path is nobody's business


def _check_media_type(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, "E0908", "the body must be sent as content-type: application/json")


def _json(answer: dict) -> bytes:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
