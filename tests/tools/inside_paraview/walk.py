"""Runs inside ParaView (pvbatch): walks the series that a JSON file lists and writes what it saw to another.

Usage: pvbatch walk.py JOB.json. Errors that VTK prints go to the answer, since ParaView raises none.
"""

import ctypes
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from paraview import simple
from paraview.vtk.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow
from vtkmodules.vtkCommonDataModel import vtkDataObject


def main(job_file: str) -> None:
    job = json.loads(Path(job_file).read_text())
    expat = ctypes.CDLL("libexpat.so.1").XML_ExpatVersion
    expat.restype = ctypes.c_char_p
    answer: dict[str, Any] = {"expat": expat().decode(), "series": []}
    for number, path in enumerate(job["paths"]):
        window = vtkStringOutputWindow()
        vtkOutputWindow.SetInstance(window)
        seen: dict[str, Any] = {"path": path, "times": [], "steps": [], "raised": ""}
        try:
            walk(path, seen, job, f"{job['folder']}/{number}")
        except Exception:  # noqa: BLE001 (whatever it is, the test shall see it)
            seen["raised"] = traceback.format_exc()
        seen["complaints"] = window.GetOutput()
        answer["series"].append(seen)
        simple.ResetSession()
    Path(job["answer"]).write_text(json.dumps(answer))


def walk(path: str, seen: dict[str, Any], job: dict[str, Any], stem: str) -> None:
    reader = simple.OpenDataFile(path)
    times: Any = getattr(reader, "TimestepValues", [])
    seen["times"] = [float(time) for time in (times if hasattr(times, "__len__") else [times])]
    for step, time in enumerate(seen["times"] or [0.0]):
        reader.UpdatePipeline(time)
        data = reader.GetClientSideObject().GetOutputDataObject(0)
        information = data.GetInformation()
        stamp = vtkDataObject.DATA_TIME_STEP()
        parts = [
            describe(leaf, f"{stem}_{step}_{part}" if job["values"] else None) for part, leaf in enumerate(leaves(data))
        ]
        time_seen = information.Get(stamp) if information.Has(stamp) else None
        seen["steps"].append({"time": time_seen, "bounds": bounds(reader), "parts": parts})
    if job["images"]:
        seen["image"] = f"{stem}.png"
        photograph(reader, seen["image"])


def bounds(reader: Any) -> list[float]:
    return list(reader.GetDataInformation().GetBounds())


def leaves(data: Any) -> list[Any]:
    if not data.IsA("vtkCompositeDataSet"):
        return [data]
    iterator = data.NewIterator()
    found = []
    while not iterator.IsDoneWithTraversal():
        found.append(iterator.GetCurrentDataObject())
        iterator.GoToNextItem()
    return found


def describe(data: Any, stem: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "kind": data.GetClassName(),
        "bounds": list(data.GetBounds()),
        "point": {},
        "cell": {},
        "field": {},
    }
    nodes = between = None
    if hasattr(data, "GetExtent"):
        extent = list(data.GetExtent())
        result["extent"] = extent
        nodes = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
        between = [max(n - 1, 1) for n in nodes]
    for place, arrays, shape in (("point", data.GetPointData(), nodes), ("cell", data.GetCellData(), between)):
        for number in range(arrays.GetNumberOfArrays()):
            array = arrays.GetArray(number)
            result[place][array.GetName()] = entry = measure(array)
            if stem:
                values = vtk_to_numpy(array)
                entry["file"] = f"{stem}_{place}_{number}.npy"
                np.save(entry["file"], values.reshape(*(shape or values.shape[:1]), *values.shape[1:]))
    if data.IsA("vtkRectilinearGrid"):
        coordinates = (data.GetXCoordinates(), data.GetYCoordinates(), data.GetZCoordinates())
        result["axes"] = [vtk_to_numpy(axis).tolist() for axis in coordinates]
    elif hasattr(data, "GetPoints") and data.GetPoints() and stem:
        result["points"] = f"{stem}_points.npy"
        points = vtk_to_numpy(data.GetPoints().GetData())
        np.save(result["points"], points.reshape(*(nodes or points.shape[:1]), 3))
    fields = data.GetFieldData()
    for number in range(fields.GetNumberOfArrays()):
        array = fields.GetAbstractArray(number)
        if array.IsA("vtkStringArray"):
            result["field"][array.GetName()] = [array.GetValue(i) for i in range(array.GetNumberOfValues())]
        else:
            result["field"][array.GetName()] = vtk_to_numpy(array).tolist()
    return result


def measure(array: Any) -> dict[str, Any]:
    components = range(array.GetNumberOfComponents())
    named = array.HasAComponentName()
    return {
        "type": array.GetDataTypeAsString(),
        "ranges": [list(array.GetRange(component)) for component in components],
        "components": [array.GetComponentName(component) for component in components] if named else [],
    }


def photograph(reader: Any, path: str) -> None:
    view = simple.CreateRenderView()
    view.ViewSize = [400, 300]
    shown = simple.Show(reader, view)
    shown.Representation = "Surface"
    for place, arrays in (("POINTS", reader.PointData), ("CELLS", reader.CellData)):
        names = [name for name in arrays.keys() if not name.startswith("vtk")]  # noqa: SIM118 (ParaView's own type)
        if names:
            simple.ColorBy(shown, (place, names[0]))
            shown.RescaleTransferFunctionToDataRange()
            break
    camera = view.GetActiveCamera()
    camera.Azimuth(25)
    camera.Elevation(25)
    simple.ResetCamera(view)
    simple.Render(view)
    simple.SaveScreenshot(path, view, ImageResolution=[400, 300])


if __name__ == "__main__":
    main(sys.argv[-1])
