"""VtkGroup: PyEVTK's collection, whole on disk after each file, the thousandth at the cost of the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyevtk.vtk
import pytest
from test_evtk import POINTS

from vtkseries import SeriesError, VtkSeriesWarning, evtk


def entries_of(path: Path) -> list[dict[str, str]]:
    return [entry.attrib for entry in ET.parse(path).getroot().iter("DataSet")]  # noqa: S314  # our own file


@pytest.mark.unchecked(reason="as in PyEVTK's own example, the files of the group are not there")
def test_a_group_lists_what_pyevtk_lists(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    ours, other = evtk.VtkGroup(str(tmp_path / "run")), pyevtk.vtk.VtkGroup(str(theirs / "run"))
    for group, directory in ((ours, tmp_path), (other, theirs)):
        for step in range(3):
            (directory / f"sim_{step}.vtu").touch()
            group.addFile(str(directory / f"sim_{step}.vtu"), 0.25 * step, group="g", part=step, name="water")
        group.save()
    entries = [entries_of(directory / "run.pvd") for directory in (tmp_path, theirs)]
    assert entries[0] == entries[1]
    assert entries[0][1]["file"] == "sim_1.vtu"


def test_a_group_is_on_disk_after_each_file(tmp_path: Path) -> None:
    group = evtk.VtkGroup(tmp_path / "run")
    assert entries_of(tmp_path / "run.pvd") == []
    (tmp_path / "steps").mkdir()
    for step in range(3):
        file = evtk.pointsToVTK(tmp_path / "steps" / f"a&b_{step}", *POINTS)
        group.addFile(file, 0.1 * step)
        entries = entries_of(tmp_path / "run.pvd")
        assert [entry["timestep"] for entry in entries] == [repr(0.1 * n) for n in range(step + 1)]
        assert entries[-1]["file"] == f"steps/a&b_{step}.vtu"


@pytest.mark.unchecked(reason="an empty file stands for all files of the group")
def test_a_group_grows_in_place(tmp_path: Path) -> None:
    """An index that is written anew for each file takes the square of their number."""
    file = tmp_path / "sim.vtu"
    file.touch()
    group = evtk.VtkGroup(tmp_path / "run")
    inodes = set()
    for step in range(300):
        group.addFile(file, float(step), group="a&b", name="x" * (step % 7 * 40))
        inodes.add((tmp_path / "run.pvd").stat().st_ino)
    expected = [(float(n), "a&b", "x" * (n % 7 * 40)) for n in range(300)]
    for _ in range(2):
        entries = entries_of(tmp_path / "run.pvd")
        assert [(float(e["timestep"]), e["group"], e.get("name", "")) for e in entries] == expected
        group.save()
    assert len(inodes) < 10


def test_files_of_one_time_become_parts(tmp_path: Path) -> None:
    group = evtk.VtkGroup(tmp_path / "run")
    files = [evtk.pointsToVTK(tmp_path / f"p_{number}", *POINTS) for number in range(2)]
    group.addFile(files[0], 1)
    with pytest.warns(VtkSeriesWarning, match=r"time 1.0 has a part 0 already.*becomes part 1"):
        group.addFile(files[1], 1)
    assert [entry["part"] for entry in entries_of(tmp_path / "run.pvd")] == ["0", "1"]


@pytest.mark.unchecked(reason="the file that the group lists is missing on purpose")
def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.warns(VtkSeriesWarning, match=r"lists .*sim0.vtu, which is not there"):
        evtk.VtkGroup(tmp_path / "run").addFile(tmp_path / "sim0.vtu", 0.0)


@pytest.mark.parametrize(("time", "part"), [(np.nan, 0), ("soon", 0), (0.0, "first")])
def test_times_and_parts_that_readers_do_not_take_are_refused(tmp_path: Path, time: Any, part: Any) -> None:
    group = evtk.VtkGroup(tmp_path / "run")
    with pytest.raises(SeriesError, match=r"sim_time|part"):
        group.addFile(evtk.pointsToVTK(tmp_path / "p", *POINTS), time, part=part)
    assert entries_of(tmp_path / "run.pvd") == []


def test_a_saved_group_takes_no_more(tmp_path: Path) -> None:
    group = evtk.VtkGroup(tmp_path / "run")
    group.save()
    with pytest.raises(SeriesError, match="is saved"):
        group.addFile(evtk.pointsToVTK(tmp_path / "p", *POINTS), 0.0)
