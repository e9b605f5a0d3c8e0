"""A solver that writes each step as it has it, for ParaView to watch.

Run: python examples/running_solver.py
"""

import numpy as np

from vtkseries import SeriesWriter

x, y, z = np.linspace(0, 2, 41), np.linspace(0, 1, 21), np.linspace(0, 1, 11)
temperature = np.zeros((11 + 2, 21 + 2, 41 + 2))  # one ghost cell on each side, [z, y, x]
inner = (slice(1, -1),) * 3

with SeriesWriter("heat.pvd", x, y, z, time_units="s", compression="lz4") as series:
    for step in range(20):
        temperature[5:7, 10:12, 10 + step] = 100.0  # a torch that moves along
        around = sum(np.roll(temperature, shift, axis) for axis in range(3) for shift in (-1, 1))
        temperature[inner] += 0.1 * (around - 6 * temperature)[inner]
        gradient = np.gradient(temperature[inner], z, y, x)
        series.write(0.1 * step, point_data={"T": temperature[inner], "flux": tuple(-g for g in reversed(gradient))})

print("Now open heat.pvd in ParaView; while a solver runs, File > Reload Files shows what came since.")
