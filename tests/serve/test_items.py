"""Writes: what was acknowledged is there, for searches at once and for other processes; what was refused changed nothing."""

import json
from http.client import HTTPConnection
from urllib.parse import quote

import pytest
from served import ITEMS, ROOM_S, make_collection, serving

from awase.index.collection import Collection

# Ids that look like something else to some part of the way.
STRANGE = [
    "a/b",
    "a b",
    "京都",
    "..",
    "../../etc/passwd",
    "%2e%2e",
    "?q=1",
    "#",
    "💡",
    "a'; DROP TABLE items; --",
    "item-0/",
    "\u202eabc",
    "a\nb",
    "\n",
    "a\r\n",
]


@pytest.fixture
def path(tmp_path):
    return make_collection(tmp_path)


def upsert(server, *items):
    return server.client.post("/v1/items", json={"items": items})


def delete(server, *ids):
    return server.client.request("DELETE", "/v1/items", json={"ids": ids})


def delete_one(server, item_id):
    """By the address. Most clients resolve dots in one before they send it, the standard library's does not."""
    connection = HTTPConnection(server.host, server.port, timeout=ROOM_S)
    connection.request("DELETE", f"/v1/items/{quote(item_id, safe='')}")
    answer = json.load(connection.getresponse())
    connection.close()
    return answer


def found(server, query):
    answer = server.client.post("/v1/search", json={"query": query, "mode": "bm25"})
    return [result["id"] for result in answer.json()["results"]]


def test_what_was_acknowledged_is_there(path):
    with serving(path) as server:
        answer = upsert(server, {"id": "new", "text": "blackberry jam", "metadata": {"year": 1999}})
        assert answer.json() == {"accepted": 1, "changed": 1}
        with Collection.open(path, readonly=True) as elsewhere:
            assert elsewhere.get("new")[0].metadata == {"year": 1999}
        assert found(server, "blackberry") == ["new"]
        assert upsert(server, {"id": "new", "text": "elderberry jam"}).json() == {"accepted": 1, "changed": 1}
        assert upsert(server, {"id": "new", "text": "elderberry jam"}).json() == {"accepted": 1, "changed": 0}
        assert found(server, "blackberry") == []
        assert delete(server, "new", "never was").json() == {"deleted": 1}
        assert found(server, "elderberry") == []
    with Collection.open(path, readonly=True) as after:
        assert len(after) == len(ITEMS)


def test_what_others_write_is_found(path):
    with serving(path) as server:
        assert found(server, "gooseberry") == []
        with Collection.open(path) as elsewhere:
            elsewhere.add([("g", "gooseberry")])
        assert found(server, "gooseberry") == ["g"]


def test_strange_ids_are_only_ids(path):
    with serving(path) as server:
        assert upsert(server, *({"id": item_id, "text": "x"} for item_id in STRANGE)).json()["changed"] == len(STRANGE)
        for n, item_id in enumerate(STRANGE, 1):
            assert delete_one(server, item_id) == {"deleted": 1}, item_id
            with Collection.open(path, readonly=True) as docs:
                assert len(docs) == len(ITEMS) + len(STRANGE) - n
                assert docs.get(item_id) == [None]


@pytest.mark.parametrize("asked", ["item-1\0x", "\0", "item-1\0", ""])
def test_an_id_that_none_can_have_deletes_nothing(path, asked):
    with serving(path) as server:
        refusals = [server.client.delete(f"/v1/items/{quote(asked, safe='')}"), delete(server, "item-2", asked)]
        for refused in refusals:
            assert refused.status_code == 400
            assert "empty" in refused.json()["error"]["message"]
    with Collection.open(path, readonly=True) as docs:
        assert len(docs) == len(ITEMS)


def test_two_halves_of_a_character_are_not_the_character(path):
    with serving(path) as server:
        upsert(server, {"id": "😀", "text": "x"})
        halves = b'{"ids": ["\\ud83d", "\\ude00"]}'
        answer = server.client.request("DELETE", "/v1/items", content=halves, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "ids[0]")
        assert delete(server, "😀").json() == {"deleted": 1}


def test_an_id_that_is_not_utf8_deletes_nothing(path):
    with serving(path) as server:
        upsert(server, {"id": "\ufffd", "text": "x"})
        answer = server.client.delete("/v1/items/%ff")
        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == "the id in the address is not UTF-8"
        assert server.client.delete("/v1/items/%EF%BF%BD").json() == {"deleted": 1}


WRONG = [
    ({"items": []}, 400, "'items' must not be empty"),
    ({"items": {}}, 400, "'items' must be an array, not an object"),
    ({"items": [{"text": "a"}]}, 400, "'items[0].id' is missing"),
    ({"items": [{"id": "a"}]}, 400, "'items[0].text' is missing"),
    ({"items": [{"id": "", "text": "a"}]}, 400, "'items[0].id' must not be empty"),
    ({"items": [{"id": 7, "text": "a"}]}, 400, "'items[0].id' must be a string, not an integer"),
    (
        {"items": [{"id": "a", "text": "a", "metdata": {}}]}, 400,
        "'items[0].metdata' is no field of this; did you mean 'metadata'? valid: id, metadata, text",
    ),
    ({"items": [{"id": "a", "text": "a"}] * 2049}, 422, "'items' has 2,049 items; at most 2,048 are allowed"),
    ({"items": [{"id": "b" * 513, "text": "a"}]}, 422, "id has 513 bytes; at most 512 are allowed"),
    ({"items": [{"id": "b", "text": "a" * (1 << 20) + "a"}]}, 422, "text has 1,048,577 bytes; at most 1,048,576 are allowed"),
    ({"items": [{"id": "b\0", "text": "a"}]}, 400, "an id must not be empty or hold the character NUL"),
]  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = make_collection(tmp_path_factory.mktemp("written"))
    with serving(path) as server:
        yield server, path


@pytest.mark.parametrize(("body", "status", "message"), WRONG)
def test_a_wrong_item_changes_nothing(written, body, status, message):
    server, path = written
    items = body["items"]
    if isinstance(items, list) and len(items) == 1:
        body = {"items": [{"id": "good", "text": "good"}, *items]}
        message = message.replace("items[0]", "items[1]")
    answer = server.client.post("/v1/items", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
    with Collection.open(path, readonly=True) as docs:
        assert len(docs) == len(ITEMS)


def test_metadata_that_nests_too_deeply_is_refused(written):
    deep = "[" * 200 + "]" * 200
    body = f'{{"items": [{{"id": "deep", "text": "a", "metadata": {{"a": {deep}}}}}]}}'
    answer = written[0].client.post("/v1/items", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("metadata cannot be kept as JSON: it nests more than 100 deep")


def test_wrong_deletes(written):
    server, _ = written
    for body, message in (
        ({"ids": []}, "'ids' must not be empty"),
        ({"ids": "item-0"}, "'ids' must be an array, not a string"),
        ({"ids": [""]}, "'ids[0]' must not be empty"),
        ({}, "'ids' is missing"),
    ):
        answer = server.client.request("DELETE", "/v1/items", json=body)
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
