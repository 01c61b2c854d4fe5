"""A lane: how many run, how many wait, what happens to those that come too late."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager, contextmanager

import pytest

from awase.core.errors import BackendError
from awase.serve.lane import Lane
from awase.serve.refusal import Refusal


class Counted:
    """A collection that notices when two use it at once."""

    def __init__(self):
        self.users, self.closed = 0, False

    def use(self, seconds=0.001):
        self.users += 1
        assert self.users == 1
        time.sleep(seconds)
        self.users -= 1

    def close(self):
        assert self.users == 0
        self.closed = True


@asynccontextmanager
async def lane_of(n=1, *, max_queue=2, deadline_s=10.0):
    lane = Lane("test", [Counted() for _ in range(n)], max_queue=max_queue, deadline_s=deadline_s)
    try:
        yield lane
    finally:
        lane.close()


def refused(answer, status):
    assert isinstance(answer, Refusal)
    assert answer.status == status
    return answer


def test_a_job_gives_its_value_or_its_error():
    async def main():
        async with lane_of() as lane:
            assert await lane.run(lambda collection: collection.closed) is False
            with pytest.raises(ZeroDivisionError):
                await lane.run(lambda _: 1 // 0)
            assert await lane.run(lambda _: "after it") == "after it"

    asyncio.run(main())


def test_a_collection_has_one_user_at_a_time():
    async def main():
        async with lane_of(3, max_queue=100) as lane:
            used = await asyncio.gather(*(lane.run(lambda c: (c.use(), id(c))[1]) for _ in range(60)))
            assert len(set(used)) == 3

    asyncio.run(main())


def test_a_full_queue_refuses_at_once():
    async def main():
        gate = threading.Event()
        async with lane_of(max_queue=2) as lane:
            tasks = [asyncio.create_task(lane.run(lambda _: gate.wait(10))) for _ in range(3)]
            await asyncio.sleep(0.05)
            assert lane.waiting == 2
            with pytest.raises(Refusal) as caught:
                await lane.run(lambda _: None)
            assert refused(caught.value, 429).headers == {"retry-after": "1"}
            gate.set()
            assert await asyncio.gather(*tasks) == [True] * 3
            assert lane.waiting == 0
            assert await lane.run(lambda _: "free again") == "free again"

    asyncio.run(main())


def test_the_deadline_drops_who_waits_and_leaves_who_runs():
    async def main():
        gate, ran = threading.Event(), []
        async with lane_of(deadline_s=0.1) as lane:
            running = asyncio.create_task(lane.run(lambda _: (gate.wait(10), ran.append("first"))))
            await asyncio.sleep(0)
            waiting = asyncio.create_task(lane.run(lambda _: ran.append("second")))
            answers = await asyncio.gather(running, waiting, return_exceptions=True)
            for answer in answers:
                assert refused(answer, 504).message.startswith("no answer within 0.1 s")
            assert lane.waiting == 0
            with pytest.raises(Refusal):  # the first still has the only thread
                await lane.run(lambda _: ran.append("third"))
            gate.set()
            await asyncio.sleep(0.05)
            assert ran == ["first"]
            assert await lane.run(lambda _: "free again") == "free again"

    asyncio.run(main())


def test_an_abandoned_job_that_fails_is_no_warning(caplog):
    async def main():
        async with lane_of(deadline_s=0.02) as lane:
            with pytest.raises(Refusal):
                await lane.run(lambda _: (time.sleep(0.1), 1 // 0))
            await asyncio.sleep(0.15)

    asyncio.run(main())
    assert caplog.records == []


def test_closing_waits_for_the_jobs_and_closes_the_collections():
    async def main():
        async with lane_of(2, deadline_s=0.01) as lane:
            collections = []
            with pytest.raises(Refusal):
                await lane.run(lambda c: (collections.append(c), c.use(0.1)))
        assert [c.closed for c in collections] == [True]

    asyncio.run(main())


def test_the_time_in_the_queue_counts():
    """The second job waits for two of its three seconds: it has one left, not three."""

    async def main():
        gate = threading.Event()
        async with lane_of(deadline_s=3.0) as lane:
            first = asyncio.create_task(lane.run(lambda _: time.sleep(2)))
            await asyncio.sleep(0)
            start = time.monotonic()
            with pytest.raises(Refusal) as late:
                await lane.run(lambda _: gate.wait(20))
            waited = time.monotonic() - start
            gate.set()
            await first
        assert refused(late.value, 504)
        assert 2.9 < waited < 4.5

    asyncio.run(main())


def test_a_deadline_that_a_request_has_already_is_kept():
    async def main():
        ran = []
        async with lane_of(deadline_s=60.0) as lane:
            with pytest.raises(Refusal):
                await lane.run(lambda _: time.sleep(0.3), time.monotonic() + 0.05)
            with pytest.raises(Refusal):
                await lane.run(ran.append, time.monotonic() - 1)
            assert ran == []

    asyncio.run(main())


class Slow(Counted):
    """A collection whose searches look every millisecond whether to stop, as SQLite does."""

    stop = None

    @contextmanager
    def stoppable(self, stop):
        self.stop = stop
        yield
        self.stop = None

    def search(self):
        while not self.stop():
            time.sleep(0.001)
        raise BackendError("E0340", "stopped before it was done")


def slow_lane(**options):
    return Lane("slow", [Slow()], max_queue=2, stoppable=Slow.stoppable, **options)


def test_what_runs_at_the_deadline_is_stopped_and_frees_its_thread():
    async def main():
        lane = slow_lane(deadline_s=0.2)
        with pytest.raises(Refusal) as late:
            await lane.run(Slow.search)
        assert refused(late.value, 504)
        assert await asyncio.wait_for(lane.run(lambda _: "free again", time.monotonic() + 20), 20) == "free again"
        lane.close()

    asyncio.run(main())


def test_closing_stops_what_runs_and_does_not_wait_for_what_cannot_be_stopped():
    async def main():
        lane, stuck = slow_lane(deadline_s=60, at_deadline=False), threading.Event()
        running = asyncio.create_task(lane.run(Slow.search))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(lane.close)
        with pytest.raises(BackendError, match="E0340"):
            await running
        lane = slow_lane(deadline_s=60)
        running = asyncio.create_task(lane.run(lambda _: stuck.wait(20)))
        await asyncio.sleep(0.1)
        start = time.monotonic()
        await asyncio.to_thread(lane.close, 0.2)
        assert time.monotonic() - start < 10
        stuck.set()
        await running

    asyncio.run(main())
