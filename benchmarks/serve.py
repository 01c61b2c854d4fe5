"""The server under load: answers per second and how long each takes, beside the same work without HTTP.

    python benchmarks/serve.py [--seconds 2]

The collection holds the English sentences of the bundled pairs with a random table of 256 dimensions (seed 0: the time does not
depend on the numbers). The server is a process of its own with its defaults; clients keep their connections and send the next
request when the last is answered, for the given time. CPU seconds are the server's; the clients share the processors with it.
"burst": so many requests at once, each on a new connection. Results go to results/serve.jsonl.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq

from awase.data.demo import demo_path
from awase.data.text.tokenizer import train_tokenizer
from awase.index.collection import Collection
from awase.models import StaticModel, load
from record import record

DIM, BURST = 256, 1000
MODES = ("bm25", "dense", "hybrid")
SERVER = "import sys; from awase.serve import run; run(sys.argv[1], port=0)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    seconds = parser.parse_args().seconds
    texts = list(dict.fromkeys(pq.read_table(demo_path())["positive"].to_pylist()))
    queries = texts[:: len(texts) // 500]
    with tempfile.TemporaryDirectory() as folder:
        model, path = Path(folder) / "model", Path(folder) / "docs.awase"
        make(texts, model, path)
        # job -> route, bodies, numbers of clients. Batches are work for one processor each, so more clients would only wait.
        jobs = {
            **{f"search, {mode}": ("/v1/search", [{"query": q, "mode": mode} for q in queries], (1, 8, 64)) for mode in MODES},
            "search, hybrid, 100 queries": (
                "/v1/search",
                [{"queries": queries[i : i + 100]} for i in range(0, 500, 100)],
                (1, 4),
            ),
            "embed one text": ("/v1/embeddings", [embed(q) for q in queries], (1, 8, 64)),
            "embed 64 texts": ("/v1/embeddings", [embed(queries[i : i + 64]) for i in range(0, 448, 64)], (1, 4)),
        }
        without_http(path, model, queries, seconds)
        server = subprocess.Popen([sys.executable, "-c", SERVER, path], stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr
            place = re.search(r"http://([\d.]+):(\d+)/", server.stderr.readline())
            assert place
            for job, (route, bodies, numbers) in jobs.items():
                requests = [request(route, body) for body in bodies]
                for clients in numbers:
                    load_with(job, clients, place.groups(), requests, seconds, psutil.Process(server.pid))
            burst(place.groups(), request("/v1/search", {"query": queries[0]}, keep=False))
        finally:
            server.terminate()
            server.wait(30)


def make(texts: list[str], model: Path, path: Path) -> None:
    tokenizer = train_tokenizer(texts)
    table = np.random.default_rng(0).normal(size=(tokenizer.vocab_size, DIM)).astype(np.float32)
    StaticModel(tokenizer.to_json(), table).save(model)
    with Collection.create(path, model) as docs:
        docs.add((str(i), text) for i, text in enumerate(texts))
        docs.prepare()


def without_http(path: Path, model: Path, queries: list[str], seconds: float) -> None:
    """The same calls in one process and one thread, which is what HTTP can at best add nothing to."""
    encoder = load(model)
    with Collection.open(path, encoder, readonly=True) as docs:
        calls = {
            **{f"search, {mode}": lambda query, mode=mode: docs.search(query, 10, mode=mode) for mode in MODES},
            "embed one text": lambda query: encoder.encode([query]),
        }
        for job, call in calls.items():
            call(queries[0])
            times, end, cpu = [], time.perf_counter() + seconds, time.process_time()
            while (start := time.perf_counter()) < end:
                call(queries[len(times) % len(queries)])
                times.append(time.perf_counter() - start)
            rates = {"per_s": len(times) / sum(times), "per_cpu_s": len(times) / (time.process_time() - cpu)}
            record(
                "serve",
                {"job": job, "over": "no HTTP", **{name: round(rate, 1) for name, rate in rates.items()}, **spread(times)},
            )


def embed(texts: str | list[str]) -> dict:
    """As OpenAI's client asks."""
    return {"input": texts, "encoding_format": "base64"}


def request(route: str, body: dict, *, keep: bool = True) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST {route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
    return (head + ("" if keep else "connection: close\r\n") + "\r\n").encode() + content


def load_with(job: str, clients: int, place, requests: list[bytes], seconds: float, server: psutil.Process) -> None:
    before, start = server.cpu_times(), time.perf_counter()
    answers = asyncio.run(drive(place, clients, requests, seconds))
    wall, after = time.perf_counter() - start, server.cpu_times()
    assert {status for status, _ in answers} == {200}, Counter(status for status, _ in answers)
    cpu = after.user + after.system - before.user - before.system
    times = [spent for _, spent in answers]
    rates = {"per_s": round(len(times) / wall, 1), "per_cpu_s": round(len(times) / cpu, 1)}
    record("serve", {"job": job, "over": "HTTP", "clients": clients, **rates, **spread(times)})


async def drive(place, clients: int, requests: list[bytes], seconds: float) -> list[tuple[int, float]]:
    """(status, seconds) of each answer."""
    end = time.perf_counter() + seconds
    answers = []

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(*place)
        at = number
        while (start := time.perf_counter()) < end:
            writer.write(requests[at % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            size = re.search(rb"content-length: (\d+)", head)
            assert size
            await reader.readexactly(int(size[1]))
            answers.append((int(head[9:12]), time.perf_counter() - start))
            at += clients
        writer.close()

    await asyncio.gather(*map(client, range(clients)))
    return answers


def burst(place, sent: bytes) -> None:
    async def one() -> int:
        reader, writer = await asyncio.open_connection(*place)
        writer.write(sent)
        answer = await reader.read()
        writer.close()
        return int(answer[9:12])

    async def everything() -> Counter:
        return Counter(await asyncio.gather(*(one() for _ in range(BURST))))

    start = time.perf_counter()
    counts = asyncio.run(everything())
    wall = round(time.perf_counter() - start, 3)
    record("serve", {"job": "burst", "requests": BURST, "statuses": {str(key): n for key, n in counts.items()}, "wall_s": wall})


def spread(times: list[float]) -> dict:
    """Quantiles in milliseconds."""
    p50, p95, p99 = (round(1000 * q, 2) for q in np.quantile(times, (0.5, 0.95, 0.99)))
    return {"n": len(times), "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}


if __name__ == "__main__":
    main()
