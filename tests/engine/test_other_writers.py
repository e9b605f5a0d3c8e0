"""Files of other writers: VTK, pyvista, PyEVTK, uvw, and some made by hand, read value by value."""

from __future__ import annotations

import base64
import importlib
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from tools.samples import AXES, FIELDS, vtk_file
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkRectilinearGrid
from vtkmodules.vtkFiltersCore import vtkPassThrough
from vtkmodules.vtkFiltersGeneral import vtkImageDataToPointSet
from vtkmodules.vtkImagingCore import vtkRTAnalyticSource
from vtkmodules.vtkIOParallelXML import (
    vtkXMLPImageDataWriter,
    vtkXMLPRectilinearGridWriter,
    vtkXMLPStructuredGridWriter,
)
from vtkmodules.vtkIOXML import vtkXMLRectilinearGridReader, vtkXMLRectilinearGridWriter

import vtkseries  # noqa: F401 (registers the accessor)
from vtkseries.backend import describe
from vtkseries.errors import VtkSeriesWarning

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unchecked(reason="other writers made the files")


def load(path: Path, **options: Any) -> xr.Dataset:
    """Read a whole file with the engine."""
    with xr.open_dataset(path, engine="vtkseries", **options) as ds:
        return ds.load()


def check_fields(ds: xr.Dataset) -> None:
    """Hold a rectilinear sample against the arrays that it was made from."""
    np.testing.assert_array_equal(ds["a"].transpose("z", "y", "x"), FIELDS["a"])
    np.testing.assert_array_equal(ds["wind"].transpose("z", "y", "x", "component"), FIELDS["wind"])
    np.testing.assert_array_equal(ds["c"].transpose("z_cell", "y_cell", "x_cell"), FIELDS["c"])
    for name, nodes in AXES.items():
        np.testing.assert_array_equal(ds[name], nodes)
    assert ds["a"].dtype == "f4"
    assert ds["c"].dtype == "i2"


@pytest.mark.parametrize("mode", ["ascii", "binary", "appended", "base64"])
@pytest.mark.parametrize("compressor", [None, "zlib", "lz4", "lzma"])
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["little", "big"])
def test_what_vtk_writes_in_any_encoding_is_read(
    tmp_path: Path, mode: str, compressor: str | None, bits: int, order: str
) -> None:
    reader = vtkXMLRectilinearGridReader()
    reader.SetFileName(str(vtk_file(tmp_path / "in.vtr")))
    reader.Update()
    writer = vtkXMLRectilinearGridWriter()
    writer.SetInputData(reader.GetOutput())
    writer.SetFileName(str(tmp_path / "a.vtr"))
    writer.SetHeaderTypeToUInt32() if bits == 32 else writer.SetHeaderTypeToUInt64()
    writer.SetByteOrderToLittleEndian() if order == "little" else writer.SetByteOrderToBigEndian()
    writer.SetBlockSize(64)
    kinds = {None: "NONE", "zlib": "ZLIB", "lz4": "LZ4", "lzma": "LZMA"}
    writer.SetCompressorType(getattr(writer, kinds[compressor]))
    {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary}.get(mode, writer.SetDataModeToAppended)()
    writer.SetEncodeAppendedData(mode == "base64")
    assert writer.Write()
    ds = load(tmp_path / "a.vtr")
    check_fields(ds)
    assert ds["time"] == 0.5
    with xr.open_dataset(tmp_path / "a.vtr", engine="vtkseries") as lazy:
        part = lazy["wind"][{"z": slice(1, 4, 2), "x": [2, 0], "component": 1}]
        np.testing.assert_array_equal(part, FIELDS["wind"][1:4:2][..., [2, 0], 1])


