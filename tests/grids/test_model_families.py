"""Files of common models: with no options and with a user's, each value is at its place for VTK's reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.cdl import write
from tools.models import HEADERS, VALUES
from tools.paraview import walk
from tools.places import Expected, assert_places, count

import vtkseries  # noqa: F401 (registers ds.vtk)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Use:
    """What a user writes, and where everything is to be then.

    Attributes
    ----------
    model : str
    expected : tuple of Expected
    verbs : tuple of str
    options : mapping
    time : str or None
        The dim of the steps.
    prepare : callable, optional
        What the user does with the Dataset first.
    """

    model: str
    expected: tuple[Expected, ...]
    verbs: tuple[str, ...] = ("to_vts", "to_pvd")
    options: Mapping[str, Any] = field(default_factory=dict)
    time: str | None = "time"
    prepare: Callable[[xr.Dataset], xr.Dataset] = lambda ds: ds


def east(name: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """Give longitudes from 0 to 360."""
    return lambda ds: ds[name] % 360


def down(name: str) -> Callable[[xr.Dataset], xr.DataArray]:
    return lambda ds: -ds[name]


def s_height(s: str, stretching: str, along: str | None = None) -> Callable[[xr.Dataset], xr.DataArray]:
    """Give ROMS's heights by its second transformation, at rho points or averaged along one of their dims."""

    def heights(ds: xr.Dataset) -> Any:
        eta, depth = ds.zeta, ds.h
        if along:
            dim, new = along.split()
            bare = [v.drop_vars(list(v.coords)) for v in (eta, depth)]
            eta, depth = (((v.shift({dim: -1}) + v) / 2).isel({dim: slice(0, -1)}).rename({dim: new}) for v in bare)
            (other,) = set(eta.dims) - {new}
            eta, depth = (v.rename({other: str(other).replace("rho", new[-1])}) for v in (eta, depth))
        share = (ds.hc * ds[s] + depth * ds[stretching]) / (ds.hc + depth)
        return eta + (eta + depth) * share

    return heights


def wrf_heights(ds: xr.Dataset) -> xr.Dataset:
    ds["height"] = (ds.PH + ds.PHB) / 9.81
    return ds.set_coords("height")


def layer_middles(ds: xr.Dataset, **averaged: str) -> Any:
    """Give the middles of WRF's layers, and from them what lies half a cell away along a dim."""
    height = ds.height.drop_vars(list(ds.height.coords))
    result = ((height.shift(bottom_top_stag=-1) + height) / 2).isel(bottom_top_stag=slice(0, -1))
    result = result.rename(bottom_top_stag="bottom_top")
    for dim, new in averaged.items():
        padded = result.pad({dim: 1}, mode="reflect", reflect_type="odd")
        result = ((padded.shift({dim: -1}) + padded) / 2).isel({dim: slice(0, -1)}).rename({dim: new})
    return result


