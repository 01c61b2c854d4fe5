"""The command line under test, a small model and a small collection."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from awase.cli.main import main

AWASE = Path(sys.executable).with_name("awase")

DOCUMENTS = (
    {"id": "w1", "text": "Red wine from France", "year": 2019, "lang": "en"},
    {"id": "w2", "text": "White wine from Italy", "year": 2021, "lang": "en"},
    {"id": "w3", "text": "フランスの赤いワイン", "year": 2022, "lang": "ja"},
    {"id": "c1", "text": "The cat sleeps on the sofa", "year": 2020, "lang": "en"},
    {"id": "c2", "text": "猫はソファーで寝ている", "year": 2023, "lang": "ja"},
)
WORDS = ("red", "green", "old", "young", "quiet", "loud", "north", "south", "early", "late", "salt", "sugar")


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def awase(capsys, monkeypatch, tmp_path):
    """Runs a command line in this process, in a folder of its own: awase("search", "docs.awase", "wine") -> Ran."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("AWASE_")]:
        monkeypatch.delenv(name)

    def run(*arguments) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        return Ran(left.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def process(tmp_path):
    """Starts the installed command: process("search", ...) -> Popen with its streams as text."""
    started = []

    def start(*arguments, **options) -> subprocess.Popen:
        command = [AWASE, *map(str, arguments)]
        streams = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "cwd": tmp_path,
        }
        started.append(subprocess.Popen(command, **(streams | options)))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    """The folder of a model with random rows: 32 dimensions, one tokenizer for all the texts here."""
    return made_model(tmp_path_factory.mktemp("model") / "small", seed=0)


@pytest.fixture(scope="session")
def other_model(tmp_path_factory) -> Path:
    """The same with other rows."""
    return made_model(tmp_path_factory.mktemp("model") / "other", seed=1)


def made_model(folder: Path, seed: int) -> Path:
    from awase.data.text.tokenizer import train_tokenizer
    from awase.models import StaticModel

    tokenizer = train_tokenizer([*(document["text"] for document in DOCUMENTS), " ".join(WORDS)], vocab_size=300)
    table = np.random.default_rng(seed).normal(size=(tokenizer.vocab_size, 32)).astype(np.float32)
    StaticModel(tokenizer.to_json(), table, name=folder.name).save(folder)
    return folder


@pytest.fixture
def docs(tmp_path) -> Path:
    """The documents as a JSONL file."""
    return jsonl(tmp_path / "docs.jsonl", DOCUMENTS)


@pytest.fixture
def collection(tmp_path, model) -> Path:
    """The documents in a collection."""
    from awase import Collection

    path = tmp_path / "docs.awase"
    with Collection.create(path, model) as made:
        made.add(DOCUMENTS)
    return path


def jsonl(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def sentences() -> list[tuple[str, str]]:
    """600 pairs that a model can learn: the same words in two orders."""
    drawn = np.random.default_rng(1).choice(WORDS, size=(600, 5))
    return list(dict.fromkeys((" ".join(row), " ".join(row[::-1])) for row in drawn.tolist()))


@pytest.fixture
def pairs(tmp_path, sentences) -> Path:
    """The pairs as a CSV file."""
    path = tmp_path / "pairs.csv"
    path.write_text("anchor,positive\n" + "".join(f"{anchor},{positive}\n" for anchor, positive in sentences))
    return path
