"""The OpenAPI 3.1 document, as data. Requests are checked against the schemas in it (``awase.serve.schema``)."""

from awase import __version__
from awase.core.limits import (
    MAX_BODY_BYTES,
    MAX_FILTER_CHARS,
    MAX_K,
    MAX_REQUEST_ITEMS,
    MAX_REQUEST_RESULTS,
    MAX_REQUEST_TOKENS,
)

_MODES = ["hybrid", "dense", "bm25"]


def _object(required: list[str], **properties: dict) -> dict:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _list(of: dict, description: str = "", **limits: int) -> dict:
    return {"type": "array", "items": of, **({"description": description} if description else {}), **limits}


def _text(description: str, **more) -> dict:
    return {"type": "string", "description": description, **more}


def _whole(description: str, **more) -> dict:
    return {"type": "integer", "description": description, **more}


_IDS = _list({"type": "string", "minLength": 1}, minItems=1, maxItems=MAX_REQUEST_ITEMS)
_NO_TOKENS = "token ids are of another tokenizer: send the texts"

SCHEMAS: dict[str, dict] = {
    "EmbeddingsRequest": _object(
        ["input"],
        input={
            "type": ["string", "array"],
            "description": "One text or several. No text may be empty. Token ids are refused.",
            "items": {"type": "string", "minLength": 1, "x-hint": _NO_TOKENS},
            "minLength": 1,
            "minItems": 1,
            "maxItems": MAX_REQUEST_ITEMS,
        },
        model=_text("Taken and passed over: there is one model, and the answer names it."),
        dimensions=_whole("The first so many dimensions, at unit length again; at most those of the model.", minimum=1),
        encoding_format=_text(
            "Numbers, or the bytes of little-endian float32 in base64.", enum=["float", "base64"], default="float"
        ),
        input_type=_text("Models can tell questions from what answers them.", enum=["document", "query"], default="document"),
        user=_text("Taken and passed over."),
    ),
    "EmbeddingsAnswer": _object(
        ["object", "data", "model", "usage"],
        object={"type": "string", "enum": ["list"]},
        data=_list(
            _object(
                ["object", "index", "embedding"],
                object={"type": "string", "enum": ["embedding"]},
                index=_whole("The place of the text in the request."),
                embedding={
                    "type": ["array", "string"],
                    "items": {"type": "number"},
                    "description": "Of unit length if the model makes them so; zero for a text without any known token.",
                },
            )
        ),
        model=_text("The model that made the vectors."),
        usage=_object(
            ["prompt_tokens", "total_tokens"],
            prompt_tokens=_whole("Tokens of the texts; 0 for a model that does not show its tokenizer."),
            total_tokens=_whole("The same."),
        ),
    ),
    "SearchRequest": _object(
        [],
        query=_text("One query. Either this or queries."),
        queries=_list({"type": "string"}, "Several queries, each with an answer.", minItems=1, maxItems=MAX_REQUEST_ITEMS),
        k=_whole(
            f"Results for each query; k times the queries at most {MAX_REQUEST_RESULTS:,}.",
            minimum=1,
            maximum=MAX_K,
            default=10,
        ),
        mode=_text("bm25 looks for words, dense for near vectors, hybrid for both. Without a model: bm25.", enum=_MODES),
        where=_text(
            f'A filter on metadata of at most {MAX_FILTER_CHARS:,} characters, such as: year >= 2020 and lang = "ja"',
            minLength=1,
        ),
    ),
    "Result": _object(
        ["id", "score", "text", "metadata", "sources"],
        id={"type": "string"},
        score={"type": "number", "description": "Higher is closer. Comparable within one answer only."},
        text={"type": "string"},
        metadata={"type": "object"},
        sources={"type": "object", "description": "What each search gave the item: bm25, dense."},
    ),
    "SearchAnswer": _object(
        ["mode", "took_s"],
        mode=_text("The mode that was used.", enum=_MODES),
        took_s={"type": "number", "description": "Seconds of searching."},
        results=_list({"$ref": "#/components/schemas/Result"}, "For query."),
        answers=_list(_object(["results"], results=_list({"$ref": "#/components/schemas/Result"})), "For queries."),
    ),
    "RerankRequest": _object(
        ["query", "documents"],
        query=_text("What the documents are compared with.", minLength=1),
        documents=_list(
            {
                "type": ["string", "object"],
                "required": ["text"],
                "properties": {"text": {"type": "string"}},
                "description": "A text, or an object with the field text; its other fields come back with it.",
            },
            "What is ordered.",
            minItems=1,
            maxItems=MAX_REQUEST_ITEMS,
        ),
        top_n=_whole("How many are wanted; all if it is not given.", minimum=1),
        return_documents={"type": "boolean", "description": "Whether results have the field document.", "default": False},
        model=_text("Taken and passed over."),
        max_tokens_per_doc=_whole("Taken and passed over: no document is cut."),
        max_chunks_per_doc=_whole("The same, of Cohere's older clients."),
        truncation={"type": "boolean", "description": "The same, of Jina's."},
    ),
    "RerankAnswer": _object(
        ["id", "object", "model", "results", "meta", "usage"],
        id=_text("Of this answer; a new one each time."),
        object={"type": "string", "enum": ["list"]},
        model=_text("The model that compared."),
        results=_list(
            _object(
                ["index", "relevance_score"],
                index=_whole("The place of the document in the request."),
                relevance_score={"type": "number", "description": "(1 + cosine of the vectors) / 2, from 0 to 1."},
                document={
                    "type": "object",
                    "description": "The document, as an object with the field text, if it was asked for.",
                },
            )
        ),
        meta={"type": "object", "description": "Tokens read, where Cohere's clients look for them."},
        usage={"type": "object", "description": "The same, where Jina's do."},
    ),
    "Models": _object(
        ["object", "data"],
        object={"type": "string", "enum": ["list"]},
        data=_list({"$ref": "#/components/schemas/Model"}, "The model of the collection; empty if it has none."),
    ),
    "Model": _object(
        ["id", "object", "created", "owned_by"],
        id=_text("Its name."),
        object={"type": "string", "enum": ["model"]},
        created=_whole("Always 0: a model does not know when it was made."),
        owned_by=_text("Always awase."),
    ),
    "UpsertRequest": _object(
        ["items"],
        items=_list(
            _object(
                ["id", "text"],
                id=_text("Known ids are replaced.", minLength=1),
                text={"type": "string"},
                metadata={"type": "object", "description": "Anything; filters ask for it."},
            ),
            minItems=1,
            maxItems=MAX_REQUEST_ITEMS,
        ),
    ),
    "UpsertAnswer": _object(
        ["accepted", "changed"],
        accepted=_whole("Items of the request. All of them are on the disk now."),
        changed=_whole("Those that were new or different."),
    ),
    "DeleteRequest": _object(["ids"], ids=_IDS),
    "DeleteAnswer": _object(["deleted"], deleted=_whole("How many of the ids there were.")),
    "Info": _object(
        ["items", "generation", "model", "dim", "fields"],
        items=_whole("Items in the collection."),
        generation=_whole("Commits it has had."),
        model={"type": ["string", "null"], "description": "The name of the model."},
        dim=_whole("Dimensions of its vectors; 0 without a model."),
        fields=_list({"type": "string"}),
    ),
    "Health": _object(["status"], status={"type": "string", "enum": ["ok"]}),
    "Error": _object(
        ["error"],
        error=_object(
            ["message", "type", "param", "code"],
            message=_text("What is wrong and what to do. Never a text of the request."),
            type={"type": "string"},
            param={"type": ["string", "null"], "description": "The field that is meant."},
            code=_text("`awase explain CODE` has a page on it."),
        ),
    ),
}

