"""The points and faces of a UGRID mesh, as VTK's cells."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.errors import SeriesError

__all__ = ["Topology", "find_topology"]

Array = npt.NDArray[Any]

_FACES = {3: 5, 4: 9}
_POLYGON = 7
_PRISMS = {3: 13, 4: 12, 5: 15, 6: 16}
_LEAST = 3


@dataclass(frozen=True)
class Topology:
    """A mesh of faces.

    Attributes
    ----------
    node, face : hashable
        The dims of points and of faces.
    points : tuple of three ndarrays
        x, y and z.
    nodes : ndarray of int64
        The points of each face, one face after the other.
    sizes : ndarray of int64
        How many points each face has.
    names : frozenset
        The variables that make the mesh.
    """

    node: Hashable
    face: Hashable
    points: tuple[Array, Array, Array]
    nodes: Array
    sizes: Array
    names: frozenset[Hashable]

    def cells(self) -> tuple[Array, Array, Array]:
        """Give connectivity, offsets and types of the faces: triangles, quads and polygons."""
        types = np.full(self.sizes.size, _POLYGON, np.uint8)
        for size, kind in _FACES.items():
            types[self.sizes == size] = kind
        return self.nodes, np.cumsum(self.sizes), types

    def prisms(self, levels: int) -> tuple[Array, Array, Array]:
        """Give connectivity, offsets and types of the faces drawn out between levels, layer by layer from below.

        Raises
        ------
        SeriesError
            A face has more points than VTK's prisms.
        """
        wide = np.flatnonzero(self.sizes > max(_PRISMS))
        if wide.size:
            raise SeriesError(
                f"face {wide[0]} has {self.sizes[wide[0]]} points; VTK's prisms have at most {max(_PRISMS)}: select a "
                "layer, as with ds.isel, to draw polygons"
            )
        count = len(self.points[0])
        starts = np.cumsum(self.sizes) - self.sizes
        bottom = self.nodes
        layer = np.empty(2 * bottom.size, np.int64)
        within = np.arange(bottom.size) - np.repeat(starts, self.sizes)
        at = np.repeat(2 * starts, self.sizes) + within
        layer[at] = bottom
        layer[at + np.repeat(self.sizes, self.sizes)] = bottom + count
        connectivity = (layer + count * np.arange(levels - 1)[:, None]).reshape(-1)
        types = np.zeros(self.sizes.size, np.uint8)
        for size, kind in _PRISMS.items():
            types[self.sizes == size] = kind
        return connectivity, np.cumsum(np.tile(2 * self.sizes, levels - 1)), np.tile(types, levels - 1)


def find_topology(ds: xr.Dataset, mesh: Hashable | None) -> Topology:
    """Read the mesh that a Dataset has.

    Parameters
    ----------
    ds : Dataset
    mesh : hashable or None
        The variable with ``cf_role = "mesh_topology"``, where there are several.

    Raises
    ------
    SeriesError
        There is none, or it is not whole.
    """
    found = [name for name, v in ds.variables.items() if v.attrs.get("cf_role") == "mesh_topology"]
    if mesh is None and len(found) != 1:
        what = f"several meshes: say mesh={' or '.join(repr(str(n)) for n in found)}" if found else "no UGRID mesh"
        raise SeriesError(f"this Dataset has {what}" + ("" if found else " (a variable with cf_role='mesh_topology')"))
    name = found[0] if mesh is None else mesh
    if name not in ds.variables:
        raise SeriesError(f"mesh={name!r}: there is no such variable")
    attrs = ds[name].attrs
    coordinates = str(attrs.get("node_coordinates", "")).split()
    faces = attrs.get("face_node_connectivity")
    missing = [n for n in (*coordinates, faces) if n not in ds.variables]
    if len(coordinates) not in (2, 3) or missing:
        raise SeriesError(
            f"mesh {str(name)!r} needs node_coordinates and face_node_connectivity, and {missing or coordinates} "
            "is not there"
        )
    axes = {_role(ds[n].variable, number): ds[n].variable for number, n in enumerate(coordinates)}
    x, y = axes["x"].values, axes["y"].values
    z = axes["z"].values if "z" in axes else np.zeros(x.shape, x.dtype)
    nodes, sizes, face = _read_faces(ds, str(name), faces)
    if nodes.size and not 0 <= int(nodes.min()) <= int(nodes.max()) < x.size:
        raise SeriesError(
            f"{faces!r} names the points {nodes.min()} to {nodes.max()} (counted from 0), where the mesh has {x.size}; "
            "its start_index may be wrong"
        )
    names = frozenset([name, faces, *coordinates])
    return Topology(axes["x"].dims[0], face, (x, y, z), nodes, sizes, names)


def _role(variable: xr.Variable, number: int) -> str:
    standard = str(variable.attrs.get("axis", variable.attrs.get("standard_name", ""))).lower()
    words = {"longitude": "x", "latitude": "y", "height": "z", "depth": "z", "altitude": "z"}
    told = next((role for word, role in words.items() if word in standard), standard.strip()[:1])
    if told in ("x", "y", "z"):
        return told
    return "xyz"[number]


def _read_faces(ds: xr.Dataset, mesh: str, name: Hashable) -> tuple[Array, Array, Hashable]:
    """Give points and sizes of the faces, and their dim."""
    variable = ds[name].variable
    if variable.ndim != 2:  # noqa: PLR2004  # faces and their points
        raise SeriesError(f"face_node_connectivity {str(name)!r} has the dims {variable.dims}; expected two")
    face = ds[mesh].attrs.get("face_dimension", variable.dims[0])
    values = np.asarray(variable.transpose(face, ...).values)
    start = int(variable.attrs.get("start_index", 0))
    fill = variable.attrs.get("_FillValue", variable.encoding.get("_FillValue"))
    there = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    if fill is not None and values.dtype.kind in "iu":
        there &= values != fill
    if values.dtype.kind == "i":
        there &= values >= 0
    sizes = there.sum(axis=1)
    if (sizes < _LEAST).any():
        at = int(np.argmax(sizes < _LEAST))
        raise SeriesError(f"face {at} of {str(name)!r} has {sizes[at]} points; a face has three at least")
    return values[there].astype(np.int64) - start, sizes.astype(np.int64), face
