"""Longitude, latitude and height on a globe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["RADIUS", "Place", "Turn"]

RADIUS = 6_371_000.0
"""Mean radius of the Earth in metres."""


@dataclass(frozen=True)
class Place:
    """One of x, y, z of points on a globe whose axis is z and whose prime meridian is at y = 0.

    Attributes
    ----------
    role : str
        ``"x"``, ``"y"`` or ``"z"``.
    radius : float
        Where the height is 0.
    """

    role: str
    radius: float

    def __call__(self, lon: np.ndarray, lat: np.ndarray, height: np.ndarray) -> np.ndarray:
        """Give it for longitudes and latitudes in degrees, and heights in the radius' unit."""
        distance, north = self.radius + height, np.deg2rad(lat)
        if self.role == "z":
            return np.asarray(distance * np.sin(north) + 0 * lon)
        east = np.deg2rad(lon)
        return np.asarray(distance * np.cos(north) * (np.cos(east) if self.role == "x" else np.sin(east)))


@dataclass(frozen=True)
class Turn:
    """Vectors (east, north[, up]) as (x, y, z), along a last axis."""

    components: int

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        """Rotate: `blocks` are the components, longitude and latitude in degrees."""
        *parts, lon, lat = blocks
        east, north = parts[:2]
        up = parts[2] if self.components > 2 else 0.0  # noqa: PLR2004 (east and north)
        sin_lon, cos_lon = np.sin(np.deg2rad(lon)), np.cos(np.deg2rad(lon))
        sin_lat, cos_lat = np.sin(np.deg2rad(lat)), np.cos(np.deg2rad(lat))
        outward = cos_lat * up - sin_lat * north
        x = outward * cos_lon - sin_lon * east
        y = outward * sin_lon + cos_lon * east
        z = cos_lat * north + sin_lat * up + 0 * lon
        return np.stack(np.broadcast_arrays(x, y, z), axis=-1)
