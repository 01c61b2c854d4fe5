"""`awase index` killed over and over: each start goes on where the last commit was, and in the end every item is there once."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import awase
from awase.data.text.tokenizer import train_tokenizer
from awase.models import StaticModel
from awase.store import database

KILLS = 20
ITEMS = 30_000
_AWASE = [sys.executable, "-c", "from awase.cli.main import main; main()"]

# Makes a collection again and again in processes of its own: the first is killed before its first statement, the next before its second,
# until one dies only after the collection is made. After each death the command is given once more, and must end well.
_DYING = """
import os, signal, sqlite3, sys
import awase.data.documents, awase.index.collection  # once, and not in each process
from pathlib import Path
from awase.cli import index
from awase.store import database

index.put = lambda collection, source, **options: {}  # only the file is made

connect, made, at = sqlite3.connect, False, 0

def ended(at):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = []

    def dying(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(lambda sql: seen.append(sql) or len(seen) <= at or os.kill(os.getpid(), signal.SIGKILL))
        return connection

    sqlite3.connect = dying
    index.index(Path("docs.jsonl"), Path("docs.awase"), as_json=True)
    os._exit(0)

while not made:
    assert ended(at) == -signal.SIGKILL, at
    made = database.begun("docs.awase")
    assert ended(1 << 30) == 0, at
    database.remove("docs.awase")
    at += 1
print(at, file=sys.stderr)
"""


def test_killed_at_random_moments_it_ends_with_every_item_once(tmp_path):
    tokenizer = train_tokenizer(["red wine", "white wine", "a cat on the sofa"], vocab_size=60)
    table = np.random.default_rng(0).standard_normal((tokenizer.vocab_size, 16)).astype(np.float32)
    StaticModel(tokenizer.to_json(), table).save(tmp_path / "model")
    with (tmp_path / "docs.jsonl").open("w") as out:
        out.writelines(json.dumps({"id": f"d{i}", "text": f"red wine number {i}"}) + "\n" for i in range(ITEMS))
    command = [*_AWASE, "index", "docs.jsonl", "-m", "model", "-o", "docs.awase", "--json"]
    started = time.monotonic()
    assert _run([*command, "--fresh"], tmp_path)["items"] == ITEMS
    whole_s = time.monotonic() - started  # so that the kills come while it works, on any machine
    database.remove(tmp_path / "docs.awase")
    chance = random.Random(0)
    interrupted, found = 0, [0]
    for _ in range(KILLS):
        with (tmp_path / "errors").open("w+") as errors:
            running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=errors)
            time.sleep(chance.uniform(0.1, 0.9) * whole_s)
            running.kill()
            code = running.wait()
            assert code in (0, -signal.SIGKILL), (tmp_path / "errors").read_text()
        interrupted += code != 0
        if (tmp_path / "docs.awase").exists():
            found.append(_readable(tmp_path / "docs.awase"))
    assert found == sorted(found), "what was committed stays"
    assert interrupted >= 5, "some were killed before they had ended by themselves"
    assert _run(command, tmp_path)["items"] == ITEMS
    with awase.Collection.open(tmp_path / "docs.awase") as docs:
        assert len(docs) == ITEMS
        assert docs.doctor()["whole"]
        assert docs.search("number 29999", k=1, mode="bm25")[0][0].id == "d29999"


def test_killed_while_the_file_is_made_it_makes_it_the_next_time(tmp_path):
    (tmp_path / "docs.jsonl").write_text('{"id": "a", "text": "red wine"}\n')
    tried = subprocess.run([sys.executable, "-c", _DYING], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert int(tried.stderr) > 10, "the marks, the schema and the settings are some statements"
    (tmp_path / "docs.awase").touch()
    assert _run([*_AWASE, "index", "docs.jsonl", "-o", "docs.awase", "--json"], tmp_path)["items"] == 1


def _run(command: list[str], folder: Path):
    """The JSON that a command prints, which must end well."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def _readable(path) -> int:
    """How many items a reader sees; 0 while the file is not yet a collection."""
    try:
        with awase.Collection.open(path, readonly=True) as docs:
            return len(docs)
    except awase.AwaseError:
        return 0
