"""A lane: a few threads, each with a collection of its own, and a bounded queue before them.

A collection serves one thread at a time, so a lane lends each of its collections to one job after another. Reads have a lane with
several readers, filters that cost much another, so that they hold up only each other, writes one with the one writer, and what
monitors the server one that no other work can fill.
"""

import asyncio
import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from operator import methodcaller
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from awase.core.errors import AwaseError
from awase.serve.body import busy
from awase.serve.refusal import Refusal

_Answer = TypeVar("_Answer")
_Job = Callable[[Any], Any]
Stoppable = Callable[[Any, Callable[[], bool]], contextlib.AbstractContextManager]
_STOPPED = "E0340"


class Lane:
    """Runs jobs, functions of a collection, in threads. All but the jobs happens in the event loop's thread.

    stoppable: ``Collection.stoppable``: jobs end when the server does, and ``at_deadline`` unless that is false. The threads are daemons:
    what cannot be stopped does not keep the process. nice: how far they stand back where processors are short.
    """

    def __init__(
        self,
        name: str,
        collections: Sequence[Any],
        *,
        max_queue: int,
        deadline_s: float,
        stoppable: Stoppable | None = None,
        at_deadline: bool = True,
        close: Callable[[Any], None] = methodcaller("close"),
        nice: int = 0,
    ):
        self.waiting, self.max_queue, self.deadline_s = 0, max_queue, deadline_s
        self.stop_at = math.inf  # a signal sets it
        self._stoppable, self._at_deadline, self._close = stoppable, at_deadline, close
        self._nice = nice
        self._collections, self._jobs = SimpleQueue(), SimpleQueue()
        for number, collection in enumerate(collections):
            self._collections.put(collection)
            threading.Thread(target=self._work, name=f"awase-{name}-{number}", daemon=True).start()
        self._n = len(collections)
        self._free = asyncio.Semaphore(self._n)

    def deadline(self) -> float:
        """Of a request that comes now, by ``time.monotonic``."""
        return time.monotonic() + self.deadline_s

    async def run(self, job: Callable[[Any], _Answer], end: float | None = None) -> _Answer:
        """What the job returns or raises. end: the deadline, if the request has one already; the time in the queue counts.

        Raises Refusal E0912 (429) when the queue is full, E0913 (504) when the deadline passes. A job that still waits then is
        dropped; one that runs ends when it next reads the file, if the lane can stop it, and keeps its thread until then.
        """
        if self.waiting >= self.max_queue and self._free.locked():
            raise busy("the server has as many requests waiting as it allows")
        end = self.deadline() if end is None else end
        self.waiting += 1
        try:
            async with asyncio.timeout(max(end - time.monotonic(), 0)):
                await self._free.acquire()
        except TimeoutError:
            raise self._late() from None
        finally:
            self.waiting -= 1
        running: asyncio.Future = asyncio.get_running_loop().create_future()
        running.add_done_callback(self._ended)
        self._jobs.put((job, end, running))
        done, _ = await asyncio.wait({running}, timeout=max(end - time.monotonic(), 0))
        if not done:
            raise self._late()
        try:
            return running.result()
        except AwaseError as error:
            if error.code == _STOPPED and time.monotonic() >= end:
                raise self._late() from None
            raise

    def close(self, within_s: float = math.inf) -> None:
        """Stop what can be stopped, wait for the jobs that run, but no longer than so many seconds, and close their collections."""
        self.stop_at = time.monotonic()
        end = self.stop_at + within_s
        for _ in range(self._n):
            try:
                collection = self._collections.get(timeout=None if within_s == math.inf else max(end - time.monotonic(), 0))
            except Empty:
                continue  # its job cannot be stopped; a collection needs no closing to be whole
            self._close(collection)
            self._jobs.put(None)

    def _work(self) -> None:
        if self._nice and sys.platform == "linux":  # elsewhere the number of a thread may be that of a process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
        while (task := self._jobs.get()) is not None:
            job, end, running = task
            try:
                value, error = self._lend(job, end), None
            except BaseException as raised:  # noqa: BLE001 - whoever waits gets it
                value, error = None, raised
            with contextlib.suppress(RuntimeError):  # the loop has ended
                running.get_loop().call_soon_threadsafe(_settle, running, value, error)

    def _lend(self, job: _Job, end: float) -> Any:
        collection = self._collections.get()
        try:
            with self._stoppable(collection, lambda: self._is_over(end)) if self._stoppable else contextlib.nullcontext():
                return job(collection)
        finally:
            self._collections.put(collection)

    def _is_over(self, end: float) -> bool:
        return time.monotonic() > (min(end, self.stop_at) if self._at_deadline else self.stop_at)

    def _ended(self, running: asyncio.Future) -> None:
        self._free.release()
        with contextlib.suppress(asyncio.CancelledError):
            running.exception()  # nobody may wait for it any more

    def _late(self) -> Refusal:
        message = f"no answer within {self.deadline_s:g} s; if it was a write, it may still be done, and may be sent again"
        return Refusal(504, "E0913", message)


def _settle(running: asyncio.Future, value: Any, error: BaseException | None) -> None:
    if running.cancelled():
        return
    if error is None:
        running.set_result(value)
    else:
        running.set_exception(error)
