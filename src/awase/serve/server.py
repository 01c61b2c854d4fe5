"""``run``: a collection behind HTTP until it is told to stop."""

import contextlib
import logging
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from awase.core.errors import BackendError
from awase.index.collection import Collection
from awase.serve.app import Application, Lanes
from awase.serve.connection import patient
from awase.serve.lane import Lane
from awase.serve.settings import Settings, default_threads, key_from

_GRACE_S = 10  # for the requests that are being answered when the server is told to stop
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
    writer.prepare()

    def readers(n: int) -> list[Collection]:
        opened = [Collection.open(collection_path, model=writer.model, readonly=True) for _ in range(n)]
        for reader in opened:
            reader.search("", k=1)  # now, and not when the first user waits
        return opened

    return Lanes(
        read=Lane("read", readers(settings.threads), max_queue=settings.max_queue, deadline_s=settings.deadline_s),
        write=Lane("write", [writer], max_queue=settings.max_queue, deadline_s=settings.deadline_s),
        status=Lane("status", readers(1), max_queue=settings.max_queue, deadline_s=_STATUS_DEADLINE_S),
    )


def make(lanes: Lanes, settings: Settings) -> uvicorn.Server:
    """A server that ``run([listening socket])`` starts. It closes the lanes when it ends."""
    config = uvicorn.Config(
        Application(lanes, settings).starlette(),
        http=patient(settings),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_backlog(settings),
        timeout_graceful_shutdown=_GRACE_S,
    )
    return uvicorn.Server(config)


def listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say. Raises BackendError E0903 when that place is taken or not ours."""
    _raise_file_limit(settings.max_connections + _SPARE_FILES)
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


def _raise_file_limit(wanted: int) -> None:
    """A connection is an open file, and the usual soft limit of 1,024 is there for programs older than ours."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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
