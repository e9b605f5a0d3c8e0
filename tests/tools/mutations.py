"""Files with faults: small seeds of every kind, and what can happen to their bytes."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import vtkseries  # noqa: F401 (registers the accessor)
from tools.meshes import mesh_files
from tools.samples import vtk_file
from vtkseries.backend import _groups
from vtkseries.engine import gridfile
from vtkseries.engine.groups import groups_of
from vtkseries.engine.parts import read_parts
from vtkseries.engine.series import open_series
from vtkseries.engine.values import check_arrays
from vtkseries.errors import VtkSeriesWarning
from vtkseries.plan.beside import SUFFIX

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Seed", "mutate", "read_everything", "seeds"]

INTEGERS = (
    0,
    1,
    -1,
    2,
    3,
    127,
    255,
    256,
    65535,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**32,
    2**62,
    2**63 - 1,
    2**64 - 1,
    10**19,
)
WORDS = (
    b"nan", b"inf", b"1e400", b"", b" ", b"<", b">", b"&", b"]]>", b"<!--", b"-->", b"<![CDATA[", b"\0", b"\xff",
    b"UInt32", b"UInt64", b"Int8", b"Bit", b"String", b"Float64", b"ascii", b"binary", b"appended", b"raw", b"base64",
    b"BigEndian", b"ImageData", b"RectilinearGrid", b"StructuredGrid", b"PRectilinearGrid", b"PolyData", b"Collection",
    b"vtkZLibDataCompressor", b"vtkLZ4DataCompressor", b"vtkLZMADataCompressor", b"../a.vtr", b"/etc/hostname",
    b"PointData", b"CellData", b"Coordinates", b"FieldData", b"vtkseries", b"TimeValue", b"_", b"AppendedData",
    b"UnstructuredGrid", b"Cells", b"Polys", b"Verts", b"Lines", b"connectivity", b"offsets", b"types", b"drop_index",
    b"NumberOfPoints", b"NumberOfCells", b"NumberOfPolys",
)  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """A file, the files that it needs beside it, and its name."""

    name: str
    data: bytes
    beside: tuple[tuple[str, bytes], ...] = ()


def seeds(folder: Path) -> list[Seed]:
    """Give small files of every kind, encoding and compressor, and the indexes of series."""
    found = []
    for suffix in (".vtr", ".vti", ".vts"):
        for mode in ("ascii", "binary", "appended", "base64"):
            for compressor in (None, "zlib", "lz4", "lzma") if suffix == ".vtr" else (None, "zlib"):
                path = vtk_file(folder / f"a{suffix}", mode, compressor)
                found.append(Seed(path.name, path.read_bytes()))
    ds = xr.Dataset(
        {"t": (("time", "y", "x"), np.arange(24.0).reshape(2, 4, 3)), "m": ("time", [1.0, 2.0])},
        {"time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]"), "lat": (("y", "x"), np.ones((4, 3)))},
        {"title": "é", "a": np.arange(3)},
    )
    path = ds.vtkseries.to_vtr(folder / "run.pvd")
    steps = sorted((folder / "run").iterdir())
    beside = tuple((f"run/{step.name}", step.read_bytes()) for step in steps)
    found.append(Seed("run.pvd", path.read_bytes(), beside))
    found += [Seed("a.vtr", step.read_bytes()) for step in steps * 3]
    listed = {
        "file-series-version": "1.0",
        "files": [{"name": f"run/{s.name}", "time": i} for i, s in enumerate(steps)],
    }
    found.append(Seed("run.vtr.series", json.dumps(listed).encode(), beside))
    found += _beside(folder)
    found += (Seed(*found) for found in mesh_files(folder))
    found += _tree(folder)
    piece = (folder / "a.vtr").read_bytes()
    found.append(Seed("a.pvtr", PARALLEL, (("p/a.vtr", piece),)))
    return found


def _beside(folder: Path) -> Iterator[Seed]:
    """Give a step with a file of coordinates beside it, and that file with the step."""
    ds = xr.Dataset(
        {"t": (("time", "x"), np.arange(4.0).reshape(2, 2))},
        {"time": [0.0, 1.0], "large": (("a", "x"), np.ones((70, 2))), "note": ("time", np.array(["a", "bc"], object))},
    )
    path = ds.vtkseries.to_vtr(folder / "two.pvd")
    files = {file.name: file.read_bytes() for file in sorted(path.with_suffix("").iterdir())}
    for own, content in files.items():
        yield Seed(f"{own}.d/{own}", content, tuple((f"{own}.d/{n}", c) for n, c in files.items() if n != own))


def _tree(folder: Path) -> Iterator[Seed]:
    """Give the index of a tree with a group that draws nothing and one that stands, and its first step."""
    one = xr.Dataset({"t": (("time", "x"), np.arange(4.0).reshape(2, 2))}, attrs={"a": 1})
    nodes = {"/": xr.Dataset(coords={"time": [0.0, 1.0], "w": ("k", ["a", "é"])}), "a": one, "b/c": one.isel(time=0)}
    path = xr.DataTree.from_dict(nodes).vtk.to_pvd(folder / "tree.pvd")
    files = {file.name: file.read_bytes() for file in sorted(path.with_suffix("").iterdir())}
    beside = tuple((f"tree/{name}", content) for name, content in files.items())
    yield Seed("tree.pvd", path.read_bytes(), beside)
    for name, content in files.items():
        others = [(f"{name}.t/tree.pvd", path.read_bytes())] + [(f"{name}.t/tree/{n}", c) for n, c in files.items()]
        yield Seed(
            f"{name}.t/tree/{name}", content, tuple(item for item in others if not item[0].endswith(f"/tree/{name}"))
        )


PARALLEL = b"""<VTKFile type="PRectilinearGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64">
<PRectilinearGrid WholeExtent="0 2 0 1 0 3" GhostLevel="0">
<PPointData><PDataArray type="Float32" Name="a"/><PDataArray type="Float64" Name="wind" NumberOfComponents="3"/>
</PPointData><PCellData><PDataArray type="Int16" Name="c"/></PCellData>
<PCoordinates><PDataArray type="Float64" Name="x"/><PDataArray type="Float64" Name="y"/>
<PDataArray type="Float64" Name="z"/></PCoordinates>
<Piece Extent="0 2 0 1 0 3" Source="p/a.vtr"/></PRectilinearGrid></VTKFile>"""


def mutate(seed: Seed, others: list[Seed], rng: random.Random) -> bytes:
    """Give a seed's bytes with one to four faults."""
    data = seed.data
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(_MUTATORS)(data, rng, rng.choice(others).data)
    return data


