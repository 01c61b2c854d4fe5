"""search, info and delete of what is no collection: folders of texts, one text, tables of documents."""

import json
import os
import threading

import pytest

from awase.core.limits import MAX_FILE_BYTES
from awase.store.private import turn


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache of these tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "awase"


@pytest.fixture
def notes(tmp_path):
    """A folder of texts."""
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "wine.md").write_text("# Wine\n\nRed wine from France.\n" + "filler " * 90 + "\n\n# Beer\n\nPale ale.\n")
    (folder / "sub/code.py").write_text("import os\n\n\ndef decant(bottle):\n    return bottle\n")
    (folder / "sub/日本.txt").write_text("赤いワイン\n", encoding="utf-8")
    return folder


def test_a_folder_is_searched_without_a_model(awase, notes):
    ran = awase("search", "notes", "red wine", "-k", "5", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [sorted(one) for one in ran.json] == [["id", "metadata", "score", "text"]] * len(ran.json)
    assert [one["id"] for one in ran.json] == ["wine.md:1"]
    assert awase("search", "notes", "ale", "--json").json[0]["metadata"] == {"path": "wine.md", "line": 6}
    assert awase("search", "notes", "decant", "--json").json[0]["metadata"] == {"path": "sub/code.py", "line": 1}
    assert awase("search", "notes", "ワイン", "--json").json[0]["metadata"]["path"] == "sub/日本.txt"
    assert awase("search", "notes", "wine", "--where", 'path = "sub/code.py"', "--json").json == []


def test_for_people(awase, notes):
    (notes / ".hidden").write_text("wine")
    ran = awase("search", "notes", "ale")
    assert ran.out.startswith("1  ")
    assert " wine.md:6 " in ran.out
    assert ran.err == "3 files, 3 read now, 0 gone; passed over: 1 hidden.\n"
    assert awase("search", "notes", "ale").err == ""


def test_a_folder_is_followed(awase, notes):
    def found(query):
        return {one["id"] for one in awase("search", "notes", query, "--json").json}

    assert found("wine") == {"wine.md:1"}
    (notes / "new.txt").write_text("more wine")
    assert found("wine") == {"wine.md:1", "new.txt:1"}
    (notes / "new.txt").write_text("only beer")
    assert found("wine") == {"wine.md:1"}
    assert "new.txt:1" in found("beer")
    (notes / "new.txt").rename(notes / "sub/moved.txt")
    assert "sub/moved.txt:1" in found("beer")
    assert "new.txt:1" not in found("beer")
    (notes / "wine.md").unlink()
    assert found("wine") == set()
    (notes / ".gitignore").write_text("moved.txt\n")
    assert found("beer") == set()


def test_the_same_size_and_time_with_other_content_is_noticed(awase, notes):
    before = (notes / "wine.md").stat()
    assert awase("search", "notes", "france", "--json").json
    (notes / "wine.md").write_text((notes / "wine.md").read_text().replace("France", "Greece"))
    os.utime(notes / "wine.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert awase("search", "notes", "france", "--json").json == []
    assert awase("search", "notes", "greece", "--json").json


def test_a_file_that_is_only_touched_changes_nothing(awase, notes, cache):
    awase("search", "notes", "wine")
    before = awase("info", "notes", "--json").json
    os.utime(notes / "wine.md")
    ran = awase("search", "notes", "wine")
    assert ran.err == ""
    assert awase("info", "notes", "--json").json["items"] == before["items"]


def test_files_without_text_are_named_once(awase, notes, monkeypatch):
    (notes / "old.txt").write_bytes("ワイン wine".encode("cp932"))
    (notes / "picture.png").write_bytes(b"\x89PNG\0wine")
    (notes / "giant.txt").write_bytes(b"")
    os.truncate(notes / "giant.txt", MAX_FILE_BYTES + 1)
    first = awase("search", "notes", "wine", "--json")
    assert first.code == 0
    assert [one["id"] for one in first.json] == ["wine.md:1"]
    assert first.err == (
        "3 files, 3 read now, 0 gone; passed over: 1 binary.\n"
        "not read: giant.txt: it is larger than 8 MB\n"
        "not read: old.txt: its encoding is not known: line 1 is not UTF-8\n"
    )
    assert awase("search", "notes", "wine", "--json").err == ""
    info = awase("info", "notes", "--json").json
    assert info["passed_over"] == {"binary": 1}
    assert sorted(info["not_read"]) == ["giant.txt", "old.txt"]
    (notes / "old.txt").write_text("ワイン wine", encoding="utf-8")
    assert "old.txt:1" in [one["id"] for one in awase("search", "notes", "wine", "--json").json]
    assert sorted(awase("info", "notes", "--json").json["not_read"]) == ["giant.txt"]


def test_a_file_that_vanishes_or_cannot_be_read_is_named(awase, notes, monkeypatch):
    import awase.apps.local.folder as module

    read = module.content
    (notes / "closed.txt").write_text("wine")

    def unlucky(path):
        if path.name == "closed.txt":
            return module.Content(b"", None, "it cannot be read: Permission denied")
        if path.name == "wine.md":
            path.unlink()
        return read(path)

    monkeypatch.setattr(module, "content", unlucky)
    ran = awase("search", "notes", "wine", "--json")
    assert ran.json == []
    assert "not read: wine.md: it vanished while the folder was read\n" in ran.err
    assert "not read: closed.txt: it cannot be read: Permission denied\n" in ran.err
    monkeypatch.setattr(module, "content", read)
    ran = awase("search", "notes", "wine", "--json")
    assert ran.err == ""
    assert [one["id"] for one in ran.json] == ["closed.txt:1"]


def test_the_cache_is_private_and_one_for_each_real_path(awase, notes, cache, tmp_path):
    awase("search", "notes", "wine")
    (tmp_path / "link").symlink_to(notes)
    assert awase("search", "link", "wine").err == "", "nothing was read again"
    assert awase("search", tmp_path / "notes" / "sub" / "..", "wine").err == ""
    place = awase("info", "notes", "--json").json
    assert place["cache"].startswith(str(cache / "notes-"))
    assert place["bytes"] > 0
    assert (place["files"], place["kind"], place["searched_by"]) == (3, "texts", ["words"])
    for folder in (cache, cache / place["cache"]):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert len([one for one in cache.iterdir() if one.is_dir()]) == 1


def test_delete_the_cache(awase, notes, cache):
    awase("search", "notes", "wine")
    removed = awase("delete", "notes", "--cache", "--json").json
    assert removed["bytes"] > 0
    assert list(cache.iterdir()) == []
    assert (notes / "wine.md").exists()
    again = awase("delete", "notes", "--cache")
    assert again.code == 1
    assert again.err.startswith("E0762: there is no cache of this\n  where: notes\n")
    assert awase("delete", "notes").code == 2
    assert awase("delete", "notes", "id", "--cache").code == 2
    assert awase("info", "notes", "--json").json["bytes"] == 0
    awase("search", "notes", "wine")
    (notes / "wine.md").unlink()
    for file in sorted(notes.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    notes.rmdir()
    assert awase("delete", "notes", "--cache").code == 0, "also of a folder that is gone"


def test_with_a_model_there_are_vectors_and_without_one_words_alone(awase, notes, model, other_model):
    by_words = awase("search", "notes", "red wine", "--json").json
    both = awase("search", "notes", "red wine", "-m", model, "--mode", "dense", "-k", "9", "--json").json
    assert len(both) == 4
    assert awase("search", "notes", "red wine", "-m", other_model, "--json").code == 0
    assert awase("search", "notes", "red wine", "--json").json == by_words
    assert awase("search", "notes", "red wine", "--mode", "dense").code == 1
    assert sorted(awase("info", "notes", "--json").json["searched_by"]) == ["other", "small", "words"]


def test_one_text(awase, notes, tmp_path):
    found = awase("search", "notes/wine.md", "ale", "--json").json
    assert [one["metadata"] for one in found] == [{"path": "wine.md", "line": 6}]
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0")
    ran = awase("search", "picture.png", "ale")
    assert ran.code == 1
    assert ran.err == (
        "E0761: there is no text in this file: binary\n  where: " + str(tmp_path / "picture.png") + "\n"
        "  to do: give a text, a folder of texts or a table of documents\n"
    )


def test_a_table_of_documents(awase, docs, tmp_path):
    assert awase("search", "docs.jsonl", "france", "--json").json[0]["metadata"] == {"year": 2019, "lang": "en"}
    rows = docs.read_text(encoding="utf-8").splitlines()
    docs.write_text("\n".join([rows[0].replace("France", "Greece"), *rows[2:]]) + "\n", encoding="utf-8")
    assert awase("search", "docs.jsonl", "france", "--json").json == []
    assert [one["id"] for one in awase("search", "docs.jsonl", "greece", "--json").json] == ["w1"]
    assert awase("search", "docs.jsonl", "italy", "--json").json == []
    (tmp_path / "rows.csv").write_text("text,year\nred wine,2019\npale ale,2020\n")
    assert [one["id"] for one in awase("search", "rows.csv", "ale", "--json").json] == ["2"], "numbered where there are no ids"
    (tmp_path / "settings.json").write_text('{"colour": "red"}')
    assert awase("search", "settings.json", "colour", "--json").json[0]["metadata"] == {"path": "settings.json", "line": 1}
    (tmp_path / "beir").mkdir()
    (tmp_path / "beir/corpus.jsonl").write_text(json.dumps({"_id": "d1", "title": "", "text": "red wine"}) + "\n")
    assert awase("search", "beir", "wine", "--json").json[0]["id"] == "d1"


def test_a_model_folder_is_refused(awase, model):
    ran = awase("search", model, "wine")
    assert ran.code == 1
    assert ran.err == (
        f"E0760: this is a model, which has no texts to search\n  where: {model}\n"
        f"  to do: give a collection or a folder of texts, and the model with it: awase search FOLDER QUERY -m {model}\n"
    )


def test_what_is_not_there(awase):
    ran = awase("search", "nowhere", "wine")
    assert ran.code == 1
    assert ran.err.startswith("E0304: ")


def test_a_damaged_or_foreign_cache_is_made_again(awase, notes, cache):
    awase("search", "notes", "wine")
    (file,) = cache.glob("*/words.awase")
    whole = file.read_bytes()
    for content in (
        b"",
        b"not SQLite",
        whole[: len(whole) // 2],
        whole.replace(b"Red wine", b"Bad wine"),
        whole.replace(b'"root"', b'"toor"'),
        whole.replace(b"wine.md", b"wins.md"),
    ):
        for log in cache.glob("*/words.awase-*"):
            log.unlink()
        file.write_bytes(content)
        found = awase("search", "notes", "wine", "--json").json
        assert [(one["id"], "Red wine from France" in one["text"]) for one in found] == [("wine.md:1", True)]


def test_odd_names_have_ids_of_their_own(awase, notes):
    for name in ("a", "a:1", "a:1:", "x" * 200):
        (notes / name).write_text("odd\n" * 3)
    deep = notes / "/".join(["y" * 200] * 4)
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_text("odd")
    found = awase("search", "notes", "odd", "--json").json
    assert len({one["id"] for one in found}) == len(found) == 5
    assert {one["metadata"]["path"].rpartition("/")[2] for one in found} == {"a", "a:1", "a:1:", "x" * 200, "deep.txt"}
    assert all(len(one["id"].encode()) <= 512 for one in found)


def test_a_second_process_waits(awase, process, notes, cache):
    awase("search", "notes", "wine")
    (place,) = [one for one in cache.iterdir() if one.is_dir()]
    with turn(place.with_name(f"{place.name}.lock"), lambda: None):
        second = process("search", "notes", "wine", "--json")
        assert second.stderr.readline().startswith("Waiting for another process")
        threading.Event().wait(0.2)
        assert second.poll() is None
    out, _ = second.communicate(timeout=60)
    assert [one["id"] for one in json.loads(out)] == ["wine.md:1"]
