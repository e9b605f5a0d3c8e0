"""A box of turbulence: uniform axes become images, the fastest grids that ParaView has.

Run: python examples/box_of_turbulence.py
"""

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401  registers ds.vtk

# A periodic box with a spectrum that falls as turbulence's does, a Taylor-Green flow below it.
n, steps = 48, 3
rng = np.random.default_rng(7)
k = np.fft.fftfreq(n, 1 / n)
kz, ky, kx = np.meshgrid(k, k, np.fft.rfftfreq(n, 1 / n), indexing="ij")
k2 = kx**2 + ky**2 + kz**2
amplitude = np.where(k2 > 0, np.maximum(k2, 1) ** (-17 / 12), 0) * np.exp(-k2 / (n / 3) ** 2)
z, y, x = np.meshgrid(*[np.arange(n) * 2 * np.pi / n] * 3, indexing="ij")
velocity = []
for step in range(steps):
    a = [
        np.fft.irfftn(
            amplitude * np.exp(2j * np.pi * (rng.random(k2.shape) + 0.02 * step)), s=(n, n, n), axes=(0, 1, 2)
        )
        for _ in "xyz"
    ]
    scale = 0.4 / np.std(a)
    curl = np.stack(
        [
            np.gradient(a[2], axis=1) - np.gradient(a[1], axis=0),
            np.gradient(a[0], axis=0) - np.gradient(a[2], axis=2),
            np.gradient(a[1], axis=2) - np.gradient(a[0], axis=1),
        ]
    )
    mean = np.stack([np.cos(x) * np.sin(y) * np.cos(z), -np.sin(x) * np.cos(y) * np.cos(z), 0 * x])
    velocity.append(mean * np.exp(-0.1 * step) + scale * curl * 3)
velocity = np.array(velocity, "f4")
u, v, w = velocity.transpose(1, 0, 2, 3, 4)
grid = 2 * np.pi / n
vorticity = np.gradient(v, grid, axis=3) - np.gradient(u, grid, axis=2)
dims = ("time", "z", "y", "x")
ds = xr.Dataset(
    {name: (dims, values.astype("f4")) for name, values in {"u": u, "v": v, "w": w, "vorticity": vorticity}.items()},
    {"time": np.arange(steps) * 0.1, **{axis: np.arange(n) * grid for axis in "xyz"}},
)

options = {"vectors": {"velocity": ("u", "v", "w")}}
print(ds.vtk.plan("box.pvd", grid="auto", **options))
print(ds.vtk.to_pvd("box.pvd", **options))
