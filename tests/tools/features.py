"""Files of CF's discrete sampling geometries, much shortened from the examples of the conventions' appendix H."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.cdl import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["FEATURES", "Feature"]

NAN = np.nan


@dataclass(frozen=True)
class Feature:
    """An example: its header, values, and what it draws.

    Attributes
    ----------
    kind : str
        ``featureType``.
    sizes : str
        Dimensions.
    places : mapping of str to str
        Dims of time, lon, lat and the vertical coordinate, by name.
    data : str
        Dims of what is drawn.
    values : mapping
    more : str
        Further declarations.
    lines : tuple of str
        The dims (or the variable) of which each value has a line; empty where points are drawn.
    up : float
        By what the vertical coordinate is multiplied.
    """

    kind: str
    sizes: str
    places: Mapping[str, str]
    data: str
    values: Mapping[str, Any] = field(default_factory=dict)
    more: str = ""
    lines: tuple[str, ...] = ()
    up: float = 1.0

    def write(self, path: Path) -> Path:
        """Write the file."""
        vertical = next((name for name in self.places if name in ("alt", "z", "pressure")), None)
        listed = " ".join([*self.places, *re.findall(r"float (\w+)\(deployment\)", self.more)])
        text = [f"dimensions: {self.sizes} name_strlen = 4 ;", "variables:"]
        for name, dims in self.places.items():
            text += [f"{'double' if name == 'time' else 'float'} {name}{_dims(dims)} ;", *_ABOUT[name]]
        if vertical is not None and vertical != "pressure":
            text += [f'{vertical}:positive = "up" ;']
        for name, standard in (("humidity", "specific_humidity"), ("temp", "air_temperature")):
            text += [f"float {name}{_dims(self.data)} ;", f'{name}:standard_name = "{standard}" ;']
            text += [f'{name}:coordinates = "{listed}" ;', f"{name}:_FillValue = -999.9f ;"]
        text += [self.more, f':featureType = "{self.kind}" ;' if self.kind else ""]
        return write(path, "\n".join(text), self.values)


def _dims(dims: str) -> str:
    return f"({dims})" if dims else ""


_ABOUT = {
    "time": [
        'time:standard_name = "time" ;',
        'time:units = "days since 1970-01-01" ;',
        "time:_FillValue = -999.9 ;",
    ],
    "lon": ['lon:standard_name = "longitude" ;', 'lon:units = "degrees_east" ;'],
    "lat": ['lat:standard_name = "latitude" ;', 'lat:units = "degrees_north" ;'],
    "alt": ['alt:standard_name = "altitude" ;', 'alt:units = "m" ;', 'alt:axis = "Z" ;', "alt:_FillValue = -999.9f ;"],
    "z": ['z:standard_name = "altitude" ;', 'z:units = "km" ;', 'z:axis = "Z" ;', "z:_FillValue = -999.9f ;"],
    "pressure": ['pressure:standard_name = "air_pressure" ;', 'pressure:units = "hPa" ;', 'pressure:axis = "Z" ;'],
    "precise_lon": ['precise_lon:standard_name = "longitude" ;', 'precise_lon:units = "degrees_east" ;'],
    "precise_lat": ['precise_lat:standard_name = "latitude" ;', 'precise_lat:units = "degrees_north" ;'],
}
_STATION = 'char station_name({}name_strlen) ; station_name:cf_role = "timeseries_id" ;\n int station_info{} ;'
_STATIONS = _STATION.format("station, ", "(station)")
_PATHS = 'int trajectory(trajectory) ;\n trajectory:cf_role = "trajectory_id" ;\n int path_info(trajectory) ;'
_LON, _LAT, _ALT = np.array([10.0, 20, 30]), np.array([-1.0, 0, 3]), np.array([5.0, 50, 500])
_OWNER = np.array([2, 0, 1, 1, 0, 2, 0, 1, 0])
_STAMPS = np.array([[0.0, 1, 2, 3], [1, 3, NAN, NAN], [0, 2, 5, NAN]])
_LEVELS = np.array([[0.0, 1, 2, 4, 7], [0, 1, 3, NAN, NAN], [1, 2, 3, 5, NAN]])


def _path(*shape: int) -> tuple[Any, Any]:
    steps = np.arange(np.prod(shape)).reshape(shape)
    return 10 + 1.5 * steps, 5 - steps / 4


def _everywhere(name: str, dims: str) -> dict[str, str]:
    return {"time": dims, "lon": dims, "lat": dims, name: dims}


def _at(name: str, dims: str, own: str, time: str) -> dict[str, str]:
    return {"time": time, "lon": own, "lat": own, name: dims}


_STAND = {"lon": _LON, "lat": _LAT, "alt": _ALT}
_ALONE = {"lon": 12.5, "lat": -3.0, "alt": 7.0}
_FLIGHT = dict(zip(("lon", "lat"), _path(3, 4), strict=True))
_FLAT = dict(zip(("lon", "lat"), _path(9), strict=True))
_CRUISE = dict(zip(("lon", "lat"), _path(2, 3), strict=True))
_CASTS = np.stack([_LEVELS, _LEVELS[::-1]])

FEATURES: dict[str, Feature] = {
    "point": Feature(
        "point", "obs = 9 ;", _everywhere("alt", "obs"), "obs", {**_FLAT, "time": [3.0, 1, 3, 2, 1, 3, 0, 2, 2]}
    ),
    "timeSeries orthogonal": Feature(
        "timeSeries", "station = 3 ; time = UNLIMITED ; // (4 currently)\n", _at("alt", "station", "station", "time"),
        "station, time", {**_STAND, "time": [0.0, 1, 2, 4]}, _STATIONS,
    ),
    "timeSeries orthogonal, times in no order": Feature(
        "timeSeries", "station = 3 ; o = 4 ;", _at("alt", "station", "station", "o"), "station, o",
        {**_STAND, "time": [2.0, 0, NAN, 4]}, _STATIONS,
    ),
    "timeSeries incomplete": Feature(
        "timeSeries", "station = 3 ; obs = 4 ;", _at("alt", "station", "station", "station, obs"), "station, obs",
        {**_STAND, "time": _STAMPS}, _STATIONS,
    ),
    "timeSeries single": Feature(
        "timeSeries", "time = 5 ;", _at("alt", "", "", "time"), "time",
        {**_ALONE, "time": [0.0, 1, 2, 4, 8]}, _STATION.format("", ""),
    ),
    "timeSeries moored": Feature(
        "timeSeries", "time = 4 ; deployment = 2 ;",
        {"time": "time", "precise_lon": "time", "precise_lat": "time", "alt": ""}, "time",
        {**_ALONE, "time": [0.0, 1, 2, 4], "deployment": [0, 3], "precise_lon": [1.0, 2, 4, 3],
         "precise_lat": [0.0, 1, 5, 4]},
        'float lon ;\n lon:units = "degrees_east" ;\n lon:axis = "X" ;\n'
        'float lat ;\n lat:units = "degrees_north" ;\n lat:axis = "Y" ;\n'
        'float deploy_lon(deployment) ;\n deploy_lon:units = "degrees_east" ;\n'
        'float deploy_lat(deployment) ;\n deploy_lat:units = "degrees_north" ;\n'
        'int deployment(deployment) ;\n deployment:compress = "time" ;',
    ),
    "timeSeries contiguous": Feature(
        "timeSeries", "station = 3 ; obs = 9 ;", _at("alt", "station", "station", "obs"), "obs",
        {**_STAND, "time": [0.0, 1, 2, 3, 1, 3, 0, 2, 5], "row_size": [4, 2, 3]},
        _STATIONS + '\n int row_size(station) ;\n row_size:sample_dimension = "obs" ;',
    ),
    "timeSeries indexed": Feature(
        "timeSeries", "station = 3 ; obs = UNLIMITED ; // (9 currently)\n", _at("alt", "station", "station", "obs"),
        "obs", {**_STAND, "time": [0.0, 0, 1, 2, 1, 3, 2, 5, 3], "owner": _OWNER},
        _STATIONS + '\n int owner(obs) ;\n owner:instance_dimension = "station" ;',
    ),
    "profile orthogonal": Feature(
        "profile", "z = 5 ; profile = 3 ;", _at("z", "z", "profile", "profile"), "profile, z",
        {**_STAND, "time": [6.0, 0, 6], "z": _LEVELS[0]}, 'int profile(profile) ;\n profile:cf_role = "profile_id" ;',
    ),
    "profile orthogonal, one after the other": Feature(
        "profile", "z = 5 ; profile = 3 ;", _at("z", "z", "profile", "profile"), "profile, z",
        {**_STAND, "time": [0.0, 6, 7], "z": _LEVELS[0]}, 'int profile(profile) ;\n profile:cf_role = "profile_id" ;',
    ),
    "profile incomplete": Feature(
        "profile", "o = 5 ; profile = 3 ;", _at("alt", "profile, o", "profile", "profile"), "profile, o",
        {**_STAND, "time": [6.0, 0, 3], "alt": _LEVELS}, 'int profile(profile) ;\n profile:cf_role = "profile_id" ;',
    ),
    "profile single": Feature(
        "profile", "z = 5 ;", _at("z", "z", "", ""), "z", {**_ALONE, "time": 3.0, "z": _LEVELS[0]},
        'int profile ;\n profile:cf_role = "profile_id" ;',
    ),
    "profile contiguous": Feature(
        "profile", "obs = UNLIMITED ; // (9 currently)\n profile = 3 ;", _at("z", "obs", "profile", "profile"), "obs",
        {**_STAND, "time": [6.0, 0, 6], "rowSize": [4, 2, 3]},
        'int rowSize(profile) ;\n rowSize:sample_dimension = "obs" ;\n int profile(profile) ;',
    ),
    "profile indexed": Feature(
        "profile", "obs = UNLIMITED ; // (9 currently)\n profile = 3 ;", _at("z", "obs", "profile", "profile"), "obs",
        {**_STAND, "time": [6.0, 0, 3], "parentIndex": _OWNER},
        'int parentIndex(obs) ;\n parentIndex:instance_dimension = "profile" ;\n int profile(profile) ;',
    ),
    "trajectory incomplete": Feature(
        "trajectory", "obs = 4 ; trajectory = 3 ;", _everywhere("z", "trajectory, obs"), "trajectory, obs",
        {**_FLIGHT, "time": _STAMPS, "z": np.where(np.isnan(_STAMPS), NAN, 2 + np.arange(12.0).reshape(3, 4))}, _PATHS,
        lines=("trajectory",),
    ),
    "trajectory single": Feature(
        "trajectory", "time = 9 ;", _everywhere("z", "time"), "time", {**_FLAT, "time": np.arange(9.0)},
        'char trajectory(name_strlen) ;\n trajectory:cf_role = "trajectory_id" ;', lines=("all",),
    ),
    "trajectory contiguous": Feature(
        "trajectory", "obs = 9 ; trajectory = 3 ;", _everywhere("z", "obs"), "obs",
        {**_FLAT, "time": np.arange(9.0), "rowSize": [4, 2, 3]},
        _PATHS + '\n int rowSize(trajectory) ;\n rowSize:sample_dimension = "obs" ;', lines=("rowSize",),
    ),
    "trajectory indexed": Feature(
        "trajectory", "obs = UNLIMITED ; // (9 currently)\n trajectory = 3 ;", _everywhere("z", "obs"), "obs",
        {**_FLAT, "time": np.arange(9.0), "owner": _OWNER},
        _PATHS + '\n int owner(obs) ;\n owner:instance_dimension = "trajectory" ;', lines=("owner",),
    ),
    "timeSeriesProfile incomplete": Feature(
        "timeSeriesProfile", "station = 2 ; profile = 3 ; z = 5 ;",
        _at("alt", "station, profile, z", "station", "station, profile"), "station, profile, z",
        {"lon": _LON[:2], "lat": _LAT[:2], "time": [[0.0, 1, 3], [1, 3, NAN]], "alt": _CASTS}, _STATIONS,
    ),
    "timeSeriesProfile of stations' levels": Feature(
        "timeSeriesProfile", "station = 3 ; profile = 4 ; z = 5 ;",
        _at("alt", "station, z", "station", "station, profile"), "station, profile, z",
        {**_STAND, "time": _STAMPS, "alt": _LEVELS}, _STATIONS,
    ),
    "timeSeriesProfile orthogonal": Feature(
        "", "station = 3 ; pressure = 4 ; time = UNLIMITED ; // (2 currently)\n",
        _at("pressure", "pressure", "station", "time"), "time, pressure, station",
        {**_STAND, "time": [0.0, 3], "pressure": [1000.0, 850, 500, 200]}, up=-1,
    ),
    "timeSeriesProfile single": Feature(
        "timeSeriesProfile", "profile = 3 ; z = 5 ;", _at("alt", "profile, z", "", "profile"), "profile, z",
        {"lon": 12.5, "lat": -3.0, "time": [4.0, 0, NAN], "alt": _LEVELS}, _STATION.format("", ""),
    ),
    "timeSeriesProfile ragged": Feature(
        "timeSeriesProfile", "obs = UNLIMITED ; // (9 currently)\n profile = 3 ; station = 2 ;",
        _at("z", "obs", "station", "profile"), "obs",
        {"lon": _LON[:2], "lat": _LAT[:2], "time": [0.0, 6, 6], "row_size": [4, 2, 3], "owner": [1, 0, 1]},
        _STATIONS + '\n int row_size(profile) ;\n row_size:sample_dimension = "obs" ;\n'
        'int owner(profile) ;\n owner:instance_dimension = "station" ;\n'
        'float alt(station) ;\n alt:long_name = "altitude above MSL" ;\n alt:units = "m" ;',
    ),
    "trajectoryProfile incomplete": Feature(
        "trajectoryProfile", "trajectory = 2 ; profile = 3 ; z = 5 ;",
        _at("alt", "trajectory, profile, z", "trajectory, profile", "trajectory, profile"), "trajectory, profile, z",
        {**_CRUISE, "time": [[0.0, 1, 3], [1, 3, 4]], "alt": _CASTS}, _PATHS, lines=("trajectory", "profile"),
    ),
    "trajectoryProfile of common levels": Feature(
        "trajectoryProfile", "trajectory = 2 ; profile = 3 ; z = 5 ;",
        _at("z", "z", "trajectory, profile", "profile"), "trajectory, profile, z",
        {**_CRUISE, "time": [0.0, 1, 3], "z": _LEVELS[0]}, _PATHS, lines=("trajectory", "profile"),
    ),
    "trajectoryProfile single": Feature(
        "trajectoryProfile", "profile = 3 ; z = 5 ;", _at("alt", "profile, z", "profile", "profile"), "profile, z",
        {"lon": _LON, "lat": _LAT, "time": [0.0, 2, 3], "alt": _LEVELS},
        'int trajectory ;\n trajectory:cf_role = "trajectory_id" ;', lines=("profile",),
    ),
    "trajectoryProfile ragged": Feature(
        "trajectoryProfile", "obs = UNLIMITED ; // (9 currently)\n profile = 3 ; trajectory = 2 ;",
        _at("z", "obs", "profile", "profile"), "obs",
        {**_STAND, "time": [0.0, 6, 7], "row_size": [4, 2, 3], "trajectory_index": [1, 0, 1]},
        _PATHS + '\n int row_size(profile) ;\n row_size:sample_dimension = "obs" ;\n'
        'int trajectory_index(profile) ;\n trajectory_index:instance_dimension = "trajectory" ;', lines=("row_size",),
    ),
}  # fmt: skip
