"""Runs inside ParaView (pvbatch): walks all steps of several sources in turns and writes how long each walk took.

Usage: pvbatch watch.py RUNS ANSWER.json PATH...
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from paraview import simple


def walk(path: str) -> dict[str, Any]:
    """Open a source, go through its steps as an animation does, and give the seconds and the last step's range."""
    # By its name alone ParaView takes a netCDF file for an atmosphere model's of another layout.
    reader = simple.NetCDFReader(FileName=[path]) if path.endswith(".nc") else simple.OpenDataFile(path)
    reader.UpdatePipelineInformation()
    times = list(reader.TimestepValues)
    start = time.perf_counter()
    for step in times:
        reader.UpdatePipeline(step)
    seconds = time.perf_counter() - start
    low, high = reader.PointData["T"].GetRange()
    simple.Delete(reader)
    return {"seconds": seconds, "range": [low, high], "steps": len(times)}


def main(runs: str, answer: str, *paths: str) -> None:
    """Take all paths in turns."""
    found: dict[str, list[Any]] = {path: [] for path in paths}
    for _ in range(int(runs)):
        for path in paths:
            found[path].append(walk(path))
    Path(answer).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
