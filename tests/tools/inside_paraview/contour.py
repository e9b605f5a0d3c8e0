"""Runs inside ParaView (pvbatch): prints the area of a contour, and of a slice, of each series that it is given.

Usage: pvbatch contour.py ARRAY VALUE PATH...
"""

import json
import os
import sys
from typing import Any

from paraview import simple


def area(source: Any) -> float:
    total = simple.IntegrateVariables(Input=source)
    total.UpdatePipeline()
    return float(total.GetClientSideObject().GetOutputDataObject(0).GetCellData().GetArray("Area").GetValue(0))


answers = []
for path in sys.argv[3:]:
    reader = simple.OpenDataFile(path)
    reader.UpdatePipeline()
    contour = simple.Contour(Input=reader, ContourBy=["POINTS", sys.argv[1]], Isosurfaces=[float(sys.argv[2])])
    plane = simple.Slice(Input=reader)
    plane.SliceType.Normal = [0.3, 0.5, 0.8]
    answers.append([area(contour), area(plane)])
os.write(1, f"ANSWER {json.dumps(answers)}\n".encode())
