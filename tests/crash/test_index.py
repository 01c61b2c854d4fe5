"""`awase index` killed over and over: each start goes on where the last commit was, and in the end every item is there once."""

import json
import random
import subprocess
import sys
import time

import numpy as np

import awase
from awase.data.text.tokenizer import train_tokenizer
from awase.models import StaticModel

KILLS = 20
ITEMS = 30_000
_AWASE = [sys.executable, "-c", "from awase.cli.main import main; main()"]


def test_killed_at_random_moments_it_ends_with_every_item_once(tmp_path):
    tokenizer = train_tokenizer(["red wine", "white wine", "a cat on the sofa"], vocab_size=60)
    table = np.random.default_rng(0).standard_normal((tokenizer.vocab_size, 16)).astype(np.float32)
    StaticModel(tokenizer.to_json(), table).save(tmp_path / "model")
    with (tmp_path / "docs.jsonl").open("w") as out:
        out.writelines(json.dumps({"id": f"d{i}", "text": f"red wine number {i}"}) + "\n" for i in range(ITEMS))
    command = [*_AWASE, "index", "docs.jsonl", "-m", "model", "-o", "docs.awase", "--json"]
    chance = random.Random(0)
    interrupted, found = 0, [0]
    for _ in range(KILLS):
        running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, 2.0))
        running.kill()
        interrupted += running.wait() != 0
        if (tmp_path / "docs.awase").exists():
            found.append(_readable(tmp_path / "docs.awase"))
    assert found == sorted(found), "what was committed stays"
    assert interrupted > KILLS / 2, "most were killed before they had ended by themselves"
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["items"] == ITEMS
    with awase.Collection.open(tmp_path / "docs.awase") as docs:
        assert len(docs) == ITEMS
        assert docs.doctor()["whole"]
        assert docs.search("number 29999", k=1, mode="bm25")[0][0].id == "d29999"


def _readable(path) -> int:
    """How many items a reader sees; 0 while the file is not yet a collection."""
    try:
        with awase.Collection.open(path, readonly=True) as docs:
            return len(docs)
    except awase.AwaseError:
        return 0
