"""xarray, dask and running solvers into ParaView."""

from vtkseries.accessor import VtkAccessor
from vtkseries.clash import register
from vtkseries.errors import FormatError, SeriesError, VtkSeriesError, VtkSeriesWarning

__all__ = ["FormatError", "SeriesError", "VtkSeriesError", "VtkSeriesWarning"]
__version__ = "0.1.0"

register(VtkAccessor)
