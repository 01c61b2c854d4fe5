import subprocess
import sys


def test_importing_awase_loads_nothing_heavy():
    code = "import awase, sys; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert (
        "awase" in loaded and not {"numba", "pyarrow", "torch", "rich", "tokenizers", "sqlite3", "faiss", "matplotlib"} & loaded
    )


def test_unknown_names_are_attribute_errors():
    code = "import awase\ntry: awase.fitt\nexcept AttributeError as error: print(error)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == "module 'awase' has no attribute 'fitt'\n"
