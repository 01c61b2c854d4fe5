"""Jobs of a benchmark, each in a process of its own: none is warm from another, and threads are set before libraries load."""

import json
import os
import subprocess
import sys

# Some pin OpenBLAS to a kernel or a cache size that need not be this machine's; others to a number of threads.
_NOT_INHERITED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def in_a_process(spec: dict, *, threads: int | None = 1) -> dict:
    """What this very script prints last, as JSON, when it is started with ``--job`` and the spec. threads: None for as many as it likes."""
    environment = {name: value for name, value in os.environ.items() if name not in (*_NOT_INHERITED, *_THREADS)}
    environment |= {} if threads is None else dict.fromkeys(_THREADS, str(threads))
    command = [sys.executable, sys.argv[0], "--job", json.dumps(spec)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])
