"""What Prometheus and the log see."""

import logging
import re

import pytest
from served import ITEMS, make_collection, serving


def values(server):
    """name{labels} -> value, of a page whose every line is one that Prometheus reads."""
    answer = server.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = {}
    for line in answer.text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) awase_\w+ .+|awase_\w+(\{(\w+="[^"\\]*",?)+\})? [-+.\de]+', line), line
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found
            found[name] = float(value)
    return found


def test_requests_are_counted_by_route_and_status(tmp_path):
    with serving(make_collection(tmp_path)) as server:
        for _ in range(3):
            server.client.post("/v1/search", json={"query": "wine"})
        server.client.post("/v1/search", json={})
        server.client.request("DELETE", "/v1/items/never-there")
        for path in ("/nowhere", '/a"b', "/%0aawase_items%209"):
            server.client.get(path)
        found = values(server)
    assert found['awase_requests_total{route="/v1/search",status="200"}'] == 3
    assert found['awase_requests_total{route="/v1/search",status="400"}'] == 1
    assert found['awase_requests_total{route="/v1/items/{id}",status="200"}'] == 1
    assert found['awase_requests_total{route="other",status="404"}'] == 3
    assert found['awase_request_seconds_count{route="/v1/search"}'] == 4
    assert found["awase_items"] == len(ITEMS)
    assert found["awase_generation"] >= 1
    assert found["awase_read_queue_length"] == found["awase_write_queue_length"] == found["awase_held_body_bytes"] == 0


def test_the_histogram_rises_to_the_count(tmp_path):
    with serving(make_collection(tmp_path)) as server:
        for _ in range(5):
            server.client.post("/v1/search", json={"query": "wine"})
        found = values(server)
    buckets = [value for name, value in found.items() if name.startswith('awase_request_seconds_bucket{route="/v1/search"')]
    assert len(buckets) == 15
    assert buckets == sorted(buckets)
    assert buckets[-1] == found['awase_request_seconds_count{route="/v1/search"}'] == 5
    assert 0 < found['awase_request_seconds_sum{route="/v1/search"}'] < 5


JSON = {"content-type": "application/json"}
SECRETS = ["sesame-key", "SECRETTEXT", "SECRETID", "SECRETFIELD", "SECRETPATH"]


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def test_no_text_of_a_request_is_logged_or_answered_in_an_error(tmp_path, log):
    with serving(make_collection(tmp_path), key="sesame-key") as server:
        client = server.client
        answers = [
            client.post("/v1/search", json={"query": "SECRETTEXT", "k": -1}),
            client.post("/v1/search", json={"query": "SECRETTEXT", "where": 'lang = "SECRETTEXT" ('}),
            client.post("/v1/search", json={"query": {"SECRETFIELD": 1}}),
            client.post("/v1/search", content=b'{"query": "SECRETTEXT', headers=JSON),
            client.post("/v1/embeddings", json={"input": ["SECRETTEXT", 3]}),
            client.post("/v1/embeddings", content=b'{"input": "SECRETTEXT \\ud800"}', headers=JSON),
            client.post("/v1/rerank", json={"query": "SECRETTEXT", "documents": "SECRETTEXT"}),
            client.post("/v1/items", json={"items": [{"id": "a", "text": "SECRETTEXT", "metadata": "SECRETTEXT"}]}),
            client.post("/v1/items", content=b'{"items": [{"id": "a", "text": "SECRETTEXT\\ud800"}]}', headers=JSON),
            client.get("/SECRETPATH?SECRETTEXT"),
            client.put("/v1/items/SECRETID"),
            client.get("/v1/info", headers={"authorization": "Bearer sesame-key-SECRETTEXT"}),
        ]
        statuses = [answer.status_code for answer in answers]
        fine = client.post("/v1/search?SECRETTEXT", json={"query": "SECRETTEXT"})
        gone = client.delete("/v1/items/SECRETID")
    assert statuses == [400] * 9 + [404, 405, 401]
    assert (fine.status_code, gone.status_code) == (200, 200)
    ours = [record.getMessage() for record in log.records if record.name.startswith(("awase", "uvicorn", "asyncio"))]
    assert len(ours) >= len(answers)
    assert re.fullmatch(r"[0-9a-f]{16} DELETE /v1/items/{id} 200 \d+\.\d ms", ours[-1])
    for secret in SECRETS:
        assert not [line for line in ours if secret in line]
        assert not [answer.text for answer in answers if secret in answer.text]
