"""The points, faces and edges of a UGRID mesh, as VTK's cells."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.cf.attributes import attribute
from vtkseries.cf.longitudes import circle
from vtkseries.errors import SeriesError

__all__ = ["Cells", "Topology", "find_topology"]

Array = npt.NDArray[Any]

_LINE = 3
_FACES = {3: 5, 4: 9}
_POLYGON = 7
_PRISMS = {3: 13, 4: 12, 5: 15, 6: 16}
_LEAST = {"face": 3, "edge": 2}
_WIDE = 8
"""Points of a face up to which the other dim of a connectivity is taken for that of faces, if nothing tells."""


@dataclass(frozen=True)
class Cells:
    """The faces, or the edges, of a mesh.

    Attributes
    ----------
    location : str
        ``"face"`` or ``"edge"``.
    name : hashable
        The variable that has their points.
    dim : hashable
        That runs over them.
    nodes : ndarray of int64
        The points of each, one after the other.
    sizes : ndarray of int64
        How many points each has.
    code : dict
        What gives the variable again from these: width, first number, and so on.
    types : ndarray of uint8, optional
        VTK's kind of each, where their number of points does not tell it.
    """

    location: str
    name: Hashable
    dim: Hashable
    nodes: Array
    sizes: Array
    code: dict[str, Any]
    types: Array | None = None

    def flat(self) -> tuple[Array, Array, Array]:
        """Give connectivity, offsets and types: lines, or triangles, quads and polygons."""
        if self.types is not None:
            return self.nodes, np.cumsum(self.sizes), self.types
        types = np.full(self.sizes.size, _POLYGON if self.location == "face" else _LINE, np.uint8)
        for size, kind in _FACES.items() if self.location == "face" else ():
            types[self.sizes == size] = kind
        return self.nodes, np.cumsum(self.sizes), types

    def prisms(self, count: int, levels: int) -> tuple[Array, Array, Array]:
        """Give connectivity, offsets and types of the faces drawn out between levels, layer by layer from below.

        Parameters
        ----------
        count : int
            Points of a level.
        levels : int

        Raises
        ------
        SeriesError
            A face has more points than VTK's prisms.
        """
        self.expect_prisms()
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

    def expect_prisms(self) -> None:
        """Refuse faces that cannot be drawn out.

        Raises
        ------
        SeriesError
            A face has more points than VTK's prisms.
        """
        if self.types is not None:
            raise SeriesError(f"the cells of {str(self.name)!r} have no layers; select one value of the vertical dim")
        wide = np.flatnonzero(self.sizes > max(_PRISMS))
        if wide.size:
            raise SeriesError(
                f"face {wide[0]} has {self.sizes[wide[0]]} points; VTK's prisms have at most {max(_PRISMS)}: select a "
                "layer, as with ds.isel, to draw polygons"
            )


@dataclass(frozen=True)
class Topology:
    """A mesh of faces, of edges, or of both.

    Attributes
    ----------
    node : hashable
        The dim of points.
    points : tuple of three ndarrays
        x, y and z.
    places : dict
        By role, the variables of x, y and perhaps z.
    faces, edges : Cells or None
    names : frozenset
        The variables that make the mesh.
    around : float
        Of longitudes, which may jump, the whole circle; else 0.
    """

    node: Hashable
    points: tuple[Array, Array, Array]
    places: dict[str, Hashable]
    faces: Cells | None
    edges: Cells | None
    names: frozenset[Hashable]
    around: float = 0.0

    @property
    def cells(self) -> dict[Hashable, Cells]:
        """The faces and the edges, by their dim."""
        return {cells.dim: cells for cells in (self.faces, self.edges) if cells is not None}


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
        if not found:
            raise SeriesError(
                "this Dataset has no UGRID mesh (a variable with cf_role='mesh_topology'), and no longitudes and "
                "latitudes whose CF bounds are the corners of cells; tell it what its faces are, as with "
                "ds['mesh'] = (), 0, {'cf_role': 'mesh_topology', 'node_coordinates': 'lon lat', "
                "'face_node_connectivity': 'nv'}"
            )
        raise SeriesError(f"this Dataset has several meshes: say mesh={' or '.join(repr(str(n)) for n in found)}")
    name = found[0] if mesh is None else mesh
    if name not in ds.variables:
        raise SeriesError(f"mesh={name!r}: there is no such variable")
    attrs = ds[name].attrs
    coordinates = str(attrs.get("node_coordinates", "")).split()
    given = {kind: attrs.get(f"{kind}_node_connectivity") for kind in ("face", "edge")}
    if given["face"] in ds.variables and given["edge"] not in ds.variables:
        given["edge"] = None  # it says nothing that the faces do not say
    missing = [n for n in (*coordinates, *given.values()) if n is not None and n not in ds.variables]
    if len(coordinates) not in (2, 3) or missing or not any(given.values()):
        volumes = attrs.get("volume_node_connectivity")
        if volumes and not missing:
            raise SeriesError(
                f"mesh {str(name)!r} has volumes ({volumes!r}), which are not drawn; name its faces as "
                "face_node_connectivity, or write it with vtkseries.evtk.unstructuredGridToVTK"
            )
        lost: Any = missing or coordinates
        raise SeriesError(
            f"mesh {str(name)!r} needs node_coordinates and face_node_connectivity (or edge_node_connectivity), and "
            f"{lost} is not there"
        )
    places: dict[str, Hashable] = {_role(ds[n].variable, number): n for number, n in enumerate(coordinates)}
    if not {"x", "y"} <= set(places) or len({ds[n].dims for n in coordinates}) > 1 or ds[coordinates[0]].ndim != 1:
        shapes = ", ".join(f"{n} {ds[n].dims}" for n in coordinates)
        raise SeriesError(f"node_coordinates of mesh {str(name)!r} must be x and y along one dim, and are {shapes}")
    x, y = (_numbers(ds, places[role]) for role in "xy")
    z = _numbers(ds, places["z"]) if "z" in places else np.zeros(x.shape, x.dtype)
    cells = {
        kind: None if variable is None else _read_cells(ds, name, kind, variable, x.size)
        for kind, variable in given.items()
    }
    names = frozenset([name, *coordinates, *(v for v in given.values() if v is not None)])
    around = circle(ds[places["x"]].variable, places["x"])
    return Topology(ds[places["x"]].dims[0], (x, y, z), places, cells["face"], cells["edge"], names, around)


def _numbers(ds: xr.Dataset, name: Hashable) -> Array:
    if ds[name].dtype.kind not in "iuf":
        raise SeriesError(f"node coordinate {str(name)!r} holds {ds[name].dtype}; coordinates are real numbers")
    values = np.asarray(ds[name].values)
    lost = np.flatnonzero(~np.isfinite(values))
    if lost.size:
        raise SeriesError(
            f"node coordinate {str(name)!r} is {values[lost[0]]} at node {lost[0]}; every node has a place"
        )
    return values


def _role(variable: xr.Variable, number: int) -> str:
    standard = str(variable.attrs.get("axis", variable.attrs.get("standard_name", ""))).lower()
    words = {"longitude": "x", "latitude": "y", "height": "z", "depth": "z", "altitude": "z"}
    told = next((role for word, role in words.items() if word in standard), standard.strip()[:1])
    if told in ("x", "y", "z"):
        return told
    return "xyz"[number]


def _read_cells(ds: xr.Dataset, mesh: Hashable, kind: str, name: Hashable, count: int) -> Cells:
    """Read the points of faces or edges."""
    variable = ds[name].variable
    if variable.ndim != 2:  # noqa: PLR2004  # cells and their points
        raise SeriesError(f"{kind}_node_connectivity {str(name)!r} has the dims {variable.dims}; expected two")
    dim = _dim_of(ds, mesh, kind, name)
    whole = np.asarray(variable.values)
    if whole.dtype.kind not in "iuf":
        raise SeriesError(f"{kind}_node_connectivity {str(name)!r} holds {whole.dtype}; expected numbers of points")
    values = whole if dim == variable.dims[0] else whole.T
    start = _start(variable.attrs.get("start_index", 0), name)
    fill = variable.attrs.get("_FillValue", variable.encoding.get("_FillValue"))
    there = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    if fill is not None and values.dtype.kind in "iu":
        there &= values != fill
    if values.dtype.kind == "i":
        there &= values >= 0
    sizes = there.sum(axis=1)
    least = _LEAST[kind]
    if (sizes < least).any():
        at = int(np.argmax(sizes < least))
        raise SeriesError(f"{kind} {at} of {str(name)!r} has {sizes[at]} points; {_article(kind)} has {least} at least")
    if kind == "edge" and (sizes > least).any():
        at = int(np.argmax(sizes))
        raise SeriesError(f"edge {at} of {str(name)!r} has {sizes[at]} points; an edge has two")
    told = values[there]
    nodes = told.astype(np.int64) - start
    if told.dtype.kind == "f" and (told != np.trunc(told)).any():
        raise SeriesError(f"{name!r} names the point {told[told != np.trunc(told)][0]}, which is no whole number")
    if nodes.size and not 0 <= int(nodes.min()) <= int(nodes.max()) < count:
        raise SeriesError(
            f"{name!r} names the points {nodes.min()} to {nodes.max()} (counted from 0), where the mesh has {count}; "
            f"its start_index may be wrong: ds[{name!r}].attrs['start_index'] = 1 says that it counts from 1"
        )
    code = _code(variable, values, there, start, across=dim != variable.dims[0])
    return Cells(kind, name, dim, nodes, sizes.astype(np.int64), code)


def _start(value: Any, name: Hashable) -> int:
    try:
        return int(np.asarray(value).item())
    except ValueError as error:
        raise SeriesError(f"start_index of {str(name)!r} is {value!r}; expected 0 or 1") from error


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "edge" else f"a {kind}"


def _dim_of(ds: xr.Dataset, mesh: Hashable, kind: str, name: Hashable) -> Hashable:
    """Give the dim that runs over faces or edges: as the mesh says it, or as the data have it."""
    variable = ds[name].variable
    told = ds[mesh].attrs.get(f"{kind}_dimension")
    if told is not None and told not in variable.dims:
        raise SeriesError(f"{kind}_dimension of mesh {str(mesh)!r} is {told!r}, and {str(name)!r} has {variable.dims}")
    if told is not None:
        return str(told)
    places = [n for key in (f"{kind}_coordinates",) for n in str(ds[mesh].attrs.get(key, "")).split()]
    for other in [n for n, v in ds.variables.items() if attribute(v, "location") == kind or n in places]:
        shared = set(ds[other].dims) & set(variable.dims)
        if len(shared) == 1:
            return shared.pop()
    few, many = variable.shape
    return variable.dims[1 if few <= _WIDE < many else 0]


def _code(variable: xr.Variable, values: Array, there: Array, start: int, *, across: bool) -> dict[str, Any]:
    """Give what makes the variable again from cells; empty where that would not give the same."""
    absent = values[~there]
    fill = absent[0] if absent.size else np.zeros(1, values.dtype)[0]
    width = values.shape[1]
    ordered = bool((there == (np.arange(width) < there.sum(axis=1)[:, None])).all())
    same = absent.tobytes() == np.full(absent.shape, fill, values.dtype).tobytes()
    wide = there.size > 64 * int(there.sum()) + 4096  # as the reader would refuse it
    if not ordered or not same or wide or not variable.dtype.isnative:
        return {}
    told = None if not absent.size else "nan" if values.dtype.kind == "f" and np.isnan(fill) else fill.item()
    return {"width": width, "start": start, "fill": told, "across": across}
