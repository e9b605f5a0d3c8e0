"""The shell does what Python does, and says what is wrong in one line."""

from __future__ import annotations

import errno
import inspect
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import dask
import h5py
import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from click.testing import CliRunner, Result
from distributed import LocalCluster

import vtkseries.accessor
from vtkseries import demo
from vtkseries.cli import main, parse
from vtkseries.cli.convert import convert
from vtkseries.cli.link import link

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (5, 6, 7)


@pytest.fixture(scope="session")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "run.nc"
    return demo.simulate(path, steps=4, interval=5.0, solver=demo.Solver(shape=SHAPE))


@pytest.fixture
def run() -> Any:
    def call(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)

    return call


def grid_of(series: Path, part: str, step: int = 0) -> Any:
    """One part of one step, read by pyvista."""
    reader = pv.get_reader(str(series))
    reader.set_active_time_point(step)
    blocks = reader.read()
    return next(block for block in blocks if part in block.array_names)


def grid_of_one(series: Path, step: int) -> Any:
    """One step of a series that has one part."""
    reader = pv.get_reader(str(series))
    reader.set_active_time_point(step)
    return reader.read()[0]


def values(grid: Any, name: str) -> np.ndarray:
    nx, ny, nz = grid.dimensions
    array: np.ndarray = np.asarray(grid[name]).reshape(nz, ny, nx, -1).squeeze(-1)
    return array


def error_of(result: Result) -> str:
    """The one line that a failed command says."""
    assert result.exit_code == 1, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("vtkseries: error: ")
    assert result.stdout == ""
    return lines[0]


def test_a_netcdf_file_becomes_a_series(run: Any, dump: Path, tmp_path: Path) -> None:
    result = run("convert", dump, tmp_path / "run.pvd")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "run.pvd")
    with xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "theta", 2), "theta"), ds["theta"][2])
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "hfss", 3), "hfss")[0], ds["hfss"][3])


def test_groups_are_named_where_all_variables_are_in_them(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        ds.to_netcdf(tmp_path / "grouped.nc", group="sim/out")
    source, target = tmp_path / "grouped.nc", tmp_path / "run.pvd"
    assert error_of(run("convert", source, target)).endswith("name one, as with --group sim/out")
    assert error_of(run("convert", source, target, "--group", "nope")).endswith("no --group nope; it has sim/out")
    assert not target.exists()
    assert run("convert", source, target, "--group", "sim/out").exit_code == 0


def test_positions_and_labels_are_selected(run: Any, dump: Path, tmp_path: Path) -> None:
    pick = ("--select", "time=1:3", "--select", "x=0.0:2000.0", "--select", "z=-1")
    assert run("convert", dump, tmp_path / "run.pvd", "-v", "theta", *pick).exit_code == 0
    reader = pv.get_reader(str(tmp_path / "run.pvd"))
    assert reader.time_values == [5.0, 10.0]
    with xr.open_dataset(dump) as ds:
        expected = ds["theta"].isel(time=1, z=-1).sel(x=slice(0, 2000))
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "theta"), "theta")[0], expected)


def test_times_are_selected_by_date(run: Any, dump: Path, tmp_path: Path) -> None:
    dates = "time=2000-06-21T12:00:05..2000-06-21T12:00:10"
    assert run("convert", dump, tmp_path / "run.pvd", "--select", dates).exit_code == 0
    assert pv.get_reader(str(tmp_path / "run.pvd")).time_values == [5.0, 10.0]


def test_labels_of_a_descending_axis_are_given_in_any_order(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        ds.isel(y=slice(None, None, -1)).to_netcdf(tmp_path / "south.nc")
        expected = ds["theta"].isel(time=0).sel(y=slice(-1000, 1000))
    command = ("convert", tmp_path / "south.nc", tmp_path / "run.pvd", "--select", "y=-1000.0:1000.0")
    assert run(*command).exit_code == 0
    np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "theta"), "theta"), expected)


def test_several_files_are_joined_by_a_pattern(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        for step in range(4):
            ds.isel(time=[step]).to_netcdf(tmp_path / f"part_{step}.nc")
        assert run("convert", tmp_path / "part_*.nc", tmp_path / "run.pvd").exit_code == 0
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "smoke", 3), "smoke"), ds["smoke"][3])
    assert pv.get_reader(str(tmp_path / "run.pvd")).time_values == [0.0, 5.0, 10.0, 15.0]


