"""The formulas of CF's parametric vertical coordinates, and terms for them: nothing of it comes from a library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CASES", "NT", "NX", "NY", "NZ", "Case"]

NT, NZ, NY, NX = 2, 4, 3, 5
RNG = np.random.default_rng(8)
Terms = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A formula and its terms.

    Attributes
    ----------
    levels : dict
        Terms along the levels: their values in the layers' middles.
    edges : dict
        The same at the layers' edges, one more; NaN where the formula has none.
    others : dict
        Terms of dims (time, y, x), (y, x) or none.
    formula : callable
        Takes all terms as arrays of (time, z, y, x).
    """

    levels: Terms
    edges: Terms
    others: Terms
    formula: Callable[[Terms], Any]

    def heights(self, *, edges: bool = False) -> Any:
        """Give them as (time, z, y, x)."""
        levels = self.edges if edges else self.levels
        terms = {key: np.asarray(value)[None, :, None, None] for key, value in levels.items()}
        terms |= {
            key: value[:, None] if np.ndim(value) == 3 else np.asarray(value) for key, value in self.others.items()
        }
        count = len(next(iter(levels.values())))
        number = np.maximum(np.arange(count), 1) if edges else np.arange(1, count + 1)
        terms["k"] = number[None, :, None, None]
        return np.broadcast_to(self.formula(terms), (NT, count, NY, NX))


ETA = RNG.uniform(-0.5, 0.5, (NT, NY, NX))
DEPTH = RNG.uniform(50, 90, (NY, NX))
PS = RNG.uniform(9e4, 1e5, (NT, NY, NX))
S, S_EDGES = np.array([-0.9, -0.6, -0.3, -0.05]), np.array([-1.0, -0.8, -0.4, -0.1, 0.0])
A, A_EDGES = np.array([2e3, 5e3, 6e3, 1e3]), np.array([5e2, 3e3, 7e3, 4e3, 0.0])
B, B_EDGES = np.array([0.0, 0.1, 0.4, 0.9]), np.array([0.0, 0.05, 0.2, 0.6, 1.0])
OCEAN = {"eta": ETA, "depth": DEPTH}
ON_S = ({"s": S, "C": -(S**2)}, {"s": S_EDGES, "C": -(S_EDGES**2)}, {**OCEAN, "depth_c": 20.0})
HYBRID = ({"a": A, "b": B}, {"a": A_EDGES, "b": B_EDGES})


def _s(t: Terms) -> Any:
    a, b, s = t["a"], t["b"], t["s"]
    stretching = (1 - b) * np.sinh(a * s) / np.sinh(a) + b * (np.tanh(a * (s + 0.5)) / (2 * np.tanh(a / 2)) - 0.5)
    return t["eta"] * (1 + s) + t["depth_c"] * s + (t["depth"] - t["depth_c"]) * stretching


def _s_g1(t: Terms) -> Any:
    still = t["depth_c"] * t["s"] + (t["depth"] - t["depth_c"]) * t["C"]
    return still + t["eta"] * (1 + still / t["depth"])


def _s_g2(t: Terms) -> Any:
    share = (t["depth_c"] * t["s"] + t["depth"] * t["C"]) / (t["depth_c"] + t["depth"])
    return t["eta"] + (t["eta"] + t["depth"]) * share


def _sigma_z(t: Terms) -> Any:
    above = t["eta"] + t["sigma"] * (np.minimum(t["depth_c"], t["depth"]) + t["eta"])
    return np.where(np.isnan(t["sigma"]), t["zlev"], above)


def _double_sigma(t: Terms) -> Any:
    width = t["z1"] - t["z2"]
    f = (t["z1"] + t["z2"]) / 2 + width / 2 * np.tanh(2 * t["a"] / width * (t["depth"] - t["href"]))
    return np.where(t["k"] <= t["k_c"], t["sigma"] * f, f + (t["sigma"] - 1) * (t["depth"] - f))


CASES: dict[str, Case] = {
    "ocean_s_coordinate_g1": Case(*ON_S, _s_g1),
    "ocean_s_coordinate_g2": Case(*ON_S, _s_g2),
    "ocean_s_coordinate": Case({"s": S}, {"s": S_EDGES}, {**OCEAN, "a": 5.0, "b": 0.4, "depth_c": 20.0}, _s),
    "ocean_sigma_coordinate": Case(
        {"sigma": S}, {"sigma": S_EDGES}, OCEAN, lambda t: t["eta"] + t["sigma"] * (t["depth"] + t["eta"])
    ),
    "atmosphere_hybrid_height_coordinate": Case(*HYBRID, {"orog": DEPTH}, lambda t: t["a"] + t["b"] * t["orog"]),
    "atmosphere_hybrid_sigma_pressure_coordinate": Case(
        {"ap": A, "b": B}, {"ap": A_EDGES, "b": B_EDGES}, {"ps": PS}, lambda t: -(t["ap"] + t["b"] * t["ps"])
    ),
    "atmosphere_hybrid_sigma_pressure_coordinate/p0": Case(
        {"a": A / 1e5, "b": B},
        {"a": A_EDGES / 1e5, "b": B_EDGES},
        {"p0": 1e5, "ps": PS},
        lambda t: -(t["a"] * t["p0"] + t["b"] * t["ps"]),
    ),
    "atmosphere_sigma_coordinate": Case(
        {"sigma": B},
        {"sigma": B_EDGES},
        {"ps": PS, "ptop": 500.0},
        lambda t: -(t["ptop"] + t["sigma"] * (t["ps"] - t["ptop"])),
    ),
    "atmosphere_ln_pressure_coordinate": Case(
        {"lev": -S}, {"lev": -S_EDGES}, {"p0": 1e5}, lambda t: -t["p0"] * np.exp(-t["lev"])
    ),
    "atmosphere_sleve_coordinate": Case(
        {"a": B, "b1": B**2, "b2": B**3},
        {"a": B_EDGES, "b1": B_EDGES**2, "b2": B_EDGES**3},
        {"ztop": 2e4, "zsurf1": DEPTH, "zsurf2": DEPTH / 3},
        lambda t: t["a"] * t["ztop"] + t["b1"] * t["zsurf1"] + t["b2"] * t["zsurf2"],
    ),
    "ocean_sigma_z_coordinate": Case(
        {"sigma": np.array([np.nan, np.nan, -0.7, -0.2]), "zlev": np.array([-90.0, -40, np.nan, np.nan])},
        {
            "sigma": np.array([np.nan, np.nan, -1.0, -0.5, 0.0]),
            "zlev": np.array([-120.0, -60, -30, np.nan, np.nan]),
        },
        {**OCEAN, "depth_c": 30.0, "nsigma": 2},
        _sigma_z,
    ),
    "ocean_double_sigma_coordinate": Case(
        {"sigma": np.array([0.1, 0.6, 1.5, 2.0])},
        {"sigma": np.array([0.0, 0.3, 1.0, 1.7, 2.2])},
        {"depth": DEPTH, "z1": 30.0, "z2": 10.0, "a": 0.9, "href": 60.0, "k_c": 2},
        _double_sigma,
    ),
}
