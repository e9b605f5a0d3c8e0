"""Trees come back as they were written, and other writers' parts as groups."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.samples import FIELDS, vtk_file

from vtkseries.errors import FormatError, SeriesError
from vtkseries.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

DAYS = {"time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]")}


def group(ny: int, nx: int, name: str) -> xr.Dataset:
    values = np.arange(2.0 * ny * nx).reshape(2, ny, nx) - len(name)
    coords = {**DAYS, "x": np.arange(nx) * 2.0, "y": np.arange(ny) ** 2.0}
    return xr.Dataset({name: (("time", "y", "x"), values, {"units": "K"})}, coords, {"title": name})


TREES: dict[str, dict[str, xr.Dataset]] = {
    "two groups": {"a": group(3, 4, "s"), "b": group(4, 5, "i")},
    "a root with data": {"/": group(3, 4, "s"), "b": group(3, 4, "i")},
    "coordinates of the root": {
        "/": xr.Dataset(coords={**DAYS, "x": [0.0, 1, 3], "lab": ("x", list("abc"))}, attrs={"title": "é"}),
        "a": group(3, 3, "s").drop_vars(["x", "time"]),
        "a/b": xr.Dataset({"q": (("time", "x"), np.ones((2, 3)))}),
        "c": xr.Dataset({"q": (("x",), np.arange(3.0))}),
    },
    "groups that draw nothing": {
        "/": xr.Dataset(attrs={"k": np.float32(1)}),
        "d": xr.Dataset(attrs={"z": [1, 2]}),
        "e": xr.Dataset({"m": ("time", [1.0, 2])}, DAYS, {"n": None}),
        "f": xr.Dataset({"w": ("n", ["a", "bb"])}),
        "a/b/c": group(3, 4, "s"),
    },
    "other times": {
        "a": group(3, 4, "s"),
        "b": group(3, 4, "i").isel(time=[1]),
        "fixed": xr.Dataset({"depth": (("y", "x"), np.arange(6.0).reshape(2, 3))}),
    },
    "large coordinates": {
        "/": xr.Dataset(coords={"lat": (("q", "r"), np.arange(9e3).reshape(90, 100))}),
        "a": group(3, 4, "s").assign_coords(lon=(("r", "q"), np.arange(9e3).reshape(100, 90))),
    },
    "several grids": {"a": group(3, 4, "s").assign(p=("x", np.ones(4))), "b": group(4, 5, "i")},
}


@pytest.mark.filterwarnings("ignore::vtkseries.VtkSeriesWarning")
@pytest.mark.parametrize("name", TREES)
def test_a_tree_comes_back_identical(tmp_path: Path, name: str) -> None:
    tree = xr.DataTree.from_dict(TREES[name])
    path = tree.vtk.to_pvd(tmp_path / "run.pvd")
    xr.testing.assert_identical(xr.open_datatree(path, engine="vtkseries"), tree)
    lazy = xr.open_datatree(path, engine="vtkseries", chunks={})
    assert all(v.chunks is not None for node in lazy.subtree for v in node.data_vars.values() if v.ndim > 1)
    xr.testing.assert_identical(lazy.load(), tree)
    groups = xr.open_groups(path, engine="vtkseries")
    assert list(groups) == [node.path for node in tree.subtree]
    for node in tree.subtree:
        found = xr.open_dataset(path, engine="vtkseries", group=node.path)
        assert set(found.variables) == set(groups[node.path].variables) >= set(node.data_vars)
    assert verify(path).faults == []


def test_a_tree_that_goes_on_lengthens_what_is_inherited(tmp_path: Path) -> None:
    tree = xr.DataTree.from_dict({"/": xr.Dataset(coords=DAYS), "a": group(3, 4, "s").drop_vars("time")})
    tree.isel(time=[0]).vtk.to_pvd(tmp_path / "run.pvd")
    tree.isel(time=[1]).vtk.to_pvd(tmp_path / "run.pvd", mode="a")
    xr.testing.assert_identical(xr.open_datatree(tmp_path / "run.pvd", engine="vtkseries"), tree)


def test_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    tree = xr.DataTree.from_dict({"a": group(3, 4, "s"), "b": group(4, 5, "i"), "c": xr.Dataset(attrs={"n": 1})})
    tree.vtk.to_pvd(tmp_path / "run.pvd", variables=["s"])
    back = xr.open_datatree(tmp_path / "run.pvd", engine="vtkseries")
    assert [node.path for node in back.subtree] == ["/", "a", "c"] or set(back.children) == {"a", "c"}
    xr.testing.assert_identical(back["a"].to_dataset(), group(3, 4, "s"))


@pytest.mark.unchecked(reason="another writer made the files")
def test_the_parts_of_another_writer_are_groups(tmp_path: Path) -> None:
    vtk_file(tmp_path / "a.vtr")
    parts = ['part="0"', 'part="1" name="sea/ice"', 'part="2" name="sea_ice"']
    entries = "".join(f'<DataSet timestep="{t}" {part} file="a.vtr"/>' for t in (1, 2) for part in parts)
    path = tmp_path / "a.pvd"
    path.write_text(f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>')
    tree = xr.open_datatree(path, engine="vtkseries")
    assert list(tree.children) == ["0", "sea_ice", "sea_ice_2"]
    for child in tree.children.values():
        np.testing.assert_array_equal(child["a"], [FIELDS["a"]] * 2)
        np.testing.assert_array_equal(child["time"], [1, 2])
    one = xr.open_datatree(tmp_path / "a.vtr", engine="vtkseries")
    np.testing.assert_array_equal(one["a"], FIELDS["a"])
    with pytest.raises(SeriesError, match=r"there is no group '/air'; it has /0, /sea_ice, /sea_ice_2"):
        xr.open_dataset(path, engine="vtkseries", group="air")


@pytest.mark.unchecked(reason="what the files say of the tree is damaged on purpose")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: told["undrawn"][0].__setitem__(2, [[]]), "metadata is damaged"),
        (lambda told: told["undrawn"][0].__setitem__(2, [[[], "/a"]]), "metadata is damaged"),
        (lambda told: told["undrawn"][0][2].append(["time", "/b"]), "does not fit"),
        (lambda told: told["paths"].append("//x"), "a group without a path"),
        (lambda told: told.pop("paths"), "metadata is damaged"),
    ],
)
def test_what_is_told_of_a_tree_is_checked(tmp_path: Path, change: Any, reason: str) -> None:
    nodes = {"/": xr.Dataset(coords={"w": ("time", [1, 2, 3])}), "b": group(3, 4, "s")}
    nodes = {"/": xr.Dataset(attrs={"n": 1}), "a": nodes["/"], "b": nodes["b"]}
    path = xr.DataTree.from_dict(nodes).vtk.to_pvd(tmp_path / "run.pvd")
    for file in (tmp_path / "run").iterdir():
        data = file.read_bytes()
        found = re.search(rb'Name="vtkseries_tree"[^>]*>([\d ]+)<', data)
        if found:
            told = json.loads(bytes(map(int, found[1].split())).rstrip(b"\0"))
            told["undrawn"] = told["undrawn"][::-1]
            change(told)
            codes = " ".join(map(str, json.dumps(told).encode() + b"\0")).encode()
            file.write_bytes(data[: found.start(1)] + codes + data[found.end(1) :])
    with pytest.raises(FormatError, match=reason) as caught:
        xr.open_groups(path, engine="vtkseries")
    assert str(caught.value).startswith(str(tmp_path))


@st.composite
def trees(draw: st.DrawFn) -> xr.DataTree:
    """Give trees whose groups, coordinates, times and attributes are drawn at random; at least one draws something."""
    sizes = {"time": draw(st.integers(1, 3)), "y": 2, "x": 3}
    shared: dict[str, Any] = {dim: (dim, np.arange(n) * 1.5 + draw(st.integers(0, 3))) for dim, n in sizes.items()}
    names = draw(st.lists(st.sampled_from(["/", "a", "a/b", "a/b/c", "é ü", "d-1/e"]), min_size=1, unique=True))
    found: dict[str, xr.Dataset] = {}
    for number, name in enumerate(names):
        dims = draw(st.sampled_from([("time", "y", "x"), ("x", "time"), ("y", "x"), ("time",), ()]))
        dims = ("time", "y", "x") if number == 0 else dims
        shape = [sizes[dim] for dim in dims]
        values = np.arange(np.prod(shape)).reshape(shape) + number
        data = {f"v{number}": (dims, values.astype(draw(st.sampled_from(["f4", "i2", "f8"]))))} if dims else {}
        coords = {dim: shared[dim] for dim in shared if draw(st.booleans())}
        if draw(st.booleans()):
            coords["beside"] = (("x",), np.array(["a", "é", ""]))
        attrs = draw(st.dictionaries(st.sampled_from("pq"), st.integers() | st.text("ab<", max_size=3)))
        found[name] = xr.Dataset(data, coords, attrs)
    return xr.DataTree.from_dict(found)


@pytest.mark.filterwarnings("ignore::vtkseries.VtkSeriesWarning")
@given(tree=trees(), chunked=st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_tree_comes_back_identical(tree: xr.DataTree, chunked: bool, tmp_path_factory: Any) -> None:  # noqa: FBT001
    path = (tree.chunk() if chunked else tree).vtk.to_pvd(tmp_path_factory.mktemp("any") / "run.pvd")
    xr.testing.assert_identical(xr.open_datatree(path, engine="vtkseries").load(), tree)
