"""Attacks on the server, over real connections on this machine. What must hold after each: it lives, and answers others at once."""

import asyncio
import json
import logging
import re
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import numpy as np
import pytest
from served import ITEMS, ROOM_S, make_collection, read_all, serving, serving_fakes, until

from awase.core import limits
from awase.index.collection import Collection

JSON = {"content-type": "application/json"}
SEARCH = json.dumps({"query": "red wine", "k": 3}).encode()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return make_collection(tmp_path_factory.mktemp("attacked"))


@pytest.fixture(scope="module")
def server(path):
    with serving(path) as running:
        yield running
        assert running.client.get("/v1/info").json()["items"] == len(ITEMS)


@pytest.fixture(scope="module")
def hasty(path):
    """The same with little patience."""
    with serving(path, head_timeout_s=0.4, body_timeout_s=0.4, write_timeout_s=0.4, max_bodies_bytes=1 << 20) as running:
        yield running


@pytest.fixture(autouse=True)
def lives(request, caplog):
    """After each attack an ordinary search is answered at once, and nothing went wrong that had to be logged."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    for name in {"server", "hasty"} & set(request.fixturenames):
        assert request.getfixturevalue(name).client.post("/v1/search", content=SEARCH, headers=JSON).status_code == 200


def head(method="POST", path="/v1/search", **headers):
    headers = {"host": "localhost", "content-type": "application/json", **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def statuses(received):
    """The statuses of all answers in what was received."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", received)]


# Bodies


def test_a_body_that_says_it_is_too_large_is_refused_unread(server):
    received = server.raw(head(content_length=10**12), wait_s=1)
    assert statuses(received) == [413]
    assert b"the body has more than 8,388,608 bytes" in received


def test_a_body_that_hides_its_size_is_counted(server):
    def chunks():
        for _ in range(129):
            yield b" " * (64 << 10)

    answer = server.client.post("/v1/search", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "E0907")


def test_a_client_that_sends_on_gets_the_refusal_too(server):
    """Closing at once would reset the connection, and the answer would be lost with it."""
    answer = server.client.post("/v1/search", content=b" " * (24 << 20), headers={**JSON, "connection": "close"})
    assert answer.status_code == 413
    server.client.headers.pop("connection", None)


def test_an_endless_body_is_left(hasty):
    with hasty.connect() as connection:
        connection.sendall(head(transfer_encoding="chunked"))
        sent = 0
        with pytest.raises(OSError):  # reset or broken pipe, as it happens
            while sent < 1 << 30:
                connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                sent += 0x10000


def test_more_bytes_than_announced_are_another_request(server):
    received = server.raw(head(content_length=len(SEARCH)) + SEARCH + b"garbage\r\n\r\n", wait_s=1)
    assert statuses(received) in ([200, 400], [200])


MALFORMED = [
    b"", b"{", b"[]", b"null", b'"query"', b"\x00", b"\xff\xfe", b"{" * 500_000, b"[" * 500_000, b'{"query":' * 100_000,
    b'{"query": NaN}', b'{"query": "a", "k": 1e400}', b'{"query": "a", "k": ' + b"9" * 10_000 + b"}",
    b'{"query": "a"}{"query": "b"}', b"query=a", b'{"query": "\xed\xa0\x80"}', b'{"query": "\\ud800"}', b"\xef\xbb\xbf{}",
    b'{"query": "a", "k": -9223372036854775809}', b'{"__proto__": {"query": "a"}}', b'{"query": "a", "query": ["b"]}',
]  # fmt: skip


@pytest.mark.parametrize("route", ["/v1/search", "/v1/embeddings", "/v1/rerank", "/v1/items"])
def test_malformed_bodies_are_400(server, route):
    for body in MALFORMED:
        answer = server.client.post(route, content=body, headers=JSON)
        assert answer.status_code == 400, body[:40]
        assert answer.json()["error"]["code"] in ("E0909", "E0910", "E0254", "E0920"), body[:40]
    assert len(MALFORMED) == 21


