"""A global climate model on the sphere: CMIP names, a closed seam, winds that blow along the globe.

Run: python examples/global_climate.py
"""

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  registers ds.vtk

# What a CMIP file holds: its dims, names and attributes, with made-up weather.
lat, lon = np.arange(-87.5, 90, 5.0), np.arange(0, 360, 5.0)
plev = np.array([100000.0, 85000.0, 50000.0, 25000.0])
time = xr.date_range("2015-01-01", periods=3, freq="30D", use_cftime=True, calendar="noleap")
phi, lam = np.deg2rad(lat)[:, None], np.deg2rad(lon)[None, :]
month = np.arange(3)[:, None, None, None]
cold = np.arange(4)[None, :, None, None]
ta = 300 - 45 * np.sin(phi) ** 2 - 18 * cold + 4 * np.cos(3 * lam - month) * np.cos(phi)
ua = 30 * np.sin(2 * phi) ** 2 * (0.5 + cold / 4) + 5 * np.sin(4 * lam - month)
va = 8 * np.cos(4 * lam - month) * np.cos(phi) + 0 * ua
tas = ta[:, 0] - 2
dims = ("time", "plev", "lat", "lon")
ds = xr.Dataset(
    {
        "ta": (dims, ta.astype("f4"), {"standard_name": "air_temperature", "units": "K"}),
        "ua": (dims, ua.astype("f4"), {"standard_name": "eastward_wind", "units": "m s-1"}),
        "va": (dims, va.astype("f4"), {"standard_name": "northward_wind", "units": "m s-1"}),
        "tas": (("time", "lat", "lon"), tas.astype("f4"), {"standard_name": "air_temperature", "units": "K"}),
    },
    {
        "time": ("time", time, {"axis": "T"}),
        "plev": ("plev", plev, {"standard_name": "air_pressure", "units": "Pa", "positive": "down", "axis": "Z"}),
        "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"}),
        "lon": ("lon", lon, {"standard_name": "longitude", "units": "degrees_east", "axis": "X"}),
    },
    {"Conventions": "CF-1.7 CMIP-6.2"},
)

# The surface alone is a globe; with heights in metres the atmosphere becomes shells around it.
print(ds.vtk.plan("surface.pvd", grid="vts", sphere=True, variables=["tas"]))
print(ds.vtk.to_vts("surface.pvd", sphere=True, variables=["tas"]))

height = -7400 * np.log(ds.plev / 101325)
shells = ds.drop_vars("tas").assign_coords(plev=("plev", height.values, {"units": "m", "positive": "up", "axis": "Z"}))
print(shells.vtk.to_vts("atmosphere.pvd", sphere=True, z_scale=100))
