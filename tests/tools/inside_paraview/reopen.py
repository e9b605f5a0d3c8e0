"""Runs inside ParaView (pvbatch): opens collections one after the other and sums all that their steps hold.

Usage: pvbatch reopen.py JOB.json ANSWER.json.
"""

import json
import sys
from pathlib import Path
from typing import Any

from paraview import simple
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow

sys.path.insert(0, str(Path(__file__).parent))

from sums import sum_of  # type: ignore[import-not-found]  # beside this script


def main(job: str, answer: str) -> None:
    told = []
    for path in json.loads(Path(job).read_text()):
        window = vtkStringOutputWindow()
        vtkOutputWindow.SetInstance(window)
        steps = reopen(path)
        told.append({"steps": steps, "complaints": window.GetOutput()})
    Path(answer).write_text(json.dumps(told))


def reopen(path: str) -> list[Any]:
    reader = simple.PVDReader(FileName=path)
    reader.UpdatePipelineInformation()
    times: Any = reader.TimestepValues
    steps = []
    for time in times if hasattr(times, "__len__") else [times]:
        reader.UpdatePipeline(time)
        data = reader.GetClientSideObject().GetOutputDataObject(0)
        steps.append((float(time), [sum_of(leaf) for leaf in leaves(data)]))
    simple.Delete(reader)
    return steps


def leaves(data: Any) -> list[Any]:
    if not data.IsA("vtkCompositeDataSet"):
        return [data]
    iterator = data.NewIterator()
    found = []
    while not iterator.IsDoneWithTraversal():
        found.append(iterator.GetCurrentDataObject())
        iterator.GoToNextItem()
    return found


if __name__ == "__main__":
    main(*sys.argv[-2:])
