"""xarray, dask and running solvers into ParaView."""

from vtkseries.errors import FormatError, SeriesError, VtkSeriesError, VtkSeriesWarning

__all__ = ["FormatError", "SeriesError", "VtkSeriesError", "VtkSeriesWarning"]
__version__ = "0.1.0"
