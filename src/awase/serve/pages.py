"""The pages and what they are made of, read once from the package: no file is opened for a request, so no path can lead astray."""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from awase.serve import openapi
from awase.serve.docs import render
from awase.serve.refusal import Refusal

# No inline script or style, nothing from elsewhere, in no frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_PARTS = ("page.css", "explorer.js", "words.js", "icon.svg")


def routes() -> list[Route]:
    """The explorer at ``/``, the page of the API at ``/docs``, the document itself, and their parts."""
    parts = {name: _part(name) for name in _PARTS}
    explorer, docs = (files("awase.serve") / "static" / "explorer.html").read_text("utf-8"), render(openapi.DOCUMENT)

    async def show_explorer(_: Request) -> Response:
        return _page(explorer)

    async def show_docs(_: Request) -> Response:
        return _page(docs)

    async def show_document(_: Request) -> Response:
        return JSONResponse(openapi.DOCUMENT)

    async def show_part(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in parts:
            raise Refusal(404, "E0906", "there is nothing at this address; /docs lists what there is")
        content, media_type = parts[name]
        return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})

    return [
        Route("/", show_explorer),
        Route("/docs", show_docs),
        Route("/openapi.json", show_document),
        Route("/static/{name}", show_part),
    ]


def _part(name: str) -> tuple[bytes, str]:
    return (files("awase.serve") / "static" / name).read_bytes(), _TYPES[name.rpartition(".")[2]]


def _page(html: str) -> Response:
    return Response(html, media_type="text/html", headers={"content-security-policy": POLICY, "cache-control": "no-cache"})
