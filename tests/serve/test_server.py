"""The server as a process: what it prints, how it stops, and why it may not start."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from served import ROOM_S, make_collection, until

from awase.core.errors import BackendError, ConfigError, InputError
from awase.index.collection import Collection
from awase.serve import run
from awase.serve.server import address, listen
from awase.serve.settings import Settings

STARTED: list[subprocess.Popen] = []


@pytest.fixture(autouse=True)
def nothing_is_left_running():
    yield
    while STARTED:
        with STARTED.pop() as process:
            process.kill()


class Process:
    """awase.serve.run in a process of its own."""

    def __init__(self, path, env=None, **options):
        program = "import sys; from awase.serve import run; run(sys.argv[1], port=0, threads=1, **eval(sys.argv[2]))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, path, repr(options)],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})},
        )  # fmt: skip
        STARTED.append(self.process)
        self.first_line = self.process.stderr.readline()
        self.host, self.port = re.search(r"http://([\d.]+):(\d+)/", self.first_line).groups()

    def connect(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=ROOM_S)

    def ask(self, method, path, body=None, **headers):
        connection = self.connect()
        connection.request(method, path, json.dumps(body) if body else None, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content)

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.host}:{self.port}/metrics", timeout=ROOM_S) as answer:
            return answer.read().decode()

    def stop(self, sent):
        """(exit code, the rest of stderr, stdout) after a signal."""
        self.process.send_signal(sent)
        out, err = self.process.communicate(timeout=ROOM_S)
        return self.process.returncode, err, out


@pytest.fixture
def path(tmp_path):
    return make_collection(tmp_path)


def test_ctrl_c_stops_it_quietly(path):
    server = Process(path)
    assert server.first_line == f"docs.awase at http://127.0.0.1:{server.port}/ (Ctrl-C stops it)\n"
    assert server.ask("GET", "/healthz") == (200, {"status": "ok"})
    assert server.ask("POST", "/v1/items", {"items": [{"id": "kept", "text": "a"}]})[0] == 200
    idle = socket.create_connection((server.host, int(server.port)))  # does not hold it up
    assert server.stop(signal.SIGINT) == (0, "", ""), "were it waited for, the server would say that it waited too long"
    idle.close()
    with Collection.open(path, readonly=True) as docs:
        assert docs.get("kept")[0].text == "a"


def test_what_is_being_answered_is_answered_before_it_stops(path):
    server = Process(path)
    body = json.dumps({"items": [{"id": f"late-{i}", "text": "word " * 200} for i in range(300)]}).encode()
    connection = server.connect()
    connection.putrequest("POST", "/v1/items")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body[:-1])
    until(lambda: "awase_held_body_bytes 0" not in server.metrics(), "the body is begun")
    threading.Timer(0.3, connection.send, [body[-1:]]).start()  # the end of it comes after the signal
    server.process.send_signal(signal.SIGTERM)
    answer = connection.getresponse()
    assert json.loads(answer.read()) == {"accepted": 300, "changed": 300}
    connection.close()
    _, err = server.process.communicate(timeout=ROOM_S)
    assert (server.process.returncode, err) == (0, "")
    with Collection.open(path, readonly=True) as docs:
        assert docs.get("late-299")[0] is not None


def test_what_was_acknowledged_survives_a_kill(path):
    server = Process(path)
    acknowledged = []
    for i in range(20):
        assert server.ask("POST", "/v1/items", {"items": [{"id": f"kill-{i}", "text": "a"}]})[0] == 200
        acknowledged.append(f"kill-{i}")
    server.stop(signal.SIGKILL)
    with Collection.open(path, readonly=True) as docs:
        assert None not in docs.get(acknowledged)


def test_the_key_of_the_environment_is_asked_for_and_requests_are_logged(path):
    server = Process(path, env={"DOCS_KEY": "sesame"}, key_env="DOCS_KEY", log_requests=True)
    assert server.ask("GET", "/v1/info")[0] == 401
    assert server.ask("GET", "/v1/info", authorization="Bearer sesame")[0] == 200
    code, log, _ = server.stop(signal.SIGTERM)
    assert code == 0
    assert re.search(r"INFO [0-9a-f]{16} GET /v1/info 401 \d+\.\d ms\n", log)
    assert "sesame" not in log


# Why it may not start


def test_it_says_why_it_does_not_start(path, monkeypatch):
    with pytest.raises(ConfigError, match="E0901"):
        run(path, host="0.0.0.0")
    with pytest.raises(ConfigError, match="E0902"):
        run(path, key_env="NO_SUCH_KEY")
    with pytest.raises(InputError, match="E0304"):
        run(path.with_name("nothing.awase"), port=0)


def test_a_port_that_is_taken_is_an_error_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BackendError) as caught:
            listen(Settings(port=port))
    error = caught.value
    assert error.code == "E0903"
    assert error.message == "the server cannot listen there: Address already in use"
    assert error.value == f"127.0.0.1:{port}"
    assert "--port" in error.remedy


@pytest.mark.parametrize("place", [{"host": "192.0.2.1", "key": "a"}, {"host": "no.such.host.invalid", "key": "a"}])
def test_a_place_that_is_none_is_an_error(place):
    with pytest.raises(BackendError, match="E0903: the server cannot listen there: "):
        listen(Settings(**{"port": 0, **place}))


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_a_port_that_is_none_is_an_error(port):
    with pytest.raises(ConfigError, match="E0903: a port is a number from 0 to 65,535"):
        Settings(port=port)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_can_be_clicked(host, shown):
    try:
        listening = listen(Settings(host=host, port=0))
    except BackendError:
        pytest.skip("this machine has no IPv6")
    with listening:
        assert address(listening) == f"http://{shown}:{listening.getsockname()[1]}/"


def test_without_starlette_the_error_names_the_extra():
    program = """
import sys
sys.modules["starlette"] = None
try:
    import awase.serve
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "E0001: this needs the library 'starlette', which is not installed" in done.stdout
    assert "pip install 'awase[serve]'" in done.stdout
