"""A regional ocean with s-coordinates (ROMS): terrain-following levels that move with the sea surface.

Run: python examples/regional_ocean.py
"""

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  registers ds.vtk

# What a ROMS history file holds: its dims, names and attributes, with a made-up basin.
nt, ns, ny, nx = 4, 12, 40, 60
eta, xi = np.meshgrid(np.linspace(0, 1, ny), np.linspace(0, 1, nx), indexing="ij")
s_rho = (np.arange(ns) + 0.5) / ns - 1
stretching = (1 - np.cosh(3 * s_rho)) / (np.cosh(3.0) - 1)
depth = 40 + 900 * np.exp(-(((xi - 0.6) / 0.3) ** 2)) * np.sin(np.pi * eta) ** 0.5
radius = 0.2
land = np.hypot(xi - 0.1, eta - 0.8) < radius
time = np.datetime64("2020-01-01T00", "ns") + np.arange(nt) * np.timedelta64(6, "h")
phase = np.arange(nt)[:, None, None] * np.pi / 2
zeta = np.where(land, np.nan, 2 * np.sin(2 * np.pi * xi + phase))
levels = s_rho[None, :, None, None]
temp = 12 + 10 * np.exp(3 * levels) * (0.7 + 0.3 * np.sin(3 * np.pi * eta)) + 0.5 * zeta[:, None]
salt = 35 + 0.5 * levels + 0 * temp
u = 0.3 * np.cos(2 * np.pi * (xi[:, 1:] + xi[:, :-1]) / 2) + 0 * temp[..., 1:]
v = 0.2 * np.sin(2 * np.pi * (eta[1:] + eta[:-1]) / 2) + 0 * temp[..., 1:, :]
rho, s_dims = ("eta_rho", "xi_rho"), ("ocean_time", "s_rho", "eta_rho", "xi_rho")
ds = xr.Dataset(
    {
        "temp": (s_dims, temp, {"units": "Celsius", "long_name": "potential temperature"}),
        "salt": (s_dims, salt, {"long_name": "salinity"}),
        "u": (("ocean_time", "s_rho", "eta_u", "xi_u"), u, {"units": "meter second-1"}),
        "v": (("ocean_time", "s_rho", "eta_v", "xi_v"), v, {"units": "meter second-1"}),
        "zeta": (("ocean_time", *rho), zeta, {"units": "meter", "long_name": "free-surface"}),
        "h": (rho, depth, {"units": "meter", "long_name": "bathymetry at RHO-points"}),
        "hc": ((), 50.0, {"units": "meter"}),
        "Cs_r": ("s_rho", stretching),
        "grid": (
            (),
            0,
            {
                "cf_role": "grid_topology",
                "node_dimensions": "xi_psi eta_psi",
                "face_dimensions": "xi_rho: xi_psi (padding: both) eta_rho: eta_psi (padding: both)",
                "edge1_dimensions": "xi_u: xi_psi eta_u: eta_psi (padding: both)",
                "edge2_dimensions": "xi_v: xi_psi (padding: both) eta_v: eta_psi",
            },
        ),
    },
    {
        "ocean_time": time,
        "s_rho": (
            "s_rho",
            s_rho,
            {
                "standard_name": "ocean_s_coordinate_g2",
                "positive": "up",
                "formula_terms": "s: s_rho C: Cs_r eta: zeta depth: h depth_c: hc",
            },
        ),
        "lon_rho": (rho, -130 + 6 * xi + eta, {"units": "degree_east", "standard_name": "longitude"}),
        "lat_rho": (rho, 36 + 5 * eta - 0.8 * xi, {"units": "degree_north", "standard_name": "latitude"}),
    },
)

# Heights from the formula at each step, land as holes, u and v averaged to the rho points as one vector. Longitudes
# and latitudes are degrees and heights are metres: a thousandth of a degree a metre makes the basin visible.
options = {
    "z_scale": 0.002,
    "missing": "blank",
    "vectors": {"velocity": ("u", "v")},
    "variables": ["temp", "salt", "zeta"],
}
print(ds.vtk.plan("ocean.pvd", grid="vts", **options))
print(ds.vtk.to_vts("ocean.pvd", **options))