def test_files_without_coordinates_to_join_by_are_joined_along_a_dim(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        for step in range(2):
            ds[["smoke"]].isel(time=[step]).drop_vars("time").to_netcdf(tmp_path / f"part_{step}.nc")
        command = ("convert", tmp_path / "part_*.nc", tmp_path / "run.pvd")
        assert "--concat-dim" in error_of(run(*command))
        assert run(*command, "--concat-dim", "time").exit_code == 0
        np.testing.assert_array_equal(values(grid_of_one(tmp_path / "run.pvd", 1), "smoke"), ds["smoke"][1])


def test_a_zarr_store_becomes_a_series(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        plain = ds.drop_encoding()
        plain.to_zarr(tmp_path / "run.zarr", zarr_format=2)
        assert run("convert", tmp_path / "run.zarr", tmp_path / "run.pvd").exit_code == 0
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "smoke", 1), "smoke"), ds["smoke"][1])


def test_chunks_do_not_change_the_files(run: Any, dump: Path, tmp_path: Path) -> None:
    assert run("convert", dump, tmp_path / "a.pvd", "-v", "theta").exit_code == 0
    assert (
        run("convert", dump, tmp_path / "b.pvd", "-v", "theta", "--chunks", "time=3,z=2", "--chunks", "x=4").exit_code
        == 0
    )
    for step in range(4):
        one, other = (next((tmp_path / name).glob(f"*_{step:06d}.vtr")) for name in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_a_dry_run_prints_the_plan_and_writes_nothing(run: Any, dump: Path, tmp_path: Path) -> None:
    result = run("convert", dump, tmp_path / "run.pvd", "--dry-run")
    assert result.exit_code == 0
    assert "theta" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_bar_is_shown_when_asked_for_and_not_in_a_pipe(run: Any, dump: Path, tmp_path: Path) -> None:
    assert "100%" in run("convert", dump, tmp_path / "a.pvd", "--progress").stderr
    assert run("convert", dump, tmp_path / "b.pvd").stderr == ""


def test_a_cluster_writes_the_same_bytes(run: Any, dump: Path, tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        assert run("convert", dump, tmp_path / "a.pvd", "--scheduler", address).exit_code == 0
        watched = run("convert", dump, tmp_path / "c.pvd", "--scheduler", address, "--progress")
    assert run("convert", dump, tmp_path / "b.pvd").exit_code == 0
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 8
    for name in names:
        expected = (tmp_path / "b" / name.replace("a_", "b_", 1)).read_bytes()
        assert (tmp_path / "a" / name).read_bytes() == expected
        assert (tmp_path / "c" / name.replace("a_", "c_", 1)).read_bytes() == expected
    assert str(tmp_path / "c.pvd") in watched.stdout


def test_vectors_are_named_or_left_alone(run: Any, dump: Path, tmp_path: Path) -> None:
    assert run("convert", dump, tmp_path / "a.pvd", "--vectors", "air=u,v,w").exit_code == 0
    assert run("convert", dump, tmp_path / "b.pvd", "--no-vectors").exit_code == 0
    assert np.asarray(grid_of(tmp_path / "a.pvd", "theta")["air"]).shape == (5 * 6 * 7, 3)
    assert {"u", "v", "w"} <= set(grid_of(tmp_path / "b.pvd", "theta").array_names)


@pytest.mark.parametrize(("grid", "suffixes"), [("auto", {".vtr", ".vti"}), ("vtr", {".vtr"}), ("vts", {".vts"})])
def test_the_kind_of_grid_is_chosen(run: Any, dump: Path, tmp_path: Path, grid: str, suffixes: set[str]) -> None:
    assert run("convert", dump, tmp_path / "run.pvd", "--grid", grid).exit_code == 0
    assert {path.suffix for path in (tmp_path / "run").iterdir()} == suffixes


def test_a_single_step_is_of_the_kind_that_its_suffix_names(run: Any, dump: Path, tmp_path: Path) -> None:
    one = ("-v", "smoke", "--select", "time=2")
    assert run("convert", dump, tmp_path / "run.vts", *one).exit_code == 0
    with xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(values(pv.read(tmp_path / "run.vts"), "smoke"), ds["smoke"][2])
    assert (
        "0.0 to 15.0" in run("convert", dump, tmp_path / "run.pvd", "--grid", "vti", "-v", "hfss", "--dry-run").stdout
    )


def test_compression_is_asked_for(run: Any, dump: Path, tmp_path: Path) -> None:
    how = ("--compression", "zlib", "--compression-level", "6")
    assert run("convert", dump, tmp_path / "run.pvd", *how).exit_code == 0
    first = next((tmp_path / "run").iterdir()).read_bytes()
    assert b'compressor="vtkZLibDataCompressor"' in first[:400]
    with xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(values(grid_of(tmp_path / "run.pvd", "smoke", 1), "smoke"), ds["smoke"][1])


def test_values_are_rounded_and_widened_as_asked(run: Any, dump: Path, tmp_path: Path) -> None:
    how = ("-v", "theta,smoke", "--encoding", "theta=dtype:float64", "--encoding", "smoke=significant_digits:2")
    assert run("convert", dump, tmp_path / "run.pvd", *how).exit_code == 0
    grid = grid_of_one(tmp_path / "run.pvd", 1)
    with xr.open_dataset(dump) as ds:
        smoke = ds["smoke"][1].to_numpy()
        np.testing.assert_array_equal(values(grid, "theta"), ds["theta"][1])
        assert grid["theta"].dtype == np.float64
        np.testing.assert_allclose(values(grid, "smoke"), smoke, rtol=0.05)
        assert (values(grid, "smoke") != smoke).any()


@pytest.mark.parametrize("how", [("--pieces", "z=2"), ("--pieces", "chunks", "--chunks", "time=1,z=2")])
@pytest.mark.filterwarnings("ignore:The specified chunks")
def test_a_step_is_written_in_pieces(run: Any, dump: Path, tmp_path: Path, how: tuple[str, ...]) -> None:
    assert run("convert", dump, tmp_path / "run.pvd", "-v", "smoke", *how).exit_code == 0
    assert len(list((tmp_path / "run").glob("*.pvtr"))) == 4
    with xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(values(grid_of_one(tmp_path / "run.pvd", 1), "smoke"), ds["smoke"][1])


@pytest.mark.parametrize(
    ("target", "how", "words"),
    [
        ("run.pvd", ("--pieces", "z=2", "--grid", "vts"), "--pieces: not for vts"),
        ("run.vtkhdf", ("--sphere",), "--sphere: not for vtkhdf"),
        ("run.vtkhdf", ("--dry-run",), "--dry-run: not for vtkhdf"),
        ("run.pvd", ("--mesh", "m"), "--mesh: not for the cheapest grid"),
        ("run.pvd", ("--vectors", "a=u,v", "--no-vectors"), "exclude each other"),
    ],
)
def test_an_option_that_does_not_go_with_the_others_is_refused(
    run: Any, dump: Path, tmp_path: Path, target: str, how: tuple[str, ...], words: str
) -> None:
    result = run("convert", dump, tmp_path / target, *how)
    assert result.exit_code == 2
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_file_of_all_steps_is_written(run: Any, dump: Path, tmp_path: Path) -> None:
    assert run("convert", dump, tmp_path / "run.vtkhdf", "-v", "theta").exit_code == 0
    with h5py.File(tmp_path / "run.vtkhdf") as file, xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(file["VTKHDF/PointData/theta"], ds["theta"])


def test_a_vtkhdf_takes_no_compression_where_none_is_asked_for(tmp_path: Path, run: Any, dump: Path) -> None:
    target = tmp_path / "run.vtkhdf"
    assert run("convert", dump, target, "-v", "theta", "--compression", "none").exit_code == 0
    with h5py.File(target) as file:
        assert file["VTKHDF/PointData/theta"].compression is None


def test_longitudes_are_put_on_a_globe(run: Any, tmp_path: Path) -> None:
    lon, lat = np.linspace(0.0, 40.0, 5), np.linspace(-20.0, 20.0, 4)
    axes = {
        "lon": ("lon", lon, {"units": "degrees_east"}),
        "lat": ("lat", lat, {"units": "degrees_north"}),
    }
    xr.Dataset({"T": (("lat", "lon"), np.random.default_rng(0).random((4, 5)))}, axes).to_netcdf(tmp_path / "g.nc")
    assert run("convert", tmp_path / "g.nc", tmp_path / "g.pvd", "--sphere", "--radius", "2").exit_code == 0
    np.testing.assert_allclose(np.linalg.norm(grid_of_one(tmp_path / "g.pvd", 0).points, axis=1), 2.0)


def test_info_names_steps_parts_grids_and_arrays(run: Any, dump: Path, tmp_path: Path) -> None:
    assert run("convert", dump, tmp_path / "run.pvd").exit_code == 0
    result = run("info", tmp_path / "run.pvd")
    assert result.exit_code == 0, result.output
    for words in ("4 steps", "0.0 to 15.0", "RectilinearGrid", "7 x 6 x 5 points", "theta", "hfss", "float32"):
        assert words in result.stdout


@pytest.mark.unchecked(reason="the file is cut short on purpose")
def test_info_refuses_a_torn_file_in_one_line(run: Any, dump: Path, tmp_path: Path) -> None:
    assert run("convert", dump, tmp_path / "run.vtr", "-v", "theta", "--select", "time=0").exit_code == 0
    whole = (tmp_path / "run.vtr").read_bytes()
    (tmp_path / "run.vtr").write_bytes(whole[:-200])
    assert "run.vtr" in error_of(run("info", tmp_path / "run.vtr"))


@pytest.mark.parametrize("suffix", [".pvd", ".vtr", ".vtkhdf"])
@pytest.mark.parametrize("command", ["info", "verify"])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(
    run: Any, tmp_path: Path, command: str, suffix: str
) -> None:
    path = tmp_path / f"none{suffix}"
    assert error_of(run(command, path)).endswith(f"{path}: there is no such file; check the name")
    os.mkfifo(path)
    said = run(command, path)
    assert said.exit_code == 1
    assert f"{path}: it is not a regular file" in said.output


@pytest.mark.unchecked(reason="the file is empty")
@pytest.mark.parametrize("suffix", [".pvd", ".vtkhdf"])
def test_permissions_are_named_as_what_is_wrong(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"closed{suffix}"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open" if suffix == ".pvd" else "access", refuse)  # root may read everything
    assert f"{path}: permission is denied; change its permissions" in error_of(run("info", path))


def test_a_source_that_is_a_pipe_is_refused(run: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.nc")
    for command, suffix in (("convert", ".pvd"), ("link", ".vtkhdf")):
        assert "is a device or a pipe" in error_of(run(command, tmp_path / "run.nc", tmp_path / f"run{suffix}"))


@pytest.mark.parametrize("name", ["run.txt", "run", "run.PVD"])
def test_a_target_of_an_unknown_kind_is_told_all_that_there_are(
    run: Any, dump: Path, tmp_path: Path, name: str
) -> None:
    said = error_of(run("convert", dump, tmp_path / name))
    assert all(word in said for word in (".pvd", ".vtr, .vti, .vts, .vtp or .vtu", ".vtkhdf", "run.pvd'"))


def test_a_netcdf_file_is_linked(run: Any, dump: Path, tmp_path: Path) -> None:
    shutil.copy(dump, tmp_path / "run.nc")
    result = run("link", tmp_path / "run.nc", tmp_path / "run.vtkhdf", "-v", "theta", "--grid", "rectilinear")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == str(tmp_path / "run.vtkhdf")
    with h5py.File(tmp_path / "run.vtkhdf") as file, xr.open_dataset(dump) as ds:
        np.testing.assert_array_equal(file["VTKHDF/PointData/theta"][2], ds["theta"][2])
        assert isinstance(file["VTKHDF/PointData"].get("theta", getlink=True), h5py.ExternalLink)


@pytest.mark.parametrize(
    ("function", "command"),
    [
        *(
            (getattr(vtkseries.accessor.VtkAccessor, f"to_{kind}"), convert)
            for kind in ("vtr", "vts", "pvd", "vtp", "vtu")
        ),
        (vtkseries.link, link),
    ],
)
def test_every_argument_is_an_option(function: Any, command: click.Command) -> None:
    arguments = set(inspect.signature(function).parameters)
    options = {str(parameter.name) for parameter in command.params}
    assert arguments - {"self", "path", "source", "compute"} <= options


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.nc", "run.pvd"), "nothing.nc: there is no such file"),
        (("{dump}", "run.txt"), "run.txt"),
        (("{dump}", "run.pvd", "-v", "rain"), "rain"),
        (("{dump}", "run.pvd", "--select", "level=3"), "level=…: there is no such dim"),
        (("{dump}", "run.pvd", "--select", "time=1999-01-01"), "no such label"),
        (("{dump}", "run.pvd", "--select", "time=7:9"), "leaves nothing of time"),
        (("{dump}", "run.pvd", "--select", "x=99"), "--select"),
        (("{dump}", "run.pvd", "--engine", "gribble"), "gribble"),
        (("{dump}", "run.pvd", "--group", "inner"), "inner"),
        (("{dump}", "run.vtr"), "one step"),
        (("{dump}", "run.pvd", "--scheduler", "tcp://127.0.0.1:1"), "no dask scheduler answers"),
        (("{dump}", "run.pvd", "--scheduler", "nowhere"), "an address has a port"),
    ],
)
def test_a_mistake_is_one_line_without_a_traceback(
    run: Any, dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        result = run("convert", *(argument.format(dump=dump) for argument in arguments))
    assert words in error_of(result)
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_out_is_a_warning_line(run: Any, dump: Path, tmp_path: Path) -> None:
    with xr.open_dataset(dump) as ds:
        names = np.array(["a", "b", "c", "d"], dtype=object)
        ds.assign(station=("time", names)).to_netcdf(tmp_path / "odd.nc")
    result = run("convert", tmp_path / "odd.nc", tmp_path / "run.pvd")
    assert result.exit_code == 0
    assert "vtkseries: warning: " in result.stderr
    assert "station" in result.stderr


def test_the_module_runs_as_a_program(dump: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "vtkseries.cli", "convert", str(dump), str(tmp_path / "run.txt")]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("vtkseries: error: ")


def test_the_demo_says_what_to_open(run: Any, tmp_path: Path) -> None:
    result = run("demo", tmp_path / "new" / "demo")
    assert result.exit_code == 0, result.output
    series = tmp_path / "new" / "demo" / "thermal.pvd"
    assert f"paraview {series}" in result.stdout
    with xr.open_dataset(series.with_suffix(".nc")) as ds:
        assert pv.get_reader(str(series)).time_values == [30.0 * step for step in range(25)]
        np.testing.assert_array_equal(values(grid_of(series, "smoke", 24), "smoke"), ds["smoke"][24])


@pytest.mark.parametrize(
    ("text", "positions", "labels"),
    [
        ("t=3", {"t": 3}, {}),
        ("t=-1", {"t": -1}, {}),
        ("t=0:10", {"t": slice(0, 10)}, {}),
        ("t=::2", {"t": slice(None, None, 2)}, {}),
        ("t=-5:", {"t": slice(-5, None)}, {}),
        ("t=500.0", {}, {"t": 500.0}),
        ("t=1e3:2e3", {}, {"t": slice(1000.0, 2000.0)}),
        ("t=2000-01-01:2000-02-01", {}, {"t": slice("2000-01-01", "2000-02-01")}),
        ("t=2000-01-01T06:00..", {}, {"t": slice("2000-01-01T06:00", None)}),
    ],
)
def test_a_selection_is_read(text: str, positions: dict[str, Any], labels: dict[str, Any]) -> None:
    assert parse.select((text,)) == (positions, labels)


@pytest.mark.parametrize(
    "read",
    [
        lambda: parse.select(("t",)),
        lambda: parse.select(("t=0:4:0",)),
        lambda: parse.select(("t=1:2:3:4",)),
        lambda: parse.select(("t=06:00:12:00.5",)),
        lambda: parse.select(("t=1", "t=2")),
        lambda: parse.chunks("--chunks", ("t=0",)),
        lambda: parse.chunks("--chunks", ("t=a",)),
        lambda: parse.vectors(("wind",)),
        lambda: parse.encoding(("T=float32",)),
        lambda: parse.missing("holes"),
    ],
)
def test_an_option_that_cannot_be_read_says_its_form(read: Any) -> None:
    with pytest.raises(click.BadParameter, match=r"form|twice|whole number|two dots|neither"):
        read()


def test_encodings_are_read() -> None:
    assert parse.encoding(("T=significant_digits:3,dtype:float32", "u=dtype:float64")) == {
        "T": {"significant_digits": 3, "dtype": "float32"},
        "u": {"dtype": "float64"},
    }
