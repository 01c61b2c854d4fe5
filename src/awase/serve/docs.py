"""The page at ``/docs``: the OpenAPI document as HTML. No script, nothing fetched but the style sheet."""

import json
from html import escape
from importlib.resources import files
from string import Template

from awase.serve.openapi import resolved

# A request that works on any collection, for each operation that takes a body.
EXAMPLES: dict[tuple[str, str], dict] = {
    ("post", "/v1/search"): {"query": "red wine", "k": 3},
    ("post", "/v1/embeddings"): {"input": ["red wine", "赤ワイン"], "model": "any"},
    ("post", "/v1/rerank"): {"query": "red wine", "documents": ["a glass of red", "a train"], "top_n": 1},
    ("post", "/v2/rerank"): {"query": "red wine", "documents": ["a glass of red", "a train"]},
    ("post", "/rerank"): {"query": "red wine", "documents": [{"text": "a glass of red"}], "return_documents": True},
    ("post", "/v1/items"): {"items": [{"id": "a", "text": "red wine", "metadata": {"year": 2020}}]},
    ("delete", "/v1/items"): {"ids": ["a"]},
}


def render(document: dict) -> str:
    """The page of a document."""
    operations = [
        (method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()
    ]
    contents = "".join(
        f'<li><a href="#{_anchor(method, path)}">{escape(of["summary"])}</a></li>' for method, path, of in operations
    )
    body = "".join(_operation(*operation) for operation in operations)
    template = Template((files("awase.serve") / "static" / "docs.html").read_text("utf-8"))
    info = document["info"]
    return template.substitute(
        title=escape(info["title"]),
        version=escape(info["version"]),
        lead=escape(info["description"]),
        contents=contents,
        body=body,
    )


def _operation(method: str, path: str, operation: dict) -> str:
    anchor = _anchor(method, path)
    head = (
        f'<h2 id="{anchor}">{escape(operation["summary"])} <span class="mono">{method.upper()} {escape(path)}</span> '
        f'<a href="#{anchor}" aria-label="Link to {escape(operation["summary"])}">#</a></h2>'
    )
    parts = [head, f"<p>{escape(operation['description'])}</p>"]
    if "requestBody" in operation:
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        parts += ["<h3>Body</h3>", _fields(resolved(asked), asked=True), _example(method, path)]
    answer = next(iter(operation["responses"]["200"]["content"].items()))
    if "$ref" in answer[1]["schema"]:
        parts += ["<h3>Answer</h3>", _fields(resolved(answer[1]["schema"]))]
    refusals = {status: of["description"] for status, of in operation["responses"].items() if status != "200"}
    if refusals:
        rows = "".join(f"<tr><th scope='row'>{status}</th><td>{escape(what)}</td></tr>" for status, what in refusals.items())
        table = f"<div class='scroll'><table><tbody>{rows}</tbody></table></div>"
        parts.append(f"<details><summary>Refusals: {', '.join(refusals)}</summary>{table}</details>")
    return f"<section>{''.join(parts)}</section>"


def _fields(schema: dict, *, asked: bool = False) -> str:
    rows = ""
    for name, of in schema["properties"].items():
        about = _about(of, required=asked and name in schema["required"])
        rows += f"<tr><th scope='row' class='mono'>{escape(name)}</th><td>{escape(_type(of))}</td><td>{escape(about)}</td></tr>"
    head = "<thead><tr><th scope='col'>field</th><th scope='col'>type</th><td></td></tr></thead>"
    return f"<div class='scroll'><table>{head}<tbody>{rows}</tbody></table></div>"


def _type(schema: dict) -> str:
    """In words: what a value is.

    >>> _type({"type": ["string", "array"], "items": {"type": "string"}})
    'string or list of strings'
    """
    schema = resolved(schema)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(f"list of {_type(schema['items'])}s" if kind == "array" else kind for kind in kinds)


def _about(schema: dict, *, required: bool) -> str:
    parts = ["Required." if required else "", schema.get("description", "")]
    if len(schema.get("enum", ())) > 1:
        parts.append(f"One of {', '.join(schema['enum'])}.")
    if "default" in schema:
        parts.append(f"Default: {schema['default']}.")
    if "maxItems" in schema:
        parts.append(f"At most {schema['maxItems']:,}.")
    inner = resolved(schema.get("items", {})) if schema.get("type") == "array" else schema
    if inner.get("properties"):
        parts.append(f"Fields: {', '.join(inner['properties'])}.")
    return " ".join(part for part in parts if part)


def _example(method: str, path: str) -> str:
    body = json.dumps(EXAMPLES[method, path], ensure_ascii=False)
    lines = (f"curl -X {method.upper()} localhost:8080{path} \\", '  -H "content-type: application/json" \\', f"  -d '{body}'")
    return f"<pre tabindex='0'>{escape(chr(10).join(lines))}</pre>"


def _anchor(method: str, path: str) -> str:
    name = "-".join(part.strip("{}") for part in path.strip("/").replace(".", "/").split("/"))
    return f"{method}-{name}" if name else method
