"""The document says what the server does: same routes, real answers fit its schemas, its page shows all of it."""

import json
import re
from html import unescape

import pytest
from served import make_collection, serving, serving_fakes
from starlette.routing import Route

from awase.core.errors import IntegrityError
from awase.core.explain import codes
from awase.serve.app import CALLS, Application, Lanes
from awase.serve.docs import EXAMPLES, render
from awase.serve.lane import Lane
from awase.serve.openapi import DOCUMENT, SCHEMAS, request_schema, resolved
from awase.serve.schema import check
from awase.serve.settings import Settings

OPERATIONS = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}


def fits(value, schema):
    """Whether a value fits a schema, references included."""
    schema = resolved(schema)
    check(value, schema)
    for field, inner in schema.get("properties", {}).items():
        if isinstance(value, dict) and field in value:
            fits(value[field], inner)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            fits(item, schema["items"])


def test_the_routes_are_those_of_the_document():
    lanes = Lanes(*(Lane(name, [None], max_queue=1, deadline_s=1) for name in Lanes._fields))
    routes = Application(lanes, Settings()).starlette().routes
    assert all(isinstance(route, Route) for route in routes)
    served = {
        (method.lower(), route.path.replace(":any", "")) for route in routes for method in route.methods if method != "HEAD"
    }
    assert served - {("get", "/static/{name}")} == OPERATIONS
    assert len(OPERATIONS) == 16


def test_every_body_has_a_schema_and_an_example():
    with_body = {(method, path) for method, path in OPERATIONS if "requestBody" in DOCUMENT["paths"][path][method]}
    assert with_body == set(EXAMPLES) == {(call.method.lower(), call.path) for call in CALLS}
    for (method, path), body in EXAMPLES.items():
        check(body, request_schema(method, path))


def test_every_reference_leads_somewhere_and_every_schema_is_used():
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named == set(SCHEMAS)
    assert len(named) >= 13


def test_the_examples_work_and_the_answers_fit(tmp_path):
    with serving(make_collection(tmp_path)) as server:
        for (method, path), body in EXAMPLES.items():
            answer = server.client.request(method.upper(), path, json=body)
            assert answer.status_code == 200, (path, answer.text)
            fits(answer.json(), DOCUMENT["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"])
        for path in ("/v1/info", "/v1/models", "/healthz"):
            fits(
                server.client.get(path).json(),
                DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"],
            )
        fits(server.client.post("/v1/search", json={"queries": ["a", "b"]}).json(), SCHEMAS["SearchAnswer"])
        fits(server.client.get("/nowhere").json(), SCHEMAS["Error"])
        assert server.client.get("/openapi.json").json() == DOCUMENT


def test_refusals_are_documented(server):
    """What this suite provokes by hand elsewhere, once for each status: each is in the document and has a page."""
    operation = DOCUMENT["paths"]["/v1/search"]["post"]["responses"]
    json_type = {"content-type": "application/json"}
    for headers, content, status in (
        (json_type, b"{", 400),
        ({"content-type": "text/plain"}, b"{}", 415),
        (json_type, b" " * (8 << 20) + b"  ", 413),
        (json_type, json.dumps({"queries": ["a"] * 2049}).encode(), 422),
    ):
        answer = server.client.post("/v1/search", content=content, headers=headers)
        assert answer.status_code == status
        assert str(status) in operation
        fits(answer.json(), SCHEMAS["Error"])
        assert answer.json()["error"]["code"] in codes()


class Damaged:
    """A collection on a bad disk, whose errors hold what must not get out."""

    dim = 0

    def info(self):
        raise IntegrityError("E0724", "the text of an item is wrong: SECRET", place="/home/me/docs.awase", value="SECRET")

    def search(self, queries, k, *, where, mode):
        if queries == ["bug"]:
            raise KeyError("SECRET")
        self.info()

    def close(self):
        pass


def test_errors_of_the_server_tell_the_code_only(caplog):
    with serving_fakes(Damaged()) as server:
        for _ in range(2):  # the second one is answered from what is remembered for a second
            health = server.client.get("/healthz")
            assert (health.status_code, health.json()["error"]["code"]) == (500, "E0724")
        answer = server.client.post("/v1/search", json={"query": "SECRET"})
        assert answer.status_code == 500
        message = "the server cannot answer this now; `awase explain E0724` says what it means"
        assert answer.json()["error"] == {"message": message, "type": "server_error", "param": None, "code": "E0724"}
        bug = server.client.post("/v1/search", json={"query": "bug"})
        assert (bug.status_code, bug.json()["error"]["code"]) == (500, "E0917")
    number = bug.headers["x-request-id"]
    assert number in bug.json()["error"]["message"]
    log = caplog.text
    assert f"{number} failed: KeyError" in log
    assert "IntegrityError E0724" in log
    assert re.search(r"routes/search.py:\d+ in answer", log)
    assert "SECRET" not in log + bug.text + answer.text + health.text


# The page


def test_the_page_shows_every_operation_and_field():
    page = unescape(render(DOCUMENT))
    for method, path in OPERATIONS:
        assert f"{method.upper()} {path}<" in page
    for name, schema in SCHEMAS.items():
        if name.endswith("Request"):
            assert all(f">{field}</th>" in page for field in schema["properties"])


def test_links_of_the_page_lead_to_it(server):
    page = server.client.get("/docs").text
    anchors = re.findall(r' id="([^"]+)"', page)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(set(anchors)) == len(anchors) == len(OPERATIONS)
    assert set(links) == set(anchors)


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_fetch_from_here_only_and_run_nothing_inline(server, path):
    answer = server.client.get(path)
    page = answer.text
    assert not re.search(r"https?://|\bstyle=|<style|\bon\w+=|javascript:", page.replace("http://www.w3.org", ""))
    assert not re.search(r"<script(?![^>]* src=)", page)
    parts = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert len(parts) >= 4
    for part in parts:
        assert server.client.get(part).status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
