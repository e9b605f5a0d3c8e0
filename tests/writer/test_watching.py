"""Readers beside a writer: none ever meets an index that is torn, or a file that is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from xml.parsers import expat

import pytest
from tools.solver import Solver

from vtkseries import SeriesWriter
from vtkseries.storage.index import Entry, Index

SOLVER = Solver()


def watch(path: Path, seconds: float, ahead: int) -> tuple[int, int]:
    """Read an index with a bare expat while it grows; give the reads, and the most steps seen."""
    child = os.fork()
    if not child:
        try:
            os.nice(5)
            index = Index.create(path, token="1.0badcafe")  # noqa: S106  # a run's name, no secret
            for number in range(10**9):
                index.commit(
                    number, [Entry(repr(float(number)), f"run/run_{number % ahead:06d}.vtr", p) for p in (0, 1)]
                )
        finally:
            os._exit(1)
    try:
        return read_in_a_loop(path, seconds)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def read_in_a_loop(path: Path, seconds: float) -> tuple[int, int]:
    reads = most = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        parts: dict[str, int] = {}

        def start(tag: str, attributes: dict[str, str], parts: dict[str, int] = parts) -> None:
            if tag == "DataSet":
                parts[attributes["timestep"]] = parts.get(attributes["timestep"], 0) + 1

        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        parser.Parse(content, True)
        assert set(parts.values()) <= {2}, "half a step is seen"
        most, reads = max(most, len(parts)), reads + 1
    return reads, most


def test_a_reader_beside_the_writer_never_sees_a_torn_index(tmp_path: Path) -> None:
    reads, steps = watch(tmp_path / "run.pvd", 4, 10)
    (tmp_path / "run.pvd").unlink()
    assert reads > 10
    assert steps > 100


@pytest.mark.long
def test_a_reader_beside_the_writer_for_long(tmp_path: Path) -> None:
    total = 0
    for number in range(60):
        path = tmp_path / f"run{number}.pvd"
        total += watch(path, 2, 10)[0]
        path.unlink()
    print(f"{total} reads beside the writer, 0 torn")  # noqa: T201  # the figure


WATCHER = """
import os, sys, time
from paraview import servermanager, simple
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow
window = vtkStringOutputWindow()
vtkOutputWindow.SetInstance(window)
path, seconds = sys.argv[1], float(sys.argv[2])
reads = most = 0
end = time.time() + seconds
while time.time() < end:
    reader = simple.PVDReader(FileName=path)
    reader.UpdatePipelineInformation()
    times = list(reader.TimestepValues or [])
    if times:
        reader.UpdatePipeline(times[-1])
        grid = reader.GetClientSideObject().GetOutputDataObject(0)
        values = grid.GetPointData().GetArray("p")
        assert values.GetValue(0) == 100 * round(4 * times[-1]), "wrong values"
    most, reads = max(most, len(times)), reads + 1
    simple.Delete(reader)
    if window.GetOutput():
        os.write(1, ("FAILED " + window.GetOutput()).encode())
        os._exit(1)
os.write(1, f"{reads} loads, {most} steps".encode())
os._exit(0)
"""


def paraview_watches(folder: Path, seconds: float) -> tuple[int, int]:
    """Have ParaView load a growing series again and again; give the loads and the most steps that it saw."""
    path = folder / "run.pvd"
    script = folder / "watch.py"
    script.write_text(WATCHER)
    with SeriesWriter(path, *SOLVER.axes) as series:
        series.write(0, SOLVER.point_data(0))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
    command = ["timeout", "-s", "KILL", "600", "pvbatch", str(script), str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as watcher:
        with SeriesWriter(path, *SOLVER.axes, mode="a") as series:
            step = 1
            while watcher.poll() is None:
                series.write(step / 4, SOLVER.point_data(step))
                step += 1
                time.sleep(0.005)
        assert watcher.stdout is not None
        said = watcher.stdout.read().decode()
    assert watcher.returncode == 0, said
    loads, _, most, _ = said.split()[-4:]
    return int(loads), int(most)


@pytest.mark.paraview
def test_paraview_beside_the_writer_meets_no_error_and_no_missing_file(tmp_path: Path) -> None:
    loads, most = paraview_watches(tmp_path, 5)
    assert loads > 5
    assert most > 50


@pytest.mark.long
@pytest.mark.paraview
def test_paraview_beside_the_writer_for_long(tmp_path: Path) -> None:
    loads, most = paraview_watches(tmp_path, 60)
    print(f"{loads} loads by ParaView up to {most} steps, 0 errors")  # noqa: T201  # the figure


def read_at_full_speed(path: Path, seconds: float) -> tuple[int, int]:
    """Parse a short index, laid out anew again and again, as often as can be; give the reads, and the states seen."""
    child = os.fork()
    if not child:
        try:
            os.nice(5)
            while True:
                with Index.create(path, token=f"1.{time.monotonic_ns() % 16**8:08x}", room=12) as index:
                    for number in range(12):
                        index.commit(number, [Entry(repr(number / 8), f"run/run_{number:06d}.vtr", 0, "", 4412, 77)])
        finally:
            os._exit(1)
    try:
        while not path.exists():
            time.sleep(0.01)
        reads, seen = 0, set()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(1000):
                fd = os.open(path, os.O_RDONLY)
                content = os.read(fd, 1 << 20)
                os.close(fd)
                expat.ParserCreate().Parse(content, True)  # raises at the least fault
            seen.add(content)
            reads += 1000
        return reads, len(seen)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.unchecked(reason="an index alone: its steps have no files")
def test_tens_of_thousands_of_reads_meet_no_torn_index(tmp_path: Path) -> None:
    reads, states = read_at_full_speed(tmp_path / "run.pvd", 3)
    assert reads >= 1000
    assert states > 1


@pytest.mark.long
@pytest.mark.unchecked(reason="an index alone: its steps have no files")
def test_millions_of_reads_meet_no_torn_index(tmp_path: Path) -> None:
    reads, states = read_at_full_speed(tmp_path / "run.pvd", 600)
    print(f"{reads} reads beside the writer in 600 s, 0 torn")  # noqa: T201  # the figure
    assert states > 100
