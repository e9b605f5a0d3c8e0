"""What is written comes back identical: names, order, dtypes, attributes, encodings, times, axes and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cftime
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries.errors import SeriesError

if TYPE_CHECKING:
    from pathlib import Path


def values(*shape: int, dtype: Any = "f8") -> np.ndarray[Any, Any]:
    """Give values that differ at every point."""
    return (np.arange(np.prod(shape)).reshape(shape) * 1.25 - 7).astype(dtype)


def back(ds: xr.Dataset, tmp_path: Path, name: str = "run.pvd", **options: Any) -> xr.Dataset:
    """Write a Dataset and read it again."""
    path = ds.vtkseries.to_vtr(tmp_path / name, **options)
    return xr.open_dataset(path, engine="vtkseries")


def same(found: xr.Dataset, ds: xr.Dataset) -> None:
    """Check that two Datasets are identical, in their order, dtypes and encodings as well."""
    xr.testing.assert_identical(found, ds)
    assert list(found.data_vars) == list(ds.data_vars)
    assert list(found.coords) == list(ds.coords)
    for name, variable in ds.variables.items():
        assert found[name].dtype == variable.dtype, name
        assert found[name].dims == variable.dims, name
        lasting = {k: v for k, v in variable.encoding.items() if k not in ("source", "original_shape")}
        kept = {k: v for k, v in found[name].encoding.items() if k not in ("source", "preferred_chunks")}
        np.testing.assert_equal(kept, lasting)


GRID = {"time": [0.5, 2.0], "z": [1.0, 2.5, 4.0, 8.0], "y": [10.0, 20.0, 40.0], "x": [-1.0, 0.5]}
FIELD = (("time", "z", "y", "x"), values(2, 4, 3, 2))

CASES: dict[str, xr.Dataset] = {
    "floats": xr.Dataset({"t": FIELD}, GRID),
    "no coordinates": xr.Dataset({"t": FIELD}),
    "no time": xr.Dataset({"t": (("z", "y", "x"), values(4, 3, 2))}),
    "dims in another order": xr.Dataset({"t": (("x", "time", "y", "z"), values(2, 2, 3, 4))}, GRID),
    "attributes of every kind": xr.Dataset(
        {"t": (*FIELD, {"units": "m s⁻¹", "n": np.float32(1.5), "a": np.arange(3), "l": [1, 2], "q": '<&">\n'})},
        {name: (name, np.array(v), {"long_name": f"é {name}"}) for name, v in GRID.items()},
        {"title": "x", "nan": float("nan"), "none": None, "yes": True, "words": ["a", "b"], "i": np.int64(2**62)},
    ),
    "descending axes": xr.Dataset(
        {"t": FIELD}, {"time": [1, 2], "z": [8.0, 4, 2, 1], "y": [40.0, 20, 10], "x": [3.0, 1]}
    ),
    "depth": xr.Dataset(
        {"t": FIELD}, GRID | {"z": ("z", np.array([0.1, 5, 10, 300.7]), {"positive": "down", "units": "m"})}
    ),
    "integer and float32 coordinates": xr.Dataset(
        {"t": FIELD}, {"time": np.array([1, 5], "i4"), "z": np.array([0.1, 0.2, 0.3, 0.7], "f4"), "y": [1, 2, 4]}
    ),
    "names with odd characters": xr.Dataset(
        {'a<b & "c"': FIELD, "b/c é": FIELD}, {"x": [1.0, 2.0]}
    ),
    "names that are no text": xr.Dataset({3: FIELD}),
    "scalar coordinates": xr.Dataset(
        {"t": (("time", "y", "x"), values(2, 3, 2))},
        {"level": 850.0, "label": "abc", "run": np.datetime64("2020-01-01T00:00:00.123456789", "ns"), "time": [0, 1]},
    ),
    "other coordinates": xr.Dataset(
        {"t": FIELD},
        {
            **GRID,
            "lat": (("y", "x"), values(3, 2)),
            "month": ("time", np.array([1, 2], "i2")),
            "valid": ("time", np.array(["2000-01-01T00:00:00.000000007", "NaT"], "M8[ns]")),
            "place": ("y", ["a", "bcd", "é"]),
            "objects": ("x", np.array(["a", "b"], object)),
            "flag": ("z", [True, False, True, True]),
        },
    ),
    "objects along time": xr.Dataset({"t": FIELD}, {**GRID, "who": ("time", np.array([np.nan, "a"], object))}),
    "large coordinates": xr.Dataset(
        {"t": (("time", "y", "x"), values(2, 30, 40))},
        {"lat": (("y", "x"), values(30, 40)), "depth": (("time", "x", "y"), values(2, 40, 30, dtype="f4"))},
    ),
    "bounds and grid mapping": xr.Dataset(
        {
            "t": (*FIELD, {"grid_mapping": "crs"}),
            "y_bnds": (("y", "bnds"), values(3, 2)),
            "time_bnds": (("time", "bnds"), values(2, 2)),
            "crs": ((), np.int32(7), {"grid_mapping_name": "latitude_longitude"}),
        },
        {
            "time": ("time", [0.5, 1.5], {"bounds": "time_bnds"}),
            "y": ("y", [1.0, 2.0, 3.0], {"bounds": "y_bnds"}),
        },
    ),
    "field data": xr.Dataset(
        {"t": FIELD, "mean": ("time", [1.5, np.nan]), "n": ("time", [-(2**62) - 1, 3]), "g": ((), -np.inf)}, GRID
    ),
    "several grids": xr.Dataset(
        {
            "t": FIELD,
            "ps": (("time", "y", "x"), values(2, 3, 2, dtype="f4")),
            "u": (("time", "z", "y", "x_u"), values(2, 4, 3, 3)),
            "orog": (("y", "x"), values(3, 2)),
        },
        GRID | {"x_u": ("x_u", [0.0, 1.0, 2.0], {"axis": "X"})},
    ),
    "dtypes": xr.Dataset(
        {
            kind: (("time", "y", "x"), values(2, 3, 2, dtype=kind))
            for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", "?")
        }
    ),
    "values that are no numbers": xr.Dataset(
        {"t": (("y", "x"), np.array([[np.nan, np.inf], [-np.inf, -0.0]]))}
    ),
    "dates as data": xr.Dataset(
        {
            "d": (("y", "x"), np.array([["2000-01-01T00:00:00.123456", "NaT"], ["1950", "2100"]], "M8[ns]")),
            "l": (("y", "x"), np.array([[1, -(10**15)], [86400 * 10**9, "NaT"]], "m8[ns]")),
            "s": (("y", "x"), np.array([["1600-01-01", "NaT"], ["1950-06-01", "2100-12-31"]], "M8[s]")),
        }
    ),
    "seconds": xr.Dataset({"t": FIELD}, {"time": np.array(["2000-01-01", "2000-01-01T00:00:01"], "M8[s]")}),
    "hours since long ago": xr.Dataset(
        {"t": FIELD},
        {"time": ("time", np.array(["2000-01-01T05", "2001"], "M8[ns]"), {}, {"units": "hours since 1800-01-01"})},
    ),
    "nanoseconds": xr.Dataset(
        {"t": FIELD}, {"time": np.array(["2000-01-01T00:00:00.000000001", "2020-01-01T00:00:00.987654321"], "M8[ns]")}
    ),
    "dates long ago": xr.Dataset({"t": FIELD}, {"time": np.array(["1500-01-01", "1700-06-01T12"], "M8[s]")}),
    "cftime dates long ago": xr.Dataset(
        {"t": FIELD},
        {"time": [cftime.DatetimeJulian(1, 1, 1), cftime.DatetimeJulian(1500, 2, 29)]},
    ),
    "durations": xr.Dataset({"t": FIELD}, {"time": np.array([7, 10**15 + 1], "m8[ns]")}),
    "a calendar of 360 days": xr.Dataset(
        {"t": FIELD}, {"time": [cftime.Datetime360Day(2000, 2, 30, 1), cftime.Datetime360Day(2000, 3, 1, 2, 3, 4, 5)]}
    ),
    "a calendar without leap years": xr.Dataset(
        {"t": FIELD}, {"time": [cftime.DatetimeNoLeap(1, 2, 28), cftime.DatetimeNoLeap(2001, 3, 1)]}
    ),
    "undecoded times": xr.Dataset(
        {"t": FIELD}, {"time": ("time", np.array([0, 36]), {"units": "hours since 2000-01-01", "calendar": "noleap"})}
    ),
    "large integers as times": xr.Dataset({"t": FIELD}, {"time": np.array([2**52, 2**53 - 1])}),
    "one of each": xr.Dataset({"t": (("time", "z", "y", "x"), values(1, 1, 1, 1))}),
    "two parts of equal shape": xr.Dataset(
        {"a": (("y", "x"), values(3, 2)), "b": (("y2", "x2"), values(3, 2))},
        {"y2": ("y2", [1.0, 2, 3], {"axis": "Y"}), "x2": ("x2", [1.0, 2], {"axis": "X"})},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_dataset_comes_back_identical(case: str, tmp_path: Path) -> None:
    ds = CASES[case]
    same(back(ds, tmp_path), ds)


@pytest.mark.parametrize("case", CASES)
def test_a_chunked_dataset_comes_back_identical_in_chunks(case: str, tmp_path: Path) -> None:
    ds = CASES[case]
    path = ds.chunk().vtkseries.to_vtr(tmp_path / "run.pvd")
    same(xr.open_dataset(path, engine="vtkseries", chunks={}).load(), ds)


@pytest.mark.parametrize(
    "option", [{"z_scale": 50.0}, {"z_scale": -0.3}, {"time_units": "fortnights"}, {"missing": -9.0}]
)
def test_options_change_the_files_and_not_what_comes_back(option: dict[str, Any], tmp_path: Path) -> None:
    ds = xr.Dataset({"t": FIELD, "m": FIELD}, GRID)
    ds["m"][0, 1, 2, 1] = np.nan
    same(back(ds, tmp_path, **option), ds)


@pytest.mark.parametrize("compression", [None, "zlib", "lz4", "lzma"])
@pytest.mark.parametrize("pieces", [False, True])
def test_compressed_series_and_pieces_come_back_identical(
    compression: str | None,
    pieces: bool,  # noqa: FBT001 (a parameter of the test)
    tmp_path: Path,
) -> None:
    ds = xr.Dataset({"t": FIELD, "m": ("time", [1.5, 2.5])}, GRID | {"z": [8.0, 4, 2, 1]}, {"title": "é"})
    path = ds.chunk(z=2, y=2).vtkseries.to_vtr(tmp_path / "run.pvd", compression=compression, pieces=pieces)
    same(xr.open_dataset(path, engine="vtkseries"), ds)


@pytest.mark.parametrize("missing", ["nan", "blank"])
def test_vectors_are_taken_apart_and_blanked_values_are_missing_again(missing: str, tmp_path: Path) -> None:
    u, v, w = (FIELD[1] * (i + 1) for i in range(3))
    u[0, 1, 2, 1] = v[0, 1, 2, 1] = w[0, 1, 2, 1] = np.nan
    ds = xr.Dataset({"u": (FIELD[0], u), "t": FIELD, "w": (FIELD[0], w), "v": (FIELD[0], v.astype("f4"))}, GRID)
    same(back(ds, tmp_path, vectors={"wind": ("u", "v", "w")}, missing=missing), ds)
    along = xr.Dataset({"wind": (("c", "time", "z", "y", "x"), np.stack([u, w]))}, {"c": ["east", "up"]})
    same(back(along, tmp_path, vectors={"wind": "c"}, missing=missing), along)


@pytest.mark.parametrize("method", ["to_vtr", "to_vti", "to_vts", "to_pvd"])
def test_every_grid_gives_the_dataset_back(method: str, tmp_path: Path) -> None:
    ds = xr.Dataset({"t": FIELD}, {"time": [0, 1], "z": [3.0, 2, 1, 0], "y": [0.0, 1, 2], "x": [1.0, 1.5]})
    same(xr.open_dataset(getattr(ds.vtkseries, method)(tmp_path / "run.pvd"), engine="vtkseries"), ds)


def test_members_of_an_ensemble_are_stacked_again(tmp_path: Path) -> None:
    ds = xr.Dataset(
        {"t": (("number", "time", "y", "x"), values(3, 2, 4, 5)), "m": (("time", "y", "x"), values(2, 4, 5))},
        {"number": [7, 8, 9], "time": [0.0, 1.0]},
    )
    same(back(ds, tmp_path, parts="number"), ds)
    one = xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries", chunks={})
    np.testing.assert_array_equal(one["t"][1, :, 2].compute(), ds["t"][1, :, 2])


@pytest.mark.parametrize("runs", [[1, 2], [2, 1], [1, 1, 1], [3]])
def test_dates_that_no_number_tells_are_continued(runs: list[int], tmp_path: Path) -> None:
    days = [cftime.DatetimeNoLeap(1, 2, day, 1, 2, 3, 450007 + day) for day in (3, 4, 6)]
    ds = xr.Dataset({"t": (("time", "x"), values(3, 2))}, {"time": days})
    begin = 0
    for count in runs:
        part = ds.isel(time=slice(begin, begin := begin + count))
        part.vtkseries.to_vtr(tmp_path / "run.pvd", mode="a", time_units="hours since 1950-01-01")
    same(xr.open_dataset(tmp_path / "run.pvd", engine="vtkseries").load(), ds)


def test_what_was_written_undecoded_is_decoded_when_that_is_asked_for(tmp_path: Path) -> None:
    attrs = {"units": "days since 0001-01-01", "calendar": "360_day"}
    packed = (("time", "x"), np.array([[1, -9], [3, 4]], "i2"), {"scale_factor": 0.5, "_FillValue": np.int16(-9)})
    flag = ("x", np.array([1, 0], "i1"), {"dtype": "bool"})
    ds = xr.Dataset({"t": packed, "flag": flag}, {"time": ("time", [3, 400], attrs)})
    path = ds.vtkseries.to_vtr(tmp_path / "run.pvd")
    for decode in (None, False):
        xr.testing.assert_identical(xr.open_dataset(path, engine="vtkseries", decode_cf=decode).load(), ds)
    times = xr.open_dataset(path, engine="vtkseries", decode_times=True)["time"]
    assert times.values[1] == cftime.Datetime360Day(2, 2, 11)
    masked = xr.open_dataset(path, engine="vtkseries", mask_and_scale=True)
    np.testing.assert_array_equal(masked["t"], [[0.5, np.nan], [1.5, 2]])
    np.testing.assert_array_equal(masked["time"], [3, 400])
    whole = xr.open_dataset(path, engine="vtkseries", decode_times=True, mask_and_scale=True)
    xr.testing.assert_identical(whole.load(), xr.decode_cf(ds.copy(deep=True)))


@pytest.mark.parametrize("name", ["component", "c", "part", "points", "role", "x"])
@pytest.mark.parametrize("method", ["to_vtr", "to_vts"])
def test_a_dim_may_have_any_name(method: str, name: str, tmp_path: Path) -> None:
    t = np.where(values(2, 4, 3, 2) == 3, np.nan, values(2, 4, 3, 2))
    lon = xr.Variable(("time", name, "j", "i"), values(2, 4, 3, 2), {"units": "m"})
    ds = xr.Dataset({"t": (lon.dims, t)}, {"time": [0.5, 2.0], name: [1.0, 2.5, 4.0, 8.0], "h": lon})
    options = {"x": "i", "y": "j", "z": name, "location": "cell", "missing": "blank"}
    path = getattr(ds.vtkseries, method)(tmp_path / "run.pvd", **options)
    same(xr.open_dataset(path, engine="vtkseries").load(), ds)


@pytest.mark.parametrize("kind", ["S3", "text", "object", "c16", "f8"])
@pytest.mark.parametrize("large", [False, True])
def test_a_coordinate_is_sliced_as_numpy_does(kind: str, large: bool, tmp_path: Path) -> None:  # noqa: FBT001
    shape = (2, 3, 4, 2 if not large else 200)
    count = int(np.prod(shape))
    found: Any = {"text": lambda: np.array([str(i) for i in range(count)])}.get(kind, lambda: np.arange(count))()
    found = found.astype(object if kind in ("object", "text") else kind).reshape(shape)
    dims = ("time", "y", "q", "x")
    ds = xr.Dataset(
        {"t": (("time", "y", "x"), values(2, 3, shape[-1]))}, {"n": (dims, found), "m": (dims[1:], found[0])}
    )
    with xr.open_dataset(ds.vtkseries.to_vtr(tmp_path / "run.pvd"), engine="vtkseries") as back:
        for key in (
            {"time": 1, "q": [3, 0, 0]}, {"time": slice(None, None, -1), "y": [0, 0], "x": 1}, {"q": 2, "x": [1, 0]},
            {"y": xr.DataArray([0, 2], dims="p"), "x": xr.DataArray([1, 0], dims="p"), "q": 1},
            {"time": [1, 0], "y": 2}, {"y": slice(2, 0, -1), "q": -1, "x": [0]},
        ):  # fmt: skip
            for name in ("n", "m", "t"):
                own = {dim: index for dim, index in key.items() if dim in ds[name].dims}
                xr.testing.assert_identical(back[name].isel(own).load(), ds[name].isel(own))


@st.composite
def datasets(draw: st.DrawFn) -> xr.Dataset:
    """Give Datasets whose dims, order, axes, dtypes and times are drawn at random."""
    sizes = {dim: draw(st.integers(1, 4)) for dim in ("time", "z", "y", "x")}
    present = [dim for dim in sizes if dim == "x" or draw(st.booleans())]
    coords: dict[str, Any] = {}
    for dim in present:
        if dim != "time" and draw(st.booleans()):
            nodes = np.cumsum(draw(st.lists(st.floats(0.125, 1e3, width=32), min_size=sizes[dim], max_size=sizes[dim])))
            nodes = nodes[::-1] if draw(st.booleans()) else nodes
            coords[dim] = (dim, nodes.astype(draw(st.sampled_from(["f4", "f8"]))))
    if "time" in present:
        unit = draw(st.sampled_from(["s", "ms", "us", "ns"]))
        steps = draw(st.lists(st.integers(-(2**30), 2**30), min_size=4, max_size=4, unique=True))
        raw = np.sort(np.array(steps[: sizes["time"]]))
        kind = draw(st.sampled_from([f"M8[{unit}]", f"m8[{unit}]", "i8", "f8"]))
        coords["time"] = ("time", raw.astype(kind))
    variables = {}
    for name in draw(st.lists(st.sampled_from(["a", "b <&", "ü"]), min_size=1, unique=True)):
        dims = draw(st.permutations(present))
        dtype = draw(st.sampled_from(["f4", "f8", "i2", "u1", "i8", "?", "c16", "f2"]))
        variables[name] = (dims, values(*(sizes[dim] for dim in dims), dtype=dtype), {"n": draw(st.integers())})
    return xr.Dataset(variables, coords)


@given(ds=datasets(), chunked=st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_dataset_comes_back_identical(ds: xr.Dataset, chunked: bool, tmp_path_factory: Any) -> None:  # noqa: FBT001
    path = (ds.chunk() if chunked else ds).vtkseries.to_vtr(tmp_path_factory.mktemp("any") / "run.pvd")
    same(xr.open_dataset(path, engine="vtkseries").load(), ds)


@st.composite
def with_coordinates(draw: st.DrawFn) -> xr.Dataset:
    """Give Datasets with coordinates beside the axes: of any dims and dtype, texts, objects and dates too."""
    ds = draw(datasets())
    sizes = {str(dim): size for dim, size in ds.sizes.items()} | {"q": draw(st.sampled_from([1, 3, 700])), "v": 2}
    for number in range(draw(st.integers(1, 3))):
        dims = draw(st.lists(st.sampled_from(list(sizes)), max_size=3, unique=True))
        shape = [sizes[dim] for dim in dims]
        count = int(np.prod(shape))
        kind = draw(
            st.sampled_from(["f4", "f8", "i2", "?", "c16", ">f8", "M8[ns]", "m8[s]", "S3", "text", "object", "day"])
        )
        if kind == "text":
            found = np.array(["é" * (i % 4) for i in range(count)])
        elif kind == "object":
            found = np.array([[None, "a", 1.5][i % 3] for i in range(count)], object)
        elif kind == "day":
            found = np.array([cftime.DatetimeNoLeap(2000, 1, 1 + i % 28) for i in range(count)], object)
        else:
            found = np.arange(count).astype(kind)
        ds.coords[f"beside{number}"] = (dims, found.reshape(shape), {"n": number})
    return ds


@given(
    ds=with_coordinates(),
    chunked=st.booleans(),
    method=st.sampled_from(["to_vtr", "to_vts", "to_pvd"]),
    options=st.fixed_dictionaries(
        {
            "compression": st.sampled_from([None, "zlib", "lz4", "lzma"]),
            "missing": st.sampled_from(["nan", "blank"]),
            "location": st.sampled_from(["auto", "point", "cell"]),
            "z_scale": st.sampled_from([1.0, -50.0, 0.3]),
        }
    ),
    continued=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_combination_of_options_gives_the_dataset_back(
    ds: xr.Dataset,
    chunked: bool,  # noqa: FBT001 (drawn)
    method: str,
    options: dict[str, Any],
    continued: bool,  # noqa: FBT001 (drawn)
    tmp_path_factory: Any,
) -> None:
    path = tmp_path_factory.mktemp("any") / "run.pvd"
    steps = ds.sizes.get("time", 1)
    runs = [slice(0, steps - 1), slice(steps - 1, None)] if continued and steps > 1 else [slice(None)]
    try:
        for run in runs:
            part = ds.isel(time=run) if "time" in ds.dims else ds
            getattr((part.chunk() if chunked else part).vtkseries, method)(path, mode="a", **options)
    except SeriesError:
        reject()  # such as a coordinate of objects where an axis must be
    same(xr.open_dataset(path, engine="vtkseries").load(), ds)
