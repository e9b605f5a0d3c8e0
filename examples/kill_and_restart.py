"""A job that is killed at its time limit, and the same job script going on from the last checkpoint.

Run: python examples/kill_and_restart.py
"""

import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

from vtkseries import SeriesWriter
from vtkseries.storage.index import entries

CHECKPOINT = Path("checkpoint.npz")


def job(last: int) -> None:
    """Go on from the checkpoint, if there is one; every fifth step makes a new one."""
    x, y = np.linspace(0, 1, 30), np.linspace(0, 1, 20)
    first, height = 0, np.sin(6 * x) * np.cos(4 * y)[:, None]
    if CHECKPOINT.exists():
        saved = np.load(CHECKPOINT)
        first, height = int(saved["step"]), saved["height"]
    with SeriesWriter("waves.pvd", x, y, mode="a") as series:  # "a" begins a series, and goes on with one
        for step in range(first, last):
            if step % 5 == 0:
                np.savez("new.npz", step=step, height=height)
                Path("new.npz").replace(CHECKPOINT)
            series.write(0.1 * step, point_data={"height": height})
            height = np.roll(height, 1, axis=1)
            print("step", step, flush=True)


if "job" in sys.argv:
    job(10**9)

with subprocess.Popen([sys.executable, __file__, "job"], stdout=subprocess.PIPE, text=True) as running:  # noqa: S603 (this file)
    for line in running.stdout or ():
        if line.strip() == "step 12":
            running.send_signal(signal.SIGKILL)  # the time limit
            break
    running.stdout.read()
print(len(entries(Path("waves.pvd"))), "steps are listed after the kill; none is torn")
before = np.load(CHECKPOINT)["step"]

with warnings.catch_warnings(record=True) as notices:
    warnings.simplefilter("always")
    job(20)
print(notices[0].message)
times = [float(step[0].timestep) for step in entries(Path("waves.pvd"))]
if times != [0.1 * step for step in range(20)]:
    sys.exit(f"the series is not whole: {times}")
print(f"The series goes on from the checkpoint at step {before} and has 20 steps: open waves.pvd in ParaView.")