def middle(name: str, dim: str, new: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """Give the means of neighbours along a dim."""
    return lambda ds: ((ds[name].shift({dim: -1}) + ds[name]) / 2).isel({dim: slice(0, -1)}).rename({dim: new})


def to_centres(name: str, dim: str, new: str) -> Callable[[xr.Dataset], xr.DataArray]:
    """Give the means of neighbours where the first one lies before the first centre; none after the last."""
    return lambda ds: ((ds[name].shift({dim: -1}) + ds[name]) / 2).drop_vars(dim).rename({dim: new})


def pressure(a: str, b: str) -> Callable[[xr.Dataset], xr.DataArray]:
    return lambda ds: -(ds[a] * ds.P0 + ds[b] * ds.PS)


ROMS = (
    Expected("temp", "lon_rho", "lat_rho", s_height("s_rho", "Cs_r")),
    Expected("w", "lon_rho", "lat_rho", s_height("s_w", "Cs_w")),
    Expected("u", "lon_u", "lat_u", s_height("s_rho", "Cs_r", "xi_rho xi_u")),
    Expected("v", "lon_v", "lat_v", s_height("s_rho", "Cs_r", "eta_rho eta_v")),
)
XY = ("XLONG", "XLAT")
WRF_FLAT = (
    Expected("HGT", *XY),
    Expected("ZNU", 0.0, 0.0, count("bottom_top")),
    Expected("TSLB", *XY, count("soil_layers_stag")),
)
MOM6_LINES = (
    Expected("thetao", "xh", "yh", down("zl")),
    Expected("uo", "xq", "yh", down("zl")),
    Expected("vo", "xh", "yq", down("zl")),
    Expected("e", "xh", "yh", down("zi")),
    Expected("zos deptho geolon geolat", "xh", "yh"),
    Expected("geolon_u geolat_u", "xq", "yh"),
    Expected("geolon_v geolat_v", "xh", "yq"),
)
MOM6_PLACES = (
    Expected("thetao", "geolon", "geolat", down("zl")),
    Expected("uo", "geolon_u", "geolat_u", down("zl")),
    Expected("vo", "geolon_v", "geolat_v", down("zl")),
    Expected("e", "geolon", "geolat", down("zi")),
    Expected("zos deptho", "geolon", "geolat"),
)
NEMO = (
    Expected("votemper e3t", east("nav_lon"), "nav_lat", down("deptht")),
    Expected("sossheig area", east("nav_lon"), "nav_lat"),
)
MITGCM = (
    Expected("rA Depth Eta", "XC", "YC"),
    Expected("T hFacC", "XC", "YC", "Z"),
    Expected("U", "XG", "YC", "Z"),
    Expected("V", "XC", "YG", "Z"),
    Expected("W", "XC", "YC", "Zl"),
    Expected("drF", 0.0, 0.0, "Z"),
)
POP = (
    Expected("TEMP", "TLONG", "TLAT", down("z_t")),
    Expected("diatC", "TLONG", "TLAT", down("z_t_150m")),
    Expected("UVEL", "ULONG", "ULAT", down("z_t")),
    Expected("SSH KMT TAREA", "TLONG", "TLAT"),
    Expected("dz", 0.0, 0.0, down("z_t")),
)
ERA5 = Expected("t", "longitude", "latitude", down("pressure_level"), vectors={"wind": ("u", "v")})


def on_globe(role: str, radius: float = 6371.0) -> Callable[[xr.Dataset], Any]:
    """Give x, y or z of ERA5's points on a globe, its pressure levels below the surface."""

    def place(ds: xr.Dataset) -> Any:
        lon, lat, distance = np.deg2rad(ds.longitude), np.deg2rad(ds.latitude), radius - ds.pressure_level
        around = {"x": np.cos(lat) * np.cos(lon), "y": np.cos(lat) * np.sin(lon), "z": np.sin(lat)}
        return distance * around[role]

    return place


def blowing(role: str) -> Callable[[xr.Dataset], Any]:
    """Give x, y or z of ERA5's winds on a globe."""

    def wind(ds: xr.Dataset) -> Any:
        lon, lat = np.deg2rad(ds.longitude), np.deg2rad(ds.latitude)
        return {
            "x": -np.sin(lon) * ds.u - np.sin(lat) * np.cos(lon) * ds.v,
            "y": np.cos(lon) * ds.u - np.sin(lat) * np.sin(lon) * ds.v,
            "z": np.cos(lat) * ds.v,
        }[role].transpose(*ds.u.dims)

    return wind


GLOBE = Expected(
    "t u v",
    on_globe("x"),
    on_globe("y"),
    on_globe("z"),
    vectors={"wind": tuple(blowing(role) for role in "xyz")},
    closed=True,
)
PALM = (
    Expected("u", "xu", "y", "zu_3d"),
    Expected("v", "x", "yv", "zu_3d"),
    Expected("w", "x", "y", "zw_3d"),
    Expected("theta", "x", "y", "zu_3d"),
    Expected("zusi", "x", "y"),
)
LINES = ("to_vtr", "to_vts", "to_pvd")

USES: dict[str, Use] = {
    "roms": Use(
        "roms",
        (
            *ROMS,
            Expected("mask_rho", "lon_rho", "lat_rho"),
            Expected("mask_psi", "lon_psi", "lat_psi"),
            Expected("nl_tnu2", count("tracer"), 0.0),
        ),
        time="ocean_time",
    ),
    "roms on lines": Use(
        "roms",
        (Expected("temp", count("xi_rho"), count("eta_rho"), "s_rho"),),
        ("to_vtr",),
        {"variables": ["temp"]},
        "ocean_time",
    ),
    "roms with holes and the surface": Use(
        "roms",
        (
            Expected("temp", "lon_rho", "lat_rho", lambda ds: 0.01 * s_height("s_rho", "Cs_r")(ds)),
            Expected("zeta h", "lon_rho", "lat_rho"),
        ),
        options={"variables": ["temp", "zeta", "h"], "missing": "blank", "z_scale": 0.01},
        time="ocean_time",
    ),
    "roms in cells": Use(
        "roms",
        (Expected("temp", "lon_rho", "lat_rho", s_height("s_rho", "Cs_r"), cells=True),),
        options={"variables": ["temp"], "location": "cell"},
        time="ocean_time",
    ),
    "wrf": Use(
        "wrf",
        (
            Expected("T", *XY, count("bottom_top")),
            Expected("U", "XLONG_U", "XLAT_U", count("bottom_top")),
            Expected("V", "XLONG_V", "XLAT_V", count("bottom_top")),
            Expected("W PH PHB", *XY, count("bottom_top_stag")),
            *WRF_FLAT,
        ),
        time="Time",
    ),
    "wrf at heights, with a vector": Use(
        "wrf",
        (
            Expected(
                "T",
                *XY,
                layer_middles,
                vectors={
                    "wind": (
                        middle("U", "west_east_stag", "west_east"),
                        middle("V", "south_north_stag", "south_north"),
                        middle("W", "bottom_top_stag", "bottom_top"),
                    )
                },
            ),
            Expected("HGT", *XY),
        ),
        options={
            "z": "height",
            "variables": ["T", "HGT"],
            "vectors": {"wind": ("U", "V", "W")},
            "stagger": {"U": "x", "V": "y", "W": "z"},
        },
        time="Time",
        prepare=wrf_heights,
    ),
    "wrf at heights": Use(
        "wrf",
        (
            Expected("T", *XY, layer_middles),
            Expected("U", "XLONG_U", "XLAT_U", lambda ds: layer_middles(ds, west_east="west_east_stag")),
            Expected("V", "XLONG_V", "XLAT_V", lambda ds: layer_middles(ds, south_north="south_north_stag")),
            Expected("W PH PHB", *XY, "height"),
            *WRF_FLAT,
        ),
        options={"z": "height"},
        time="Time",
        prepare=wrf_heights,
    ),
    "wrf in cells between heights": Use(
        "wrf",
        (Expected("T", *XY, layer_middles, cells=True),),
        options={"z": "height", "variables": ["T"], "location": "cell"},
        time="Time",
        prepare=wrf_heights,
    ),
    "mom6": Use("mom6", MOM6_LINES, ("to_vtr", "to_pvd")),
    "mom6 on its own places": Use(
        "mom6",
        MOM6_PLACES,
        prepare=lambda ds: ds.set_coords([n for n in ds if str(n).startswith("geol")]),
        verbs=("to_vts",),
    ),
    "mom6 with its places as variables": Use(
        "mom6",
        (
            *MOM6_PLACES,
            Expected("geolon geolat", "geolon", "geolat"),
            Expected("geolon_u geolat_u", "geolon_u", "geolat_u"),
            Expected("geolon_v geolat_v", "geolon_v", "geolat_v"),
        ),
        verbs=("to_vts",),
    ),
    "mom6 in cells": Use(
        "mom6",
        (Expected("thetao", "xh", "yh", down("zl"), cells=True),),
        ("to_vtr",),
        {"variables": ["thetao"], "location": "cell"},
    ),
    "nemo": Use("nemo", NEMO, time="time_counter"),
    "nemo in its own cells": Use(
        "nemo",
        (
            Expected("votemper e3t", east("nav_lon"), "nav_lat", down("deptht"), cells=True),
            Expected("sossheig area", east("nav_lon"), "nav_lat", cells=True),
        ),
        options={"location": "cell", "missing": "blank"},
        time="time_counter",
    ),
    "mesh_mask": Use(
        "mesh_mask",
        (
            Expected("tmask gdept_0", "glamt", "gphit", down("nav_lev")),
            Expected("nav_lon nav_lat glamt gphit e1t", "glamt", "gphit"),
        ),
        time="time_counter",
    ),
    "mesh_mask at its depths": Use(
        "mesh_mask",
        (Expected("tmask", "glamt", "gphit", down("gdept_0")),),
        options={"z": "gdept_0", "variables": ["tmask"]},
        time="time_counter",
    ),
    "mitgcm": Use("mitgcm", MITGCM, LINES),
    "mitgcm with a vector": Use(
        "mitgcm",
        (Expected("T", "XC", "YC", "Z", vectors={"flow": (to_centres("U", "XG", "XC"), to_centres("V", "YG", "YC"))}),),
        LINES,
        {"variables": ["T"], "vectors": {"flow": ("U", "V")}},
    ),
    "mitgcm in cells": Use(
        "mitgcm",
        (Expected("T hFacC", "XC", "YC", "Z", cells=True),),
        LINES,
        {"variables": ["T", "hFacC"], "location": "cell", "z": "Zp1"},
    ),
    "cordex": Use("cordex", (Expected("tas", "rlon", "rlat", "height"),), ("to_vtr", "to_vti", "to_pvd")),
    "cordex on its own places": Use("cordex", (Expected("tas", "lon", "lat", "height"),), ("to_vts",)),
    "cordex in its own cells": Use(
        "cordex", (Expected("tas", "lon", "lat", "height", cells=True),), ("to_vts",), {"location": "cell"}
    ),
    "cam": Use(
        "cam",
        (
            Expected("T U V", "lon", "lat", pressure("hyam", "hybm")),
            Expected("OMEGAI", "lon", "lat", pressure("hyai", "hybi")),
            Expected("TS", "lon", "lat"),
            Expected("gw", 0.0, "lat"),
        ),
    ),
    "cam on lines": Use(
        "cam",
        (
            Expected("T U V", "lon", "lat", down("lev")),
            Expected("OMEGAI", "lon", "lat", down("ilev")),
            Expected("TS", "lon", "lat"),
            Expected("gw", 0.0, "lat"),
        ),
        ("to_vtr",),
    ),
    "cam in layers, with a vector": Use(
        "cam",
        (Expected("T", "lon", "lat", pressure("hyam", "hybm"), vectors={"wind": ("U", "V")}, cells=True),),
        options={"variables": ["T"], "vectors": {"wind": ("U", "V")}, "location": "cell"},
    ),
    "pop": Use("pop", POP),
    "pop with holes": Use("pop", POP, options={"missing": "blank"}),
    "era5": Use("era5", (ERA5,), LINES, time="valid_time"),
    "era5 on the globe": Use("era5", (GLOBE,), options={"sphere": True, "radius": 6371}, time="valid_time"),
    "era5 packed": Use(
        "era5 packed",
        (Expected("t2m", "longitude", "latitude"),),
        (*LINES, "to_vti"),
        prepare=lambda ds: ds.isel(expver=0),
    ),
    "gfs": Use(
        "gfs",
        (Expected("t", "longitude", "latitude", down("isobaricInhPa")), Expected("t2m", "longitude", "latitude", 2.0)),
        LINES,
        time="step",
    ),
    "palm": Use("palm", PALM, LINES),
    "palm on its map": Use(
        "palm",
        (Expected("theta", "E_UTM", "N_UTM", "zu_3d"), Expected("w", "E_UTM", "N_UTM", "zw_3d")),
        options={"x": "E_UTM", "y": "N_UTM", "variables": ["theta", "w"]},
    ),
    "fv3": Use(
        "fv3",
        (Expected("tmp", "grid_xt", "grid_yt", down("pfull")), Expected("pressfc lon lat", "grid_xt", "grid_yt")),
        LINES,
    ),
    "fv3 in layers": Use(
        "fv3",
        (Expected("tmp", "grid_xt", "grid_yt", down("pfull"), cells=True),),
        LINES,
        {"variables": ["tmp"], "location": "cell"},
    ),
    "sgrid": Use(
        "sgrid",
        (
            Expected("R1", "XZ", "YZ", lambda ds: ds.S1 + ds.SIG_LYR * (ds.DPS0 + ds.S1)),
            Expected("DP", "XCOR", "YCOR"),
        ),
    ),
    "sgrid in cells": Use(
        "sgrid",
        (Expected("R1", "XZ", "YZ", lambda ds: ds.S1 + ds.SIG_LYR * (ds.DPS0 + ds.S1), cells=True),),
        options={"variables": ["R1"], "x": "XCOR", "y": "YCOR", "location": "cell"},
    ),
}


@pytest.mark.filterwarnings("ignore::vtkseries.VtkSeriesWarning", "ignore::xarray.SerializationWarning")
@pytest.mark.parametrize("use", USES)
def test_every_value_of_a_models_file_is_at_its_place(tmp_path: Path, use: str) -> None:
    one = USES[use]
    file = write(tmp_path / "model.nc", HEADERS[one.model], VALUES[one.model])
    runs: list[tuple[str, dict[str, int] | None]] = [(verb, None) for verb in one.verbs] + [(one.verbs[-1], {})]
    for number, (verb, chunks) in enumerate(runs):
        with xr.open_dataset(file, chunks=chunks) as opened:
            ds = one.prepare(opened)
            path = getattr(ds.vtk, verb)(tmp_path / f"{number}.pvd", **one.options)
            assert_places(path, ds.load(), one.expected, one.time)


SHOWN = (
    "roms",  # heights that move, points of their own for u and v
    "roms in cells",
    "wrf at heights, with a vector",  # brought to the centres
    "nemo in its own cells",  # of four vertices, across the date line
    "mesh_mask at its depths",
    "cordex",  # on rotated axes
    "cordex on its own places",
    "cam in layers, with a vector",
    "pop with holes",
    "era5 on the globe",
    "palm",  # images and lines in one series
    "mitgcm in cells",
)


@pytest.mark.paraview
@pytest.mark.filterwarnings("ignore::vtkseries.VtkSeriesWarning", "ignore::xarray.SerializationWarning")
def test_paraview_has_every_value_of_a_models_file_at_its_place(tmp_path: Path) -> None:
    written = []
    for number, use in enumerate(SHOWN):
        one = USES[use]
        file = write(tmp_path / f"model_{number}.nc", HEADERS[one.model], VALUES[one.model])
        ds = one.prepare(xr.load_dataset(file))
        written.append((getattr(ds.vtk, one.verbs[-1])(tmp_path / f"run_{number}.pvd", **one.options), ds, one))
    for (path, ds, one), seen in zip(written, walk(*(path for path, _, _ in written), values=True), strict=True):
        assert_places(path, ds, one.expected, one.time, seen)


def opened(folder: Path, model: str) -> xr.Dataset:
    return xr.load_dataset(write(folder / "model.nc", HEADERS[model], VALUES[model]))


def test_profiles_that_lie_far_from_the_grid_are_told(tmp_path: Path) -> None:
    plan = opened(tmp_path, "wrf").vtk.plan(tmp_path / "run.pvd", grid="auto")
    assert any(notice.startswith("ZNU: no x and y, so that they lie at 0") for notice in plan.notices)


def test_two_maps_of_one_grid_are_a_choice_or_the_grids_own_axes(tmp_path: Path) -> None:
    ds = opened(tmp_path, "palm")
    plan = ds.vtk.plan(tmp_path / "run.pvd", grid="vts")
    assert any("x='E_UTM' or x='lon'; the dims' own were taken" in notice for notice in plan.notices)
    globe = ds.vtk.plan(tmp_path / "run.pvd", grid="vts", sphere=True, variables=["theta"])
    assert not any("E_UTM" in notice for notice in globe.notices)


def test_formula_terms_are_drawn_where_they_are_named_and_the_plan_says_so(tmp_path: Path) -> None:
    ds = opened(tmp_path, "roms")
    notices = ds.vtk.plan(tmp_path / "run.pvd", grid="vts").notices
    assert "'zeta' describes other variables: used, and drawn only where variables= names it" in notices
