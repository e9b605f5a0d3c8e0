"""What a file says about the Dataset that it came from is checked before it is followed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries.errors import FormatError
from vtkseries.metadata import loads, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="the files are damaged on purpose")


def changed(folder: Path, keys: list[Any], value: Any) -> Path:
    """Write a file and change one thing in its JSON."""
    ds = xr.Dataset({"t": (("y", "x"), np.arange(12.0).reshape(4, 3)), "c": (("y", "x"), np.ones((4, 3), "c8"))})
    ds["y"] = ("y", [4.0, 3, 2, 1])
    path: Path = ds.vtkseries.to_vtr(folder / "a.vtr")
    data = path.read_bytes()
    found = re.search(rb'Name="vtkseries"[^>]*>([\d ]+)<', data)
    assert found is not None
    content = json.loads(bytes(map(int, found[1].split()[:-1])))
    entries = {entry["name"]: entry for entry in content["variables"]}
    if keys[0] == "entry":
        node: Any = entries
        for key in keys[1:-1]:
            node = node[key]
        node[keys[-1]] = value
    else:
        content[keys[0]] = value
    codes = " ".join(map(str, json.dumps(content).encode() + b"\0")).encode()
    path.write_bytes(data[: found.start(1)] + codes + data[found.end(1) :])
    return path


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        (["entry", "t", "at", "members", 0, 2], 2**63, "components"),
        (["entry", "t", "at", "members", 0, 2], -1, "components"),
        (["entry", "c", "at", "members", 0, 1], ["c_real"], "1 arrays for complex64"),
        (["entry", "t", "at", "members", 0, 1], [], "0 arrays for float64"),
        (["entry", "t", "at", "members", 0, 1], ["other"], "no PointData named 'other'"),
        (["entry", "t", "at", "cells"], 1, "no CellData named 't'"),
        (["entry", "t", "at", "roles"], [["x", "x"], ["y", "x"]], "axes of a variable twice"),
        (["entry", "t", "at", "roles"], [["x", "y"], ["y", "x"]], "not"),
        (["entry", "t", "dims"], ["x", "x"], "has the dims"),
        (["entry", "t", "dtype"], "O", "for object"),
        (["entry", "t", "dtype"], "<U4", "for <U4"),
        (["entry", "t", "dtype"], "i4,f8", "has the dtype"),
        (["entry", "t", "attrs"], [[{"d": []}, 1]], "damaged"),
        (["entry", "y", "axis"], [0, "q", 1.0, False], "damaged"),
        (["entry", "y", "axis"], [0, "x", 1.0, False], "has the shape"),
        (["dims"], [["y", 10**12], ["x", 3]], "not"),
        (["attrs"], 5, "damaged"),
        (["attrs"], [["a", {"a": "<f8", "s": [2**40], "z": ""}]], "impossible shape"),
        (["attrs"], [["a", {"a": "<f8", "s": [3], "z": "AAAA"}]], "another length"),
        (["attrs"], [["a", {"a": "|O", "s": [1], "z": "AAAAAAAAAAA="}]], "another length"),
        (["attrs"], [["a", {"c": "eval"}]], "damaged"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path: Path, keys: list[Any], value: Any, reason: str) -> None:
    path = changed(tmp_path, keys, value)
    with pytest.raises(FormatError, match=reason) as caught:
        xr.open_dataset(path, engine="vtkseries").load()
    assert str(caught.value).startswith(str(path))


def test_a_later_version_is_read_as_a_file_of_another_writer(tmp_path: Path) -> None:
    with xr.open_dataset(changed(tmp_path, ["version"], 99), engine="vtkseries") as ds:
        assert ds["t"].dims == ("z", "y", "x")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "nul"])
def test_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="metadata"):
        loads(text)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 2**80, -1.5, "é", b"\0\xff", (1, [2, (3,)]), {"a": {1: None}}, {1, 2}, np.float32(0.1),
        np.dtype("M8[ns]"),
        np.datetime64("2000-01-01T00:00:00.000000001", "ns"), str, np.arange(6, dtype=">i2").reshape(2, 3),
        np.array(["a", "bc"]), np.array(["a", None], object), np.zeros((0, 3), "?"), np.bool_(1), np.str_("x"),
    ],
    ids=repr,
)  # fmt: skip
def test_values_come_back_with_their_types(value: object) -> None:
    found = unpack(json.loads(json.dumps(pack(value))))
    np.testing.assert_equal(found, value)
    assert type(found) is type(value)
    assert getattr(found, "dtype", None) == getattr(value, "dtype", None)
