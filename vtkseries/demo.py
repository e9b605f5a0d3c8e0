"""A small solver whose output is worth watching: a smoky thermal that rises over warm ground and meets a stable layer.

The equations are Boussinesq's, without viscosity, on a staggered grid that is periodic in x and y and stretched in z:
limited upwind fluxes, Heun steps, and a pressure from FFTs along x and y and a tridiagonal solve along z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import netCDF4
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    Array = NDArray[np.floating[Any]]

__all__ = ["Solver", "simulate"]

GRAVITY = 9.81
GROUND_TEMPERATURE = 300.0
HEAT_CAPACITY = 1.2 * 1005.0  # of a cubic metre of air, J / (K m3)
EXCHANGE = 0.01  # bulk coefficient of the ground's heat flux
Z, Y, X = 0, 1, 2


def _levels(nz: int, top: float, stretch: float = 2.5) -> Array:
    """Heights of the nz + 1 level interfaces, `stretch` times as far apart at the top as at the ground."""
    thickness = np.linspace(1.0, stretch, nz)
    return np.concatenate([[0.0], np.cumsum(thickness) * top / thickness.sum()])


def _slope(low: Array, high: Array) -> Array:
    """Van Leer's limited slope from the differences on both sides of a cell."""
    product = low * high
    return np.divide(2.0 * product, low + high, out=np.zeros_like(product), where=product > 0.0)


def _flux_periodic(q: Array, velocity: Array, axis: int) -> Array:
    """Flux of q through each cell's lower face along a periodic axis."""
    rise = q - np.roll(q, 1, axis)
    half = 0.5 * _slope(rise, np.roll(rise, -1, axis))
    below, above = np.roll(q + half, 1, axis), q - half
    return np.where(velocity > 0.0, velocity * below, velocity * above)


def _flux_vertical(q: Array, velocity: Array) -> Array:
    """Flux of q (n levels) through the n - 1 faces between its levels."""
    rise = np.diff(q, axis=Z)
    half = np.zeros_like(q)
    half[1:-1] = 0.5 * _slope(rise[:-1], rise[1:])
    below, above = (q + half)[:-1], (q - half)[1:]
    return np.where(velocity > 0.0, velocity * below, velocity * above)


def _centre(q: Array, axis: int) -> Array:
    """Mean of each value and the one before it along a periodic axis."""
    return 0.5 * (q + np.roll(q, 1, axis))


