"""Images: three uniform axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vtkseries.grids.geometry import Geometry, extent_of

__all__ = ["TOLERANCE", "image", "unevenness"]

TOLERANCE = 1e-9
"""How far a node may be from its uniform place, in spacings; four units in the last place are always allowed."""


def image(nodes: Sequence[np.ndarray]) -> Geometry:
    """Describe the uniform grid whose axes x, y, z have these nodes.

    Parameters
    ----------
    nodes : three ndarrays of float64, shapes (nx,), (ny,), (nz,)
        Strictly increasing, and uniform as far as :func:`unevenness` tells.
    """
    origin = " ".join(repr(float(n[0])) for n in nodes)
    spacing = " ".join(repr(_spacing(n)) for n in nodes)
    return Geometry(
        type="ImageData",
        suffix=".vti",
        extent=extent_of([len(n) for n in nodes]),
        attributes=(("Origin", origin), ("Spacing", spacing)),
    )


def unevenness(nodes: np.ndarray, precision: float) -> tuple[int, float] | None:
    """Give the node that is farthest from its uniform place, and how far in spacings; None where the axis is uniform.

    Parameters
    ----------
    nodes : ndarray of float64, shape (n,)
    precision : float
        The relative precision in which they were stored: 2**-52 for float64.
    """
    if len(nodes) < 3:  # noqa: PLR2004 (two nodes are always uniform)
        return None
    spacing = _spacing(nodes)
    away = np.abs(nodes - (nodes[0] + spacing * np.arange(len(nodes))))
    worst = int(np.argmax(away))
    allowed = max(TOLERANCE * spacing, 4 * precision * float(np.max(np.abs(nodes))))
    return None if away[worst] <= allowed else (worst, float(away[worst] / spacing))


def _spacing(nodes: np.ndarray) -> float:
    return float(nodes[-1] - nodes[0]) / (len(nodes) - 1) if len(nodes) > 1 else 1.0
