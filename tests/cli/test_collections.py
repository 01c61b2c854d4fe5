"""index, add, delete, search, info and doctor."""

import json
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from awase import Collection
from awase.cli.doctor import EXTRAS
from awase.cli.ranked import highlighted, ranked, snippet
from awase.index.items import Result


def written(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# index


def test_index_makes_a_collection(awase, docs, model):
    ran = awase("index", docs, "-m", model, "-o", "docs.awase")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == '5 items written, 0 were there already; 5 in all.\nNext: awase search docs.awase "..."\n'


def test_index_as_json(awase, docs, model):
    found = awase("index", docs, "-m", model, "-o", "docs.awase", "--json").json
    assert found == {
        "read": 5, "written": 5, "unchanged": 0, "bad_rows": 0, "bad": [], "notes": [], "collection": "docs.awase", "items": 5
    }  # fmt: skip


def test_index_again_doubles_nothing_and_takes_what_changed(awase, docs, model):
    awase("index", docs, "-m", model, "-o", "docs.awase")
    lines = docs.read_text(encoding="utf-8").splitlines()
    docs.write_text("\n".join([lines[0].replace("Red", "Dark red"), *lines[1:]]) + "\n", encoding="utf-8")
    found = awase("index", docs, "-m", model, "-o", "docs.awase", "--json").json
    assert (found["written"], found["unchanged"], found["items"]) == (1, 4, 5)
    assert awase("search", "docs.awase", "dark", "--mode", "bm25", "--json").json[0]["id"] == "w1"


def test_index_without_a_model_searches_by_words(awase, docs):
    awase("index", docs, "-o", "docs.awase")
    assert awase("search", "docs.awase", "wine", "--json").json[0]["id"] in ("w1", "w2")
    ran = awase("search", "docs.awase", "wine", "--mode", "dense")
    assert ran.code == 1
    assert "E0727" in ran.err


def test_index_with_another_model_is_refused(awase, docs, model, other_model):
    awase("index", docs, "-m", model, "-o", "docs.awase")
    ran = awase("index", docs, "-m", other_model, "-o", "docs.awase")
    assert ran.code == 1
    assert "E0725" in ran.err
    assert "'small'" in ran.err
    assert "'other'" in ran.err


def test_index_anew_with_another_model(awase, docs, model, other_model, tmp_path):
    awase("index", docs, "-m", model, "-o", "docs.awase")
    before = awase("info", "docs.awase", "--json").json["fingerprint"]
    refused = awase("index", "no-such.jsonl", "-m", other_model, "-o", "docs.awase", "--fresh")
    assert refused.code == 1
    assert awase("info", "docs.awase", "--json").json["fingerprint"] == before, "removed although nothing could be read"
    found = awase("index", docs, "-m", other_model, "-o", "docs.awase", "--fresh", "--json").json
    assert (found["written"], found["items"]) == (5, 5)
    assert awase("search", "docs.awase", "wine", "--json").code == 0
    assert awase("info", "docs.awase", "--json").json["fingerprint"] != before


def test_index_anew_removes_nothing_but_a_collection(awase, docs, tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("not a collection")
    ran = awase("index", docs, "-o", precious, "--fresh")
    assert ran.code == 1
    assert "E0312" in ran.err
    assert precious.read_text() == "not a collection"


def test_bad_rows_stop_or_are_listed(awase, tmp_path):
    bad = written(tmp_path / "docs.jsonl", {"id": "a", "text": "good"}, {"id": "b"}, {"id": "c", "text": "good too"})
    stopped = awase("index", bad, "-o", "docs.awase")
    assert stopped.code == 1
    assert "docs.jsonl:2" in stopped.err
    ran = awase("index", bad, "-o", "docs.awase", "--on-bad", "skip")
    assert ran.code == 0
    assert "1 rows were skipped:\n" in ran.err
    assert "docs.jsonl:2" in ran.err
    assert awase("index", bad, "-o", "docs.awase", "--on-bad", "skip", "--json").json["bad_rows"] == 1


def test_columns_by_name(awase, tmp_path):
    odd = written(tmp_path / "odd.jsonl", {"key": "a", "words": "red wine"})
    assert awase("index", odd, "-o", "docs.awase").code == 1
    assert awase("index", odd, "-o", "docs.awase", "--columns", "id=key,text=words").code == 0
    assert awase("search", "docs.awase", "wine", "--json").json[0]["id"] == "a"


def test_index_goes_on_after_a_kill(awase, process, model, tmp_path):
    """Killed after its first commits; the same command then reads all, encodes only what is missing, and has every item once."""
    n = 60_000
    words = np.random.default_rng(2).choice(["red", "wine", "cat", "sofa", "white"], size=(n, 6)).tolist()
    many = written(tmp_path / "many.jsonl", *({"id": str(i), "text": " ".join(row)} for i, row in enumerate(words)))
    killed = process("index", many, "-m", model, "-o", "many.awase")
    deadline = time.monotonic() + 300
    while not _count(tmp_path / "many.awase") and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    before = _count(tmp_path / "many.awase")
    assert 0 < before < n
    found = awase("index", many, "-m", model, "-o", "many.awase", "--json").json
    assert (found["read"], found["unchanged"], found["items"]) == (n, before, n)


def _count(path) -> int:
    """Items in a collection that another process is making; 0 while there is none."""
    import sqlite3

    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return connection.execute("SELECT count(*) FROM items").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        if "connection" in locals():
            connection.close()


# add and delete


def test_add_refuses_an_id_that_is_there_unless_told(awase, collection, tmp_path):
    more = written(tmp_path / "more.jsonl", {"id": "w1", "text": "Rosé wine"}, {"id": "w9", "text": "Port wine"})
    refused = awase("add", collection, more)
    assert refused.code == 1
    assert "E0728" in refused.err
    assert "'w1'" in refused.err
    ran = awase("add", collection, more, "--upsert", "--json")
    assert ran.json["written"] == 2
    assert ran.json["items"] == 6
    assert [one["id"] for one in awase("search", collection, "port", "--mode", "bm25", "--json").json] == ["w9"]


def test_add_needs_a_collection(awase, docs):
    ran = awase("add", "no-such.awase", docs)
    assert ran.code == 1
    assert "no-such.awase" in ran.err


def test_delete(awase, collection):
    found = awase("delete", collection, "w1", "nobody", "--json").json
    assert found == {"deleted": 1, "absent": 1, "items": 4}
    ran = awase("delete", collection, "w2")
    assert (ran.code, ran.out, ran.err) == (0, "", "1 items deleted, 0 were not there; 3 in all.\n")


def test_delete_reads_ids_from_stdin(process, collection, tmp_path):
    ids = tmp_path / "ids.txt"
    ids.write_text("w1\nw2\n")
    with ids.open() as stream:
        out, _ = process("delete", collection, "-", "--json", stdin=stream).communicate(timeout=60)
    assert json.loads(out)["deleted"] == 2


# search


def test_search_as_json_has_this_shape(awase, collection):
    ran = awase("search", collection, "red wine", "-k", "2", "--json")
    assert ran.err == ""
    assert [sorted(one) for one in ran.json] == [["id", "metadata", "score", "text"]] * 2
    first = ran.json[0]
    assert (first["id"], first["text"]) == ("w1", "Red wine from France")
    assert first["metadata"] == {"year": 2019, "lang": "en"}
    assert isinstance(first["score"], float)


def test_search_for_people_has_scores_per_source_and_the_text(awase, collection):
    ran = awase("search", collection, "red wine", "-k", "2")
    lines = ran.out.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("1  ")
    assert " w1 " in lines[0]
    assert "(bm25 " in lines[0]
    assert ", dense " in lines[0]
    assert lines[1] == "   Red wine from France"
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(("mode", "sources"), [("bm25", ["bm25"]), ("dense", ["dense"]), ("hybrid", ["bm25", "dense"])])
def test_search_modes(awase, collection, mode, sources):
    line = awase("search", collection, "ワイン", "--mode", mode).out.splitlines()[0]
    assert [name for name in ("bm25", "dense") if f"{name} " in line] == sources


def test_search_with_a_filter(awase, collection):
    found = awase("search", collection, "wine", "--where", 'year >= 2020 and lang = "ja"', "--json").json
    assert {one["id"] for one in found} <= {"w3", "c2"}
    assert found
    ran = awase("search", collection, "wine", "--where", "yaer > 1")
    assert ran.code == 1
    assert "did you mean 'year'?" in ran.err


def test_search_in_a_terminal_shows_the_words_in_colour(awase, collection, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[1;33mwine\x1b[0m" in awase("search", collection, "wine").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in awase("search", collection, "wine").out


def test_search_that_finds_nothing(awase, collection):
    ran = awase("search", collection, "zzz", "--mode", "bm25")
    assert (ran.code, ran.out, ran.err) == (0, "", "Nothing was found.\n")
    assert awase("search", collection, "zzz", "--mode", "bm25", "--json").json == []


def test_search_with_the_model_elsewhere(awase, docs, model, tmp_path):
    import shutil

    moved = tmp_path / "moved"
    shutil.copytree(model, tmp_path / "here")
    awase("index", docs, "-m", tmp_path / "here", "-o", "docs.awase")
    (tmp_path / "here").rename(moved)
    ran = awase("search", "docs.awase", "wine")
    assert ran.code == 1
    assert "E0726" in ran.err
    assert awase("search", "docs.awase", "wine", "-m", moved).code == 0


# how results look


def test_query_words_stand_out():
    shown = highlighted("Wines and swine, 赤いワインの猫", ["wine", "ワイン", "猫"])
    assert shown.count("\x1b[1;33m") == 3
    assert "\x1b[1;33mWines\x1b[0m" in shown
    assert "swine" in shown


def test_a_text_cannot_steer_the_terminal():
    result = Result("a\x1b[2J", 0.5, "red \x1b]0;title\x07 wine", {}, {"bm25": 1.0})
    assert "\x1b" not in ranked([result], "blue", width=80, colours=False)


def test_a_long_text_is_shown_around_the_match():
    line = snippet("word " * 50 + "needle" + " word" * 50, ["needle"], 40)
    assert "needle" in line
    assert len(line) <= 40
    assert line.startswith("…")
    assert line.endswith("…")


def test_wide_characters_count_two_cells():
    line = snippet("猫" * 100, [], 21)
    assert line.count("猫") == 9


# info and doctor


def test_info(awase, collection, model):
    found = awase("info", collection, "--json").json
    assert found["kind"] == "collection"
    assert (found["items"], found["dim"], found["model"]) == (5, 32, "small")
    assert "items" in awase("info", collection).out
    of_model = awase("info", model, "--json").json
    assert (of_model["kind"], of_model["dim"], of_model["name"]) == ("model", 32, "small")
    assert of_model["fingerprint"] == found["fingerprint"]


def test_doctor_knows_every_extra():
    project = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())["project"]
    assert EXTRAS.keys() == project["optional-dependencies"].keys()


def test_doctor_of_the_installation(awase):
    found = awase("doctor", "--json").json
    assert found["numpy"]
    assert found["extra serve"] == "yes"


def test_doctor_finds_what_is_damaged(awase, collection, model, tmp_path):
    assert awase("doctor", collection).code == 0
    assert awase("doctor", model, "--json").json["whole"] is True
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    table = broken / "model.safetensors"
    table.write_bytes(table.read_bytes()[:-1] + b"\0")
    ran = awase("doctor", broken)
    assert ran.code == 1
    assert "E0307" in ran.err
    assert "model.safetensors" in ran.err


def test_doctor_finds_a_changed_byte_of_a_collection(awase, collection):
    content = collection.read_bytes()
    assert content.count(b"White wine from Italy") == 1
    collection.write_bytes(content.replace(b"White wine from Italy", b"White wine from Itaby"))
    ran = awase("doctor", collection, "--json")
    assert ran.code == 1
    assert ran.json["whole"] is False
    assert "w2" in ran.json["problems"][0]


def test_items_are_found_through_python_too(collection):
    with Collection.open(collection) as opened:
        assert opened.search("red wine", 1)[0][0].id == "w1"