def read_everything(path: Path) -> xr.Dataset:
    """Open a file with the engine and read all that it holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # a part or a file beside the steps is gone
        return _read(path)


def _read(path: Path) -> xr.Dataset:
    gridfile._checked.cache_clear()
    if path.parent.name == "tree":
        path = path.parent.with_suffix(".pvd")
    if path.suffix == SUFFIX:
        path = next(path.parent.glob("*.vtr"))
    if path.parent.with_suffix(".pvd").exists():
        path = path.parent.with_suffix(".pvd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VtkSeriesWarning)  # a file beside the steps is gone, or a part at some times
        series = open_series(str(path))
        grids = [series.grid(0, part) for part in range(len(series.parts))]
        for grid in grids:
            check_arrays(grid)
        groups = groups_of(series, grids)
        if groups:
            return [ds.load() for ds, _ in _groups(str(path), series, grids, "/", below=True).values()][-1]
        return read_parts(series, grids)[0].load()


def _flip(data: bytes, rng: random.Random, _: bytes) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _byte(data: bytes, rng: random.Random, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _remove(data: bytes, rng: random.Random, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.choice((1, 2, 8, 64, 512)) :]


def _repeat(data: bytes, rng: random.Random, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    part = data[at : at + rng.choice((1, 8, 64, 512))]
    return data[:at] + part * rng.choice((2, 3, 50)) + data[at:]


def _splice(data: bytes, rng: random.Random, other: bytes) -> bytes:
    at, start = rng.randrange(len(data) + 1), rng.randrange(len(other) + 1)
    return data[:at] + other[start : start + rng.choice((4, 30, 200, 2000))] + data[at:]


def _crossover(data: bytes, rng: random.Random, other: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + other[rng.randrange(len(other) + 1) :]


def _number(data: bytes, rng: random.Random, _: bytes) -> bytes:
    """Replace a number in the markup."""
    places = list(re.finditer(rb"-?\d+", data[:8000]))
    if not places:
        return data
    place = rng.choice(places)
    value = rng.choice((*INTEGERS, int(place[0][:18]) + rng.choice((-1, 1, 8))))
    return data[: place.start()] + str(value).encode() + data[place.end() :]


def _word(data: bytes, rng: random.Random, _: bytes) -> bytes:
    """Replace a word or an attribute's value in the markup by one that has a meaning."""
    places = list(re.finditer(rb'(?<=")[^"]{0,80}(?=")|\w+', data[:8000]))
    if not places:
        return data
    place = rng.choice(places)
    return data[: place.start()] + rng.choice(WORDS) + data[place.end() :]


