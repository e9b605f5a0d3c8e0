"""Steps in pieces: one file a block and one that puts them together, without a seam."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import xarray as xr
from tools.paraview import walk
from tools.readers import read_vtk

from vtkseries import SeriesError

NT, NZ, NY, NX = 2, 7, 9, 11
CONTOUR = Path(__file__).parent / "tools" / "inside_paraview" / "contour.py"


def dataset() -> xr.Dataset:
    data = np.arange(NT * NZ * NY * NX, dtype="f4").reshape(NT, NZ, NY, NX)
    return xr.Dataset(
        {
            "T": (("time", "z", "y", "x"), data),
            "u": (("x", "time", "y", "z"), (data + 0.5).transpose(3, 0, 2, 1)),
            "mean": ("time", np.arange(NT) + 0.25),
        },
        {
            "time": np.arange(NT) * 2.0,
            "z": np.arange(NZ)[::-1] * 2.0,
            "y": np.arange(NY) ** 2 * 3.0,
            "x": np.arange(NX) * 4.0,
        },
    )


def cells() -> xr.Dataset:
    """Give one value for each cell, along x against the nodes."""
    data = np.arange(NZ * NY * NX, dtype="f8").reshape(NZ, NY, NX)
    return xr.Dataset(
        {"q": (("z", "y", "x"), data)}, {"z": np.arange(NZ), "y": np.arange(NY), "x": np.arange(NX)[::-1]}
    )


def assert_whole(path: Path, step: int, *, vector: bool = False) -> None:
    grid = read_vtk(path)
    one = dataset().isel(time=step).sortby("z").transpose("z", "y", "x")
    np.testing.assert_array_equal(grid.point["w"][..., 0] if vector else grid.point["T"], one["T"].values)
    if vector:
        np.testing.assert_array_equal(grid.point["w"][..., 1], one["u"].values)
        assert grid.components["w"][:2] == ("T", "u")
    else:
        np.testing.assert_array_equal(grid.point["u"], one["u"].values)
    for axis in "xyz":
        np.testing.assert_array_equal(grid.axes[axis], one[axis].values)
    assert grid.extent == (0, NX - 1, 0, NY - 1, 0, NZ - 1)
    assert grid.field["mean"] == step + 0.25
    assert grid.field["TimeValue"] == step * 2.0


@pytest.mark.parametrize(
    ("chunks", "pieces", "count"),
    [
        ({"time": 1, "z": 3}, True, 2),
        ({"z": 2, "y": 4, "x": 5}, True, 12),
        ({"time": 1, "z": 6}, True, 1),
        ({"x": 3}, {"z": 4, "x": 5}, 4),
        (None, {"z": 1}, 6),
        (None, {"z": 3, "y": 100, "time": 1}, 2),
    ],
)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_vtk_reads_the_pieces_as_one_grid(
    tmp_path: Path, chunks: dict[str, int] | None, pieces: Any, count: int, compression: str | None
) -> None:
    ds = dataset() if chunks is None else dataset().chunk(chunks)
    ds.vtk.to_vtr(tmp_path / "run.pvd", pieces=pieces, compression=compression)
    for step in range(NT):
        assert_whole(tmp_path / "run" / f"run_{step:06d}.pvtr", step)
        assert len(list((tmp_path / "run").glob(f"run_p*_{step:06d}.vtr"))) == count
    index = (tmp_path / "run.pvd").read_text()
    assert index.count("<DataSet") == NT
    assert index.count(".pvtr") == NT


def test_vectors_are_cut_with_their_components(tmp_path: Path) -> None:
    dataset().chunk(z=3).vtk.to_vtr(tmp_path / "run.pvd", pieces=True, vectors={"w": ("T", "u")})
    assert_whole(tmp_path / "run" / "run_000001.pvtr", 1, vector=True)


@pytest.mark.parametrize("chunks", [{"z": 2}, {"x": 4}, {"z": 3, "y": 5, "x": 10}])
def test_every_cell_is_in_just_one_piece(tmp_path: Path, chunks: dict[str, int]) -> None:
    cells().chunk(chunks).vtk.to_vtr(tmp_path / "run.pvd", pieces=True, location="cell")
    grid = read_vtk(tmp_path / "run" / "run_000000.pvtr")
    np.testing.assert_array_equal(grid.cell["q"], cells()["q"].values[:, :, ::-1])
    assert len(grid.axes["x"]) == NX + 1


@pytest.mark.paraview
def test_paraview_shows_no_seam(tmp_path: Path) -> None:
    ds = dataset()[["T", "u"]]
    whole = ds.vtk.to_vtr(tmp_path / "whole.pvd")
    pieces = ds.chunk(z=3, y=4, x=6).vtk.to_vtr(tmp_path / "pieces.pvd", pieces=True)
    assert isinstance(whole, Path)
    assert isinstance(pieces, Path)
    one, many = walk(whole, pieces, values=True)
    assert one.times == many.times
    for step, (left, right) in enumerate(zip(one.steps, many.steps, strict=True)):
        for name in ("T", "u"):
            expected = ds[name].isel(time=step).sortby("z").transpose("z", "y", "x").values
            np.testing.assert_array_equal(left.parts[0].values[name], expected)
            np.testing.assert_array_equal(right.parts[0].values[name], expected)
    done = subprocess.run(
        ["pvbatch", str(CONTOUR), "T", "300.25", str(whole), str(pieces)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    answer = next(line for line in done.stdout.splitlines() if line.startswith("ANSWER"))
    alone, together = json.loads(answer.removeprefix("ANSWER"))
    assert alone[0] > 1000
    assert alone[1] > 500
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_the_bytes_are_the_same_for_any_scheduler(tmp_path: Path) -> None:
    def written(name: str, scheduler: str) -> dict[str, bytes]:
        with dask.config.set(scheduler=scheduler):
            dataset().chunk(time=1, z=3, x=4).vtk.to_vtr(tmp_path / name / "run.pvd", pieces=True)
        return {p.name: p.read_bytes() for p in (tmp_path / name).rglob("*") if p.is_file()}

    assert written("a", "threads") == written("b", "synchronous")


def test_continuing_keeps_the_pieces_of_the_steps_before(tmp_path: Path) -> None:
    dataset().chunk(z=3).vtk.to_vtr(tmp_path / "run.pvd", pieces=True)
    later = dataset().chunk(z=3).assign_coords(time=[10.0, 12.0])
    later.vtk.to_vtr(tmp_path / "run.pvd", pieces=True, mode="a")
    assert len(list((tmp_path / "run").glob("*.vtr"))) == 4 * 2
    assert_whole(tmp_path / "run" / "run_000001.pvtr", 1)
    np.testing.assert_array_equal(
        read_vtk(tmp_path / "run" / "run_000003.pvtr").point["T"], dataset()["T"].values[1, ::-1]
    )


def test_replacing_a_series_in_pieces_removes_its_old_files(tmp_path: Path) -> None:
    dataset().chunk(z=2).vtk.to_vtr(tmp_path / "run.pvd", pieces=True)
    dataset().vtk.to_vtr(tmp_path / "run.pvd")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["run_000000.vtr", "run_000001.vtr"]


def test_the_plan_tells_the_pieces() -> None:
    text = repr(dataset().chunk(z=3).vtk.plan("run.pvd", pieces=True))
    assert "2 steps, 6 files" in text
    assert "grid in 2 pieces, of which the first is" in text


@pytest.mark.parametrize(
    ("pieces", "target", "message"),
    [
        (True, "run.pvd", "nothing is chunked along x, y or z; chunk the Dataset"),
        ({"q": 3}, "run.pvd", "no dim 'q'; choose of 'time', 'z', 'y', 'x'"),
        ({"z": 0}, "run.pvd", "a whole number of points along it, 1 or more"),
        ({"z": 2.5}, "run.pvd", "a whole number of points"),
        (3, "run.pvd", "give True for a piece a chunk"),
        ({"z": 3}, "run.vtr", "a path that ends in .pvd"),
    ],
)
def test_pieces_that_cannot_be_are_errors_that_say_what_can(
    tmp_path: Path, pieces: Any, target: str, message: str
) -> None:
    with pytest.raises(SeriesError, match=message):
        dataset().isel(time=[0]).vtk.to_vtr(tmp_path / target, pieces=pieces)
    assert not list(tmp_path.iterdir())
