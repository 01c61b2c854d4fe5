"""The house stands where the design says: names, layers, what may be imported, who may write, what mirrors what.

Every "for all" says how many it saw, so that none of them passes by seeing nothing.
"""

import ast
import json
import re
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import awase
from awase import recipes
from awase.apps.fit import JOBS
from awase.core.explain import codes, explain

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "awase"
FILES = sorted(SOURCE.rglob("*.py"))
MAX_LINES = 400
HEAVY = {
    "faiss",
    "lark",
    "matplotlib",
    "numba",
    "optuna",
    "pyarrow",
    "rich",
    "scipy",
    "starlette",
    "torch",
    "transformers",
    "typer",
}
WRITERS = {"write_text", "write_bytes", "unlink", "rename", "replace", "mkdir", "rmdir", "touch", "symlink_to", "tofile"}
OS_WRITERS = {"remove", "unlink", "rename", "replace", "mkdir", "makedirs", "rmdir", "truncate", "link", "symlink"}


def trees():
    assert len(FILES) > 80, "the source was not found"
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]


def python(program: str) -> str:
    """What a new interpreter prints for a program."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Names


def test_public_names_are_these():
    public = ["AwaseError", "Collection", "compare", "evaluate", "fit", "homophily", "load", "read_pairs", "recipes"]
    assert sorted(awase.__all__) == dir(awase) == sorted([*public, "__version__"])
    for name in public:
        assert getattr(awase, name).__doc__, f"awase.{name} has no docstring"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'awase' has no attribute 'fitt'"):
        awase.fitt  # noqa: B018


def test_version_is_the_one_of_the_package():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == awase.__version__


def test_no_file_is_a_drawer():
    """No utils, helpers or managers; a class is not called Base."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "base"}
    names = [node.name for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert not [path for path in FILES if path.stem in drawers]
    assert not [name for name in names if name.startswith("Base") or name.endswith("Manager")]
    assert len(names) > 40


def test_files_are_short():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert not {str(path): lines for path, lines in lengths.items() if lines >= MAX_LINES}
    assert len(lengths) > 80


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplemented(Error)?)\b")
    assert not [path for path in FILES if marks.search(path.read_text(encoding="utf-8"))]


# Layers


def test_every_room_has_its_layer():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    layers = {room.strip() for layer in contract["layers"] for room in layer.split("|")}
    rooms = {f"awase.{path.parent.name}" for path in SOURCE.glob("*/__init__.py")}
    assert layers == rooms
    assert len(rooms) == 13


def test_importing_awase_imports_nothing_heavy():
    loaded = set(json.loads(python("import awase, sys, json; print(json.dumps(list(sys.modules)))")))
    assert not loaded & (HEAVY | {"numpy"})


def test_importing_awase_takes_under_a_third_of_a_second():
    assert above_nothing("import awase", under=0.3) < 0.3


def test_help_takes_under_a_fifth_of_a_second():
    assert above_nothing("from awase.cli.main import main; main(['--help'])", under=0.2) < 0.2


def above_nothing(program: str, under: float) -> float:
    """CPU seconds of a program above an interpreter that does nothing, measured in turns; the least of as many as it takes, at most 20, as
    other programs on the machine make each of them longer."""
    nothing, spent = 9.0, 9.0
    for _ in range(20):
        nothing, spent = min(nothing, cpu_s("pass")), min(spent, cpu_s(program))
        if spent - nothing < under:
            break
    return spent - nothing


def cpu_s(program: str) -> float:
    """CPU seconds of a new interpreter that runs a program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    python(program)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_static_model_needs_numpy_and_tokenizers_only(tmp_path):
    """Saved here, loaded in an interpreter that has nothing else to import."""
    import numpy as np

    from awase.data.text.tokenizer import train_tokenizer
    from awase.models import StaticModel

    tokenizer = train_tokenizer(["red wine", "white wine", "白いワイン"], vocab_size=60)
    StaticModel(tokenizer.to_json(), np.eye(tokenizer.vocab_size, dtype=np.float32)).save(tmp_path / "model")
    asked = f'awase.load({str(tmp_path / "model")!r}).encode(["red wine", "ワイン"]).shape'
    assert python_without_the_heavy(asked) == f"(2, {tokenizer.vocab_size})\n"


def test_a_table_of_names_needs_as_little(tmp_path):
    import numpy as np

    from awase.models import TableModel

    names = {"words": ["a", "b", "c"]}
    TableModel({"words": np.array([[1, 0], [0, 1], [2, 1]], np.float32)}, names).save(tmp_path / "model")
    asked = f'[one.name for one in awase.load({str(tmp_path / "model")!r}, mmap=True).neighbours("a")]'
    assert python_without_the_heavy(asked) == "['c', 'b']\n"


def python_without_the_heavy(expression: str) -> str:
    """What a new interpreter prints for an expression with awase when nothing heavy can be imported."""
    return python(f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY | {"Stemmer", "array_api_compat", "threadpoolctl"}!r}:
            raise ModuleNotFoundError(f"{{name}} was imported")
sys.meta_path.insert(0, Refuse())
import awase
print({expression})
""")


