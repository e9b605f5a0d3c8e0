# ruff: noqa: N802, N803  # PyEVTK's names and arguments
"""Images, rectilinear and structured grids, from arrays indexed [x, y, z]."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.errors import SeriesError, VtkSeriesWarning
from vtkseries.evtk.arrays import Arrays, Data, Place, field_data
from vtkseries.evtk.given import as_mapping, given, real
from vtkseries.evtk.output import PathLike, choose, save

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["gridToVTK", "imageToVTK", "rectilinearToVTK", "structuredToVTK"]

_AXES = 3
_LARGEST = 2**31 - 1
_PLANE = 2


def imageToVTK(
    path: PathLike,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    start: Sequence[int] = (0, 0, 0),
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write a grid of equal steps to a ``.vti``.

    Parameters
    ----------
    path : path-like
        Without the extension.
    origin, spacing : sequence of three floats
        Place of the point (0, 0, 0), and steps along x, y, z.
    cellData, pointData : mapping, optional
        Arrays of shape (nx, ny, nz), or (nx, ny) in a plane; a tuple of three is a vector. Points are one more than
        cells along each axis. The first array says how many there are.
    fieldData : mapping, optional
        Arrays, numbers or texts that belong to the whole grid.
    start : sequence of three ints
        First point of this piece of a larger grid.
    comments : sequence of str, optional
        Kept as the field data array ``comments``.
    compression : {None, "zlib", "lz4", "lzma", True}
        True is zlib.
    compression_level : int, optional
        The method's own.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     imageToVTK(f"{directory}/wave", pointData={"height": np.zeros((4, 3, 2))})[-8:]
    'wave.vti'
    """
    steps = _numbers("spacing", spacing)
    nodes = _image_nodes(cellData, pointData, steps)
    extent = _extent(start, nodes)
    grid = (
        ("WholeExtent", extent),
        ("Origin", " ".join(map(repr, _numbers("origin", origin)))),
        # VTK cannot locate anything in a grid of no step; along one point, any step gives the same grid.
        ("Spacing", " ".join(repr(step or 1.0) for step in steps)),
    )
    arrays, method = Arrays(), choose(compression, compression_level)
    _add_data(arrays, nodes, (), cellData, pointData)
    field = field_data(with_comments(fieldData, comments), method)
    return save(path, "ImageData", (grid, (("Extent", extent),)), arrays, field=field, method=method)


def gridToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    start: Sequence[int] = (0, 0, 0),
    *,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write a rectilinear grid to a ``.vtr`` (1-D coordinates), or a structured one to a ``.vts`` (3-D coordinates).

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like
        Coordinates of the points: each of one axis, or all of shape (nx, ny, nz), or (nx, ny) for a surface.
    cellData, pointData, fieldData, start, compression, compression_level
        As for :func:`imageToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    x, y, z = (given(f"coordinate {name!r}", axis) for name, axis in zip("xyz", (x, y, z), strict=True))
    ndims = [axis.ndim for axis in (x, y, z)]
    if ndims not in ([1] * 3, [2] * 3, [3] * 3):
        raise SeriesError(
            f"x, y, z have {ndims[0]}, {ndims[1]} and {ndims[2]} dimensions; expected 1 each for a rectilinear grid, "
            "3 (or 2) each for a structured one"
        )
    write = rectilinearToVTK if ndims[0] == 1 else structuredToVTK
    return write(
        path,
        x,
        y,
        z,
        cellData,
        pointData,
        fieldData,
        start,
        compression=compression,
        compression_level=compression_level,
    )


def rectilinearToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    start: Sequence[int] = (0, 0, 0),
    comments: Sequence[str] | None = None,
    *,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write a rectilinear grid to a ``.vtr``.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shapes (nx,), (ny,), (nz,)
        Coordinates of the points along each axis.
    comments : sequence of str, optional
        Kept as the field data array ``comments``.
    cellData, pointData, fieldData, start, compression, compression_level
        As for :func:`imageToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    axes = [_coordinate(name, axis) for name, axis in zip("xyz", (x, y, z), strict=True)]
    for name, axis in zip("xyz", axes, strict=True):
        if axis.ndim != 1 or not axis.size:
            raise SeriesError(f"coordinate {name!r} has the shape {axis.shape}; expected ({'n' + name},), one axis")
        _check_axis(name, axis)
    dims = tuple(next(iter(getattr(axis, "dims", (name,)))) for name, axis in zip("xyz", (x, y, z), strict=True))
    nodes = tuple(axis.size for axis in axes)
    arrays, method = Arrays(), choose(compression, compression_level)
    arrays.add("Coordinates", [(name, (axis,)) for name, axis in zip("xyz", axes, strict=True)], {})
    _add_data(arrays, nodes, dims, cellData, pointData)
    field = field_data(with_comments(fieldData, comments), method)
    extent = _extent(start, nodes)
    grid = (("WholeExtent", extent),)
    return save(path, "RectilinearGrid", (grid, (("Extent", extent),)), arrays, field=field, method=method)