_REFUSALS = {
    400: "Not JSON, a wrong field, or a filter that cannot be read.",
    401: "The key is missing or wrong.",
    403: "The key may only read.",
    404: "The collection has no model, or none of this name.",
    408: "The body came too slowly.",
    413: f"The body has more than {MAX_BODY_BYTES:,} bytes.",
    415: "The body is not sent as application/json.",
    422: f"Too many items ({MAX_REQUEST_ITEMS:,}), tokens ({MAX_REQUEST_TOKENS:,}) or results, or a text that is too long.",
    429: "The queue is full. Come back after the seconds in Retry-After.",
    503: "Another process is writing to the collection.",
    504: "The deadline passed.",
}
_WITH_BODY = (400, 401, 408, 413, 415, 422, 429, 504)


def _json_of(name: str) -> dict:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _operation(summary: str, description: str, answer: str, asked: str | None = None, refusals: tuple[int, ...] = ()) -> dict:
    operation: dict = {"summary": summary, "description": description}
    if asked:
        operation["requestBody"] = {"required": True, "content": _json_of(asked)}
    operation["responses"] = {
        "200": {"description": "Done.", "content": _json_of(answer)},
        **{str(status): {"description": _REFUSALS[status], "content": _json_of("Error")} for status in sorted(refusals)},
    }
    return operation


