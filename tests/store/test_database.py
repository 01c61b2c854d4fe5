import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from awase.core.errors import BackendError, FormatError, InputError, IntegrityError, LimitError
from awase.store import database


@pytest.fixture
def path(tmp_path):
    """A collection with a thousand rows, all of them in the file itself."""
    path = tmp_path / "docs.awase"
    with closing(database.connect(path, create=True)) as connection, database.transaction(connection):
        connection.execute("CREATE TABLE items (id TEXT PRIMARY KEY, text TEXT NOT NULL)")
        connection.execute("CREATE TABLE notes (item TEXT REFERENCES items (id))")
        connection.executemany("INSERT INTO items VALUES (?, ?)", ((f"{n}", f"text {n} " * 20) for n in range(1000)))
    return path


def count(connection):
    return connection.execute("SELECT count(*) FROM items").fetchone()[0]


def test_settings(path):
    for readonly in (False, True):
        with closing(database.connect(path, readonly=readonly)) as connection:
            names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
            values = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
            assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}
            assert count(connection) == 1000


def test_create_makes_folders_keeps_what_is_there_and_takes_an_empty_file(path, tmp_path):
    with closing(database.connect(path, create=True)) as connection:
        assert count(connection) == 1000
    database.connect(tmp_path / "a" / "b.awase", create=True).close()
    (tmp_path / "empty").touch()  # what a create that was killed at once leaves
    with pytest.raises(FormatError, match="E0312"):
        database.connect(tmp_path / "empty")
    database.connect(tmp_path / "empty", create=True).close()
    database.connect(tmp_path / "empty").close()


def test_what_a_killed_create_leaves_is_not_begun(path, tmp_path):
    assert database.begun(path) and not database.begun(tmp_path / "missing")
    left = tmp_path / "left"
    left.touch()
    assert not database.begun(left)
    database.connect(left, create=True).close()  # our mark, and nothing else
    assert not database.begun(left)
    left.write_text("somebody's letter, which is no collection")
    with pytest.raises(FormatError, match="E0312"):
        database.begun(left)
    assert left.read_text().startswith("somebody's letter")


def test_a_transaction_is_whole_or_not_at_all(path):
    with closing(database.connect(path)) as connection:
        with pytest.raises(ZeroDivisionError), database.transaction(connection):
            connection.execute("DELETE FROM items")
            _ = 1 / 0
        assert count(connection) == 1000
        with database.transaction(connection):
            connection.execute("DELETE FROM items WHERE id = '1'")
    with closing(database.connect(path)) as connection:
        assert count(connection) == 999


def test_errors_of_the_caller_pass(path, tmp_path):
    """A broken constraint is for the caller to name; an OSError from reading the user's file is no fault of the collection."""
    with closing(database.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), database.transaction(connection):
            connection.execute("INSERT INTO items VALUES ('1', '')")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), database.transaction(connection):
            connection.execute("INSERT INTO notes VALUES ('nobody')")
        with pytest.raises(FileNotFoundError), database.transaction(connection):
            (tmp_path / "absent").read_bytes()
        assert not connection.in_transaction


def test_a_snapshot_does_not_see_later_writes(path):
    with closing(database.connect(path, readonly=True)) as reader, closing(database.connect(path)) as writer:
        with database.snapshot(reader):
            assert count(reader) == 1000
            with database.transaction(writer):
                writer.execute("DELETE FROM items")
            assert count(reader) == 1000
        assert count(reader) == 0


def test_two_writers(path, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    with closing(database.connect(path)) as one, closing(database.connect(path)) as two, database.transaction(one):
        assert count(two) == 1000  # reading is possible meanwhile
        with pytest.raises(BackendError) as caught, database.transaction(two):
            pass
    assert str(caught.value) == (
        "E0314: another process is writing to the collection and did not finish in time\n"
        f"  where: {path}\n  to do: wait for it to end, then run this again"
    )


def test_a_writer_waits_its_turn(path):
    with closing(database.connect(path)) as one, closing(database.connect(path)) as two:
        one.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, lambda: one.execute("COMMIT")).start()
        with database.transaction(two):
            two.execute("DELETE FROM items")


