"""Files as WriteVTK.jl lays them out, which needs a Julia: elements and encodings follow its source."""

from __future__ import annotations

import base64
import zlib
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

__all__ = ["collection", "grid"]

Array = np.ndarray[Any, Any]
NAMES = {
    "f4": "Float32", "f8": "Float64", "i1": "Int8", "i2": "Int16", "i4": "Int32", "i8": "Int64", "u1": "UInt8",
    "u2": "UInt16", "u4": "UInt32", "u8": "UInt64",
}  # fmt: skip


class _File:
    def __init__(self, *, compress: int, append: bool, ascii: bool) -> None:  # noqa: A002 (the package's words)
        self.ascii = not append and ascii
        self.level = 0 if self.ascii else compress
        self.append = append
        self.buffer = b""

    def array(self, name: str, data: Array | str, components: int, *, field: bool = False) -> str:
        """Give an array's element: `data_to_xml`."""
        text = isinstance(data, str)
        tag, kind = ("Array", "String") if isinstance(data, str) else ("DataArray", NAMES[data.dtype.str[1:]])
        attributes = f'type={quoteattr(kind)} Name={quoteattr(name)} NumberOfComponents="{components}"'
        attributes += f' NumberOfTuples="{1 if isinstance(data, str) else data.size}"' if field else ""
        stored = data.encode() + b"\0" if isinstance(data, str) else data.tobytes()
        if self.append:
            offset = len(self.buffer)
            self.buffer += b"".join(self._stored(stored))
            return f'        <{tag} {attributes} format="appended" offset="{offset}"/>\n'
        if self.ascii:
            values = f" {data}" if text else "".join(f" {value}" for value in np.asarray(data).reshape(-1).tolist())
            return f'        <{tag} {attributes} format="ascii">\n{values}\n</{tag}>\n'
        content = "".join(base64.b64encode(part).decode() for part in self._stored(stored))
        return f'        <{tag} {attributes} format="binary">\n{content}\n</{tag}>\n'

    def _stored(self, data: bytes) -> tuple[bytes, bytes]:
        """Give head and data: one block of the whole array, whose last block is as large, where it is compressed."""
        if not self.level:
            return np.array([len(data)], "<u8").tobytes(), data
        stream = zlib.compress(data, self.level)
        return np.array([1, len(data), len(data), len(stream)], "<u8").tobytes(), stream


def grid(
    kind: str,
    axes: dict[str, Array],
    fields: dict[str, Array],
    *,
    compress: int = 6,
    append: bool = True,
    ascii: bool = False,  # noqa: A002 (the package's words)
    extent: tuple[int, ...] | None = None,
    tell: dict[str, Array | str] | None = None,
) -> bytes:
    """Give a file of a structured grid, as ``vtk_grid`` and ``vtk_save`` make it.

    Arrays are (z, y, x), or (z, y, x, component). Those of one value a point are point data, all others cell data.
    """
    file = _File(compress=compress, append=append, ascii=ascii)
    sizes = [len(axes[name]) for name in "xyz"]
    extent = extent or tuple(edge for n in sizes for edge in (0, n - 1))
    place = " ".join(map(str, extent))
    attributes, geometry = f'WholeExtent="{place}"', ""
    if kind == "ImageData":
        steps = [float(axes[name][1] - axes[name][0]) if len(axes[name]) > 1 else 1.0 for name in "xyz"]
        origin = " ".join(str(float(axes[name][0])) for name in "xyz")
        attributes += f' Origin="{origin}" Spacing="{" ".join(map(str, steps))}"'
    elif kind == "RectilinearGrid":
        geometry = "".join(file.array(name, axes[name], 1) for name in "xyz")
        geometry = f"      <Coordinates>\n{geometry}      </Coordinates>\n"
    else:
        z, y, x = np.meshgrid(axes["z"], axes["y"], axes["x"], indexing="ij")
        geometry = file.array("Points", np.stack([x, y, z], axis=-1), 3)
        geometry = f"      <Points>\n{geometry}      </Points>\n"
    sections = {"PointData": "", "CellData": ""}
    for name, data in fields.items():
        tag = "PointData" if data.shape[:3] == tuple(sizes[::-1]) else "CellData"
        sections[tag] += file.array(name, data, data.shape[3] if data.ndim > 3 else 1)
    values = "".join(f"      <{tag}>\n{arrays}      </{tag}>\n" for tag, arrays in sections.items() if arrays)
    told = "".join(file.array(name, value, 1, field=True) for name, value in (tell or {}).items())
    told = f"    <FieldData>\n{told}    </FieldData>\n" if told else ""
    compressor = ' compressor="vtkZLibDataCompressor"' if file.level else ""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian" header_type="UInt64"{compressor}>\n'
        f'  <{kind} {attributes}>\n    <Piece Extent="{place}">\n{geometry}{values}    </Piece>\n{told}  </{kind}>\n'
    )
    if not append:
        return f"{text}</VTKFile>\n".encode()
    return text.encode() + b'  <AppendedData encoding="raw">\n_' + file.buffer + b"\n  </AppendedData>\n</VTKFile>"


def collection(steps: list[tuple[float, str]]) -> bytes:
    """Give a ``.pvd``, as ``paraview_collection`` makes it."""
    entries = "".join(f'    <DataSet timestep="{time}" part="0" file={quoteattr(name)}/>\n' for time, name in steps)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian" '
        f'compressor="vtkZLibDataCompressor">\n  <Collection>\n{entries}  </Collection>\n</VTKFile>\n'
    ).encode()