@pytest.mark.parametrize(
    "media_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "json"]
)
def test_what_a_browser_sends_unasked_is_415(server, media_type):
    headers = {"content-type": media_type} if media_type else {}
    assert server.client.post("/v1/search", content=SEARCH, headers=headers).status_code == 415
    assert server.client.post(
        "/v1/search", content=SEARCH, headers={"content-type": "Application/JSON; charset=utf-8"}
    ).is_success


# Heads


def test_header_floods_are_refused(server):
    for flood in (
        b"".join(b"x-%d: %s\r\n" % (i, b"a" * 100) for i in range(10_000)),
        b"x: " + b"a" * (1 << 20),
        b"cookie: a\r\n" * 100_000,
    ):
        with server.connect() as connection:
            try:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n" + flood + b"\r\n")
            except OSError:
                continue  # it was cut off while it still sent
            received = read_all(connection)
        assert statuses(received) in ([400], [])


BAD_HEADS = [
    b"\r\n" * 10, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    b"GET /\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n", "GET /京都 HTTP/1.1\r\nhost: localhost\r\n\r\n".encode(),
    b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", b"GET / HTTP/1.1\r\nhost : localhost\r\n\r\n",
    head(content_length="-1"), head(content_length="1e3"), head(content_length="9" * 30), head(content_length="5, 6"),
    head(transfer_encoding="gzip"), head(transfer_encoding="chunked") + b"zz\r\n", head(transfer_encoding="chunked") + b"-1\r\n",
    head(transfer_encoding="chunked") + b"ffffffffffffffffffff\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    head(content_length="5", transfer_encoding="chunked") + b"0\r\n\r\n", head(upgrade="websocket", connection="upgrade"),
]  # fmt: skip


@pytest.mark.parametrize("sent", BAD_HEADS)
def test_what_is_not_http_is_closed_or_refused(hasty, sent):
    received = hasty.raw(sent, wait_s=5)
    assert all(status >= 400 for status in statuses(received)), received


@pytest.mark.parametrize(
    "target",
    [
        "/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static/%2fetc%2fpasswd", "/static/",
        "/static/explorer.html", "/static/page.css%00", "/static/page.css/", "//", "//evil.example/v1/info", "/docs/", "/V1/info",
        "/v1/info/", "/v1//info", "/./v1/info", "/v1/../healthz", "/%68ealthz/x", "/" + "a" * 10_000, "/%", "/%zz", "/%ff%fe",
        "/~root", "/\\..\\..", "/;", "/*", "http://evil.example/", "/v1/search?query=wine",
    ],
)  # fmt: skip
def test_tricks_with_paths_find_nothing(server, target):
    received = server.raw(head("GET", target, connection="close"))
    assert statuses(received) in ([404], [405]), received[:200]
    assert b"location:" not in received.lower()
    assert b"evil.example" not in received


def test_methods_that_nobody_needs(server):
    for method in ("TRACE", "CONNECT", "PUT", "PATCH", "OPTIONS", "PROPFIND", "A" * 200, "__init__"):
        received = server.raw(head(method, "/v1/items", connection="close", x_secret="SECRET"))
        assert statuses(received) == [405], method
        assert b"SECRET" not in received


# Filters and queries


