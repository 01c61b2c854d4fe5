"""kill -9 during a fit: what stands at the output is the old model or the new one, and a resumed run ends as an unbroken one."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest

import awase
from awase.core.errors import ConfigError
from awase.data.demo import demo_path
from awase.store import manifest
from awase.train.checkpoint import Checkpoints

KILLS = 20
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a kill is not a power loss: the kind of disk does not matter
SAME = ("model.safetensors", "tokenizer.json", "awase.json")  # the report holds times
# Fits are forked from one process that has made one and so has imported and compiled everything: a moment is one of a fit. It reads
# lines `out resume moment` and kills the fit then: after so many CPU seconds (other programs on the machine do not change these), or as
# soon as the new model is being written, or never. It answers how the fit ended, and with how many CPU seconds.
PROGRAM = """
import json, os, signal, sys, time, traceback
from functools import partial
from pathlib import Path
sys.modules["matplotlib"] = None  # the plots of the report take longer than the fit
import psutil
import awase
from awase.apps import fit as job
from awase.train.checkpoint import Checkpoints
job.Checkpoints = partial(Checkpoints, every_steps=10)
pairs = [tuple(pair) for pair in json.loads(Path(sys.argv[1]).read_text())]

def fit(out, resume):
    try:
        job.fit(pairs, out=out, resume=resume, threads=1, options={"dim": 32, "epochs": 6, "vocab_size": 2000})
        return 0
    except BaseException:
        traceback.print_exc()
        return 1

print(fit(sys.argv[2], False), flush=True)
for line in sys.stdin:
    out, resume, moment = line.split()
    child = os.fork()
    if child == 0:
        os._exit(fit(out, resume == "True"))
    process, status, due = psutil.Process(child), (0, 0), False
    while status[0] == 0:
        spent_s = sum(process.cpu_times()[:2])
        if moment == "saving":
            due = any(Path(out).parent.glob(".model.*.awase-new"))
        elif moment != "never":
            due = spent_s >= float(moment)
        if due:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0 if due else os.WNOHANG)
        time.sleep(0.0002)
    print("killed" if os.WIFSIGNALED(status[1]) else f"ended {os.WEXITSTATUS(status[1])}", spent_s, flush=True)
"""


@pytest.fixture(scope="module")
def rows():
    table = pq.read_table(demo_path(), columns=["anchor", "positive"]).slice(0, 1000)
    return list(zip(table["anchor"].to_pylist(), table["positive"].to_pylist()))


@pytest.fixture
def folder():
    with TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def fit(rows, folder):
    """Runs a fit into a folder; says whether it was killed, and how many CPU seconds it took."""
    pairs = folder / "pairs.json"
    pairs.write_text(json.dumps(rows))
    no_threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}  # they do not fork
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, pairs, folder / "first/model"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | no_threads,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "0\n"

        def run(out, *, resume, moment="never"):
            print(out, resume, moment, file=process.stdin, flush=True)
            how, _, spent_s = process.stdout.readline().rpartition(" ")
            assert how in ("killed", "ended 0")
            return how == "killed", float(spent_s)

        yield run
        process.stdin.close()


def contents(model):
    return [(model / name).read_bytes() for name in SAME]


def test_killed_fits_end_as_unbroken_ones(fit, folder):
    """Each round starts over an old model, is killed some times, each time resumed, and then left alone."""
    _, whole_s = fit(folder / "whole/model", resume=False)
    new, old = contents(folder / "whole/model"), b"the model that was here"
    assert new == contents(folder / "first/model")

    moments = random.Random(0)
    kills = saving = rounds = 0
    while kills < KILLS:
        place = folder / f"round-{rounds}"
        model = place / "model"
        shutil.copytree(folder / "whole/model", model)
        (model / "README.md").write_bytes(old)
        (model / "manifest.json").write_bytes(manifest.describe(model))
        rounds += 1
        for i, moment in enumerate([*(moments.uniform(0, whole_s) for _ in range(3)), "saving"]):
            killed, _ = fit(model, resume=i > 0, moment=moment)
            kills += killed
            saving += killed and moment == "saving"
            manifest.verify(model)
            assert awase.load(model).dim == 32
            if (model / "README.md").read_bytes() != old:
                assert contents(model) == new
        fit(model, resume=True)
        assert contents(model) == new
        assert (model / "README.md").read_bytes() != old
        assert [path.name for path in place.iterdir()] == ["model"]
    print(f"{kills} kills in {rounds} rounds, {saving} of them while the model was being saved")
    assert saving >= 3


def test_resuming_needs_the_same_options_and_data(rows, folder, monkeypatch):
    rows = rows[:300]
    out, options = folder / "model", {"dim": 8, "epochs": 1, "vocab_size": 500}
    with monkeypatch.context() as patched:  # as if it had been killed just before its end
        patched.setattr(Checkpoints, "finish", lambda self: self._log.close())
        awase.fit(rows, out=out, threads=1, options=options)
    before = contents(out)
    for changed, named in (
        ({"options": {**options, "rate": 0.2}}, "recipe"),
        ({"seed": 1}, "recipe, seed"),
        ({"threads": 2}, "threads"),
        ({"data": rows[:-1]}, "candidates, data"),
        ({"test": 20}, "parts"),
        ({"corpus": ["one more"]}, "candidates"),
        ({"init": out}, "init"),
    ):
        with pytest.raises(ConfigError, match=rf"E0605(.|\n)*first run \({named}.* differ\)"):
            awase.fit(**{"data": rows, "out": out, "threads": 1, "options": options, "resume": True} | changed)
        assert contents(out) == before
    awase.fit(rows, out=out, threads=1, options=options, resume=True)
    assert contents(out) == before
