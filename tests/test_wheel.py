"""What users install: the wheel, checked as the registry checks it, in an environment that has nothing of this repository."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import awase

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "awase"


def ran(*command, **options):
    """What a command printed; the test fails with its errors if it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=600, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The folder with the wheel and the source distribution, built with what is installed here: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    ran(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    """The bin folder of a new environment with the wheel alone; what Awase depends on is looked up where these tests have it."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    ran(sys.executable, "-m", "venv", "--without-pip", folder)
    (wheel,) = distributions.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet", "--no-index", "--no-deps"]
    ran(*pip, "--no-warn-script-location", wheel)
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = dict.fromkeys(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))
    (packages / "dependencies.pth").write_text("\n".join(paths) + "\n")
    return folder / "bin"


def clean():
    """An environment in which nothing leads to the source."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}


def test_the_registry_would_take_it(distributions):
    files = sorted(distributions.iterdir())
    assert [file.name for file in files] == [f"awase-{awase.__version__}-py3-none-any.whl", f"awase-{awase.__version__}.tar.gz"]
    assert ran(sys.executable, "-m", "twine", "check", "--strict", *files, env=clean() | {"NO_COLOR": "1"}).count("PASSED") == 2


def test_everything_of_the_source_is_in_the_wheel(distributions):
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        inside = {name for name in opened.namelist() if name.startswith("awase/")}
    listed = {
        f"awase/{file.relative_to(SOURCE)}" for file in SOURCE.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    }
    assert inside == listed
    assert len([name for name in inside if name.endswith(".md")]) > 200, "the pages of the errors"
    assert any(name.endswith(".parquet") for name in inside), "the data of the demo"


def test_the_command_works_in_an_empty_environment(installed, tmp_path):
    """As `uvx awase --help` does: a command and its data, with the source nowhere near."""

    def command(*arguments):
        return ran(installed / "awase", *arguments, cwd=tmp_path, env=clean() | {"XDG_CACHE_HOME": str(tmp_path / "cache")})

    place = ran(installed / "python", "-c", "import awase; print(awase.__file__)", cwd=tmp_path, env=clean()).strip()
    assert Path(place).is_relative_to(installed.parent)
    assert command("--version").strip() == awase.__version__
    assert command("--help").startswith("Usage: awase")
    assert command("explain", "E0760").startswith("# E0760")
    data = "from awase.data.demo import demo_path; print(demo_path().stat().st_size)"
    assert int(ran(installed / "python", "-c", data, cwd=tmp_path, env=clean())) > 1_000_000
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/wine.md").write_text("# Wine\n\nred")
    assert '"path": "wine.md"' in command("search", "notes", "red", "--json")