def _swap(data: bytes, rng: random.Random, _: bytes) -> bytes:
    """Exchange two lines or tags."""
    parts = re.split(rb"(?<=>)", data, maxsplit=200)
    first, second = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    return b"".join(parts)


def _machine_word(data: bytes, rng: random.Random, _: bytes) -> bytes:
    """Replace a byte count or an entry of a compression table."""
    begin = max(data.find(b"_", data.find(b"<AppendedData")), 0) + 1
    width = rng.choice((4, 8))
    at = begin + rng.randrange(max(len(data) - begin, 1)) if rng.random() < 0.5 else begin + width * rng.randrange(8)
    value = rng.choice(INTEGERS) % (1 << 8 * width)
    return data[:at] + value.to_bytes(width, rng.choice(("little", "big"))) + data[at + width :]


def _nodes(node: Any) -> Iterator[Any]:
    """Give all lists and objects of JSON that are not empty."""
    if isinstance(node, dict | list) and node:
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from _nodes(child)


def _metadata(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """Change the JSON that tells what the Dataset was."""
    all_found = list(re.finditer(rb'Name="vtkseries(?:_tree)?"[^>]*>([\d ]+)<', data))
    if not all_found:
        return _number(data, rng, other)
    found = rng.choice(all_found)
    text = bytes(min(int(code), 255) for code in found[1].split()).rstrip(b"\0")
    try:
        content = json.loads(text)
    except ValueError:
        return data
    places = [(node, key) for node in _nodes(content) for key in (node if isinstance(node, dict) else range(len(node)))]
    node, key = rng.choice(places)
    if rng.random() < 0.2:
        del node[key]
    elif rng.random() < 0.4:
        other_node, other_key = rng.choice(places)
        node[key] = json.loads(json.dumps(other_node[other_key]))
    else:
        node[key] = rng.choice((*INTEGERS, None, [], {}, "O", "<f8", "<M8[ns]", "x", "time", "c", -1, 0.5, True, 1e300))
    codes = " ".join(map(str, json.dumps(content).encode() + b"\0")).encode()
    return data[: found.start(1)] + codes + data[found.end(1) :]


_MUTATORS: tuple[Callable[[bytes, random.Random, bytes], bytes], ...] = (
    _flip,
    _byte,
    _cut,
    _remove,
    _repeat,
    _splice,
    _crossover,
    _number,
    _number,
    _word,
    _word,
    _swap,
    _machine_word,
    _machine_word,
    _metadata,
)