def rectilinear(image: Any, path: Path) -> vtkXMLRectilinearGridReader:
    """Give a source of an image's values on a rectilinear grid, in pieces as they are asked for."""
    grid = vtkRectilinearGrid()
    grid.SetExtent(image.GetExtent())
    first = image.GetExtent()[::2]
    for axis, name in enumerate("XYZ"):
        nodes = np.arange(image.GetDimensions()[axis]) * 1.0 + first[axis]
        getattr(grid, f"Set{name}Coordinates")(numpy_to_vtk(nodes, deep=True))
    grid.GetPointData().ShallowCopy(image.GetPointData())
    writer = vtkXMLRectilinearGridWriter()
    writer.SetInputData(grid)
    writer.SetFileName(str(path))
    assert writer.Write()
    reader = vtkXMLRectilinearGridReader()
    reader.SetFileName(str(path))
    return reader


@pytest.mark.parametrize("ghosts", [0, 1, 2])
@pytest.mark.parametrize("pieces", [2, 3, 4])
@pytest.mark.parametrize("suffix", [".pvtr", ".pvti", ".pvts"])
def test_pieces_are_read_as_one_grid_without_their_ghosts(
    tmp_path: Path, suffix: str, pieces: int, ghosts: int
) -> None:
    kinds = {
        ".pvtr": vtkXMLPRectilinearGridWriter,
        ".pvti": vtkXMLPImageDataWriter,
        ".pvts": vtkXMLPStructuredGridWriter,
    }
    image = vtkRTAnalyticSource()
    image.SetWholeExtent(1, 9, -2, 3, 0, 6)
    image.Update()
    expected = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(7, 6, 9).copy()
    source: Any = {".pvti": vtkPassThrough, ".pvts": vtkImageDataToPointSet}.get(suffix)
    source = rectilinear(image.GetOutput(), tmp_path / "in.vtr") if source is None else source()
    if suffix != ".pvtr":
        source.SetInputConnection(image.GetOutputPort())
    writer = kinds[suffix]()
    writer.SetInputConnection(source.GetOutputPort())
    writer.SetNumberOfPieces(pieces)
    writer.SetStartPiece(0)
    writer.SetEndPiece(pieces - 1)
    writer.SetGhostLevel(ghosts)
    writer.SetFileName(str(tmp_path / f"a{suffix}"))
    assert writer.Write()
    assert f'GhostLevel="{ghosts}"' in (tmp_path / f"a{suffix}").read_text()
    ds = load(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(ds["RTData"], expected)
    np.testing.assert_array_equal(ds["X" if suffix == ".pvts" else "x"].max(), 9)
    with xr.open_dataset(tmp_path / f"a{suffix}", engine="vtkseries") as lazy:
        np.testing.assert_array_equal(lazy["RTData"][::-3, 2:5, [7, 1, 4]], expected[::-3, 2:5, [7, 1, 4]])


def handmade(shape: tuple[int, int, int], pieces: list[tuple[int, int]], order: str) -> bytes:
    """Make a file whose pieces are spans of z planes, in raw, as WriteVTK.jl lays it out."""
    nz, ny, nx = shape
    values = np.arange(nz * ny * nx, dtype="f8").reshape(shape) * 1.5
    kind = {"LittleEndian": "<", "BigEndian": ">"}[order]
    data, parts = b"", []

    def add(array: np.ndarray[Any, Any]) -> int:
        nonlocal data
        offset = len(data)
        data += np.array(array.nbytes, f"{kind}u4").tobytes() + array.astype(f"{kind}f8").tobytes()
        return offset

    for first, last in pieces:
        tags = "".join(
            f'<DataArray type="Float64" Name="{name}" format="appended" offset="{add(np.arange(a, b + 1) * 2.5)}"/>'
            for name, (a, b) in zip("xyz", [(0, nx - 1), (0, ny - 1), (first, last)], strict=True)
        )
        parts.append(
            f'<Piece Extent="0 {nx - 1} 0 {ny - 1} {first} {last}"><Coordinates>{tags}</Coordinates><PointData>'
            f'<DataArray type="Float64" Name="v" format="appended" offset="{add(values[first : last + 1])}"/>'
            "</PointData></Piece>"
        )
    return (
        f'<?xml version="1.0"?><VTKFile type="RectilinearGrid" byte_order="{order}"><RectilinearGrid WholeExtent='
        f'"0 {nx - 1} 0 {ny - 1} 0 {nz - 1}">{"".join(parts)}</RectilinearGrid><AppendedData encoding="raw">_'
    ).encode() + data + b"</AppendedData></VTKFile>"  # fmt: skip


@pytest.mark.parametrize("order", ["LittleEndian", "BigEndian"])
@pytest.mark.parametrize("pieces", [[(0, 4)], [(2, 4), (0, 2)], [(0, 1), (2, 4)], [(0, 1), (1, 3), (3, 4)]])
def test_pieces_of_one_file_may_share_planes_or_not_in_any_order(
    tmp_path: Path, order: str, pieces: list[tuple[int, int]]
) -> None:
    (tmp_path / "a.vtr").write_bytes(handmade((5, 3, 2), pieces, order))
    expected = np.arange(30.0).reshape(5, 3, 2) * 1.5
    np.testing.assert_array_equal(load(tmp_path / "a.vtr")["v"], expected)
    with xr.open_dataset(tmp_path / "a.vtr", engine="vtkseries") as ds:
        np.testing.assert_array_equal(ds["v"][::-2, 1, [1, 0]], expected[::-2, 1][:, [1, 0]])
        np.testing.assert_array_equal(ds["z"], np.arange(5) * 2.5)


def test_byte_count_and_values_may_be_encoded_apart(tmp_path: Path) -> None:
    values = np.arange(4, dtype="<f8")
    text = (base64.b64encode(np.uint32(32).tobytes()) + base64.b64encode(values.tobytes())).decode()
    (tmp_path / "a.vti").write_text(
        '<VTKFile type="ImageData" byte_order="LittleEndian"><ImageData WholeExtent="0 3 0 0 0 0" Origin="1 2 3" '
        'Spacing="0.5 1 1"><Piece Extent="0 3 0 0 0 0"><PointData><DataArray type="Float64" Name="v" format="binary">'
        f"\n  {text}\n</DataArray></PointData></Piece></ImageData></VTKFile>"
    )
    ds = load(tmp_path / "a.vti")
    np.testing.assert_array_equal(ds["v"][0, 0], values)
    np.testing.assert_array_equal(ds["x"], [1, 1.5, 2, 2.5])


def test_what_pyvista_writes_is_read(tmp_path: Path) -> None:
    pyvista = importlib.import_module("pyvista")
    grid = pyvista.RectilinearGrid(*AXES.values())
    for name in ("a", "wind"):
        grid.point_data[name] = FIELDS[name].reshape(24, -1).squeeze()
    grid.cell_data["c"] = FIELDS["c"].ravel()
    grid.field_data["level"] = np.array([1.5, 2.5])
    for binary in (True, False):
        grid.save(tmp_path / "a.vtr", binary=binary)
        ds = load(tmp_path / "a.vtr")
        check_fields(ds)
        np.testing.assert_array_equal(ds["level"], [1.5, 2.5])


def test_what_pyevtk_writes_is_read(tmp_path: Path) -> None:
    from pyevtk.hl import gridToVTK, imageToVTK  # noqa: PLC0415 (the package speaks when it is imported)

    u, v = (np.ascontiguousarray(FIELDS["wind"][..., i].T) for i in (0, 1))
    point = {"a": np.ascontiguousarray(FIELDS["a"].T), "uv": (u, v, u + v)}
    cell = {"c": np.ascontiguousarray(FIELDS["c"].T)}
    axes = [AXES[name] for name in "xyz"]
    path = gridToVTK(str(tmp_path / "r"), *axes, cellData=cell, pointData=point, fieldData={"n": np.array([7.5])})
    ds = load(path)
    np.testing.assert_array_equal(ds["a"].transpose("z", "y", "x"), FIELDS["a"])
    np.testing.assert_array_equal(ds["uv"][..., 2], FIELDS["wind"][..., 0] + FIELDS["wind"][..., 1])
    np.testing.assert_array_equal(ds["c"], FIELDS["c"])
    assert ds["n"] == 7.5
    places = [np.ascontiguousarray(p) for p in np.meshgrid(*axes, indexing="ij")]
    ds = load(gridToVTK(str(tmp_path / "s"), *places, pointData={"a": point["a"]}))
    np.testing.assert_array_equal(ds["a"], FIELDS["a"])
    np.testing.assert_array_equal(ds["Z"][:, 1, 2], AXES["z"])
    np.testing.assert_array_equal(ds["X"][3, 0], AXES["x"])
    ds = load(imageToVTK(str(tmp_path / "i"), origin=(1.0, 2.0, 3.0), spacing=(0.5, 1.0, 2.0), pointData=point))
    np.testing.assert_array_equal(ds["a"], FIELDS["a"])
    np.testing.assert_array_equal(ds["z"], [3, 5, 7, 9])


@pytest.mark.parametrize("compression", [None, -1])
def test_what_uvw_writes_is_read(tmp_path: Path, compression: int | None) -> None:
    uvw = importlib.import_module("uvw")
    path = tmp_path / "a.vtr"
    axes = [AXES[name] for name in "xyz"]
    grid = uvw.RectilinearGrid(str(path), axes, compression=bool(compression))
    grid.addPointData(uvw.DataArray(FIELDS["a"].transpose(2, 1, 0), range(3), "a"))
    grid.addCellData(uvw.DataArray(FIELDS["c"].transpose(2, 1, 0), range(3), "c"))
    grid.write()
    ds = load(path)
    np.testing.assert_array_equal(ds["a"], FIELDS["a"])
    np.testing.assert_array_equal(ds["c"], FIELDS["c"])


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """Three steps by VTK, listed out of order in both kinds of index."""
    (tmp_path / "s").mkdir()
    for step in range(3):
        made = handmade((5 if step < 9 else 4, 3, 2), [(0, 4)], "LittleEndian")
        (tmp_path / f"s/é {step}.vtr").write_bytes(made)
    times = [(2.5, 2), (0.5, 0), (1.5, 1), (1.5, 2)]
    entries = "".join(f'<DataSet timestep="{t}" part="0" file="s/é {k}.vtr"/>' for t, k in times)
    (tmp_path / "a.pvd").write_text(f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>')
    files = [{"name": f"s/é {k}.vtr", "time": t} for t, k in times[:3]]
    (tmp_path / "a.vtr.series").write_text(json.dumps({"file-series-version": "1.0", "files": files}))
    return tmp_path


@pytest.mark.parametrize("name", ["a.pvd", "a.vtr.series"])
def test_steps_are_in_the_order_of_their_times(steps: Path, name: str) -> None:
    ds = load(steps / name)
    assert ds["v"].dims == ("time", "z", "y", "x")
    np.testing.assert_array_equal(ds["time"], [0.5, 1.5, 2.5])
    np.testing.assert_array_equal(ds["v"][1], np.arange(30.0).reshape(5, 3, 2) * 1.5)


def test_blanks_around_a_time_do_not_count(steps: Path) -> None:
    text = (steps / "a.pvd").read_text()
    (steps / "b.pvd").write_text(re.sub(r'timestep="([^"]*)"', r'timestep=" \1 "', text))
    assert load(steps / "b.pvd").identical(load(steps / "a.pvd"))


def test_time_units_of_other_writers_are_decoded(tmp_path: Path) -> None:
    pyvista = importlib.import_module("pyvista")
    grid = pyvista.RectilinearGrid(*AXES.values())
    grid.point_data["a"] = FIELDS["a"].ravel()
    grid.field_data["TimeValue"] = np.array([36.0])
    grid.field_data["time_units"] = ["hours since 2000-01-01"]
    grid.save(tmp_path / "a.vtr")
    assert load(tmp_path / "a.vtr")["time"].values == np.datetime64("2000-01-02T12")
    assert load(tmp_path / "a.vtr", decode_times=False)["time"] == 36.0


def test_parts_of_other_writers_have_dims_and_names_of_their_own(tmp_path: Path) -> None:
    for number, shape in enumerate([(5, 3, 2), (4, 2, 3)]):
        (tmp_path / f"{number}.vtr").write_bytes(handmade(shape, [(0, shape[0] - 1)], "LittleEndian"))
    (tmp_path / "a.pvd").write_text(
        '<VTKFile type="Collection"><Collection><DataSet timestep="1" part="0" file="0.vtr"/>'
        '<DataSet timestep="1" part="1" name="sea" file="1.vtr"/></Collection></VTKFile>'
    )
    ds = load(tmp_path / "a.pvd")
    assert dict(ds["v"].sizes) == {"time": 1, "z": 5, "y": 3, "x": 2}
    assert dict(ds["v_sea"].sizes) == {"time": 1, "z_sea": 4, "y_sea": 2, "x_sea": 3}
    np.testing.assert_array_equal(ds["v_sea"][0], np.arange(24.0).reshape(4, 2, 3) * 1.5)


def collection(folder: Path, entries: str) -> Path:
    """List grids in a .pvd."""
    path = folder / "a.pvd"
    path.write_text(f'<VTKFile type="Collection"><Collection>{entries}</Collection></VTKFile>')
    return path


@pytest.mark.parametrize("reference", ["./s/a.vtr", "s/./a.vtr", "s//a.vtr", "s/../s/a.vtr", "s\\a.vtr", ".\\s\\a.vtr"])
def test_a_file_is_found_however_its_path_is_spelt(tmp_path: Path, reference: str) -> None:
    (tmp_path / "s").mkdir()
    vtk_file(tmp_path / "s/a.vtr")
    check_fields(load(collection(tmp_path, f'<DataSet timestep="1" file="{reference}"/>')).isel(time=0))


def test_groups_are_parts_of_their_own(tmp_path: Path) -> None:
    for number, shape in enumerate([(5, 3, 2), (4, 2, 3)]):
        (tmp_path / f"{number}.vtr").write_bytes(handmade(shape, [(0, shape[0] - 1)], "LittleEndian"))
    entries = [f'<DataSet timestep="1" group="{g}" part="0" file="{n}.vtr"/>' for n, g in enumerate(["sea", "ice"])]
    ds = load(collection(tmp_path, "".join(entries)))
    np.testing.assert_array_equal(ds["v_ice_0"][0], np.arange(24.0).reshape(4, 2, 3) * 1.5)


def test_a_part_that_comes_and_goes_is_left_out_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.vtr").write_bytes(handmade((5, 3, 2), [(0, 4)], "LittleEndian"))
    both = '<DataSet timestep="1" file="a.vtr"/><DataSet timestep="2" file="a.vtr"/>'
    path = collection(tmp_path, f'{both}<DataSet timestep="2" part="1" file="a.vtr"/>')
    with pytest.warns(VtkSeriesWarning, match="part '1' has a file at 1 of 2 times"):
        assert set(load(path).data_vars) == {"v"}


def test_comments_and_marked_text_are_no_data(tmp_path: Path) -> None:
    path = vtk_file(tmp_path / "a.vtr", "ascii")
    text = path.read_text()
    first = text.index('Name="a"')
    begin = text.index(">", first) + 1
    end = text.index("</DataArray>", begin)
    numbers = text[begin:end].split("<", maxsplit=1)[0]
    marked = f"<![CDATA[{numbers[:9]}]]><!-- 7 8 9 <AppendedData> -->{numbers[9:]}"
    head = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<?other <AppendedData?><!-- _ -->'
    path.write_text(head + text[text.index("<VTKFile") : begin] + marked + text[begin + len(numbers) :])
    check_fields(load(path))


def test_an_empty_grid_is_read(tmp_path: Path) -> None:
    writer = vtkXMLRectilinearGridWriter()
    writer.SetInputData(vtkRectilinearGrid())
    writer.SetFileName(str(tmp_path / "a.vtr"))
    assert writer.Write()
    assert load(tmp_path / "a.vtr").sizes["x"] == 0


def test_describe_tells_what_the_engine_sees(steps: Path) -> None:
    text = describe(steps / "a.pvd")
    assert "3 steps, time 0.5 to 2.5" in text
    assert "RectilinearGrid, 2 x 3 x 5 points, not compressed, LittleEndian" in text
    assert "  PointData v: Float64, 240 bytes a step, appended raw" in text
    assert "v        (time, z, y, x) float64" in text


def long_image(path: Path, kind: str, first: int, count: int) -> np.ndarray[Any, Any]:
    """Write an image of one line of values."""
    values = (np.arange(count) % 251).astype(kind)
    tag = {"u1": "UInt8", "f8": "Float64"}[kind]
    path.write_bytes(
        f'<VTKFile type="ImageData" header_type="UInt64"><ImageData WholeExtent="{first} {first + count - 1} 0 0 0 0" '
        f'Origin="1 2 3" Spacing="0.5 1 1"><Piece Extent="{first} {first + count - 1} 0 0 0 0"><PointData><DataArray '
        f'type="{tag}" Name="v" format="appended" offset="0"/></PointData></Piece></ImageData><AppendedData '
        'encoding="raw">_'.encode()
        + np.uint64(values.nbytes).tobytes() + values.tobytes() + b"</AppendedData></VTKFile>"
    )  # fmt: skip
    return values


@pytest.mark.parametrize("kind", ["u1", "f8"])
@pytest.mark.parametrize("suffix", [".vti", ".pvti"])
def test_an_axis_of_more_than_a_million_points_has_coordinates(tmp_path: Path, suffix: str, kind: str) -> None:
    half = 700_000
    if suffix == ".vti":
        values = long_image(tmp_path / "a.vti", kind, -3, 2 * half + 1)
    else:
        one, other = (long_image(tmp_path / f"{i}.vti", kind, -3 + i * half, half + 1) for i in (0, 1))
        values = np.concatenate([one[:-1], other])
        pieces = "".join(
            f'<Piece Extent="{-3 + i * half} {-3 + (i + 1) * half} 0 0 0 0" Source="{i}.vti"/>' for i in (0, 1)
        )
        tag = {"u1": "UInt8", "f8": "Float64"}[kind]
        (tmp_path / "a.pvti").write_text(
            f'<VTKFile type="PImageData"><PImageData WholeExtent="-3 {2 * half - 3} 0 0 0 0" Origin="1 2 3" '
            f'Spacing="0.5 1 1"><PPointData><PDataArray type="{tag}" Name="v"/></PPointData>{pieces}'
            "</PImageData></VTKFile>"
        )
    with xr.open_dataset(tmp_path / f"a{suffix}", engine="vtkseries") as ds:
        assert isinstance(ds.xindexes["x"], xr.indexes.PandasIndex) == (kind == "f8")
        assert ds["v"].sel(x=1 + 0.5 * 1_000_000, method="nearest") == values[1_000_003]
        np.testing.assert_array_equal(ds["x"], 1 + 0.5 * np.arange(-3, 2 * half - 2))
        assert ds["x"].attrs["axis"] == "X"
        assert ds["y"] == 2
        assert ds["z"] == 3
        if suffix == ".vti":
            np.testing.assert_array_equal(ds["v"].squeeze(), values)


@pytest.mark.parametrize("verb", ["to_vti", "to_pvd"])
def test_a_long_axis_of_bytes_comes_back(tmp_path: Path, verb: str) -> None:
    ds = xr.Dataset({"v": ("x", (np.arange(1_200_000) % 251).astype("u1"))}, {"x": np.arange(1_200_000) * 0.5 + 7})
    path = getattr(ds.vtk, verb)(tmp_path / "run.pvd")
    with xr.open_dataset(path, engine="vtkseries") as back:
        xr.testing.assert_identical(back.load(), ds)
