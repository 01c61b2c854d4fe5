"""``run``: a collection behind HTTP until it is told to stop."""

import contextlib
import logging
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from awase.core.errors import AwaseError, BackendError
from awase.core.process import allow_open_files
from awase.index.collection import Collection
from awase.serve.app import Application, Lanes
from awase.serve.connection import patient
from awase.serve.lane import Lane
from awase.serve.settings import Settings, default_threads, key_from
from awase.store import database

_GRACE_S = 3  # for the requests that are being answered when the server is told to stop
_STOP_S = {"read": 1.2, "heavy": 1.2, "write": 2.7, "status": 1.2}  # then what still runs is stopped, in time to be told so
_SPARE_FILES = 256  # open files beside the connections
_STATUS_DEADLINE_S = 5.0


def run(
    collection_path: Path | str,
    *,
    model=None,
    host: str = "127.0.0.1",
    port: int = 8080,
    key_env: str | None = None,
    read_key_env: str | None = None,
    threads: int | None = None,
    log_requests: bool = False,
) -> None:
    """Serves a collection until SIGINT or SIGTERM, then finishes what it is answering and returns.

    model: a model or its folder, where the collection does not name it. port 0: any free one; the address is printed on stderr.
    key_env, read_key_env: names of environment variables that hold a key; without one the server listens on this machine only.
    threads: for searching and encoding (at most 4 by default). log_requests: a line on stderr for each, without its texts.

    It stops on signals, so it must be called in the main thread.

    Raises ConfigError E0901 to E0903, BackendError E0903, MissingExtra E0001, and what ``Collection.open`` raises.
    """
    settings = Settings(
        host=host,
        port=port,
        key=key_from(key_env) if key_env else None,
        read_key=key_from(read_key_env) if read_key_env else None,
        threads=threads or default_threads(),
    )
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("awase.serve").setLevel(logging.INFO if log_requests else logging.WARNING)
    with contextlib.closing(listen(settings)) as listening:
        lanes = open_lanes(collection_path, model, settings)
        listening.listen(_backlog(settings))  # from here on callers wait instead of being turned away
        sys.stderr.write(f"{Path(collection_path).name} at {address(listening)} (Ctrl-C stops it)\n")
        sys.stderr.flush()
        server = make(lanes, settings)
        with _ended_by_signals(server):
            server.run([listening])


def open_lanes(collection_path: Path | str, model, settings: Settings) -> Lanes:
    """The collection, opened once for each thread, ready to search; they share one model and the caches on the disk."""
    writer = Collection.open(collection_path, model=model)
    if database.is_writable(collection_path):  # else everything is made in memory, and writes are refused
        writer.prepare()

    _check(writer)

    def lane(name: str, deadline_s: float = settings.deadline_s, n: int = settings.threads, nice: int = 0) -> Lane:
        opened = [writer.another() for _ in range(n)]
        for reader in opened:
            reader.search("", k=1)  # now, and not when the first user waits
        return Lane(
            name, opened, max_queue=settings.max_queue, deadline_s=deadline_s, stoppable=Collection.stoppable, nice=nice
        )

    return Lanes(
        read=lane("read"),
        heavy=lane("heavy", n=max(settings.threads // 2, 1), nice=10),
        write=Lane(
            "write", [writer], max_queue=settings.max_queue, deadline_s=settings.deadline_s, stoppable=Collection.stoppable,
            at_deadline=False, close=lambda writer: writer.close(caches=False),
        ),
        status=lane("status", _STATUS_DEADLINE_S, 1),
    )  # fmt: skip


def _check(collection: Collection) -> None:
    """Read all items once, as the first filter would, so that no user waits for it. A damaged one is no reason not to start."""
    try:
        collection.search("", k=1, mode="bm25", where="id = null")
    except AwaseError as error:
        logging.getLogger("awase.serve").warning("searches that read it will be refused: %s", error)


def make(lanes: Lanes, settings: Settings) -> uvicorn.Server:
    """A server that ``run([listening socket])`` starts. It closes the lanes when it ends."""
    config = uvicorn.Config(
        Application(lanes, settings).starlette(),
        http=patient(settings),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="critical",  # uvicorn's own errors show what was asked; ours are logged by ``front``
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_backlog(settings),
        timeout_graceful_shutdown=_GRACE_S,
    )
    return _Server(config, lanes)


class _Server(uvicorn.Server):
    """Told by a signal to end, it stops what still runs a little later."""

    def __init__(self, config: uvicorn.Config, lanes: Lanes):
        super().__init__(config)
        self._lanes = lanes

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for name, lane in self._lanes._asdict().items():
            lane.stop_at = min(lane.stop_at, time.monotonic() + _STOP_S[name])
        super().handle_exit(sig, frame)


def listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say. Raises BackendError E0903 when that place is taken or not ours."""
    allow_open_files(settings.max_connections + _SPARE_FILES)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise BackendError(
            "E0903", f"the server cannot listen there: {error.strerror}", value=f"{settings.host}:{settings.port}",
            remedy="choose another --port (0 takes any that is free) or --host",
        ) from error  # fmt: skip
    return listening


def _backlog(settings: Settings) -> int:
    return min(settings.max_connections, socket.SOMAXCONN)


def address(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextlib.contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """A signal ends the server, also while it starts; uvicorn raises it again when it has ended, and that end was asked for."""

    def end(*_) -> None:
        server.should_exit = True

    before = signal.signal(signal.SIGTERM, end), signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
