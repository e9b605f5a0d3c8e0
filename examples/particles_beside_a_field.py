"""A solver's particles beside its field: two parts of one animation, each step listed as soon as it is written.

Run: python examples/particles_beside_a_field.py

Open run.pvd in ParaView, also while this runs: the first block is the field, the second the particles, which come in
and leave, so that their number changes.
"""

import numpy as np

from vtkseries import SeriesWriter

x, y = np.linspace(-2.0, 2.0, 41), np.linspace(-1.0, 1.0, 21)
X, Y = np.meshgrid(x, y)  # [y, x]
rng = np.random.default_rng(0)
px, py = np.full(40, -2.0), rng.uniform(-0.8, 0.8, 40)
age = np.zeros(40)

with SeriesWriter("run.pvd", x, y, time_units="s") as series:
    for step in range(12):
        time = 0.1 * step
        u, v = 1.5 - Y**2, 0.6 * np.sin(2 * np.pi * (X - time))
        field = {"wind": (u, v), "speed": np.hypot(u, v)}
        series.write(time, field, points=(px, py, np.zeros(px.size)), points_data={"age": age})

        px = px + 0.1 * (1.5 - py**2)
        py = py + 0.1 * 0.6 * np.sin(2 * np.pi * (px - time))
        inside = px <= x[-1]
        px, py = np.append(px[inside], np.full(8, -2.0)), np.append(py[inside], rng.uniform(-0.8, 0.8, 8))
        age = np.append(age[inside] + 0.1, np.zeros(8))
print(f"run.pvd: 12 steps of a field of {X.size} points, and of {px.size} particles in the end")
