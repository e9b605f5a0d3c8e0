"""SeriesWriter writes a solver's particles beside its field, or alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_meshes import data, points, read, steps

from vtkseries import SeriesError, SeriesWriter

X, Y, Z = np.arange(4.0), np.arange(3.0), np.arange(2.0)


def cloud(n: int) -> tuple[tuple[Any, Any, Any], dict[str, Any]]:
    rng = np.random.default_rng(n)
    x, y, z = rng.random((3, n))
    return (x, y, z), {"mass": rng.random(n), "v": (x + 1, y + 1), "id": np.arange(n)}


def entries(path: Path) -> list[dict[str, str]]:
    from xml.etree import ElementTree as ET  # noqa: PLC0415  # one caller

    return [entry.attrib for entry in ET.parse(path).getroot().iter("DataSet")]  # noqa: S314  # our own file


def test_particles_lie_beside_the_field_in_one_collection(tmp_path: Path) -> None:
    with SeriesWriter(tmp_path / "run.pvd", X, Y, Z) as series:
        for step, n in enumerate((5, 0, 7)):
            places, values = cloud(n)
            series.write(0.5 * step, {"p": np.full((2, 3, 4), step)}, points=places, points_data=values)
            listed = entries(tmp_path / "run.pvd")
            assert [(entry["part"], entry["timestep"]) for entry in listed[-2:]] == [
                ("0", repr(0.5 * step)),
                ("1", repr(0.5 * step)),
            ]
    files = [entry["file"] for entry in entries(tmp_path / "run.pvd")]
    assert files[:2] == ["run/run_000000.vtr", "run/run_points_000000.vtp"]
    alone = [tmp_path / file for file in files if file.endswith(".vtp")]
    for path, n in zip(alone, (5, 0, 7), strict=True):
        reader_steps = cloud(n)
        grid = read(path)
        assert grid.GetNumberOfPoints() == n
        if n:
            np.testing.assert_array_equal(points(grid), np.stack(reader_steps[0], -1))
            np.testing.assert_array_equal(data(grid, "mass"), reader_steps[1]["mass"])
            np.testing.assert_array_equal(data(grid, "v")[:, 1], reader_steps[1]["v"][1])


def test_particles_alone_are_a_series(tmp_path: Path) -> None:
    with SeriesWriter(tmp_path / "run.pvd", time_units="s") as series:
        for step, n in enumerate((3, 6)):
            places, values = cloud(n)
            written = series.write(float(step), points=places, points_data=values)
            assert written.name == f"run_points_{step:06d}.vtp"
    found = steps(tmp_path / "run.pvd")
    assert [(time, grid.GetNumberOfPoints()) for time, grid in found] == [(0.0, 3), (1.0, 6)]
    assert found[1][1].GetFieldData().GetArray("TimeValue").GetValue(0) == 1.0


def test_points_that_do_not_fit_each_other_are_refused_before_a_file_exists(tmp_path: Path) -> None:
    places, values = cloud(4)
    with SeriesWriter(tmp_path / "run.pvd", X, Y, Z) as series:
        field = {"p": np.zeros((2, 3, 4))}
        for wrong, message in (
            ({"points": places[:2]}, "points must be three arrays"),
            ({"points": (*places[:2], places[2][1:])}, r"points: z is float64 of shape \(3,\)"),
            ({"points": (places[0].reshape(2, 2), *places[1:])}, r"x is float64 of shape \(2, 2\); .* shape \(4,\)"),
            ({"points": places, "points_data": {"mass": np.zeros(3)}}, r"points_data\['mass'\] has shape \(3,\)"),
            ({"points": places, "points_data": {"name": np.array(list("abcd"))}}, "'name' has the dtype <U1"),
            ({"points_data": values}, "points_data needs points="),
        ):
            with pytest.raises(SeriesError, match=message):
                series.write(0.0, field, **wrong)
        assert not list(tmp_path.glob("run*/*"))
        series.write(0.0, field, points=places, points_data=values)


@pytest.mark.parametrize("grid", [(X, Y, Z), ()])
def test_a_series_with_particles_goes_on(tmp_path: Path, grid: tuple[Any, ...]) -> None:
    field = {"p": np.zeros((2, 3, 4))} if grid else None
    for first, mode in ((0, "w"), (2, "a")):
        with SeriesWriter(tmp_path / "run.pvd", *grid, time_units="s", mode=mode, compression="lz4") as series:
            for step in (first, first + 1):
                places, values = cloud(3 + step)
                series.write(float(step), field, points=places, points_data=values)
    found = [read(tmp_path / entry["file"]) for entry in entries(tmp_path / "run.pvd") if "points" in entry["file"]]
    assert [grid.GetNumberOfPoints() for grid in found] == [3, 4, 5, 6]
