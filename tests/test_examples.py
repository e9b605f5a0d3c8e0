"""Every example runs as its first lines say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))


def command(example: Path) -> list[str]:
    """Give the command of the line `Run: …` in an example's docstring, for this Python and from any directory."""
    found = re.search(r"^Run: (.+)$", example.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{example.name} must say in its docstring how it is run, as in `Run: python examples/{example.name}`"
    places = {"python": sys.executable, f"examples/{example.name}": str(example)}
    return [places.get(word, word) for word in shlex.split(found[1])]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_runs(example: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(example),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_there_are_examples() -> None:
    assert EXAMPLES
