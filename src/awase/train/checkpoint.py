"""Checkpoints: all that is needed to go on as if nothing had happened."""

import json
import time
from pathlib import Path

import numpy as np

from awase.core.errors import ConfigError, FormatError
from awase.store import files, tensors

_EVERY_S = 30.0


class Checkpoints:
    """The run folder: ``run.json`` says which run this is, ``metrics.jsonl`` grows by a line a validation, and
    ``checkpoint.safetensors`` is replaced as a whole, so it is always a complete state of some step.

    ``identity`` is what must not differ between a run and its resumption: resolved recipe, seed, data hash, threads. Saving by the
    clock does no harm to reproducibility, as the state is that of a step whenever it is taken; ``every_steps`` saves by step.
    """

    def __init__(self, folder: Path, identity: dict, *, resume: bool, every_steps: int | None = None):
        self._folder, self._identity, self._every_steps = Path(folder), identity, every_steps
        self._saved_at = time.monotonic()
        self._resume = resume
        if resume:
            self._check_same_run()
        else:
            files.remove(self._folder)
        files.make_folder(self._folder)
        files.write_bytes(self._folder / "run.json", json.dumps(identity, indent=2, ensure_ascii=False).encode())
        self._log = files.append_lines(self._folder / "metrics.jsonl")

    def due(self, step: int) -> bool:
        if self._every_steps is not None:
            return step % self._every_steps == 0
        return time.monotonic() - self._saved_at >= _EVERY_S

    def save(self, arrays: dict[str, np.ndarray], plain: dict) -> None:
        """Replace the checkpoint; when this returns it is on the disk."""
        tensors.save(self._folder / "checkpoint.safetensors", arrays, {"state": json.dumps(plain)})
        self._saved_at = time.monotonic()

    def load(self) -> tuple[dict[str, np.ndarray], dict] | None:
        """The newest state, or None when the run has none (or is a new one)."""
        path = self._folder / "checkpoint.safetensors"
        if not self._resume or not path.exists():
            return None
        arrays, metadata = tensors.load(path)
        return arrays, json.loads(metadata["state"])

    def log(self, point: dict) -> None:
        self._log.write(json.dumps(point) + "\n")

    def finish(self) -> None:
        """The run is over and its result saved elsewhere: keep the record, drop the large state."""
        self._log.close()
        files.remove(self._folder / "checkpoint.safetensors")

    def _check_same_run(self) -> None:
        path = self._folder / "run.json"
        if not path.exists():
            return
        try:
            before = json.loads(path.read_bytes())
        except ValueError as error:
            raise FormatError(
                "E0604", "the run folder's run.json is not JSON", place=str(path), remedy="start without --resume"
            ) from error
        now = json.loads(json.dumps(self._identity))
        differing = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
        if differing:
            raise ConfigError(
                "E0605",
                "this is another run than the one to resume",
                place=str(path),
                value={key: (before.get(key), now.get(key)) for key in differing},
                remedy=f"repeat the options of the first run ({', '.join(differing)} differ), or start anew without --resume",
            )
