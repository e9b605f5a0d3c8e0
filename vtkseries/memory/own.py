"""A Dataset as it was before :func:`vtkseries.memory.grid.to_grid`, also after filters have changed the grid."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from vtkseries.engine.restore import Restoration
from vtkseries.errors import FormatError, SeriesError, VtkSeriesWarning
from vtkseries.memory.back import GridView, field_of, foreign, readable, variable_of
from vtkseries.memory.cut import Cut
from vtkseries.memory.mesh import from_mesh, is_mesh
from vtkseries.memory.own_mesh import restored_mesh
from vtkseries.memory.sharing import KEPT
from vtkseries.memory.told import BOOKKEEPING, field_values, fill_of, kept_values, mapping, time_values
from vtkseries.metadata import VERSION, dtype_of, from_nodes, loads, unpack

__all__ = ["from_grid"]

Array = npt.NDArray[Any]

_SPACE = ("z", "y", "x")


def from_grid(grid: Any) -> xr.Dataset:
    """Give a VTK grid, or points and cells, as a Dataset, on the object's memory where it can be.

    What ``ds.vtk.to_grid`` made comes back as it was: dims, dtypes, attributes, the direction of axes. So it does after
    filters: arrays that they added are further variables, of a smaller or coarser grid the coordinates are that grid's.
    Grids of other origin have the names that the engine gives to files.

    So do points and meshes, with what filters added, as long as their points and cells are those of ``to_grid``. What
    filters made of others, and of grids, as a contour, a threshold or a warped mesh, has data on the dims ``point`` and
    ``cell``, the coordinates ``x``, ``y`` and ``z`` of the points, and the cells as ``connectivity``, ``offsets``
    (where each ends) and VTK's ``types``.

    Parameters
    ----------
    grid : vtkRectilinearGrid, vtkImageData, vtkStructuredGrid, vtkPolyData or vtkUnstructuredGrid
        Of VTK or pyvista.

    Returns
    -------
    Dataset
        Its arrays keep VTK's memory alive.

    Raises
    ------
    SeriesError
        It is not such a grid.

    Warns
    -----
    VtkSeriesWarning
        A coordinate that was not part of the grid does not fit it any more.

    Examples
    --------
    >>> import numpy as np, xarray as xr, vtkseries
    >>> ds = xr.Dataset({"T": (("lat", "lon"), np.zeros((2, 3)))}, {"lat": [20.0, 10.0]}, {"title": "demo"})
    >>> vtkseries.from_grid(ds.vtk.to_grid()).identical(ds)
    True
    """
    if is_mesh(grid):
        restored = restored_mesh(grid)
        return from_mesh(grid) if restored is None else restored
    view = GridView(grid)
    notes = {text: content for text in view.notes() if (content := _content(text)) is not None}
    if not notes:
        return foreign(view)
    try:
        found = [
            _Restorer(view.without([*notes.keys() - {text}]), content).dataset() for text, content in notes.items()
        ]
        ds = found[0] if len(found) == 1 else xr.merge(found, compat="override", combine_attrs="override")
        ds.encoding = found[0].encoding
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, FormatError | SeriesError):
            raise
        raise FormatError(f"the grid's field data 'vtkseries' is damaged: {error!r}") from error
    return ds


def _content(text: str) -> dict[str, Any] | None:
    """Give what was noted of a Dataset on a grid; None where it is not this version's, or of points."""
    content = loads(text)
    return content if content is not None and content.get("version") == VERSION and "mesh" not in content else None


