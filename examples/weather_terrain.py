"""Weather above terrain (WRF): heights of each step from the geopotential, winds at the centres.

Run: python examples/weather_terrain.py
"""

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  registers ds.vtk

# What a wrfout file holds: its dims, names and attributes, with a made-up mountain.
nt, nz, ny, nx = 3, 15, 36, 48
y, x = np.meshgrid(np.linspace(-1, 1, ny), np.linspace(-1, 1, nx), indexing="ij")
hgt = 1800 * np.exp(-6 * ((x - 0.2) ** 2 + 1.5 * y**2)) + 300 * np.exp(-8 * ((x + 0.6) ** 2 + (y - 0.4) ** 2))
eta = np.linspace(0, 1, nz + 1)[None, :, None, None] ** 1.4
step = np.arange(nt)[:, None, None, None]
interfaces = hgt + (9000 - hgt) * eta + 30 * np.sin(2 * np.pi * x + step) * eta * (1 - eta)
geopotential = 9.81 * interfaces
base = 9.81 * (hgt + (9000 - hgt) * eta) + 0 * geopotential
mass = ("Time", "bottom_top", "south_north", "west_east")
middle = (interfaces[:, 1:] + interfaces[:, :-1]) / 2
rng = np.random.default_rng(1)
ds = xr.Dataset(
    {
        "T": (mass, (0.004 * middle + 2 * np.sin(3 * x + step)).astype("f4"), {"units": "K"}),
        "QCLOUD": (mass, np.maximum(0, np.sin(4 * x - step) * np.exp(-(((middle - 3000) / 900) ** 2))).astype("f4")),
        "U": (
            ("Time", "bottom_top", "south_north", "west_east_stag"),
            (5 + 0.002 * middle[..., :1] + rng.normal(0, 0.2, (nt, nz, ny, nx + 1))).astype("f4"),
            {"units": "m s-1", "stagger": "X"},
        ),
        "V": (
            ("Time", "bottom_top", "south_north_stag", "west_east"),
            rng.normal(0, 0.5, (nt, nz, ny + 1, nx)).astype("f4"),
            {"units": "m s-1", "stagger": "Y"},
        ),
        "W": (
            ("Time", "bottom_top_stag", "south_north", "west_east"),
            (3 * np.gradient(interfaces, axis=3) / 100).astype("f4"),
            {"units": "m s-1", "stagger": "Z"},
        ),
        "PH": (("Time", "bottom_top_stag", "south_north", "west_east"), geopotential - base, {"units": "m2 s-2"}),
        "PHB": (("Time", "bottom_top_stag", "south_north", "west_east"), base, {"units": "m2 s-2"}),
    },
    {
        "XTIME": ("Time", np.datetime64("2021-07-01T12", "ns") + np.arange(nt) * np.timedelta64(1, "h")),
        "XLONG": (("Time", "south_north", "west_east"), np.broadcast_to(8 + x, (nt, ny, nx)), {"units": "degree_east"}),
        "XLAT": (
            ("Time", "south_north", "west_east"),
            np.broadcast_to(46 + y, (nt, ny, nx)),
            {"units": "degree_north"},
        ),
    },
)

# WRF has no formula_terms: the height of the layers' middles is one line of xarray, lazily where ds is chunked.
layers = ((ds.PH + ds.PHB) / 9.81).rename(bottom_top_stag="bottom_top")
ds["height"] = (layers.isel(bottom_top=slice(0, -1)) + layers.isel(bottom_top=slice(1, None))) / 2
ds["height"].attrs = {"units": "m", "positive": "up"}

options = {
    "z": "height",
    "z_scale": 1e-4,
    "variables": ["T", "QCLOUD"],
    "vectors": {"wind": ("U", "V", "W")},
    "stagger": {"U": "x", "V": "y", "W": "z"},
}
print(ds.vtk.plan("weather.pvd", grid="vts", **options))
print(ds.vtk.to_vts("weather.pvd", **options))
