"""The documentation is true: its pages build, its code runs, and nothing public is missing from it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from click.testing import CliRunner

import vtkseries
from vtkseries import demo
from vtkseries.accessor import VtkAccessor
from vtkseries.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<exempt>^<!-- not run: \S.*-->\n)?^```(?P<language>python|console)\n(?P<code>.*?)^```$",
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


def marked(page: Path) -> Any:
    """A page, with the reason it gives why the checker is not to judge what its code leaves."""
    reason = re.search(r"^<!-- unchecked: (\S.*) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    marks = [pytest.mark.unchecked(reason=reason[1])] if reason else []
    return pytest.param(page, marks=marks, id=page.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("page", [marked(page) for page in PAGES_WITH_CODE])
def test_the_code_of_a_page_runs(page: Path, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(sample, tmp_path / "run.nc")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language == "python":
            # Blank lines before the code, so that tracebacks name the page's line.
            code = compile("\n" * block.line + block.code, str(page), "exec")
            exec(code, names)  # noqa: S102  running the pages' own code is this test's purpose
        else:
            for line in block.code.splitlines():
                if line.startswith("$ vtkseries "):
                    outcome = CliRunner().invoke(main, shlex.split(line)[2:], catch_exceptions=False)
                    assert outcome.exit_code == 0, f"{page.name}: {line}: {outcome.output}"


def test_every_public_name_is_in_the_api_page() -> None:
    listed = set(re.findall(r"^   ([\w.]+)$", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(vtkseries.__all__) <= listed, f"not in docs/api.md: {set(vtkseries.__all__) - listed}"


def test_every_method_of_the_accessor_is_in_the_api_page() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    methods = {name for name in dir(VtkAccessor) if not name.startswith("_")}
    missing = {name for name in methods if f"   accessor.VtkAccessor.{name}\n" not in text}
    assert not missing, f"not in docs/api.md: {sorted(missing)}"


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(main)
    return [(name, main.get_command(context, name) or main) for name in main.list_commands(context)]


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_option_of_a_command_is_documented(name: str, command: click.Command) -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    about = "\n".join(page for page in pages if f"vtkseries {name}" in page)
    assert about, f"no page shows `vtkseries {name}`"
    options = {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
    missing = {text for text in options if text.startswith("-") and not re.search(rf"`{text}\b", about)}
    assert not missing, f"no page that shows `vtkseries {name}` has {sorted(missing)}"


def test_every_picture_and_page_that_is_linked_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    assert {
        picture.name: picture.stat().st_size // 1024 for picture in pictures if picture.stat().st_size > 300_000
    } == {}


@pytest.mark.paraview
def test_the_script_of_the_picture_renders_a_run_of_the_demo(tmp_path: Path) -> None:
    with xr.open_dataset(demo.simulate(tmp_path / "a.nc", steps=3, solver=demo.Solver(shape=(12, 14, 18)))) as ds:
        ds.vtk.to_vtr(tmp_path / "a.pvd")
    screen = ["xvfb-run", "-a", "-s", "-noreset -screen 0 1024x768x24", "pvbatch"]
    script = [str(ROOT / "docs" / "render.py"), "a.pvd", "a.png", "--seconds", "60"]
    done = subprocess.run([*screen, *script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    picture = pv.read(tmp_path / "a.png")
    assert picture.dimensions[:2] == (1200, 760)
    colours = len(np.unique(picture.active_scalars, axis=0))
    assert colours > 1000, f"{colours} colours: {done.stderr}"