class _Restorer:
    """One grid and what its field data tell of the Dataset."""

    def __init__(self, view: GridView, content: dict[str, Any]) -> None:
        self.view = view
        self.content = content
        self.time: Hashable | None = unpack(content["time"])
        self.sizes = {unpack(dim): int(size) for dim, size in content["dims"]}
        self.before = dict(self.sizes)
        self.arrays = {cells: view.arrays(cells=cells) for cells in (False, True)}
        self.used: dict[bool, set[str]] = {False: set(), True: set()}
        self.dims: dict[bool, dict[str, Hashable]] = {False: {}, True: {}}
        self.flips: set[str] = set()
        self.lost: list[str] = []
        for entry in content["variables"]:
            self._measure(entry)
        roles = {dim: (role, cells) for cells, own in self.dims.items() for role, dim in own.items()}
        self.cut = Cut(view, self.before, roles, self.flips)
        for entry in content["variables"]:
            self._told(entry)  # what bears the cut out may come after what needs it

    def _centres(self, variables: Mapping[Hashable, xr.Variable], used: set[Hashable]) -> dict[Hashable, xr.Variable]:
        """Give cells that filters have made the middles of their edges, which are their bounds."""
        found: dict[Hashable, xr.Variable] = {}
        for role in _SPACE:
            edges, dim = self._name(role, cells=False), self._name(role, cells=True)
            known = variables.get(edges)
            if dim not in used or dim in variables or known is None or known.dims != (edges,):
                continue
            if known.dtype.kind in "iuf" and known.size == self.view.cells[_SPACE.index(role)] + 1:
                middle = (known.values[1:] + known.values[:-1]) / 2
                found[dim] = xr.Variable(dim, middle, {**known.attrs, "bounds": str(edges)})
        return found

    def _places_points(self, entry: dict[str, Any]) -> bool:
        """Tell whether a variable says where along the grid's axes something is."""
        dims = {unpack(dim) for dim in entry.get("dims", ())}
        return "axis" in entry or (
            "data" in entry and bool(dims) and dims <= {*self.cut.roles} and "U" not in str(entry["dtype"])
        )

    def _told(self, entry: dict[str, Any]) -> Any:
        """Give what is no part of the grid, or that part of it which the grid has."""
        dims = tuple(unpack(dim) for dim in entry.get("dims", ()))
        if not {"data", "static", "steps"} & set(entry):
            return None
        data = unpack(entry["data"]) if "data" in entry else self._kept(entry, dims)
        if data is None:
            return None
        fits = data.shape == tuple(self.sizes[dim] for dim in dims)
        return data if fits else self.cut.of(data, dims)

    def _kept(self, entry: dict[str, Any], dims: tuple[Hashable, ...]) -> Array | None:
        """Give what is too large to be told, as the whole Dataset had it."""
        shape = tuple(self.before[dim] for dim in dims)
        first = dims.index(self.time) if "steps" in entry else 0
        return kept_values(self.view, entry, dtype_of(entry["dtype"]), shape, first)

    def _measure(self, entry: dict[str, Any]) -> None:
        """Take the lengths of dims from the grid, which filters may have made smaller."""
        if "axis" in entry:
            _, role, _, flipped = entry["axis"]
            self.sizes[unpack(entry["dims"][0])] = self.view.points[_SPACE.index(role)]
            self.dims[False].setdefault(role, unpack(entry["dims"][0]))
            self.flips |= {role} if flipped else set()
        if "at" in entry:
            at = entry["at"]
            cells = bool(at["cells"])
            shape = self.view.cells if cells else self.view.points
            self.flips |= set(at["flips"])
            for dim, role in ((unpack(dim), role) for dim, role in at["roles"]):
                if role in _SPACE:
                    self.dims[cells][role] = dim
                    self.sizes[dim] = shape[_SPACE.index(role)]

    def dataset(self) -> xr.Dataset:
        """Give the Dataset."""
        variables: dict[Hashable, xr.Variable] = {}
        for entry in self.content["variables"]:
            name = unpack(entry["name"])
            variable = self._variable(entry)
            if variable is None:
                self.lost += [] if "at" in entry else [str(name)]
            else:
                variables[name] = variable
        own = {unpack(name) for name in self.content["coords"]}
        coords = {name: variable for name, variable in variables.items() if name in own}
        data = {name: variable for name, variable in variables.items() if name not in own}
        data |= {name: variable for name, variable in self._added().items() if name not in variables}
        coords |= self._centres(variables, {dim for variable in data.values() for dim in variable.dims})
        if any(
            self._places_points(entry) and unpack(entry["name"]) not in variables for entry in self.content["variables"]
        ):
            coords |= {name: variable for name, variable in self._places().items() if name not in variables}
        if self.lost:
            text = f"{', '.join(map(repr, self.lost))} left out: the grid was changed, and they do not fit it any more"
            warnings.warn(text, VtkSeriesWarning, stacklevel=4)
        ds = xr.Dataset(data, coords, mapping(self.content["attrs"]))
        ds.encoding = mapping(self.content["encoding"])
        return ds

    def _variable(self, entry: dict[str, Any]) -> xr.Variable | None:
        dims = tuple(unpack(dim) for dim in entry.get("dims", ()))
        dtype = dtype_of(entry["dtype"])
        if "at" in entry:
            data = self._drawn(entry["at"], dims, dtype)
        elif "field" in entry:
            data = field_values(self.view, entry["field"], dims, dtype, self.sizes)
        elif "axis" in entry:
            data = self._axis(entry["axis"], dtype)
        elif "times" in entry:
            data = time_values(self.view, entry["times"])
        else:
            data = self._told(entry)
        if data is None or data.shape != tuple(self.sizes[dim] for dim in dims):
            return None
        return xr.Variable(dims, data, mapping(entry.get("attrs", ())), mapping(entry.get("encoding", ())))

    def _drawn(self, at: dict[str, Any], dims: tuple[Hashable, ...], dtype: np.dtype) -> Array | None:
        cells, members = bool(at["cells"]), at["members"]
        roles_of = {unpack(dim): role for dim, role in at["roles"]}
        if len(members) != 1 or not set(members[0][1]) <= set(self.arrays[cells]):
            return None
        _, names, first = members[0]
        parts = []
        for name in names:
            values = self.view.values(self.arrays[cells][name], cells=cells)
            inner = next((dim for dim in dims if roles_of.get(dim) == "c"), None)
            count = 1 if inner is None else self.sizes[inner]
            parts.append(self._arrange(values[..., first : first + count], [self._role(dim, roles_of) for dim in dims]))
        if any(part is None for part in parts):
            return None
        self.used[cells] |= set(names)
        return Restoration(dtype, parts[0].dtype, fill_of(self.content, dtype)).restore(parts)

    def _role(self, dim: Hashable, roles: dict[Hashable, str]) -> str:
        return "time" if dim == self.time else roles[dim]

    def _arrange(self, values: Array, roles: list[str]) -> Any:
        """Turn (z, y, x, components) to the order of a variable's dims; None where it lacks an axis of the grid."""
        values = values[tuple(slice(None, None, -1 if role in self.flips else 1) for role in _SPACE)]
        axes = (*_SPACE, "c")
        missing = tuple(n for n, role in enumerate(axes) if role not in roles)
        if any(values.shape[n] != 1 for n in missing):
            return None
        present = [role for role in axes if role in roles]
        values = np.squeeze(values, missing).transpose([present.index(role) for role in roles if role != "time"])
        return np.expand_dims(values, roles.index("time")) if "time" in roles else values

    def _axis(self, axis: list[Any], dtype: np.dtype) -> Array | None:
        _, role, factor, flipped = axis
        nodes = self.view.nodes(role)
        return None if nodes is None else from_nodes(nodes, dtype, float(factor), flipped=bool(flipped))

    def _added(self) -> dict[Hashable, xr.Variable]:
        """Give what filters have added."""
        known = {name for entry in self.content["variables"] for name in entry.get("field", ())} | BOOKKEEPING
        found: dict[Hashable, xr.Variable] = {}
        for cells, arrays in self.arrays.items():
            for name, array in readable(arrays).items():
                if name not in self.used[cells]:
                    found[name if name not in found else f"{name}_cell"] = self._further(array, cells=cells)
        for name, array in readable(self.view.fields()).items():
            if name not in known and name not in found and not name.startswith(KEPT):
                found[name] = field_of(name, array)
        return found

    def _further(self, array: Any, *, cells: bool) -> xr.Variable:
        dims = [self._name(role, cells=cells) for role in _SPACE]
        variable = variable_of(self.view, array, cells=cells, dims=tuple(dims))
        flat = [dim for dim, role in zip(dims, _SPACE, strict=True) if self._is_flat(role, cells=cells)]
        flips: dict[Any, Any] = {
            dim: slice(None, None, -1) for dim, role in zip(dims, _SPACE, strict=True) if role in self.flips
        }
        return variable.isel({**flips, **dict.fromkeys(flat, 0)})

    def _name(self, role: str, *, cells: bool) -> Hashable:
        if role in self.dims[cells]:
            return self.dims[cells][role]
        other = self.dims[not cells].get(role, role)
        return f"{other}_cell" if cells else f"{other}_point" if role in self.dims[True] else other

    def _turns(self, dims: list[Hashable]) -> dict[Hashable, slice]:
        """Give the indexers that turn axes to the direction that the Dataset had."""
        return {dim: slice(None, None, -1) for dim, role in zip(dims, _SPACE, strict=True) if role in self.flips}

    def _is_flat(self, role: str, *, cells: bool) -> bool:
        shape = self.view.cells if cells else self.view.points
        return role not in self.dims[False] and role not in self.dims[True] and shape[_SPACE.index(role)] == 1

    def _places(self) -> dict[Hashable, xr.Variable]:
        """Give where points are, of a grid that has no axes any more."""
        places = self.view.places()
        dims = [self._name(role, cells=False) for role in _SPACE]
        flips: dict[Any, Any] = {
            dim: slice(None, None, -1) for dim, role in zip(dims, _SPACE, strict=True) if role in self.flips
        }
        flat = [dim for dim, role in zip(dims, _SPACE, strict=True) if self._is_flat(role, cells=False)]
        return {
            name: xr.Variable(dims, places[..., n], {"axis": name}).isel({**flips, **dict.fromkeys(flat, 0)})
            for n, name in enumerate("XYZ")
        }