@dataclass(eq=False)
class Solver:
    """Air in a box: call `step` until the time that you want.

    Parameters
    ----------
    shape
        Cells along z, y and x; unequal on purpose, so that a transposed array shows.
    extent
        Metres along z, y and x.
    seed
        Of the noise that breaks the thermal's symmetry.

    Attributes
    ----------
    u, v
        Winds on the cells' lower x and y faces, m/s, shape (nz, ny, nx).
    w
        Upward wind on level interfaces, m/s, shape (nz + 1, ny, nx); zero at the ground and at the lid.
    theta, smoke
        Potential temperature, K, and smoke, a fraction, shape (nz, ny, nx).
    time
        Seconds since the start.
    """

    shape: tuple[int, int, int] = (32, 36, 44)
    extent: tuple[float, float, float] = (4000.0, 4500.0, 5500.0)
    seed: int = 1
    time: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        nz, ny, nx = self.shape
        top, width, length = self.extent
        self.dy, self.dx = width / ny, length / nx
        self.interfaces = _levels(nz, top)
        self.z = 0.5 * (self.interfaces[:-1] + self.interfaces[1:])
        self.y = (np.arange(ny) + 0.5) * self.dy - width / 2
        self.x = (np.arange(nx) + 0.5) * self.dx - length / 4
        self.dz = np.diff(self.interfaces).astype("f4")[:, None, None]
        self.gap = np.diff(self.z).astype("f4")[:, None, None]
        z, y, x = self.z[:, None, None], self.y[:, None], self.x
        noise = np.random.default_rng(self.seed).normal(size=self.shape)
        ball = np.clip(1.25 - np.sqrt((x / 650) ** 2 + (y / 650) ** 2 + ((z - 550) / 450) ** 2), 0.0, 1.0)
        self.stratification = (GROUND_TEMPERATURE + 0.012 * np.clip(z - 0.62 * top, 0.0, None)).astype("f4")
        self.theta = self.stratification + (ball * (3.0 + 0.25 * noise)).astype("f4")
        self.smoke = ball.astype("f4")
        self.ground = (GROUND_TEMPERATURE + 4.0 * np.exp(-((x / 900) ** 2) - (y / 900) ** 2)).astype("f4")
        self.u = np.broadcast_to(1.0 + 5.0 * z / top, self.shape).astype("f4")
        self.v = np.zeros(self.shape, "f4")
        self.w = np.zeros((nz + 1, ny, nx), "f4")
        self._prepare_pressure()

    def _prepare_pressure(self) -> None:
        """Factorise the discrete Laplacian: one tridiagonal matrix along z for each pair of wave numbers."""
        nz, ny, nx = self.shape
        along_y = (2.0 - 2.0 * np.cos(2.0 * np.pi * np.arange(ny) / ny)) / self.dy**2
        along_x = (2.0 - 2.0 * np.cos(2.0 * np.pi * np.arange(nx // 2 + 1) / nx)) / self.dx**2
        lower, upper = np.zeros((nz, 1, 1)), np.zeros((nz, 1, 1))
        lower[1:], upper[:-1] = 1.0 / (self.dz[1:] * self.gap), 1.0 / (self.dz[:-1] * self.gap)
        diagonal = -(lower + upper) - along_y[:, None] - along_x
        diagonal[0, 0, 0] *= 2.0  # the mean pressure is arbitrary: this fixes it
        self.lower, self.pivot = lower, np.empty_like(diagonal)
        self.ratio = np.zeros_like(diagonal)
        for k in range(nz):
            self.pivot[k] = diagonal[k] - (lower[k] * self.ratio[k - 1] if k else 0.0)
            self.ratio[k] = upper[k] / self.pivot[k]

    def divergence(self) -> Array:
        """Outflow of each cell, 1/s; zero but for rounding after each step."""
        flow = (np.roll(self.u, -1, X) - self.u) / self.dx + (np.roll(self.v, -1, Y) - self.v) / self.dy
        outflow: Array = flow + np.diff(self.w, axis=Z) / self.dz
        return outflow

    def _project(self) -> None:
        """Take the pressure gradient from the wind that leaves it without divergence."""
        p = np.fft.rfft2(self.divergence())
        for k in range(len(p)):
            p[k] = (p[k] - (self.lower[k] * p[k - 1] if k else 0.0)) / self.pivot[k]
        for k in range(len(p) - 2, -1, -1):
            p[k] -= self.ratio[k] * p[k + 1]
        pressure = np.fft.irfft2(p, s=self.shape[1:]).astype("f4")
        self.u -= (pressure - np.roll(pressure, 1, X)) / self.dx
        self.v -= (pressure - np.roll(pressure, 1, Y)) / self.dy
        self.w[1:-1] -= np.diff(pressure, axis=Z) / self.gap

    def heat_flux(self) -> Array:
        """Heat that the ground gives to the air, W/m2, shape (ny, nx)."""
        speed = np.hypot(self.u[0], self.v[0]) + 0.5
        flux: Array = HEAT_CAPACITY * EXCHANGE * speed * (self.ground - self.theta[0])
        return flux

    def _tendencies(self) -> dict[str, Array]:
        """Rates of change of every field by advection, buoyancy and the ground's heat."""
        u, v, w = self.u, self.v, self.w
        walls = ((1, 1), (0, 0), (0, 0))

        def advect(q: Array, east: Array, north: Array, up: Array) -> Array:
            fx, fy = _flux_periodic(q, east, X), _flux_periodic(q, north, Y)
            fz = np.pad(_flux_vertical(q, up[1:-1]), walls)
            horizontal = (np.roll(fx, -1, X) - fx) / self.dx + (np.roll(fy, -1, Y) - fy) / self.dy
            rate: Array = -horizontal - np.diff(fz, axis=Z) / self.dz
            return rate

        mass_u, mass_v = self.dz * u, self.dz * v
        between_u = 0.5 * (mass_u[1:] + mass_u[:-1]) / self.gap
        between_v = 0.5 * (mass_v[1:] + mass_v[:-1]) / self.gap
        fx, fy = _flux_periodic(w[1:-1], between_u, X), _flux_periodic(w[1:-1], between_v, Y)
        fz = _flux_vertical(w, 0.5 * (w[1:] + w[:-1]))
        rise = (
            -(np.roll(fx, -1, X) - fx) / self.dx - (np.roll(fy, -1, Y) - fy) / self.dy - np.diff(fz, axis=Z) / self.gap
        )
        buoyancy = GRAVITY * (self.theta - self.stratification) / GROUND_TEMPERATURE
        theta = advect(self.theta, u, v, w)
        theta[0] += self.heat_flux() / HEAT_CAPACITY / self.dz[0]
        return {
            "u": advect(u, _centre(u, X), _centre(v, X), _centre(w, X)),
            "v": advect(v, _centre(u, Y), _centre(v, Y), _centre(w, Y)),
            "w": np.pad(rise + 0.5 * (buoyancy[1:] + buoyancy[:-1]), walls),
            "theta": theta,
            "smoke": advect(self.smoke, u, v, w),
        }

    def stable_step(self) -> float:
        """Longest time step, s, that keeps every field bounded."""
        courant = np.abs(self.u).max() / self.dx + np.abs(self.v).max() / self.dy + np.abs(self.w[1:] / self.dz).max()
        return float(min(0.75 / courant, 15.0))

    def step(self, seconds: float) -> None:
        """Advance by one Heun step of `seconds`."""
        start = {name: getattr(self, name) for name in ("u", "v", "w", "theta", "smoke")}
        first = self._tendencies()
        for name, rate in first.items():
            setattr(self, name, start[name] + seconds * rate)
        self._project()
        for name, rate in self._tendencies().items():
            setattr(self, name, start[name] + 0.5 * seconds * (first[name] + rate))
        self._project()
        self.time += seconds


_FIELDS = {
    "theta": ("air_potential_temperature", "K", "potential temperature"),
    "u": ("eastward_wind", "m s-1", "eastward wind"),
    "v": ("northward_wind", "m s-1", "northward wind"),
    "w": ("upward_air_velocity", "m s-1", "upward wind"),
    "smoke": ("", "1", "fraction of smoke in the air"),
    "hfss": ("surface_upward_sensible_heat_flux", "W m-2", "heat that the ground gives to the air"),
}


def _create(dump: netCDF4.Dataset, solver: Solver) -> None:
    """Define dims, coordinates and variables as CF-1.11 asks."""
    dump.Conventions = "CF-1.11"
    dump.title = "A smoky thermal over warm ground"
    dump.source = "vtkseries demo"
    nz, ny, nx = solver.shape
    dump.createDimension("time", None)
    dump.createDimension("bnds", 2)
    axes = {
        "z": (solver.z, {"axis": "Z", "standard_name": "height", "positive": "up", "bounds": "z_bnds"}),
        "y": (solver.y, {"axis": "Y", "standard_name": "projection_y_coordinate"}),
        "x": (solver.x, {"axis": "X", "standard_name": "projection_x_coordinate"}),
    }
    for name, (values, attributes) in axes.items():
        dump.createDimension(name, len(values))
        axis = dump.createVariable(name, "f8", (name,))
        axis.setncatts({"units": "m", **attributes})
        axis[:] = values
    dump.createVariable("z_bnds", "f8", ("z", "bnds"))[:] = np.column_stack(
        [solver.interfaces[:-1], solver.interfaces[1:]]
    )
    time = dump.createVariable("time", "f8", ("time",))
    time.setncatts(
        {"axis": "T", "standard_name": "time", "units": "seconds since 2000-06-21 12:00:00", "calendar": "standard"}
    )
    for name, (standard_name, units, long_name) in _FIELDS.items():
        dims, chunk = (("y", "x"), (ny, nx)) if name == "hfss" else (("z", "y", "x"), (nz, ny, nx))
        variable = dump.createVariable(
            name, "f4", ("time", *dims), compression="zlib", complevel=1, shuffle=True, chunksizes=(1, *chunk)
        )
        variable.setncatts({"units": units, "long_name": long_name})
        if standard_name:
            variable.standard_name = standard_name


def _append(dump: netCDF4.Dataset, solver: Solver) -> None:
    """Write one step, with the winds taken to the cells' centres."""
    step = len(dump.dimensions["time"])
    dump["time"][step] = solver.time
    dump["theta"][step] = solver.theta
    dump["u"][step] = 0.5 * (solver.u + np.roll(solver.u, -1, X))
    dump["v"][step] = 0.5 * (solver.v + np.roll(solver.v, -1, Y))
    dump["w"][step] = 0.5 * (solver.w[:-1] + solver.w[1:])
    dump["smoke"][step] = solver.smoke
    dump["hfss"][step] = solver.heat_flux()


def simulate(
    path: Path,
    *,
    steps: int = 25,
    interval: float = 30.0,
    solver: Solver | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Run the solver and dump a CF netCDF-4 file, step by step, as models do.

    Parameters
    ----------
    path
        The netCDF file to write.
    steps
        Number of time steps in the file.
    interval
        Seconds of model time between them.
    solver
        Start from this state rather than the default one.
    progress
        Called with the number of steps done and `steps` after each one.

    Returns
    -------
    Path
        `path`.
    """
    solver = solver or Solver()
    with netCDF4.Dataset(path, "w", format="NETCDF4") as dump:
        _create(dump, solver)
        for number in range(steps):
            while (left := number * interval - solver.time) > 0.0:
                pace = solver.stable_step()
                solver.step(left / max(1, math.ceil(left / pace)))
            solver.time = number * interval  # free of the sum's rounding
            _append(dump, solver)
            if progress:
                progress(number + 1, steps)
    return path
