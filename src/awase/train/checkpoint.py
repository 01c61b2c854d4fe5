"""Checkpoints: all that is needed to go on as if nothing had happened."""

import json
import time
from pathlib import Path

import numpy as np

from awase.core.errors import ConfigError, FormatError
from awase.store import files, siblings, tensors

_EVERY_S = 30.0
_TOLD = 4  # differences that an error tells
_RUN, _METRICS, _STATE, _ROWS = _NAMES = ("run.json", "metrics.jsonl", "checkpoint.safetensors", "table.rows")


class Checkpoints:
    """The run folder: ``run.json`` says which run this is, ``metrics.jsonl`` grows by a line a validation, and
    ``checkpoint.safetensors`` is replaced as a whole, so it is always a complete state of some step.

    ``identity`` is what must not differ between a run and its resumption: resolved recipe, seed, data hash, threads. Saving by the
    clock does no harm to reproducibility, as the state is that of a step whenever it is taken; ``every_steps`` saves by step.
    """

    def __init__(self, folder: Path, identity: dict, *, resume: bool, every_steps: int | None = None):
        self._folder, self._identity, self._every_steps = Path(folder), identity, every_steps
        self._saved_at = time.monotonic()
        if resume:
            self._check_same_run()
        else:
            self._check_nothing_foreign()
            files.remove(self._folder)
        self._newest = self._read()
        self._asked_at = self._newest[1]["step"] if self._newest else 0
        files.make_folder(self._folder)
        files.write_bytes(self._folder / _RUN, json.dumps(identity, indent=2, ensure_ascii=False).encode())
        self._forget_after(self._asked_at)
        self._log = files.append_lines(self._folder / _METRICS)

    def due(self, step: int) -> bool:
        """Whether to save now: the interval has passed since the last, in steps if those were asked for. A call of a kernel is many steps."""
        if self._every_steps is not None:
            passed, self._asked_at = step // self._every_steps > self._asked_at // self._every_steps, step
            return passed
        return time.monotonic() - self._saved_at >= _EVERY_S

    def save(self, arrays: dict[str, np.ndarray], plain: dict) -> None:
        """Replace the checkpoint; when this returns it is on the disk, and so is the log up to it."""
        self._log.sync()
        tensors.save(self._folder / _STATE, arrays, {"state": json.dumps(plain)})
        self._saved_at = time.monotonic()

    def load(self) -> tuple[dict[str, np.ndarray], dict] | None:
        """The newest state, or None when the run has none (or is a new one)."""
        return self._newest

    def log(self, point: dict) -> None:
        self._log.write(json.dumps(point) + "\n")

    def rows(self) -> Path:
        """Where a table that is trained on the disk may be made (``store.rows``). What an earlier run left there is gone: the checkpoint has
        its rows."""
        files.remove(self._folder / _ROWS)
        return self._folder / _ROWS

    def finish(self) -> None:
        """The run is over, and its result and history saved elsewhere: nothing is left of it."""
        self._log.close()
        files.remove(self._folder)

    def _read(self) -> tuple[dict[str, np.ndarray], dict] | None:
        path = self._folder / _STATE
        if not path.exists():
            return None
        try:
            arrays, metadata = tensors.load(path, mmap=True)
            return arrays, json.loads(metadata["state"])
        except (ValueError, KeyError) as error:
            raise FormatError("E0604", "the checkpoint is damaged", place=str(path), remedy="start without --resume") from error

    def _forget_after(self, step: int) -> None:
        """Drop from the log what it says of steps that will be taken again."""
        path = self._folder / _METRICS
        if path.exists():
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if line.endswith(b"\n") and json.loads(line)["step"] <= step]
            files.write_bytes(path, b"".join(kept))

    def _check_same_run(self) -> None:
        path = self._folder / _RUN
        if not path.exists():
            return
        try:
            before = json.loads(path.read_bytes())
        except ValueError:
            before = None
        if not isinstance(before, dict):
            raise FormatError("E0604", "the run folder's run.json is damaged", place=str(path), remedy="start without --resume")
        now = json.loads(json.dumps(self._identity))
        differing = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
        if differing:
            raise ConfigError(
                "E0605",
                "this is another run than the one to resume",
                place=str(path),
                value=_differences(before, now),
                remedy=f"repeat the options of the first run ({', '.join(differing)} differ), or start anew without --resume",
            )

    def _check_nothing_foreign(self) -> None:
        """Starting anew deletes the folder of the run before; only that."""
        inside = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        foreign = [name for name in inside if name not in _NAMES and not siblings.is_sibling(name)]
        if foreign or (self._folder.exists() and not self._folder.is_dir()):
            raise ConfigError(
                "E0606",
                "the run folder would replace something that is no run",
                place=str(self._folder),
                value=foreign[0] if foreign else self._folder.name,
                remedy="choose another output, or move that away first",
            )


def has_state(out: Path) -> bool:
    """Whether a run that writes to ``out`` can be gone on with.

    >>> has_state(Path("no/such/model"))
    False
    """
    return (Path(f"{out}.run") / _STATE).exists()


class _Plain(str):
    """A text that an error shows as it is, without quotes."""

    __repr__ = str.__str__


def _differences(before: dict, now: dict) -> str:
    """What was and what is, for each thing that differs, however deep it stands.

    >>> _differences({"seed": 0, "recipe": {"dim": 8}}, {"seed": 3, "recipe": {"dim": 8}, "threads": 2})
    seed was 0 and is 3; threads was not there and is 2
    """
    was, is_ = _flat(before), _flat(now)
    told = [
        f"{name} was {was.get(name, 'not there')} and is {is_.get(name, 'not there')}"
        for name in dict.fromkeys([*was, *is_])
        if was.get(name, _flat) != is_.get(name, _flat)
    ]
    more = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return _Plain("; ".join(told[:_TOLD]) + more)


def _flat(value: dict, above: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, inner in value.items():
        name = f"{above}.{key}" if above else str(key)
        found |= _flat(inner, name) if isinstance(inner, dict) and inner else {name: inner}
    return found