# Who may write


def test_only_the_store_writes():
    """No other room calls anything that makes, changes or removes a file."""
    calls = 0
    for path, tree in trees():
        if path.is_relative_to(SOURCE / "store"):
            continue
        store = _names_from_the_store(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                calls += 1
                assert not _writes(node, store), f"{path.relative_to(ROOT)}:{node.lineno} writes to the disk past the store"
    assert calls > 2_000


def test_what_only_some_systems_have_stands_in_one_file_each():
    homes = {"fcntl": "store/flock.py", "resource": "core/process.py"}
    imported = {
        (alias.name, str(path.relative_to(SOURCE)))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")])
    }
    assert {(name, path) for name, path in imported if name in homes} == set(homes.items())


def _names_from_the_store(tree: ast.Module) -> set[str]:
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("awase.store")
    ]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _writes(call: ast.Call, store: set[str]) -> bool:
    match call.func:
        case ast.Attribute(ast.Name(module), _) if module in store:
            return False
        case ast.Name("open"):
            return _mode(call, 1) not in ("r", "rb")
        case ast.Attribute(ast.Name("os"), name):
            return name in OS_WRITERS
        case ast.Attribute(ast.Name("np" | "numpy"), name):
            return name in ("save", "savez", "savetxt", "savez_compressed") or (name == "memmap" and _mode(call, 2) != "r")
        case ast.Attribute(ast.Name("tempfile" | "pickle"), _):
            return True
        case ast.Attribute(ast.Name("shutil"), name):
            return name.startswith(("copy", "move", "rm"))
        case ast.Attribute(_, "open"):
            return _mode(call, 0) not in ("r", "rb")
        case ast.Attribute(_, "replace"):
            return len(call.args) == 1 and not call.keywords  # str.replace has two
        case ast.Attribute(_, name):
            return name in WRITERS - {"replace"}
    return False


def _mode(call: ast.Call, position: int) -> str:
    """The mode a file is opened with, "r" if it does not say."""
    given = [word.value for word in call.keywords if word.arg == "mode"] + call.args[position : position + 1]
    return given[0].value if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else "r"


# What a test may leave out


def test_what_make_test_installs_is_not_skipped():
    """A library that is missing fails; a skip is for what a machine may lack, and says what that is."""
    tests = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))}
    ask = "import" + "orskip"
    assert not [str(path) for path, text in tests.items() if ask in text], "import it plainly"
    skips = [found for text in tests.values() for found in re.findall(r"pytest\.(?:mark\.)?skip(?:if)?\(([^\n]*)", text)]
    assert len(skips) >= 4 and not [found for found in skips if not re.search(r"\w{3}|reason", found)]
    assert len(tests) > 100


# What mirrors what


def test_each_recipe_has_its_test_its_page_and_its_benchmark():
    names = set(recipes.names())
    assert {path.stem.removeprefix("test_") for path in (ROOT / "tests/recipes").glob("test_*.py")} == names
    assert {path.stem for path in (ROOT / "docs/recipes").glob("*.md")} == names
    assert {path.stem for path in (ROOT / "benchmarks").glob("*.py")} >= names
    assert {path.stem for path in (SOURCE / "recipes").glob("*.py")} - {"__init__", "recipe"} == names
    assert {recipes.get(name).needs for name in names} <= set(JOBS)
    print(f"{len(names)} recipes: {', '.join(sorted(names))}")
    assert len(names) >= 11


def test_each_error_has_its_page():
    """The codes in the source are those that `awase explain` knows, and each page opens with its own code."""
    used = {code for path in FILES for code in re.findall(r'"(E\d{4})"', path.read_text(encoding="utf-8"))}
    assert used == set(codes())
    assert len(used) > 60
    for code in used:
        title, _, body = explain(code).partition("\n")
        assert title.startswith(f"# {code}: "), f"the page of {code} opens with {title!r}"
        assert len(body.split()) >= 10, f"the page of {code} says nothing"
