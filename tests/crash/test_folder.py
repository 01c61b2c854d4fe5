"""A folder searched while it changes and the process is killed: the next search has what is there, and nothing else."""

import random
import subprocess
import sys
import time

import awase
from awase.apps.local import cached
from awase.apps.local.search import Searched

KILLS = 12
FILES = 150
_AWASE = [sys.executable, "-c", "from awase.cli.main import main; main()"]


def test_killed_at_random_moments_a_search_is_right(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "texts"
    folder.mkdir()
    chance = random.Random(0)
    interrupted = 0
    for version in range(KILLS):
        for name in chance.sample(range(FILES), FILES // 2):
            _change(folder / f"f{name}.txt", version, chance)
        running = subprocess.Popen(
            [*_AWASE, "search", folder, f"v{version}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.2, 2.0))
        running.kill()
        interrupted += running.wait() != 0
    assert interrupted >= 2, "some were killed before they had ended by themselves"
    check(folder, KILLS)


def _change(path, version, chance):
    if path.exists() and chance.random() < 0.3:
        path.unlink()
        return
    path.write_text("\n\n".join(f"v{version} {path.stem} p{n} " + "x " * 600 for n in range(chance.randint(1, 4))))


def check(folder, versions):
    """Each version's word is found in the passages that hold it, and in no other; what the cache has is what is on the disk."""
    with Searched(folder) as texts:
        assert texts.collection.doctor()["whole"]
        for version in range(versions):
            wanted = sorted(
                (path.name, part.split(" ", 3)[2])
                for path in folder.iterdir()
                for part in path.read_text().split("\n\n")
                if part.startswith(f"v{version} ")
            )
            found = texts.search(f"v{version}", 10_000)
            assert sorted((one.metadata["path"], one.text.split(" ", 3)[2]) for one in found) == wanted


def test_two_at_once_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in range(FILES):
        (folder / f"f{name}.txt").write_text(f"v0 number{name}\n" + "x " * 300)
    command = [*_AWASE, "search", folder, "v0", "-k", "1000", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    outs = [one.communicate(timeout=120) for one in both]
    assert [one.returncode for one in both] == [0, 0, 0], outs
    assert len({out for out, _ in outs}) == 1
    assert outs[0][0].count('"id"') == FILES


def test_a_full_disk_is_an_error_and_leaves_what_was_there(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.txt").write_text("red wine")
    with Searched(tmp_path / "texts") as texts:
        texts.search("wine")
    (tmp_path / "texts/b.txt").write_text("white wine")

    def full(*_):
        raise awase.AwaseError("E0302", "the disk is full; what was there before is unchanged")

    with monkeypatch.context() as patched:
        patched.setattr(cached.NotedCollection, "exchange", full)
        try:
            Searched(tmp_path / "texts")
            raise AssertionError("it was written")
        except awase.AwaseError as error:
            assert error.code == "E0302"
    with Searched(tmp_path / "texts") as texts:
        assert {one.id for one in texts.search("wine")} == {"a.txt:1", "b.txt:1"}
