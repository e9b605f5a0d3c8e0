"""The documentation is true: its pages build, its code runs, and nothing public is missing from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import vtkseries
from vtkseries import demo

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<exempt>^<!-- not run: \S.*-->\n)?^```(?P<language>python)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A code block of a page and the line that it starts on."""

    language: str
    code: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["code"], text[: found.start("code")].count("\n"))
        for found in BLOCK.finditer(text)
        if not found["exempt"]
    ]


PAGES_WITH_CODE = [page for page in PAGES if blocks(page)]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run.nc that docs/contributing.md promises to every page."""
    path = tmp_path_factory.mktemp("docs") / "run.nc"
    return demo.simulate(path, steps=4, interval=5.0, solver=demo.Solver(shape=(6, 7, 8)))


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build", "api"))
    build = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "html"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    assert (tmp_path / "html" / "quickstart.html").exists()


@pytest.mark.parametrize("page", PAGES_WITH_CODE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_code_of_a_page_runs(page: Path, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(sample, tmp_path / "run.nc")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        # Blank lines before the code, so that tracebacks name the page's line.
        code = compile("\n" * block.line + block.code, str(page), "exec")
        exec(code, names)  # noqa: S102  running the pages' own code is this test's purpose


def test_every_public_name_is_in_the_api_page() -> None:
    listed = set(re.findall(r"^   ([\w.]+)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(vtkseries.__all__) <= listed, f"not in docs/api.md: {set(vtkseries.__all__) - listed}"