def structuredToVTK(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    start: Sequence[int] = (0, 0, 0),
    comments: Sequence[str] | None = None,
    *,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write a structured grid to a ``.vts``.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (nx, ny, nz)
        Coordinates of the points; (nx, ny) is a surface.
    comments : sequence of str, optional
        Kept as the field data array ``comments``.
    cellData, pointData, fieldData, start, compression, compression_level
        As for :func:`imageToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    x, y, z = (_coordinate(name, axis) for name, axis in zip("xyz", (x, y, z), strict=True))
    dims = tuple(getattr(x, "dims", ()))
    shape = tuple(x.shape)
    if len(shape) not in {_PLANE, _AXES} or 0 in shape:
        raise SeriesError(f"coordinate 'x' has the shape {shape}; expected (nx, ny, nz), or (nx, ny) for a surface")
    nodes = shape + (1,) * (_AXES - len(shape))
    place = Place("coordinates", nodes, dims)
    points = tuple(place.fit(name, axis)[0] for name, axis in zip("xyz", (x, y, z), strict=True))
    arrays, method = Arrays(), choose(compression, compression_level)
    arrays.add("Points", [("points", as_points(points))], {})
    _add_data(arrays, nodes, dims, cellData, pointData)
    field = field_data(with_comments(fieldData, comments), method)
    extent = _extent(start, nodes)
    grid = (("WholeExtent", extent),)
    return save(path, "StructuredGrid", (grid, (("Extent", extent),)), arrays, field=field, method=method)


def as_points(components: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give coordinates in a type that VTK takes for points: integers crash some ParaViews."""
    kind = np.result_type(*(component.dtype for component in components))
    if kind.kind == "f":
        return components
    return tuple(component.astype(np.float64) for component in components)


def with_comments(data: Data | None, comments: Sequence[str] | None) -> Data | None:
    """Add comments to field data, where readers show them."""
    if not comments:
        return data
    return {
        **as_mapping("fieldData", data),
        "comments": np.array([comments] if isinstance(comments, str) else list(comments)),
    }


def _coordinate(name: str, axis: Any) -> Any:
    array = real(f"coordinate {name!r}", axis)
    return array if array.ndim > 1 else np.asarray(array)


def _check_axis(name: str, axis: Any) -> None:
    """Refuse places that are none, and warn of an axis that falls or turns: VTK finds no cells there, or wrong ones."""
    if not np.isfinite(axis).all():
        raise SeriesError(f"coordinate {name!r} has values that are not finite; give every point a place")
    if not (axis[1:] < axis[:-1]).any():
        return
    if (axis[1:] > axis[:-1]).any():
        text = f"coordinate {name!r} neither rises nor falls throughout; its cells lie over one another: sort it"
    else:
        text = f"coordinate {name!r} falls, so that readers find nothing at a place; reverse it and arrays along {name}"
    warnings.warn(text, VtkSeriesWarning, stacklevel=3)


def _add_data(
    arrays: Arrays, nodes: tuple[int, ...], dims: tuple[Any, ...], cells: Data | None, points: Data | None
) -> None:
    arrays.data("PointData", points, Place("pointData", nodes, dims))
    arrays.data("CellData", cells, Place("cellData", tuple(max(n - 1, 1) for n in nodes), dims))


def _image_nodes(cells: Data | None, points: Data | None, spacing: Sequence[float]) -> tuple[int, ...]:
    """Infer an image's points from its first array, cells before points."""
    cells, points = as_mapping("cellData", cells), as_mapping("pointData", points)
    name = "cellData" if cells else "pointData"
    content = cells or points
    if not content:
        raise SeriesError("imageToVTK: give cellData or pointData, from which the number of points is known")
    shape: tuple[int, ...] = ()
    for key, array in content.items():
        first = given(f"{name}: array {key!r}", array[0] if isinstance(array, tuple) and array else array)
        if hasattr(first, "dims") and set(first.dims) == {"x", "y", "z"}:
            first = first.transpose("x", "y", "z")
        shape = tuple(first.shape)
        if len(shape) >= _PLANE:
            break
    if len(shape) < _PLANE or 0 in shape:
        raise SeriesError(f"imageToVTK: the first array of {name} has the shape {shape}; expected (nx, ny, nz)")
    plane, shape = len(shape) == _PLANE, (*shape, 1)[:_AXES]
    if name == "pointData":
        nodes = shape
    else:
        nodes = tuple(
            n if n == 1 and (np.isclose(step, 0.0) or (plane and axis == _PLANE)) else n + 1
            for axis, (n, step) in enumerate(zip(shape, spacing, strict=True))
        )
    for axis, n, step in zip("xyz", nodes, spacing, strict=True):
        if np.isclose(step, 0.0) and n > 1:
            raise SeriesError(f"imageToVTK: spacing along {axis} is 0, where the arrays have {n} points; give the step")
    return nodes


def _numbers(name: str, values: Sequence[float]) -> tuple[float, ...]:
    array = real(name, values)
    if array.shape != (_AXES,) or not np.isfinite(array).all():
        raise SeriesError(f"{name}={values!r}: expected three finite numbers, along x, y, z")
    return tuple(np.asarray(array, np.float64).tolist())


def _extent(start: Sequence[int], nodes: Sequence[int]) -> str:
    first = np.asarray(given("start", start))
    if first.shape != (_AXES,) or first.dtype.kind not in "iu":
        raise SeriesError(f"start={start!r}: expected three whole numbers, the first point along x, y, z")
    if np.abs(first.astype(np.float64)).max() + max(nodes) > _LARGEST:
        raise SeriesError(f"start={start!r}: VTK counts the points of an axis from {-_LARGEST} to {_LARGEST}")
    return " ".join(f"{a} {a + n - 1}" for a, n in zip(first.tolist(), nodes, strict=True))