def test_readonly_does_not_write(path):
    with (
        closing(database.connect(path, readonly=True)) as connection,
        pytest.raises(BackendError, match="readonly database"),
        database.transaction(connection),
    ):
        connection.execute("DELETE FROM items")


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"id,text\n1,a\n", b"SQLite format 3"])
def test_another_kind_of_file(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    for create in (False, True):
        with pytest.raises(FormatError, match="E0312: this is not an Awase collection"):
            database.connect(tmp_path / "file", create=create)
    assert (tmp_path / "file").read_bytes() == content


def test_another_program_s_database_is_left_alone(tmp_path):
    for mark in (0, 1234):
        path = tmp_path / f"photos-{mark}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA application_id = {mark}")
            connection.execute("CREATE TABLE photos (id)")
        before = path.read_bytes()
        for create in (False, True):
            with pytest.raises(FormatError, match="E0312"):
                database.connect(path, create=create)
        assert path.read_bytes() == before


def test_a_missing_file_and_a_folder(tmp_path):
    for path, says in ((tmp_path / "absent", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(InputError, match=f"E0304: cannot read this: {says}"):
            database.connect(path)
    assert not (tmp_path / "absent").exists()


def test_damage_is_an_integrity_error(path):
    content = path.read_bytes()
    with closing(database.connect(path)) as connection:
        assert database.damage(connection) == []
    path.write_bytes(content[:4096] + b"\xff" * (len(content) // 2) + content[4096 + len(content) // 2 :])
    with closing(database.connect(path)) as connection:
        with pytest.raises(IntegrityError) as caught, database.snapshot(connection):
            connection.execute("SELECT sum(length(text)) FROM items").fetchall()
        assert database.damage(connection)
    assert str(caught.value) == (
        f"E0313: the collection is damaged: database disk image is malformed\n  where: {path}\n"
        "  to do: run `awase doctor` on it, or restore it from a copy"
    )
    path.write_bytes(content[:-4096])
    with (
        pytest.raises(IntegrityError, match="E0313"),
        closing(database.connect(path)) as connection,
        database.snapshot(connection),
    ):
        connection.execute("SELECT sum(length(text)) FROM items").fetchall()


def test_damage_lists_broken_references(path):
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("INSERT INTO notes VALUES ('nobody')")
        foreign.commit()
    with closing(database.connect(path)) as connection:
        assert database.damage(connection) == ["row 1 of notes refers to a missing row of items"]


def test_tables_of_another_shape_and_values_too_large(path):
    with closing(database.connect(path)) as connection:
        with (
            pytest.raises(IntegrityError, match="E0313: the collection is damaged: no such table: vectors"),
            database.snapshot(connection),
        ):
            connection.execute("SELECT * FROM vectors")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
        with pytest.raises(LimitError, match="E0318: a value is too large"), database.transaction(connection):
            connection.execute("INSERT INTO items VALUES ('big', ?)", ("x" * 2000,))


def test_a_hostile_schema_calls_no_functions(path):
    """A view or trigger in a file from somebody else may not reach functions with side effects."""
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE VIEW trap AS SELECT load_extension('evil')")
    with (
        closing(database.connect(path)) as connection,
        pytest.raises(IntegrityError, match="unsafe use"),
        database.snapshot(connection),
    ):
        connection.execute("SELECT * FROM trap").fetchall()


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "with-a-log"])
def test_a_read_only_disk(path, tmp_path, closed):
    """A collection that was closed can be read from a read-only disk; one with writes in its log says so rather than hide them."""
    log = path.with_name("docs.awase-wal")
    disk = tmp_path / "disk"
    disk.mkdir()
    if mount(["-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]):
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        with closing(database.connect(path)) as writer, database.transaction(writer):
            writer.execute("DELETE FROM items WHERE id = '1'")
        writer = database.connect(path)
        if not closed:
            with database.transaction(writer):
                writer.execute("DELETE FROM items WHERE id = '2'")
        for file in (path, log):
            if file.exists():
                (disk / file.name).write_bytes(file.read_bytes())
        writer.close()
        assert mount(["-o", "remount,ro", str(disk)]) == 0
        if closed:
            with closing(database.connect(disk / path.name, readonly=True)) as connection:
                assert count(connection) == 999
        else:
            with pytest.raises(BackendError, match="this disk or folder is read-only, and the collection on it has writes"):
                database.connect(disk / path.name, readonly=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def mount(arguments):
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


def test_importing_it_is_cheap():
    code = "import awase.store.database, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "sqlite3" in loaded and "numpy" not in loaded
