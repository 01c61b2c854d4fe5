"""HTTP for one collection: embeddings in OpenAI's shape, search, rerank, items, and a page to try searches on.

A request passes ``front`` (who may call, counts, errors as JSON), ``app`` (routes, body, media type), a ``lane`` (threads with a
collection each and a bounded queue), and ends in one function of ``routes``: a collection and a checked body in, a dict out.
"""

from importlib.util import find_spec

from awase.core.errors import missing_extra

for _library in ("starlette", "uvicorn"):
    if find_spec(_library) is None:
        raise missing_extra("serve", _library)

from awase.serve.server import run  # noqa: E402 - an import that fails without them must say what to install

__all__ = ["run"]
