"""A lane: a few threads, each with a collection of its own, and a bounded queue before them.

A collection serves one thread at a time, so a lane lends each of its collections to one job after another. Reads have a lane with
several readers, writes one with the one writer, and what monitors the server one that no other work can fill.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

from awase.serve.body import busy
from awase.serve.refusal import Refusal

_Answer = TypeVar("_Answer")


class Lane:
    """Runs jobs, functions of a collection, in threads. All but the jobs happens in the event loop's thread."""

    def __init__(self, name: str, collections: Sequence[Any], *, max_queue: int, deadline_s: float):
        self.waiting, self.max_queue, self.deadline_s = 0, max_queue, deadline_s
        self._collections = SimpleQueue()
        for collection in collections:
            self._collections.put(collection)
        self._n = len(collections)
        self._free = asyncio.Semaphore(self._n)
        self._threads = ThreadPoolExecutor(self._n, thread_name_prefix=f"awase-{name}")

    async def run(self, job: Callable[[Any], _Answer]) -> _Answer:
        """What the job returns or raises.

        Raises Refusal E0912 (429) when the queue is full, E0913 (504) when the deadline passes. A job that still waits then is
        dropped; one that runs is not interrupted, and keeps its thread until it ends.
        """
        if self.waiting >= self.max_queue and self._free.locked():
            raise busy("the server has as many requests waiting as it allows")
        end = time.monotonic() + self.deadline_s
        self.waiting += 1
        try:
            async with asyncio.timeout(self.deadline_s):
                await self._free.acquire()
        except TimeoutError:
            raise self._late() from None
        finally:
            self.waiting -= 1
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._lend, job)
        running.add_done_callback(self._ended)
        done, _ = await asyncio.wait({running}, timeout=end - time.monotonic())
        if not done:
            raise self._late()
        return running.result()

    def close(self) -> None:
        """Wait for the jobs that run, and close the collections."""
        self._threads.shutdown()
        for _ in range(self._n):
            self._collections.get().close()

    def _lend(self, job: Callable[[Any], _Answer]) -> _Answer:
        collection = self._collections.get()
        try:
            return job(collection)
        finally:
            self._collections.put(collection)

    def _ended(self, running: asyncio.Future) -> None:
        self._free.release()
        with contextlib.suppress(asyncio.CancelledError):
            running.exception()  # nobody may wait for it any more

    def _late(self) -> Refusal:
        message = f"no answer within {self.deadline_s:g} s; if it was a write, it may still be done, and may be sent again"
        return Refusal(504, "E0913", message)
