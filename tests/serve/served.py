"""A small collection behind a real server on a free port of this machine, for the tests of the server and the attacks on it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np

from awase.data.text.tokenizer import train_tokenizer
from awase.index.collection import Collection
from awase.models import StaticModel
from awase.serve.app import Lanes
from awase.serve.lane import Lane
from awase.serve.server import address, listen, make, open_lanes
from awase.serve.settings import Settings

TEXTS = [
    "red wine from the south",
    "white wine from the north",
    "a red train",
    "the night train to Kyoto",
    "赤ワインと白ワイン",
    "京都へ行く夜行列車",
    "green tea",
    "緑茶",
]
ITEMS = [
    {"id": f"item-{i}", "text": text, "metadata": {"year": 2016 + i, "lang": "en" if text.isascii() else "ja"}}
    for i, text in enumerate(TEXTS)
]


ROOM_S = 300  # for what takes a moment, on a machine that is busy with other things


class Served(NamedTuple):
    """A running server, and a client for it."""

    client: httpx.Client
    host: str
    port: int
    url: str

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection((self.host, self.port), timeout=ROOM_S)

    def raw(self, sent: bytes, *, wait_s: float = ROOM_S) -> bytes:
        """What the server sends until it closes the connection or is silent."""
        with self.connect() as connection:
            connection.settimeout(wait_s)
            connection.sendall(sent)
            return read_all(connection)


def until(true, what: str) -> None:
    """Waits for something to become true, however slow the machine is."""
    end = time.monotonic() + ROOM_S
    while not true():
        assert time.monotonic() < end, f"not in {ROOM_S} s: {what}"
        time.sleep(0.02)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except (TimeoutError, ConnectionResetError):
        pass
    return received


def make_model(dim: int = 16) -> StaticModel:
    tokenizer = train_tokenizer(TEXTS, vocab_size=120)
    table = np.random.default_rng(0).normal(size=(tokenizer.vocab_size, dim)).astype(np.float32)
    return StaticModel(tokenizer.to_json(), table, name="tiny")


def make_collection(folder: Path, *, with_model: bool = True) -> Path:
    """docs.awase in a folder, with its model beside it."""
    if with_model:
        make_model().save(folder / "model")
    with Collection.create(folder / "docs.awase", folder / "model" if with_model else None) as docs:
        docs.upsert(ITEMS)
    return folder / "docs.awase"


@contextmanager
def serving(path: Path, **settings) -> Iterator[Served]:
    """The collection behind a server until the block ends."""
    chosen = Settings(**{"port": 0, "threads": 2, **settings})
    with serving_lanes(open_lanes(path, None, chosen), chosen) as server:
        yield server


@contextmanager
def serving_fakes(fake, **settings) -> Iterator[Served]:
    """The same with an object in the place of the collection, for what a real one does too fast or too well."""
    chosen = Settings(**{"port": 0, **settings})
    limits = {"max_queue": chosen.max_queue, "deadline_s": chosen.deadline_s}
    with serving_lanes(Lanes(*(Lane(name, [fake], **limits) for name in Lanes._fields)), chosen) as server:
        yield server


@contextmanager
def serving_lanes(lanes: Lanes, settings: Settings) -> Iterator[Served]:
    listening = listen(settings)
    server = make(lanes, settings)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    url = address(listening)
    host, port = listening.getsockname()[:2]
    headers = {"authorization": f"Bearer {settings.key}"} if settings.key else {}
    try:
        end = time.monotonic() + ROOM_S
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        with httpx.Client(base_url=url, headers=headers, timeout=ROOM_S, trust_env=False) as client:
            yield Served(client, host, port, url)
    finally:
        server.should_exit = True
        thread.join(ROOM_S)
        listening.close()
        assert not thread.is_alive()
