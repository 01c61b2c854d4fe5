"""Keys, and by which names a server without one may be called."""

import hmac

import pytest
from served import serving

from awase.core.errors import ConfigError
from awase.serve import keys
from awase.serve.settings import Settings, key_from

BODY = {"query": "wine"}
OPEN = ["/", "/docs", "/openapi.json", "/healthz", "/static/page.css"]
CLOSED = [("GET", "/metrics"), ("GET", "/v1/info"), ("POST", "/v1/search"), ("POST", "/v1/embeddings"), ("POST", "/v1/rerank")]
WRITES = [("POST", "/v1/items"), ("DELETE", "/v1/items"), ("DELETE", "/v1/items/a")]
KEYS = {"key": "sesame-full", "read_key": "sesame-read"}


@pytest.fixture(scope="module")
def locked(collection_path):
    with serving(collection_path, **KEYS) as server:
        del server.client.headers["authorization"]
        yield server


def status(server, method, path, **headers):
    answer = server.client.request(method, path, headers=headers)
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else None


def test_pages_and_health_need_no_key(locked):
    assert {path: locked.client.get(path).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)


@pytest.mark.parametrize(("method", "path"), CLOSED + WRITES)
def test_everything_else_does(locked, method, path):
    answer = locked.client.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    error = answer.json()["error"]
    assert (error["code"], error["type"]) == ("E0904", "authentication_error")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sesame-ful"},
        {"authorization": "Bearer sesame-full-"},
        {"authorization": "Bearer SESAME-FULL"},
        {"authorization": "Basic sesame-full"},
        {"authorization": "sesame-full"},
        {"authorization": "Bearer"},
        {"x-api-key": ""},
        {"x-api-key": "sesame-full\tx"},
        {"x-api-key": b"\xe9\xff"},
        {"authorization": b"Bearer \xe9"},
        {"cookie": "key=sesame-full"},
    ],
)
def test_wrong_keys(locked, headers):
    assert status(locked, "GET", "/v1/info", **headers) == (401, "E0904")


def test_a_key_in_the_address_is_none(locked):
    assert locked.client.get("/v1/info?key=sesame-full&api_key=sesame-full").status_code == 401


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer sesame-full"}, {"authorization": "bearer  sesame-full"}, {"x-api-key": "sesame-full"}]
)
def test_both_headers_open(locked, headers):
    assert locked.client.get("/v1/info", headers=headers).status_code == 200


def test_the_read_key_reads_only(locked):
    read = {"x-api-key": "sesame-read"}
    assert locked.client.post("/v1/search", json=BODY, headers=read).status_code == 200
    assert [status(locked, *write, **read) for write in WRITES] == [(403, "E0905")] * 3
    assert locked.client.get("/v1/info", headers=read).json()["items"] == 8


def test_keys_are_compared_in_constant_time(locked, monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    for given in ("wrong", "sesame-full", "sesame-read"):
        locked.client.get("/v1/info", headers={"x-api-key": given})
    # Each time with both, so that neither a hit nor its kind shows in the time.
    assert compared == [
        (given.encode(), key.encode()) for given in ("wrong", "sesame-full", "sesame-read") for key in KEYS.values()
    ]


def test_the_key_is_in_no_answer_and_no_text_of_the_settings():
    assert "sesame" not in repr(Settings(**KEYS))


# By which name


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:80", "127.1.2.3"])
def test_names_of_this_machine(server, host):
    assert server.client.get("/v1/info", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::2]", "[", "0.0.0.0", ":80"],
)
def test_foreign_names_are_refused_without_a_key(server, host):
    answer = server.client.get("/v1/info", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "E0915")
    assert host not in answer.text or not host


def test_a_key_makes_up_for_a_foreign_name(locked):
    headers = {"host": "search.example", "x-api-key": "sesame-full"}
    assert locked.client.get("/v1/info", headers=headers).status_code == 200


def test_other_pages_are_not_let_in(server):
    """No CORS: a browser asks first, is not told yes, and does not send."""
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = server.client.options("/v1/items", headers=asked)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) <= {"POST", "DELETE"}
    plain = server.client.get("/v1/info", headers={"origin": "https://evil.example"})
    for headers in (answer.headers, plain.headers):
        assert not [name for name in headers if name.startswith("access-control")]
        assert headers["cross-origin-resource-policy"] == "same-origin"


# Settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org"])
def test_nothing_listens_beyond_this_machine_without_a_key(host):
    with pytest.raises(ConfigError, match="E0901: a server that other machines can reach needs a key") as caught:
        Settings(host=host)
    assert "--key-env NAME" in caught.value.remedy
    assert Settings(host=host, key="sesame").host == host


def test_keys_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("DOCS_KEY", "sesame")
    assert key_from("DOCS_KEY") == "sesame"
    for value in ("", " ", "two words", "schlüssel", "sesame\n"):
        monkeypatch.setenv("DOCS_KEY", value)
        with pytest.raises(ConfigError) as caught:
            key_from("DOCS_KEY")
        assert caught.value.code == "E0902"
        assert caught.value.value == "DOCS_KEY"
        assert not value.strip() or value.strip() not in str(caught.value)


def test_a_read_key_alone_or_twice_is_wrong():
    with pytest.raises(ConfigError, match="E0902: a read-only key needs a key beside it"):
        Settings(read_key="a")
    with pytest.raises(ConfigError, match="E0902: the read-only key is the key that may write"):
        Settings(key="a", read_key="a")


@pytest.mark.parametrize("keys", [{"key": ""}, {"key": "k", "read_key": ""}, {"host": "0.0.0.0", "key": ""}])
def test_an_empty_key_is_none(keys):
    """A header that is missing is empty too: it would open the server to everybody."""
    with pytest.raises(ConfigError, match="E0902: a key must not be empty: anybody could send it"):
        Settings(**keys)
