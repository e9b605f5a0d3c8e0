"""Real ParaView on files of our layout: all steps, with the expat it came with and with a newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tools.paraview import walk
from tools.samples import AXES, FIELDS, document, write, write_series

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.paraview
APPENDED = b"<AppendedData "


def version(expat: str) -> tuple[int, ...]:
    return tuple(map(int, expat.removeprefix("expat_").split(".")))


def test_paraview_walks_several_series_in_one_process(tmp_path: Path) -> None:
    paths = [write_series(tmp_path / "run.pvd"), write_series(tmp_path / "other run é.pvd", (-1.0, 1e-300))]
    seen = walk(*paths, values=True, images=True)
    assert [series.times for series in seen] == [(0.5, 1.25, 7.0), (-1.0, 1e-300)]
    for series in seen:
        series.assert_picture()
        for number, step in enumerate(series.steps):
            assert step.time == series.times[number]
            assert step.bounds == (0.0, 2.5, -1.0, 3.0, 1.0, 8.0)
            (part,) = step.parts
            assert part.extent == (0, 2, 0, 1, 0, 3)
            assert part.kind == "vtkRectilinearGrid"
            assert part.field == {"TimeValue": [step.time], "date": ["20"]}
            assert part.point["a"]["ranges"] == [[100.0 * number, 34.5 + 100 * number]]
            assert part.cell["c"]["type"] == "short"
            for axis, expected in AXES.items():
                np.testing.assert_array_equal(part.axes[axis], expected)
            for name, expected in FIELDS.items():
                grown = expected + expected.dtype.type(100 * number)
                np.testing.assert_array_equal(part.values[name], grown, strict=True)


@pytest.mark.unchecked(reason="some of the files are out of alignment on purpose")
def test_alignment_decides_whether_newer_expats_open_a_file(tmp_path: Path, newer_expat: Path) -> None:
    right = write(tmp_path / "right.vtr", *document()).read_bytes()
    blanks = b" " * 200 + b"\n" + APPENDED
    assert right.index(blanks) + 201 == 4078
    files = {offset: tmp_path / f"{offset}.vtr" for offset in (3978, *range(4074, 4084))}
    for offset, path in files.items():
        path.write_bytes(right.replace(blanks, b" " * (200 + offset - 4078) + b"\n" + APPENDED, 1))
    older = dict(zip(files, walk(*files.values()), strict=True))
    newer = dict(zip(files, walk(*files.values(), complaints=True, library_path=newer_expat), strict=True))
    assert version(older[4078].expat) < (2, 6)
    assert version(newer[4078].expat) >= (2, 6)
    for offset in files:
        assert older[offset].steps[0].parts[0].point["a"]["ranges"] == [[0.0, 34.5]]
        if offset in range(4075, 4082):
            assert newer[offset].complaints == ""
            assert newer[offset].steps[0].parts[0].point["a"]["ranges"] == [[0.0, 34.5]]
        else:
            assert "not well-formed (invalid token)" in newer[offset].complaints


@pytest.mark.unchecked(reason="the file is broken on purpose")
def test_what_paraview_complains_of_is_a_failure(tmp_path: Path) -> None:
    path = write(tmp_path / "torn.vtr", *document())
    path.write_bytes(path.read_bytes().replace(b"</Piece>", b"</Peice>"))
    with pytest.raises(AssertionError, match=r"ParaView on [\s\S]*ismatched tag"):
        walk(path)


def test_a_missing_paraview_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="pvbatch is missing: apt-get install"):
        walk(tmp_path / "run.pvd")
