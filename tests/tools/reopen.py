"""What VTK's and ParaView's readers make of a collection: the times it lists, and a sum of all that each part holds.

VTK's wheel has no reader of collections; VTK's own parser of XML, which ParaView's reader of collections uses, reads
the ``.pvd`` here, and VTK's readers the steps that it lists.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from vtkmodules.vtkIOXML import vtkXMLGenericDataObjectReader
from vtkmodules.vtkIOXMLParser import vtkXMLDataParser

from tools.inside_paraview.sums import sum_of
from tools.readers import vtk_complaints_fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Listing", "in_paraview", "in_vtk", "sum_of_arrays"]

Listing = list[tuple[float, list[int]]]
"""Times, each with the sums of its parts."""

_SCRIPT = Path(__file__).with_name("inside_paraview") / "reopen.py"
_SECONDS = 500


def sum_of_arrays(arrays: Mapping[str, Any]) -> int:
    """Give the sum of what a file must hold: arrays by name, of shape (z, y, x) or (z, y, x, components)."""
    total = 0
    for name, values in sorted(arrays.items()):
        total = zlib.crc32(np.ascontiguousarray(values).tobytes(), zlib.crc32(name.encode(), total))
    return total


def in_vtk(path: Path) -> Listing:
    """Read a collection and all its steps with VTK; whatever VTK complains of is an AssertionError."""
    with vtk_complaints_fail():
        parser = vtkXMLDataParser()
        parser.SetFileName(str(path))
        assert parser.Parse(), f"VTK cannot parse {path}"
        collection = parser.GetRootElement().FindNestedElementWithName("Collection")
        found: dict[float, list[int]] = {}
        for number in range(collection.GetNumberOfNestedElements()):
            item = collection.GetNestedElement(number)
            reader = vtkXMLGenericDataObjectReader()
            reader.SetFileName(str(path.parent / item.GetAttribute("file")))
            reader.Update()
            grid = reader.GetOutputDataObject(0)
            assert grid is not None, f"VTK reads nothing from {item.GetAttribute('file')}"
            found.setdefault(float(item.GetAttribute("timestep")), []).append(sum_of(grid))
    return sorted(found.items())


def in_paraview(paths: Sequence[Path]) -> list[Listing]:
    """Have one ParaView read collections and all their steps; whatever it complains of is an AssertionError."""
    assert shutil.which("pvbatch"), "pvbatch is missing: apt-get install python3-paraview paraview"
    with tempfile.TemporaryDirectory() as folder:
        job, answer = Path(folder, "job.json"), Path(folder, "answer.json")
        job.write_text(json.dumps([str(path) for path in paths]))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
        command = ["timeout", "-s", "KILL", str(_SECONDS), "pvbatch", str(_SCRIPT), str(job), str(answer)]
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        assert answer.exists(), f"pvbatch gave no answer (exit status {done.returncode}): {done.stdout[-2000:]}"
        told = json.loads(answer.read_text())
    assert len(told) == len(paths)
    for path, seen in zip(paths, told, strict=True):
        assert not seen["complaints"], f"ParaView on {path}: {seen['complaints']}"
    return [[(time, sums) for time, sums in seen["steps"]] for seen in told]
