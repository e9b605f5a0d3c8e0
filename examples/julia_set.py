"""A Julia set that changes from slice to slice, as cells of a grid with one point more along each axis, and a picture.

Run: python examples/julia_set.py

Writes julia.vti, which ParaView opens, and renders julia.png with pyvista: pip install vtkseries[grids]. On a machine
without a screen put `xvfb-run -a` before it where VTK complains.
"""

from __future__ import annotations

import numpy as np
import pyvista as pv
import xarray as xr

import vtkseries  # noqa: F401  # registers ds.vtk

LAST, BOUND = 24, 2.0


def julia(c: complex, size: int) -> np.ndarray:
    """Count the steps of z -> z**2 + c before |z| passes 2: one slice, indexed [y, x]."""
    y, x = np.mgrid[-1.2 : 1.2 : size * 1j, -1.6 : 1.6 : size * 1j]
    z, count = x + 1j * y, np.zeros((size, size), "u1")
    for _ in range(LAST):
        z = np.where(np.abs(z) <= BOUND, z * z + c, z)
        count += np.abs(z) <= BOUND
    return count


def edges(low: float, high: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the middles of cells, and their n + 1 edges."""
    found = np.linspace(low, high, cells + 1)
    return (found[1:] + found[:-1]) / 2, found


angles, turns = edges(0.0, np.pi, 60)
x, x_edges = edges(-1.6, 1.6, 128)
y, y_edges = edges(-1.2, 1.2, 128)
stack = np.stack([julia(0.7885 * np.exp(1j * angle), 128) for angle in angles])
ds = xr.Dataset(
    {"steps": (("turn", "y", "x"), stack)},
    {
        "turn": ("turn", angles, {"axis": "Z", "units": "rad", "bounds": "turn_edges"}),
        "y": ("y", y, {"axis": "Y", "bounds": "y_edges"}),
        "x": ("x", x, {"axis": "X", "bounds": "x_edges"}),
        "turn_edges": turns,
        "y_edges": y_edges,
        "x_edges": x_edges,
    },
)
written = ds.vtk.to_vti("julia.vti", location="cell", compression="zlib")
grid = ds.vtk.to_pyvista(location="cell", grid="vti")
print(f"{written}: {grid.n_cells} cells between {grid.n_points} points, {written.stat().st_size} bytes")

pv.OFF_SCREEN = True
plot = pv.Plotter(window_size=(900, 700))
plot.add_mesh(grid.threshold(LAST // 3, scalars="steps"), scalars="steps", cmap="magma", show_scalar_bar=False)
plot.add_mesh(grid.outline(), color="grey")
plot.camera_position = [(6.5, -6.0, 5.5), (0.0, 0.0, 1.57), (0.0, 0.0, 1.0)]
plot.screenshot("julia.png")
plot.close()
print("julia.png shows it")
