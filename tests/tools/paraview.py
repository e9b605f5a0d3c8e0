"""Real ParaView as a reader: one pvbatch process under one virtual display walks any number of series."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader

__all__ = ["Part", "Seen", "Step", "walk"]

_SCRIPT = Path(__file__).with_name("inside_paraview") / "walk.py"
_SECONDS = 300


@dataclass(frozen=True)
class Part:
    """A grid of a step.

    Attributes
    ----------
    point, cell : dict
        By array name: ``type``, ``ranges`` (one pair a component), ``components`` (their names).
    values : dict
        With ``values=True``, by array name: ndarray of shape (z, y, x) or (z, y, x, components). A cell array with the
        name of a point array has ``" of cells"`` after it.
    axes : dict
        ``x``, ``y``, ``z`` of a rectilinear grid.
    points : ndarray or None
        Of shape (z, y, x, 3), of a structured grid with ``values=True``.
    """

    kind: str
    extent: tuple[int, ...]
    bounds: tuple[float, ...]
    point: dict[str, Any]
    cell: dict[str, Any]
    field: dict[str, list[Any]]
    axes: dict[str, Any]
    values: dict[str, Any]
    points: Any


@dataclass(frozen=True)
class Step:
    """A time step, as ParaView holds it when its time is asked for."""

    time: float | None
    bounds: tuple[float, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Seen:
    """What ParaView saw of one series (or lone file).

    Attributes
    ----------
    image : ndarray or None
        With ``images=True``: the last step's picture, of shape (300, 400, 3).
    complaints : str
        Everything that ParaView printed or raised; empty when all is well.
    """

    path: Path
    times: tuple[float, ...]
    steps: tuple[Step, ...]
    image: Any
    complaints: str
    expat: str

    def assert_picture(self) -> None:
        """Check that the picture is one: the grid fills a part of it, in many colours."""
        assert self.image is not None, "no picture was asked for"
        colours, counts = np.unique(self.image.reshape(-1, 3), axis=0, return_counts=True)
        assert len(colours) >= 16, f"{self.path} is drawn in {len(colours)} colours"
        drawn = 1 - counts.max() / counts.sum()
        assert drawn > 0.05, f"{self.path} fills {drawn:.1%} of its picture"


def walk(
    *paths: Path,
    values: bool = False,
    images: bool = False,
    complaints: bool = False,
    library_path: Path | None = None,
) -> list[Seen]:
    """Have ParaView open every path and go through all its steps.

    Parameters
    ----------
    *paths : Path
        ``.pvd`` or any file that ParaView opens; all in one process, since each start costs seconds.
    values : bool
        Whether to give every value too.
    images : bool
        Whether to draw the last step of each.
    complaints : bool
        False: whatever ParaView complains of is an AssertionError.
    library_path : Path, optional
        A directory in which the process looks for shared libraries first.

    Raises
    ------
    AssertionError
        ParaView is missing, crashed, took too long, or complained.
    """
    for command in ("pvbatch", "xvfb-run"):
        assert shutil.which(command), f"{command} is missing: apt-get install python3-paraview paraview xvfb"
    with tempfile.TemporaryDirectory() as folder:
        job, answer = Path(folder, "job.json"), Path(folder, "answer.json")
        job.write_text(
            json.dumps(
                {
                    "paths": [str(path.resolve()) for path in paths],
                    "values": values,
                    "images": images,
                    "folder": folder,
                    "answer": str(answer),
                }
            )
        )
        _run(job, library_path)
        told = json.loads(answer.read_text())
        seen = [_seen(series, told["expat"]) for series in told["series"]]
    if not complaints:
        for series in seen:
            assert not series.complaints, f"ParaView on {series.path}: {series.complaints}"
    return seen


def _run(job: Path, library_path: Path | None) -> None:
    # A virtual environment's Python must not reach ParaView's own; without -noreset some runs die as they start; and a
    # ParaView that crashed may ignore everything but KILL.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
    if library_path is not None:
        environment["LD_LIBRARY_PATH"] = str(library_path)
    display = ["xvfb-run", "-a", "-s", "-noreset -screen 0 1024x768x24"]
    command = [*display, "timeout", "-s", "KILL", str(_SECONDS), "pvbatch", str(_SCRIPT), str(job)]
    result = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    done = job.with_name("answer.json").exists()
    assert done, f"pvbatch gave no answer (exit status {result.returncode}): {result.stdout[-2000:]}"


def _seen(series: dict[str, Any], expat: str) -> Seen:
    steps = tuple(
        Step(step["time"], tuple(step["bounds"]), tuple(map(_part, step["parts"]))) for step in series["steps"]
    )
    return Seen(
        Path(series["path"]),
        tuple(series["times"]),
        steps,
        _picture(series["image"]) if series.get("image") else None,
        series["complaints"] + series["raised"],
        expat,
    )


def _part(part: dict[str, Any]) -> Part:
    cells = {f"{name} of cells" if name in part["point"] else name: array for name, array in part["cell"].items()}
    arrays = {**part["point"], **cells}
    axes = {axis: np.array(values) for axis, values in zip("xyz", part.get("axes", ()), strict=False)}
    return Part(
        part["kind"],
        tuple(part.get("extent", ())),
        tuple(part["bounds"]),
        part["point"],
        part["cell"],
        part["field"],
        axes,
        {name: np.load(array["file"]) for name, array in arrays.items() if "file" in array},
        np.load(part["points"]) if "points" in part else None,
    )


def _picture(path: str) -> Any:
    reader = vtkPNGReader()
    reader.SetFileName(path)
    reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
    return pixels.reshape(height, width, -1)[::-1, :, :3].copy()
