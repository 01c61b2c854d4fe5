"""Collections under kill -9, a full disk, and readers while one writes: nothing acknowledged is lost, batches are whole."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from test_store_full import small  # noqa: F401 (the fixture)
from words_model import WordsModel

from awase.core.errors import BackendError
from awase.index.collection import Collection
from awase.store import files

KILLS = 20
BATCH = 20
PLACES = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(PLACES)}

# For each line it reads, forks a writer that starts after that version. Each version is two batches: BATCH items that say it, and
# one new item. The writer prints its process id, then each version once the calls have returned.
WRITERS = """
import os, sys
from awase.index.collection import Collection
from words_model import WordsModel

def write(path, version):
    docs = Collection.open(path, WordsModel())
    print(os.getpid(), version, flush=True)
    while True:
        version += 1
        docs.upsert([(f"i{n}", f"version {version}") for n in range(20)])
        docs.add([(f"v{version}", f"only {version}")])
        print(version, flush=True)
        if version % 3 == 0:
            docs.delete([f"v{version - 2}"])
            docs.search("version")  # makes and writes caches

for line in sys.stdin:
    if not (child := os.fork()):
        write(sys.argv[1], int(line))
    os.waitpid(child, 0)
    print("ended", flush=True)
"""

READER = """
import sys
from awase.index.collection import Collection
from words_model import WordsModel
docs = Collection.open(sys.argv[1], WordsModel(), readonly=True)
last, n_seen = 0, 0
print("ready", flush=True)
while last < int(sys.argv[2]):
    for mode in ("bm25", "dense", "hybrid"):
        found = [one.text for one in docs.search("version", 20, where="kind = 'batch'", mode=mode)[0]]
        versions = {int(text.split()[1]) for text in found}
        assert len(found) == 20 and len(versions) == 1, (mode, found)
        assert versions.pop() >= last
        n_seen += 1
    last = int(found[0].split()[1])
print(n_seen, flush=True)
"""


def process(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, text=True, env=ENVIRONMENT, **pipes)


def killed_run(writers, version, seconds):
    """The last version that a writer acknowledged before it was killed."""
    print(version, file=writers.stdin, flush=True)
    pid, started = map(int, writers.stdout.readline().split())
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    lines = list(iter(writers.stdout.readline, "ended\n"))
    return int(lines[-1]) if lines else started


def test_kill(tmp_path):
    path = tmp_path / "docs.awase"
    with Collection.create(path, WordsModel()) as docs:
        docs.add([(f"i{n}", "version 0") for n in range(BATCH)])
    moments, version, n_written = random.Random(0), 0, 0
    with process(WRITERS, path) as writers:
        for _ in range(KILLS):
            acknowledged = killed_run(writers, version, moments.uniform(0, 0.15))
            n_written += acknowledged > version
            version = check_after_kill(path, acknowledged)
        writers.stdin.close()
        assert not (errors := writers.stderr.read()), errors
    assert n_written > KILLS // 2, "the kills came before there was anything to lose"


def check_after_kill(path, acknowledged):
    """The version that is there: the acknowledged one or the one that was being written, and whole."""
    with Collection.open(path, WordsModel()) as docs:
        texts = {item.text for item in docs.get([f"i{n}" for n in range(BATCH)]) if item}
        (text,) = texts  # a batch is whole
        version = int(text.split()[1])
        assert version in (acknowledged, acknowledged + 1)
        kept = [item is not None for item in docs.get([f"v{v}" for v in range(1, version + 1)])]
        assert all(kept[v - 1] for v in range(1, acknowledged + 1) if v % 3 != 1)
        docs.upsert([(f"v{version}", f"only {version}")])  # the call that may have been interrupted
        (found,) = docs.search(f"version {version}", BATCH, mode="bm25")
        assert {one.text for one in found} == {text}
        assert docs.doctor()["whole"]
    return version


def test_readers_while_one_writes(tmp_path):
    path, n_versions = tmp_path / "docs.awase", 40
    with Collection.create(path, WordsModel()) as docs:
        for version in range(n_versions + 1):
            docs.upsert({"id": f"i{n}", "text": f"version {version}", "kind": "batch"} for n in range(20))
            docs.upsert([(f"other {version}", "version of something else")])
            if version == 0:
                readers = [process(READER, path, n_versions) for _ in range(2)]
                for reader in readers:
                    assert reader.stdout.readline() == "ready\n", reader.stderr.read()
            if version % 10 == 9:
                docs.prepare()
        for reader in readers:
            seen, errors = reader.communicate(timeout=60)
            assert reader.returncode == 0, errors
            assert int(seen) >= 3


def test_two_writers_take_turns(tmp_path):
    path = tmp_path / "docs.awase"
    with closing(Collection.create(path, WordsModel())) as first, closing(Collection.open(path, WordsModel())) as second:
        for n in range(10):
            (first, second)[n % 2].add([(f"{n}", f"number {n}")])
            for docs in (first, second):
                assert len(docs.search("number", 20, mode="bm25")[0]) == n + 1
        assert second.upsert([("3", "changed")]) == 1
        assert first.get("3")[0].text == "changed"
        assert first.info()["generation"] == 11


def test_the_disk_is_full(small):  # noqa: F811
    path = small / "docs.awase"
    long = " ".join(["wine", "x" * 10_000])
    with Collection.create(path) as docs:
        docs.add([(f"kept{n}", f"{long} {n}") for n in range(100)])
        wanted = docs.search("wine 7")
        with pytest.raises(BackendError, match="E0302: the disk is full; what was there before is unchanged"):
            for n in range(100):
                docs.add([(f"more{n}-{i}", long) for i in range(100)])
        n_whole = len(docs)
        assert n_whole % 100 == 0
        assert n_whole > 100
        assert [one.id for one in docs.search("wine 7", 1)[0]] == ["kept7"]
        files.remove(small / "other")  # space, of which SQLite needs some even to delete
        assert sum(docs.delete([f"more{n}-{i}" for i in range(100)]) for n in range(100)) == n_whole - 100
        assert docs.search("wine 7") == wanted
        assert docs.add([("after", "wine again")]) == 1
        assert docs.doctor()["whole"]
        assert len(docs) == 101