def _plain(summary: str, description: str, media_type: str, **more) -> dict:
    return {
        "summary": summary,
        "description": description,
        "responses": {"200": {"description": "Done.", "content": {media_type: {"schema": {"type": "string"}}}}},
        **more,
    }


DOCUMENT: dict = {
    "openapi": "3.1.0",
    "info": {
        "title": "Awase",
        "version": __version__,
        "description": "Embeddings, search and reranking by a model that was fitted to your own pairs.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/"}],
    "security": [{"bearer": []}, {"header": []}, {}],
    "paths": {
        "/v1/search": {
            "post": _operation(
                "Search",
                "The items that are closest to a query, best first, with what each search gave them.",
                "SearchAnswer",
                "SearchRequest",
                _WITH_BODY,
            )
        },
        "/v1/embeddings": {
            "post": _operation(
                "Embeddings",
                "Vectors of texts, in the shape of OpenAI's endpoint: its client libraries work when their base URL is /v1 here.",
                "EmbeddingsAnswer",
                "EmbeddingsRequest",
                (*_WITH_BODY, 404),
            )
        },
        "/v1/rerank": {
            "post": _operation(
                "Rerank",
                "Documents of the request by closeness to its query, in the shape of Cohere's and Jina's endpoints.",
                "RerankAnswer",
                "RerankRequest",
                (*_WITH_BODY, 404),
            )
        },
        **{
            path: {"post": _operation(summary, "As /v1/rerank.", "RerankAnswer", "RerankRequest", (*_WITH_BODY, 404))}
            for path, summary in (
                ("/v2/rerank", "Rerank, where Cohere's newer client sends it"),
                ("/rerank", "Rerank, where other clients send it"),
            )
        },
        "/v1/models": {
            "get": _operation("Models", "The one model, in the shape of OpenAI's endpoint.", "Models", refusals=(401,))
        },
        "/v1/models/{id}": {
            "get": {
                **_operation("One model", "The same for one name.", "Model", refusals=(401, 404)),
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            }
        },
        "/v1/items": {
            "post": _operation(
                "Upsert items",
                "Adds items and replaces those with the same id: all of the request or, on an error, none. The answer comes when "
                "the disk has them. Sending the same again is safe.",
                "UpsertAnswer",
                "UpsertRequest",
                (*_WITH_BODY, 403, 503),
            ),
            "delete": _operation(
                "Delete items",
                "Ids that are not there are passed over.",
                "DeleteAnswer",
                "DeleteRequest",
                (*_WITH_BODY, 403, 503),
            ),
        },
        "/v1/items/{id}": {
            "delete": {
                **_operation(
                    "Delete one item",
                    "The same for one id, percent-encoded.",
                    "DeleteAnswer",
                    refusals=(400, 401, 403, 429, 503),
                ),
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            }
        },
        "/v1/info": {"get": _operation("Info", "What the collection holds.", "Info", refusals=(401,))},
        "/healthz": {
            "get": {
                **_operation("Health", "Whether the collection can be read. Needs no key.", "Health", refusals=(503, 504)),
                "security": [],
            }
        },
        "/metrics": {"get": _plain("Metrics", "Counts and times in the text format of Prometheus.", "text/plain")},
        "/openapi.json": {"get": _plain("This document", "OpenAPI 3.1.", "application/json", security=[])},
        "/docs": {"get": _plain("This document, to read", "A page that needs no network.", "text/html", security=[])},
        "/": {"get": _plain("Explorer", "A page to try searches on.", "text/html", security=[])},
    },
    "components": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        },
        "schemas": SCHEMAS,
    },
}


def request_schema(method: str, path: str) -> dict:
    """The schema of the body of a request."""
    content = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]
    return resolved(content["application/json"]["schema"])


def resolved(schema: dict) -> dict:
    """The schema that a reference stands for.

    >>> resolved({"$ref": "#/components/schemas/Health"})["required"]
    ['status']
    """
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
