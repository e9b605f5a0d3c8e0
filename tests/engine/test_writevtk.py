"""What WriteVTK.jl writes, option by option; VTK reads the same files, so that they are what they claim to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools import writevtk
from tools.readers import read_vtk
from tools.samples import AXES, FIELDS

import vtkseries  # noqa: F401 (registers the engine)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="another writer's files")
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "not compressed": {"compress": 0},
    "level 9": {"compress": 9},
    "inline": {"append": False},
    "inline, not compressed": {"append": False, "compress": 0},
    "ascii": {"append": False, "ascii": True},
    "ascii, appended": {"ascii": True},
    "extent": {"extent": (-5, -3, 2, 3, 7, 10)},
}
SUFFIXES = {"ImageData": ".vti", "RectilinearGrid": ".vtr", "StructuredGrid": ".vts"}


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", SUFFIXES)
def test_every_option_of_writevtk_is_read(tmp_path: Path, kind: str, option: str) -> None:
    path = tmp_path / f"a{SUFFIXES[kind]}"
    axes = AXES if kind != "ImageData" else {name: 1.0 + 0.5 * np.arange(len(v)) for name, v in AXES.items()}
    tell: dict[str, Any] = {"time": np.array([2.5]), "levels": np.arange(3, dtype="i4")}
    texts = option != "ascii"  # into which the package writes a text as it is, which no reader takes
    tell |= {"date": "2000-01-01 é"} if texts else {}
    path.write_bytes(writevtk.grid(kind, axes, FIELDS, tell=tell, **OPTIONS[option]))
    vtk = read_vtk(path)
    with xr.open_dataset(path, engine="vtkseries") as ds:
        for name in ("a", "wind"):
            np.testing.assert_array_equal(ds[name], FIELDS[name])
            np.testing.assert_array_equal(vtk.point[name], FIELDS[name])
        np.testing.assert_array_equal(ds["c"], FIELDS["c"])
        assert ds["a"].dtype == FIELDS["a"].dtype
        assert ds["time"] == 2.5
        np.testing.assert_array_equal(ds["levels"], [0, 1, 2])
        if texts:
            assert ds["date"] == "2000-01-01 é"
        if kind != "StructuredGrid":
            first = OPTIONS[option].get("extent", (0,) * 6)[::2] if kind == "ImageData" else (0, 0, 0)
            for name, start in zip("xyz", first, strict=True):
                np.testing.assert_array_equal(ds[name], axes[name] + 0.5 * start)
        else:
            np.testing.assert_array_equal(ds["Z"][:, 1, 2], axes["z"])
        part = ds["wind"][1:3, ::-1, [2, 0], 1]
        np.testing.assert_array_equal(part, FIELDS["wind"][1:3, ::-1][:, :, [2, 0], 1])


def test_a_collection_of_writevtk_is_a_series(tmp_path: Path) -> None:
    for step in range(3):
        fields = {"a": FIELDS["a"] + np.float32(step)}
        (tmp_path / f"s_{step}.vtr").write_bytes(writevtk.grid("RectilinearGrid", AXES, fields))
    (tmp_path / "a.pvd").write_bytes(writevtk.collection([(0.5 * k, f"s_{k}.vtr") for k in range(3)]))
    with xr.open_dataset(tmp_path / "a.pvd", engine="vtkseries") as ds:
        np.testing.assert_array_equal(ds["time"], [0, 0.5, 1])
        np.testing.assert_array_equal(ds["a"][2], FIELDS["a"] + np.float32(2))
