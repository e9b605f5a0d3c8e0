"""Datasets with the dims, names and attributes of common models find their axes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr


def of(sizes: dict[str, int], **attrs: str) -> xr.Variable:
    return xr.Variable(
        list(sizes), np.arange(np.prod(list(sizes.values())), dtype="f4").reshape(*sizes.values()), attrs
    )


def wrf() -> xr.Dataset:
    mass = {"Time": 2, "bottom_top": 3, "south_north": 4, "west_east": 5}
    stag = {"Time": 2, "bottom_top": 3, "south_north": 4, "west_east_stag": 6}
    flat = {"Time": 2, "south_north": 4, "west_east": 5}
    return xr.Dataset(
        {
            "T": of(mass, units="K"),
            "U": of(stag),
            "T2": of(flat),
            "Times": ("Time", [b"2000-01-01_00", b"2000-01-01_01"]),
        },
        {
            "XTIME": ("Time", np.array(["2000-01-01T00", "2000-01-01T01"], "M8[ns]")),
            "XLAT": of(flat, units="degree_north"),
            "XLONG": of(flat, units="degree_east"),
        },
    )


def roms() -> xr.Dataset:
    rho = {"ocean_time": 2, "s_rho": 3, "eta_rho": 4, "xi_rho": 5}
    u = {"ocean_time": 2, "s_rho": 3, "eta_u": 4, "xi_u": 4}
    s_rho = ("s_rho", [-0.9, -0.5, -0.1], {"standard_name": "ocean_s_coordinate_g2", "positive": "up"})
    return xr.Dataset(
        {"temp": of(rho), "u": of(u), "zeta": of({"ocean_time": 2, "eta_rho": 4, "xi_rho": 5}), "hc": ((), 20.0)},
        {
            "s_rho": s_rho,
            "ocean_time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]"),
            "lon_rho": of({"eta_rho": 4, "xi_rho": 5}, units="degree_east"),
            "lat_rho": of({"eta_rho": 4, "xi_rho": 5}, units="degree_north"),
        },
    )


def cam() -> xr.Dataset:
    lev = (
        "lev",
        [3.0, 200.0, 992.0],
        {"units": "hPa", "positive": "down", "formula_terms": "a: hyam b: hybm p0: P0 ps: PS"},
    )
    return xr.Dataset(
        {
            "T": of({"time": 2, "lev": 3, "lat": 4, "lon": 5}),
            "PS": of({"time": 2, "lat": 4, "lon": 5}),
            "hyam": of({"lev": 3}),
            "hybm": of({"lev": 3}),
            "P0": ((), 1e5),
            "gw": of({"lat": 4}),
            "time_bnds": of({"time": 2, "nbnd": 2}),
            "date_written": (("time", "chars"), np.full((2, 8), b"0")),
        },
        {
            "lev": lev,
            "lat": ("lat", [-60.0, -20, 20, 60], {"units": "degrees_north"}),
            "lon": ("lon", [0.0, 72, 144, 216, 288], {"units": "degrees_east"}),
            "time": xr.date_range("2000-01-01", periods=2, calendar="noleap", use_cftime=True),
        },
    )


def mom6() -> xr.Dataset:
    return xr.Dataset(
        {"thetao": of({"time": 2, "zl": 3, "yh": 4, "xh": 5}), "uo": of({"time": 2, "zl": 3, "yh": 4, "xq": 6})},
        {
            "xh": ("xh", np.arange(5.0), {"cartesian_axis": "X"}),
            "xq": ("xq", np.arange(6.0) - 0.5),
            "yh": ("yh", np.arange(4.0)),
            "zl": ("zl", [1.0, 5.0, 9.0], {"positive": "down", "units": "meters"}),
            "time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]"),
        },
    )


def era5() -> xr.Dataset:
    return xr.Dataset(
        {"t": of({"valid_time": 2, "pressure_level": 3, "latitude": 4, "longitude": 5}, units="K")},
        {
            "number": 0,
            "valid_time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]"),
            "pressure_level": ("pressure_level", [1000.0, 500.0, 200.0], {"units": "hPa", "positive": "down"}),
            "latitude": ("latitude", [90.0, 45, 0, -45], {"units": "degrees_north"}),
            "longitude": ("longitude", np.arange(5.0), {"units": "degrees_east"}),
            "expver": ("valid_time", ["0001", "0005"]),
        },
    )


def grib() -> xr.Dataset:
    step = np.array([0, 6], "m8[h]").astype("m8[ns]")
    return xr.Dataset(
        {"t2m": of({"step": 2, "latitude": 4, "longitude": 5})},
        {
            "step": ("step", step, {"standard_name": "forecast_period"}),
            "time": np.datetime64("2000-01-01", "ns"),
            "valid_time": ("step", np.datetime64("2000-01-01", "ns") + step, {"standard_name": "time"}),
            "latitude": ("latitude", [3.0, 2, 1, 0], {"units": "degrees_north"}),
            "longitude": ("longitude", np.arange(5.0), {"units": "degrees_east"}),
            "heightAboveGround": 2.0,
        },
    )


CASES = {
    "wrf": (wrf(), {"x": "west_east", "y": "south_north", "z": "bottom_top", "time": "XTIME"}, 3),
    "roms": (roms(), {"x": "xi_rho", "y": "eta_rho", "z": "s_rho", "time": "ocean_time"}, 3),
    "cam": (cam(), {"x": "lon", "y": "lat", "z": "lev", "time": "time"}, 2),
    "mom6": (mom6(), {"x": "xh", "y": "yh", "z": "zl", "time": "time"}, 2),
    "era5": (era5(), {"x": "longitude", "y": "latitude", "z": "pressure_level", "time": "valid_time"}, 1),
    "grib": (grib(), {"x": "longitude", "y": "latitude", "time": "valid_time"}, 1),
}


@pytest.mark.parametrize("model", CASES)
def test_a_model_finds_its_axes_and_its_parts(model: str) -> None:
    ds, axes, parts = CASES[model]
    assert ds.vtk.axes == axes
    plan = ds.vtk.plan("run.pvd")
    assert len(plan.parts) == parts
    assert plan.steps == 2
    assert plan.times.dates


def test_bounds_that_no_attribute_names_are_left_out_and_said() -> None:
    plan = cam().vtk.plan("run.pvd")
    assert any("'time_bnds'" in text and "'nbnd'" in text for text in plan.left_out)
    drawn = {array.name for part in plan.parts for array in part.arrays}
    assert drawn == {"T", "gw"}
    assert any("'PS'" in notice for notice in plan.notices)


def test_fields_on_an_unstructured_mesh_point_to_to_vtu() -> None:
    ds = xr.Dataset(
        {
            "mesh": (
                (),
                0,
                {"cf_role": "mesh_topology", "face_node_connectivity": "faces", "node_coordinates": "nx ny"},
            ),
            "faces": (("face", "three"), np.zeros((4, 3), int)),
            "nx": ("node", np.zeros(6)),
            "ny": ("node", np.zeros(6)),
            "h": ("face", np.zeros(4), {"mesh": "mesh", "location": "face"}),
        }
    )
    with pytest.raises(ValueError, match=r"'h'.*mesh.*to_vtu"):
        ds.vtk.plan("run.pvd")
