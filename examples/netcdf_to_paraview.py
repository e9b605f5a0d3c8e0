"""A netCDF file becomes a ParaView animation.

Run: python examples/netcdf_to_paraview.py
"""

from pathlib import Path

import xarray as xr

import vtkseries  # noqa: F401  registers ds.vtk
from vtkseries import demo

# A model's output: any CF netCDF file will do.
dump = demo.simulate(Path("run.nc"), steps=6, solver=demo.Solver(shape=(12, 14, 18)))

with xr.open_dataset(dump, chunks={"time": 1}) as ds:
    print(ds.vtk.axes)
    print(ds.vtk.plan("run.pvd"))
    series = ds.vtk.to_vtr("run.pvd")
    # The lower half of the last steps, heights exaggerated, as kelvin above the ground's 300 K.
    near_ground = ds.isel(time=slice(-3, None), z=slice(0, 6)).assign(warmth=lambda part: part["theta"] - 300.0)
    near_ground[["warmth", "smoke"]].vtk.to_vtr("ground.pvd", z_scale=2.0)
print(f"open {series} in ParaView")
