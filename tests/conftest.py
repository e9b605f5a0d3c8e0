"""Fixtures that all tests share: every file that a test leaves is judged by the checker (tools/checker.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tools.checker import check_tree
from tools.expat import build_newer_expat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_JUDGED = pytest.StashKey[set[str]]()


@pytest.fixture(autouse=True)
def _files_are_right(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Check what the test leaves below its tmp_path, unless it is marked ``unchecked``."""
    marker = request.node.get_closest_marker("unchecked")
    if marker is not None and not marker.kwargs.get("reason"):
        pytest.fail("the marker `unchecked` must give its reason: pytest.mark.unchecked(reason=...)")
    if "tmp_path" not in request.fixturenames:
        yield
        return
    tmp_path: Path = request.getfixturevalue("tmp_path")
    yield
    judged = request.config.stash.setdefault(_JUDGED, set())
    judged.add(tmp_path.relative_to(tmp_path_factory.getbasetemp()).parts[0])
    if marker is None:
        check_tree(tmp_path)


@pytest.fixture(scope="session", autouse=True)
def _shared_files_are_right(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Check what fixtures of a wider scope left in directories of their own."""
    yield
    judged = request.config.stash.setdefault(_JUDGED, set())
    for directory in sorted(tmp_path_factory.getbasetemp().iterdir()):
        if directory.is_dir() and not directory.is_symlink() and directory.name not in judged:
            check_tree(directory)


@pytest.fixture(scope="session")
def newer_expat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory that, first in ``LD_LIBRARY_PATH``, has ParaView use expat 2.6 or newer."""
    return build_newer_expat(tmp_path_factory.mktemp("expat"))
