"""The kernels that numba has compiled and kept: they go when the source of any kernel changes.

numba looks only at the file that a kernel stands in. A kernel that calls one of another file has it compiled in, and keeps the old one when
that file changes.
"""

import hashlib
import os
from pathlib import Path

_STAMP = "kernels.sha256"


def refresh(source: Path) -> int:
    """Removes what is compiled of the package at ``source`` if its kernels are not those of the last time; how many files that were."""
    kept = Path(os.environ.get("NUMBA_CACHE_DIR") or source)
    stamp, now = kept / "__pycache__" / _STAMP, _version(source)
    if stamp.exists() and stamp.read_text() == now:
        return 0
    stale = [path for path in kept.rglob("*.nb[ic]") if path.is_file()]
    for path in stale:
        path.unlink(missing_ok=True)  # another run may be at it
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now)
    return len(stale)


def _version(source: Path) -> str:
    """sha256 over the files with kernels, by name."""
    sha = hashlib.sha256()
    for path in sorted(source.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
            sha.update(f"{path.relative_to(source)} {len(content)}\n".encode() + content)
    return sha.hexdigest()
