"""Longitude, latitude and height on a globe, whose axis is z and whose prime meridian is at y = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["RADIUS", "Direction", "Outward", "Turn", "cosine", "sine"]

RADIUS = 6_371_000.0
"""Mean radius of the Earth in metres."""


@dataclass(frozen=True)
class Direction:
    """One of x, y, z of the unit vector that points from the middle of the globe to a longitude and latitude."""

    role: str

    def __call__(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Give it for degrees."""
        if self.role == "z":
            return np.asarray(sine(lat) + 0 * lon)
        return np.asarray(cosine(lat) * (cosine(lon) if self.role == "x" else sine(lon)))


@dataclass(frozen=True)
class Outward:
    """Points in a direction, at a height above the radius and in its unit."""

    radius: float

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        """Give x, y or z, for its part of the direction and the height; or all three side by side, for all parts."""
        *directions, height = blocks
        distance = self.radius + height
        if len(directions) == 1:
            return np.asarray(directions[0] * distance)
        result = np.empty((*np.broadcast_shapes(*(block.shape for block in blocks)), len(directions)))
        if distance.shape[-2:] == (1, 1):
            # A plane of one height is the same directions times one number.
            np.multiply(np.stack(np.broadcast_arrays(*directions), -1), distance[..., None], out=result)
        else:
            for index, direction in enumerate(directions):
                np.multiply(direction, distance, out=result[..., index])
        return result


@dataclass(frozen=True)
class Turn:
    """Vectors (east, north[, up]) as (x, y, z), along a last axis."""

    components: int

    def __call__(self, *blocks: np.ndarray) -> np.ndarray:
        """Rotate: `blocks` are the components, then sine and cosine of the longitude, and those of the latitude."""
        *parts, sin_lon, cos_lon, sin_lat, cos_lat = blocks
        east, north = parts[:2]
        up = parts[2] if self.components > 2 else None  # noqa: PLR2004 (east and north)
        outward = -sin_lat * north if up is None else cos_lat * up - sin_lat * north
        shape = np.broadcast_shapes(*(block.shape for block in blocks))
        result = np.empty((*shape, 3), np.result_type(*parts, "f4"))
        result[..., 0] = outward * cos_lon - sin_lon * east
        result[..., 1] = outward * sin_lon + cos_lon * east
        result[..., 2] = cos_lat * north if up is None else cos_lat * north + sin_lat * up
        return result


def sine(angle: np.ndarray) -> np.ndarray:
    """Give the sine of degrees."""
    return np.asarray(np.sin(np.deg2rad(angle)))


def cosine(angle: np.ndarray) -> np.ndarray:
    """Give the cosine of degrees."""
    return np.asarray(np.cos(np.deg2rad(angle)))