@pytest.mark.parametrize(
    "where",
    [
        "1 = 1", "' OR 1=1 --", "year = 2016; DROP TABLE items", "year >= 2016) OR (1=1", 'lang = "en" UNION SELECT key FROM meta',
        "year = 2016 --", "year = 2016 /* */", "id = id", '"year\') OR (1=1" = 1', "year = (SELECT 1)", "load_extension('x') = 1",
        "(" * 200 + "year = 1" + ")" * 200, "not " * 500 + "year = 1", "year = 1 or " * 400 + "year = 1", "a" * 5000, "\x00", "💥",
    ],
)  # fmt: skip
def test_filters_that_want_to_be_sql(server, where):
    answer = server.client.post("/v1/search", json={"query": "wine", "where": where, "mode": "bm25"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["error"]["code"] in ("E0710", "E0711", "E0712")


def test_filter_values_are_only_values(server):
    for value in ("' OR '1'='1", "en' --", "%", '\\"; DROP TABLE items; --'):
        where = f"lang = {json.dumps(value)}"
        answer = server.client.post("/v1/search", json={"query": "wine", "where": where, "mode": "bm25"})
        assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize(
    "query", ["", " ", "\x00", "\u202e", "a" * 100_000, "💥" * 10_000, "<script>alert(1)</script>", "* AND (", "\ufeff"]
)
@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_strange_queries_are_queries(server, query, mode):
    answer = server.client.post("/v1/search", json={"query": query, "mode": mode})
    assert answer.status_code == 200
    assert all(np.isfinite(result["score"]) for result in answer.json()["results"])


# Slow clients


def closed(connection):
    """What is received until the server closes the connection, which it must do by itself."""
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_a_slow_head_is_cut_off(hasty):
    """Before the thousand bytes are sent, which takes fifty times its patience."""
    with hasty.connect() as connection, pytest.raises(OSError):
        for byte in head("GET", "/healthz", x=("a" * 1000)):
            connection.sendall(bytes([byte]))
            time.sleep(0.02)


def test_a_slow_second_head_is_cut_off(hasty):
    with hasty.connect() as connection:
        connection.sendall(head("GET", "/healthz"))
        received = b""
        while not received.endswith(b'"ok"}'):
            received += connection.recv(65536)
        connection.sendall(b"GET /")
        assert closed(connection) == b""


def test_an_idle_connection_is_closed(hasty):
    with hasty.connect() as connection:
        assert closed(connection) == b""


def test_a_slow_body_is_408(hasty):
    with hasty.connect() as connection:
        connection.sendall(head(content_length=1000))
        for _ in range(10):
            connection.sendall(b" ")
            time.sleep(0.02)
        received = read_all(connection)
        assert statuses(received) == [408]
        assert b"the body did not arrive within 0.4 s" in received
        assert b"connection: close" in received.lower()


def test_many_slow_bodies_do_not_keep_others_waiting(path):
    """Far more of them than the lanes have threads and places; were one of them waited for, the searches would be refused or time out."""
    with serving(path, body_timeout_s=ROOM_S) as server:
        slow = [server.connect() for _ in range(300)]
        for connection in slow:
            connection.sendall(head(content_length=1000) + b"{")
        until(lambda: held_bytes(server) == 300, "all bodies are begun")
        for _ in range(20):
            assert server.client.post("/v1/search", content=SEARCH, headers=JSON).status_code == 200
        assert held_bytes(server) == 300, "none of them was left meanwhile"
        for connection in slow:
            connection.close()
        until(lambda: held_bytes(server) == 0, "what they sent is let go")


def held_bytes(server):
    text = server.client.get("/metrics").text
    return int(re.search(r"^awase_held_body_bytes (\d+)$", text, re.MULTILINE)[1])


def test_large_bodies_together_have_a_budget(path):
    """Sixteen times 100 kB is more than the 1 MiB that this server holds: some are told to come back, and nothing is left over."""
    half = head(content_length=200_000) + b" " * 100_000
    received = []
    with serving(path, body_timeout_s=5, max_bodies_bytes=1 << 20) as server:
        threads = [threading.Thread(target=lambda: received.extend(statuses(server.raw(half)))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = Counter(received)
        assert set(counts) == {408, 429}
        assert counts[408] <= 10
        assert held_bytes(server) == 0


def test_a_client_that_does_not_read_is_cut_off(path):
    items = [{"id": f"big-{i}", "text": "word " * 20_000} for i in range(40)]
    with serving(make_big(path, items), write_timeout_s=0.4) as server, server.connect() as connection:
        # Else the kernel may grow the buffer until it holds the whole answer, unread.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        body = json.dumps({"queries": ["word"] * 8, "k": 40, "mode": "bm25"}).encode()  # an answer of 32 MB
        connection.sendall(head(content_length=len(body)) + body)
        until(lambda: not open_connections(server), "the search is over")
        received = read_all(connection)
        assert len(received) < 30_000_000
        assert server.client.get("/healthz").is_success


def make_big(path, items):
    with Collection.create(path.with_name("big.awase")) as docs:
        docs.upsert(items)
    return path.with_name("big.awase")


def open_connections(server):
    """Whether the server has not yet counted the only search: it does when it is over."""
    return 'awase_requests_total{route="/v1/search"' not in server.client.get("/metrics").text


# Many at once


async def flood(server, n, sent):
    """The status of each of n requests that are sent on connections of their own, all open at once."""

    async def one():
        reader, writer = await asyncio.open_connection(server.host, server.port)
        await barrier.wait()
        writer.write(sent)
        received = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return statuses(received)

    barrier = asyncio.Barrier(n)
    return await asyncio.gather(*(one() for _ in range(n)))


def test_a_thousand_at_once_are_answered_or_told_to_come_back(server):
    answers = asyncio.run(flood(server, 1000, head(content_length=len(SEARCH), connection="close") + SEARCH))
    counts = Counter(map(tuple, answers))
    print(dict(counts))
    assert set(counts) <= {(200,), (429,)}
    assert counts[200,] >= limits.MAX_QUEUE


class Slow:
    """A collection whose searches end when they are told to."""

    dim = 0

    def __init__(self):
        self.end = threading.Event()

    def search(self, queries, k, *, where, mode):
        self.end.wait(ROOM_S)
        return [[] for _ in queries]

    def info(self):
        return {"items": 0, "generation": 0, "model": None, "dim": 0, "fields": []}

    def close(self):
        pass


def test_a_full_queue_is_429_and_monitors_get_through():
    slow = Slow()
    with serving_fakes(slow, max_queue=2, deadline_s=ROOM_S) as server, ThreadPoolExecutor(8) as clients:
        sent = [clients.submit(server.client.post, "/v1/search", content=SEARCH, headers=JSON) for _ in range(8)]
        until(lambda: sum(one.done() for one in sent) == 5, "one is searched, two wait, and five are refused")
        assert server.client.get("/healthz").is_success
        assert "awase_read_queue_length 2" in server.client.get("/metrics").text
        slow.end.set()
        answers = [answer.result() for answer in sent]
        assert Counter(answer.status_code for answer in answers) == {200: 3, 429: 5}
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["type"] == "rate_limit_error"


def test_what_takes_too_long_is_504():
    slow = Slow()
    with serving_fakes(slow, deadline_s=0.1) as server:
        answer = server.client.post("/v1/search", content=SEARCH, headers=JSON)
        slow.end.set()
        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "E0913")


def test_more_connections_than_allowed_are_closed(path):
    with serving(path, max_connections=20) as server:
        connections = [server.connect() for _ in range(40)]
        for connection in connections:
            connection.settimeout(0.05)
        until(lambda: sum(map(is_closed, connections)) >= 19, "those above 20 are closed")
        assert sum(map(is_closed, connections)) <= 21
        for connection in connections:
            connection.close()
        until(lambda: answers(server), "there is room again")


def answers(server):
    try:
        return server.client.get("/healthz").is_success
    except httpx.HTTPError:
        return False


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_pipelined_requests_are_answered_in_order(server):
    one = head(content_length=len(SEARCH)) + SEARCH
    last = head("GET", "/nowhere", connection="close")
    assert statuses(server.raw(one * 50 + last)) == [200] * 50 + [404]


def test_a_client_that_hangs_up_is_forgotten(path):
    with serving(path) as server:
        for _ in range(200):
            with server.connect() as connection:
                connection.sendall(head(content_length=len(SEARCH)) + SEARCH[:5])
        gone = 'awase_requests_total{route="/v1/search",status="499"} 200'
        until(lambda: gone in server.client.get("/metrics").text, "each is counted")
        assert held_bytes(server) == 0
