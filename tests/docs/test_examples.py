"""Every example of the docs is run, in the order of its page, in a folder with small data.

```python          runs, with the names of the blocks before it
```sh              its lines that begin with awase or curl run; `awase serve` stays up until the page ends
```csv NAME        (or jsonl, tsv, text) becomes the file NAME
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from awase.data.demo import demo_path

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ja.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("src/awase/**/README.md")),
]
FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = ("awase", "curl")
N_PAIRS = 800


class Block(NamedTuple):
    language: str
    name: str
    content: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that are run or become files."""
    text = page.read_text(encoding="utf-8")
    found = [Block(m[1], m[2] or "", m[3], text[: m.start()].count("\n") + 2) for m in FENCE.finditer(text)]
    return [block for block in found if block.language in ("python", "sh", "console") or block.name]


def commands(block: Block) -> list[str]:
    """The command lines of a block that are run; a line that ends in a backslash goes on, and a prompt is no part of one."""
    lines = block.content.replace("\\\n", " ").splitlines()
    stripped = [line.removeprefix("$ ").strip() for line in lines if block.language == "sh" or line.startswith("$ ")]
    return [line for line in stripped if line.startswith(RUN)]


@pytest.fixture(scope="session")
def workbench(tmp_path_factory) -> Path:
    """The files that the pages speak of: pairs.csv, docs.jsonl, a BEIR folder, and a model and a collection made from them."""
    folder = tmp_path_factory.mktemp("workbench")
    rows = pq.read_table(demo_path(), columns=["anchor", "positive"]).slice(0, N_PAIRS).to_pylist()
    _csv(folder / "pairs.csv", [("anchor", "positive"), *((row["anchor"], row["positive"]) for row in rows)])
    documents = [
        {"id": f"doc-{i}", "text": row["positive"], "year": 2015 + i % 10, "lang": "en"} for i, row in enumerate(rows, start=1)
    ]
    _jsonl(folder / "docs.jsonl", documents)
    beir = folder / "beir-folder"
    (beir / "qrels").mkdir(parents=True)
    _jsonl(beir / "corpus.jsonl", [{"_id": one["id"], "title": "", "text": one["text"]} for one in documents])
    _jsonl(beir / "queries.jsonl", [{"_id": f"q{i}", "text": row["anchor"]} for i, row in enumerate(rows[:100], start=1)])
    for split, numbers in (("train", range(1, 61)), ("test", range(61, 101))):
        lines = ["query-id\tcorpus-id\tscore", *(f"q{i}\tdoc-{i}\t1" for i in numbers)]
        (beir / "qrels" / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    (folder / "notes").mkdir()
    (folder / "notes/wine.md").write_text("# Wine\n\nRed wine goes with cheese.\n")
    for line in ("fit pairs.csv -o model", "index docs.jsonl -m model -o docs.awase"):
        _ran(f"awase {line}", folder, {})
    return folder


def test_there_are_examples():
    python = sum(block.language == "python" for page in PAGES for block in blocks(page))
    lines = sum(len(commands(block)) for page in PAGES for block in blocks(page) if block.language in ("sh", "console"))
    print(f"{python} blocks of Python and {lines} command lines on {len(PAGES)} pages")
    assert python >= 15
    assert lines >= 40


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_a_page(page, workbench, tmp_path, monkeypatch):
    folder = tmp_path / "page"
    shutil.copytree(workbench, folder)
    monkeypatch.chdir(folder)
    port = _free_port()
    environment = {"AWASE_PORT": str(port), "DOCS_KEY": "a-key-for-the-examples", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    namespace: dict = {"__name__": "example"}
    servers: list[subprocess.Popen] = []
    try:
        for block in blocks(page):
            where = f"{page.relative_to(ROOT)}:{block.line}"
            if block.name:
                (folder / block.name).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.name).write_text(block.content, encoding="utf-8")
            elif block.language == "python":
                exec(compile("\n" * (block.line - 1) + block.content, str(page), "exec"), namespace)
            else:
                for line in commands(block):
                    line = line.replace("localhost:8080", f"localhost:{port}").replace("--port 8080", f"--port {port}")
                    if line.startswith("awase serve"):
                        _stop(servers)
                        servers = [_serving(line, folder, environment, port)]
                    else:
                        _ran(line, folder, environment, where)
    finally:
        _stop(servers)


def _environment(more: dict) -> dict:
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, **more, "PATH": scripts + os.pathsep + os.environ["PATH"]}


def _ran(line: str, folder: Path, environment: dict, where: str = "") -> None:
    command = line.replace("curl ", "curl --silent --show-error --fail-with-body ", 1) if line.startswith("curl") else line
    if line.startswith("curl") and not shutil.which("curl"):
        return
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{where}: {line}\n{done.stdout}\n{done.stderr}"


def _serving(line: str, folder: Path, environment: dict, port: int) -> subprocess.Popen:
    """A server that answers."""
    server = subprocess.Popen(
        ["bash", "-c", f"exec {line}"], cwd=folder, env=_environment(environment), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5):
                return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise AssertionError(f"{line} does not answer: {server.communicate()[1]}")


def _stop(servers: list[subprocess.Popen]) -> None:
    for server in servers:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=300)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _csv(path: Path, rows: list[tuple[str, str]]) -> None:
    import csv

    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def _jsonl(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
