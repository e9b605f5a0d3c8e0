"""Three MPI ranks that each write their slab of every step; ParaView shows one grid.

Run: mpirun --allow-run-as-root --oversubscribe -n 3 python examples/mpi_solver.py
"""

import numpy as np
from mpi4py import MPI

from vtkseries import SeriesWriter

comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
x, y, z = np.linspace(0, 1, 24), np.linspace(0, 1, 16), np.linspace(0, 3, 1 + 8 * size)  # of the whole grid

# This rank has the points z[8 rank] to z[8 rank + 8]: neighbours share a plane of points.
extent = (0, len(x) - 1, 0, len(y) - 1, 8 * rank, 8 * rank + 8)
own = z[8 * rank : 8 * rank + 9, None, None]

with SeriesWriter("slabs.pvd", x, y, z, comm=comm, extent=extent) as series:
    for step in range(5):
        wave = np.sin(4 * own - step) * np.cos(3 * y[:, None]) * np.cos(2 * x)
        whose = np.full((8, len(y) - 1, len(x) - 1), rank, "i2")
        series.write(0.2 * step, point_data={"wave": wave}, cell_data={"rank": whose})

if rank == 0:
    print("Now open slabs.pvd in ParaView.")
