"""The run folder: what is in it, when it is written, and what is refused."""

import json
import os

import numpy as np
import pytest

from awase.core.errors import ConfigError, FormatError
from awase.store import disk
from awase.train import checkpoint
from awase.train.checkpoint import Checkpoints, has_state

IDENTITY = {"recipe": {"dim": 8, "dims": [4, 8]}, "seed": 0, "threads": 1, "data": "abc"}


def run(tmp_path, *, resume=False, **options):
    return Checkpoints(tmp_path / "model.run", IDENTITY | options, resume=resume, every_steps=2)


def save(checkpoints, step):
    checkpoints.save({"parameter.table": np.full((2, 2), step, np.float32)}, {"step": step, "course": {"best": float("-inf")}})


def test_a_state_comes_back_whole(tmp_path):
    first = run(tmp_path)
    assert first.load() is None
    save(first, 2)
    save(first, 4)
    arrays, plain = run(tmp_path, resume=True).load()
    assert arrays["parameter.table"].tolist() == [[4, 4], [4, 4]]
    assert plain == {"step": 4, "course": {"best": float("-inf")}}
    assert run(tmp_path, resume=False).load() is None, "starting anew forgets it"


def test_states_are_due_by_step_or_by_the_clock(tmp_path, monkeypatch):
    by_step = run(tmp_path)
    assert [step for step in range(1, 7) if by_step.due(step)] == [2, 4, 6]
    assert [step for step in (7, 11, 12, 13, 17) if by_step.due(step)] == [11, 12, 17], "a kernel takes many steps at once"
    by_clock = Checkpoints(tmp_path / "other.run", IDENTITY, resume=False)
    assert not by_clock.due(1)
    monkeypatch.setattr(checkpoint, "_EVERY_S", 0.0)
    assert by_clock.due(1)


def test_finishing_leaves_nothing(tmp_path):
    first = run(tmp_path)
    first.log({"step": 1})
    save(first, 2)
    first.finish()
    assert list(tmp_path.iterdir()) == []
    assert run(tmp_path, resume=True).load() is None, "there is nothing to go on with: a new run"


def test_whether_there_is_anything_to_go_on_with(tmp_path):
    first = run(tmp_path)
    assert not has_state(tmp_path / "model")
    save(first, 2)
    assert has_state(tmp_path / "model")


def test_the_log_forgets_the_steps_that_are_taken_again(tmp_path):
    first = run(tmp_path)
    for step in (1, 2):
        first.log({"step": step})
    save(first, 2)
    for step in (3, 4):
        first.log({"step": step})
    log = tmp_path / "model.run/metrics.jsonl"
    log.write_text(log.read_text() + '{"step": 5, "lo')  # the kill came here
    again = run(tmp_path, resume=True)
    again.log({"step": 3})
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [1, 2, 3]


def test_the_log_is_on_the_disk_before_the_state_that_it_leads_to(tmp_path, monkeypatch):
    """Else a power loss could leave a state whose log lacks its last points, and no resumption writes them again."""
    synced = []
    real = {name: getattr(disk, name) for name in ("fsync", "rename")}
    log = tmp_path / "model.run/metrics.jsonl"
    checkpoints = run(tmp_path)

    def fsync(descriptor):
        synced.append("log" if os.path.samestat(os.fstat(descriptor), log.stat()) else "state")
        real["fsync"](descriptor)

    monkeypatch.setattr(disk, "fsync", fsync)
    monkeypatch.setattr(disk, "rename", lambda old, new: synced.append(f"-> {new.name}") or real["rename"](old, new))
    checkpoints.log({"step": 2})
    save(checkpoints, 2)
    assert synced == ["log", "state", "-> checkpoint.safetensors"]


def test_a_run_that_never_saved_a_state_starts_from_nothing(tmp_path):
    run(tmp_path).log({"step": 1})
    again = run(tmp_path, resume=True)
    assert again.load() is None
    assert (tmp_path / "model.run/metrics.jsonl").read_text() == ""


def test_resuming_where_nothing_is_starts_a_run(tmp_path):
    assert run(tmp_path, resume=True).load() is None
    assert (tmp_path / "model.run/run.json").exists()


def test_another_run_is_refused_and_its_differences_named(tmp_path):
    run(tmp_path)
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, resume=True, seed=3, threads=2)
    assert str(caught.value) == (
        "E0605: this is another run than the one to resume\n"
        f"  where: {tmp_path}/model.run/run.json\n"
        "  value: seed was 0 and is 3; threads was 1 and is 2\n"
        "  to do: repeat the options of the first run (seed, threads differ), or start anew without --resume"
    )
    run(tmp_path, resume=True)


@pytest.mark.parametrize("left_out", [*IDENTITY])
def test_a_run_that_says_less_or_more_of_itself_is_another(tmp_path, left_out):
    """An older version may have written fewer keys: what is unknown is not equal."""
    less = {key: value for key, value in IDENTITY.items() if key != left_out}
    for before, now in ((less, IDENTITY), (IDENTITY, less)):
        Checkpoints(tmp_path / "model.run", before, resume=False)
        with pytest.raises(ConfigError, match="E0605") as caught:
            Checkpoints(tmp_path / "model.run", now, resume=True)
        assert left_out in str(caught.value)


def test_tuples_and_lists_are_the_same_options(tmp_path):
    """JSON knows no tuples: what was written must equal what is asked again."""
    run(tmp_path, recipe={"dim": 8, "dims": (4, 8)})
    run(tmp_path, resume=True, recipe={"dim": 8, "dims": (4, 8)})


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_run_is_not_resumed(tmp_path, content):
    run(tmp_path)
    (tmp_path / "model.run/run.json").write_bytes(content)
    with pytest.raises(FormatError) as caught:
        run(tmp_path, resume=True)
    assert str(caught.value) == (
        f"E0604: the run folder's run.json is damaged\n  where: {tmp_path}/model.run/run.json\n  to do: start without --resume"
    )


@pytest.mark.parametrize("damage", [lambda content: content[:20], lambda content: b"junk", lambda content: b""])
def test_a_damaged_checkpoint_is_not_resumed(tmp_path, damage):
    save(run(tmp_path), 2)
    path = tmp_path / "model.run/checkpoint.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(FormatError, match="E0604: the checkpoint is damaged"):
        run(tmp_path, resume=True)
    assert run(tmp_path).load() is None, "starting anew works"


def test_what_is_no_run_is_not_deleted(tmp_path):
    folder = tmp_path / "model.run"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError) as caught:
        run(tmp_path)
    assert str(caught.value) == (
        f"E0606: the run folder would replace something that is no run\n  where: {folder}\n  value: 'thesis.tex'\n"
        "  to do: choose another output, or move that away first"
    )
    assert (folder / "thesis.tex").exists()
    (folder / "thesis.tex").unlink()
    folder.rmdir()
    folder.write_text("a file")
    with pytest.raises(ConfigError, match="E0606"):
        run(tmp_path)
