"""The pages are whole: what is generated is new, every link leads somewhere, every verb and public name is taught."""

import re
import subprocess
import sys
from pathlib import Path

import awase
from awase.cli.main import VERBS, name_of

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/awase/**/README.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def test_generated_pages_are_new():
    checked = subprocess.run([sys.executable, ROOT / "docs/build.py", "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_numbers_of_pages_come_from_the_results():
    for script in ("table.py", "homophily_page.py"):
        checked = subprocess.run(
            [sys.executable, ROOT / "benchmarks" / script, "--check"], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_links_lead_somewhere():
    seen = 0
    for page in PAGES:
        for target in LINK.findall(_without_code(page.read_text(encoding="utf-8"))):
            seen += 1
            path, _, anchor = target.partition("#")
            if path.startswith(("http://", "https://", "mailto:")):
                continue
            linked = (page.parent / path) if path else page
            assert linked.exists(), f"{page.relative_to(ROOT)} links to {target}, which is not there"
            if anchor:
                assert anchor in _anchors(linked), f"{page.relative_to(ROOT)} links to {target}, which has no such heading"
    assert seen > 40


def test_every_page_is_reached_from_the_list_of_pages():
    listed = {(ROOT / "docs" / target).resolve() for target in LINK.findall((ROOT / "docs/README.md").read_text())}
    pages = {page for page in ROOT.glob("docs/**/*.md") if page.name != "README.md"}
    assert pages <= listed
    assert len(pages) >= 10


def test_every_verb_and_public_name_is_taught():
    taught = (ROOT / "docs/all-of-awase.md").read_text(encoding="utf-8")
    verbs = [name_of(module) for module in VERBS]
    assert not [verb for verb in verbs if f"awase {verb}" not in taught]
    assert not [name for name in awase.__all__ if name not in taught]
    assert len(verbs) == 21


def test_guarantees_name_tests_that_exist():
    """Each row of PROMISES.md names the tests that enforce it."""
    rows = [
        line
        for line in (ROOT / "PROMISES.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and "`tests/" in line
    ]
    named = 0
    for row in rows:
        for path, function in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row):
            named += 1
            assert (ROOT / path).exists(), f"{path} is not there: {row}"
            if function:
                assert re.search(rf"^def {function}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), (
                    f"no {function} in {path}"
                )
    assert len(rows) >= 25
    assert named >= len(rows)


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
