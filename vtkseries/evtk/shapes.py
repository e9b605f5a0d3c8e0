# ruff: noqa: N802, N803  # PyEVTK's names and arguments
"""Meshes that are computed: a triangular irregular network, and a cylinder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vtkseries.errors import SeriesError
from vtkseries.evtk.cells import VtkQuad, VtkTetra, VtkTriangle
from vtkseries.evtk.given import as_mapping, as_number, as_whole_number, real
from vtkseries.evtk.unstructured import cell_types_of, index_type, write_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkseries.evtk.arrays import Data
    from vtkseries.evtk.output import PathLike

__all__ = ["cylinderToVTK", "pointsToVTKAsTIN"]


def pointsToVTKAsTIN(
    path: PathLike,
    x: Any,
    y: Any,
    z: Any,
    data: Data | None = None,
    comments: Sequence[str] | None = None,
    ndim: int = 2,
    fieldData: Data | None = None,
    *,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write points as a triangular irregular network: their Delaunay triangles, or tetrahedra.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x, y, z : array-like, shape (n,)
        Coordinates of the points.
    data : mapping, optional
        Arrays of one value a point; without it, z is written as ``Elevation``.
    comments : sequence of str, optional
        Kept as the field data array ``comments``.
    ndim : {2, 3}
        Triangles over x and y, or tetrahedra.
    fieldData, compression, compression_level
        As for :func:`pointsToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        SciPy is missing, the points have no triangulation, or an array has a wrong shape; no file is made.
    """
    if as_number("ndim", ndim) not in {2, 3}:
        raise SeriesError(f"pointsToVTKAsTIN: ndim={ndim!r}; expected 2 for triangles or 3 for tetrahedra")
    ndim = int(ndim)
    try:
        from scipy.spatial import Delaunay, QhullError  # noqa: PLC0415  # optional
    except ImportError as error:
        raise SeriesError("pointsToVTKAsTIN needs SciPy: pip install scipy") from error
    x, y, z = (real(f"coordinate {name!r}", axis) for name, axis in zip("xyz", (x, y, z), strict=True))
    axes = [np.asarray(axis, np.float64).ravel("F") for axis in (x, y, z)]
    if len({axis.size for axis in axes}) > 1:
        raise SeriesError(f"coordinates x, y, z have {[a.size for a in axes]} values; expected the same number")
    try:
        simplices = Delaunay(np.stack(axes[:ndim], -1)).simplices
    except (QhullError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise SeriesError(f"pointsToVTKAsTIN: these {axes[0].size} points cannot be triangulated: {reason}") from error
    number, nodes = simplices.shape
    size = index_type(simplices.size)
    kind = VtkTriangle if ndim == 2 else VtkTetra  # noqa: PLR2004  # the choice of ndim
    cells = (simplices.ravel().astype(size), np.arange(1, number + 1, dtype=size) * nodes, cell_types_of(kind, number))
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (None, as_mapping("data", data) or {"Elevation": z}, "data"), options)


def cylinderToVTK(
    path: PathLike,
    x0: float,
    y0: float,
    z0: float,
    z1: float,
    radius: float,
    nlayers: int,
    npilars: int = 16,
    cellData: Data | None = None,
    pointData: Data | None = None,
    fieldData: Data | None = None,
    *,
    comments: Sequence[str] | None = None,
    compression: str | bool | None = None,
    compression_level: int | None = None,
) -> str:
    """Write the mantle of a standing cylinder, as quads.

    Parameters
    ----------
    path : path-like
        Without the extension.
    x0, y0 : float
        Its axis.
    z0, z1 : float
        Its lower and upper end.
    radius : float
        Of its circle.
    nlayers, npilars : int
        Quads from bottom to top, and around.
    cellData : mapping, optional
        Arrays of npilars * nlayers values.
    pointData : mapping, optional
        Arrays of npilars * (nlayers + 1) values.
    fieldData, comments, compression, compression_level
        As for :func:`pointsToVTK`.

    Returns
    -------
    str
        The file's absolute path.

    Raises
    ------
    SeriesError
        An array has a wrong shape, or a dtype that VTK has not; no file is made.
    """
    nlayers, npilars = as_whole_number("nlayers", nlayers, 1), as_whole_number("npilars", npilars, 3)
    x0, y0, z0, z1 = (as_number(*item) for item in {"x0": x0, "y0": y0, "z0": z0, "z1": z1}.items())
    radius = as_number("radius", radius)
    angles = np.arange(npilars) * (2.0 * np.pi / npilars)
    rise = (z0 + (z1 - z0) / nlayers) - z0
    x = np.tile(radius * np.cos(angles) + x0, nlayers + 1)
    y = np.tile(radius * np.sin(angles) + y0, nlayers + 1)
    z = np.repeat(z0 + np.arange(nlayers + 1) * rise, npilars)
    lower = np.arange(npilars * nlayers).reshape(nlayers, npilars)
    following = np.roll(lower, -1, axis=1)
    quads = np.stack([lower, following, following + npilars, lower + npilars], -1)
    ends = np.arange(1, lower.size + 1) * 4
    cells = (quads.ravel(), ends, cell_types_of(VtkQuad, lower.size))
    options = (fieldData, comments, compression, compression_level)
    return write_cells(path, (x, y, z), cells, (cellData, pointData, "pointData"), options)
