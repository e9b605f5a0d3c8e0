"""Images and structured grids as VTK writes them: every kind of array, any plane, any place, in pieces too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import pyvista as pv
import xarray as xr
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkBitArray, vtkIdTypeArray, vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOParallelXML import vtkXMLPImageDataWriter
from vtkmodules.vtkIOXML import vtkXMLImageDataWriter

from vtkseries import FormatError, VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="VTK made the files")
EXTENTS = [
    (0, 3, 0, 2, 0, 4),
    (-3, -1, 5, 9, -2, 0),
    (2, 2, 0, 3, 1, 4),
    (0, 3, -7, -7, 0, 2),
    (1, 4, 0, 2, 5, 5),
    (3, 3, 0, 0, -4, 1),
]
KINDS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def image(extent: tuple[int, ...], direction: list[float] | None = None) -> tuple[vtkImageData, dict[str, Any]]:
    """Make an image with arrays of every kind, at points and in cells, and field data; give their values as well."""
    grid = vtkImageData()
    grid.SetExtent(*extent)
    grid.SetOrigin(0.5, -2, 10)
    grid.SetSpacing(0.25, 2, 1.5)
    if direction is not None:
        grid.SetDirectionMatrix(direction)
    points = tuple(extent[2 * a + 1] - extent[2 * a] + 1 for a in (2, 1, 0))
    cells = tuple(max(n - 1, 1) for n in points)
    expected: dict[str, Any] = {}
    for place, shape, data in (("p", points, grid.GetPointData()), ("c", cells, grid.GetCellData())):
        count = int(np.prod(shape))
        for kind in KINDS:
            values = (np.arange(count * 2) % 101).astype(kind).reshape(-1, 2)
            array = numpy_to_vtk(values, deep=True)
            array.SetName(f"{place}_{kind}")
            data.AddArray(array)
            expected[f"{place}_{kind}"] = values.reshape(*shape, 2)
        for name, array in ((f"{place}_bit", vtkBitArray()), (f"{place}_id", vtkIdTypeArray())):
            numbers: list[int] = [int(i * 7 % 3 == 0) if "bit" in name else i + 2**40 for i in range(count)]
            array.SetName(name)
            for number in numbers:
                array.InsertNextValue(number)
            data.AddArray(array)
            expected[name] = np.array(numbers).reshape(shape)
    texts = vtkStringArray()
    texts.SetName("texts")
    for text in ("é", "", "a <b> & c"):
        texts.InsertNextValue(text)
    grid.GetFieldData().AddArray(texts)
    expected["texts"] = ["é", "", "a <b> & c"]
    return grid, expected


def write(grid: vtkImageData, path: Path, mode: str, compressor: str, bits: int, order: str) -> None:
    writer = vtkXMLImageDataWriter()
    writer.SetInputData(grid)
    writer.SetFileName(str(path))
    {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary}.get(mode, writer.SetDataModeToAppended)()
    writer.SetEncodeAppendedData(mode == "base64")
    writer.SetCompressorType(getattr(writer, compressor))
    writer.SetBlockSize(64)
    writer.SetHeaderTypeToUInt32() if bits == 32 else writer.SetHeaderTypeToUInt64()
    writer.SetByteOrderToLittleEndian() if order == "little" else writer.SetByteOrderToBigEndian()
    assert writer.Write()


@pytest.mark.parametrize("extent", EXTENTS)
@pytest.mark.parametrize(
    ("mode", "compressor", "bits", "order"),
    [
        ("appended", "NONE", 32, "little"), ("appended", "NONE", 64, "big"), ("appended", "ZLIB", 64, "big"),
        ("base64", "LZ4", 32, "little"), ("base64", "NONE", 64, "big"), ("binary", "LZMA", 32, "big"),
        ("binary", "NONE", 64, "little"), ("ascii", "NONE", 64, "little"),
    ],
)  # fmt: skip
def test_every_kind_of_array_is_read(
    tmp_path: Path, extent: tuple[int, ...], mode: str, compressor: str, bits: int, order: str
) -> None:
    grid, expected = image(extent)
    write(grid, tmp_path / "a.vti", mode, compressor, bits, order)
    with xr.open_dataset(tmp_path / "a.vti", engine="vtkseries") as ds:
        for name, values in expected.items():
            if "bit" in name and mode == "ascii":
                continue  # VTK packs no bits there
            np.testing.assert_array_equal(ds[name], values, err_msg=name)
            if name[2:] in KINDS:
                assert ds[name].dtype == name[2:]
                np.testing.assert_array_equal(ds[name][::-1, -1:, [0], 1], values[::-1, -1:, [0], 1])
        for axis, (name, origin, step) in enumerate((("x", 0.5, 0.25), ("y", -2.0, 2.0), ("z", 10.0, 1.5))):
            np.testing.assert_array_equal(
                ds[name], origin + step * np.arange(extent[2 * axis], extent[2 * axis + 1] + 1)
            )


@pytest.mark.parametrize(
    ("direction", "tilted"),
    [
        ([-1, 0, 0, 0, 1, 0, 0, 0, -1], False), ([0, 1, 0, 1, 0, 0, 0, 0, 1], True),
        ([0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1], True),
    ],
)  # fmt: skip
def test_an_image_with_a_direction_is_read(tmp_path: Path, direction: list[float], *, tilted: bool) -> None:
    grid, expected = image(EXTENTS[1], direction)
    write(grid, tmp_path / "a.vti", "appended", "ZLIB", 64, "little")
    with xr.open_dataset(tmp_path / "a.vti", engine="vtkseries") as ds:
        np.testing.assert_array_equal(ds["p_f4"], expected["p_f4"])
        if tilted:
            assert ds["image"].attrs["Direction"] == direction
        else:
            for axis, name in enumerate("xyz"):
                for number in (0, -1):
                    index = [0, 0, 0]
                    index[axis] = number % ds.sizes[name]
                    place = [0.0, 0.0, 0.0]
                    ijk = [EXTENTS[1][2 * a] + index[a] for a in range(3)]
                    grid.TransformIndexToPhysicalPoint(ijk, place)
                    assert ds[name][index[axis]] == place[axis]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("mode", ["binary", "base64"])
def test_arrays_of_few_bytes_are_read(tmp_path: Path, mode: str, bits: int) -> None:
    grid = vtkImageData()
    grid.SetDimensions(1, 1, 1)
    for count in range(1, 13):
        array = numpy_to_vtk(np.arange(40 + count, 40 + 2 * count, dtype="u1").reshape(1, count), deep=True)
        array.SetName(f"a{count}")
        grid.GetPointData().AddArray(array)
    write(grid, tmp_path / "a.vti", mode, "NONE", bits, "little")
    with xr.open_dataset(tmp_path / "a.vti", engine="vtkseries") as ds:
        for count in range(1, 13):
            assert ds[f"a{count}"].values.ravel().tolist() == list(range(40 + count, 40 + 2 * count))


@pytest.mark.parametrize("mode", ["ascii", "binary", "appended", "base64"])
def test_texts_at_points_and_in_cells_are_read(tmp_path: Path, mode: str) -> None:
    grid = pv.ImageData(dimensions=(4, 3, 5))
    grid["name"] = [f"e{n}" for n in range(60)]
    grid.cell_data["kind"] = ["", *(f"<{n}>" for n in range(23))]
    grid["number"] = np.arange(60)
    write(grid, tmp_path / "a.vti", mode, "NONE", 64, "little")
    with xr.open_dataset(tmp_path / "a.vti", engine="vtkseries", chunks={}) as ds:
        assert ds["name"].dims == ("z", "y", "x")
        assert ds["name"][2, 1, ::2].values.tolist() == ["e28", "e30"]
        assert ds["kind"].values.ravel().tolist() == ["", *(f"<{n}>" for n in range(23))]
        np.testing.assert_array_equal(ds["number"].values.ravel(), np.arange(60))
        with pytest.warns(VtkSeriesWarning, match="'name' holds"):
            ds[["name", "number"]].vtk.to_vti(tmp_path / "b.pvd")


def test_texts_of_pieces_and_meshes_are_left_out_with_a_warning(tmp_path: Path) -> None:
    grid = pv.ImageData(dimensions=(4, 3, 5))
    grid["name"], grid["number"] = [f"e{n}" for n in range(60)], np.arange(60)
    writer = vtkXMLPImageDataWriter()
    writer.SetInputData(grid)
    writer.SetFileName(str(tmp_path / "a.pvti"))
    writer.Write()
    grid.cast_to_unstructured_grid().save(tmp_path / "a.vtu")
    for name in ("a.pvti", "a.vtu"):
        with (
            pytest.warns(VtkSeriesWarning, match=rf"{name}: array 'name' of texts left out.*from_grid"),
            xr.open_dataset(tmp_path / name, engine="vtkseries") as ds,
        ):
            np.testing.assert_array_equal(ds["number"].values.ravel(), np.arange(60))


def test_texts_that_an_extent_only_claims_take_no_memory(tmp_path: Path) -> None:
    extent = "0 999999 0 999999 0 999"
    text = '<Array type="String" Name="t" format="ascii">97 0 98 0</Array>'
    (tmp_path / "a.vti").write_text(
        f'<VTKFile type="ImageData"><ImageData WholeExtent="{extent}"><Piece Extent="{extent}"><PointData>{text}'
        "</PointData></Piece></ImageData></VTKFile>"
    )
    with pytest.raises(FormatError, match="'t' has 2 texts, not 1000000000000000"):
        xr.load_dataset(tmp_path / "a.vti", engine="vtkseries")
