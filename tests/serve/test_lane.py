"""A lane: how many run, how many wait, what happens to those that come too late."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager

import pytest

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
