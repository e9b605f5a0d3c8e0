"""xarray, dask and running solvers into ParaView."""

import importlib
from typing import TYPE_CHECKING, Any

from vtkseries.accessor import VtkAccessor
from vtkseries.clash import register, register_tree
from vtkseries.errors import FormatError, SeriesError, VtkSeriesError, VtkSeriesWarning
from vtkseries.tree import TreeAccessor

if TYPE_CHECKING:
    from vtkseries import evtk
    from vtkseries.hdf.link import link
    from vtkseries.memory import from_grid
    from vtkseries.thinned import thin
    from vtkseries.writer import SeriesWriter

__all__ = [
    "FormatError",
    "SeriesError",
    "SeriesWriter",
    "VtkSeriesError",
    "VtkSeriesWarning",
    "evtk",
    "from_grid",
    "link",
    "thin",
]
__version__ = "0.1.0"

register(VtkAccessor)
register_tree(TreeAccessor)


def __getattr__(name: str) -> Any:
    """Load what not every program needs when it is asked for."""
    if name == "SeriesWriter":
        from vtkseries.writer import SeriesWriter  # noqa: PLC0415  # keeps `import vtkseries` light

        return SeriesWriter
    if name == "link":
        from vtkseries.hdf.link import link  # noqa: PLC0415  # as above

        return link
    if name == "from_grid":
        from vtkseries.memory import from_grid  # noqa: PLC0415  # keeps `import vtkseries` light

        return from_grid
    if name == "thin":
        from vtkseries.thinned import thin  # noqa: PLC0415  # as above

        return thin
    if name == "evtk":
        return importlib.import_module("vtkseries.evtk")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
