"""Hostile files: each threat is a FormatError that names file and reason."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from tools.samples import document, vtk_file, write, write_series

from vtkseries import evtk
from vtkseries.errors import FormatError
from vtkseries.storage.guard import check_reference, resolve

pytestmark = pytest.mark.unchecked(reason="the files are hostile on purpose")


def refused(path: Path, reason: str) -> None:
    """Check that a file is refused for a reason, when it is opened or when all of it is read."""
    with pytest.raises(FormatError, match=reason) as caught, xr.open_dataset(path, engine="vtkseries") as ds:
        ds.load()
    assert str(caught.value).startswith(str(path.parent))


def index(folder: Path, reference: str) -> Path:
    path = folder / "a.pvd"
    path.write_text(f'<VTKFile type="Collection"><Collection><DataSet file="{reference}"/></Collection></VTKFile>')
    return path


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd", "../a.vtr", "sub/../../a.vtr", "\\\\server\\share\\a.vtr", "//server/a.vtr", "C:\\a.vtr",
        "C:a.vtr",
        "file:///etc/passwd", "http://example.org/a.vtr", "..\\a.vtr", "\\a.vtr",
    ],
)  # fmt: skip
def test_a_reference_that_leaves_the_directory_is_refused(tmp_path: Path, reference: str) -> None:
    refused(index(tmp_path, reference), "names the file")


def test_a_link_that_leaves_the_directory_is_refused_unless_it_is_trusted(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    vtk_file(tmp_path / "b.vtr")
    (inside / "b.vtr").symlink_to(tmp_path / "b.vtr")
    (inside / "up").symlink_to(tmp_path)
    refused(index(inside, "b.vtr"), "a link to outside")
    refused(index(inside, "up/b.vtr"), "a link to outside")
    refused(index(inside, "../b.vtr"), "follow_outside=True")
    for reference in ("b.vtr", "up/b.vtr", "../b.vtr", str(tmp_path / "b.vtr")):
        ds = xr.open_dataset(index(inside, reference), engine="vtkseries", follow_outside=True)
        assert ds["a"].load().size == 24


def test_nul_and_urls_are_refused_even_when_trusted() -> None:
    for reference in ("a\0.vtr", "", "https://example.org/a.vtr"):
        with pytest.raises(FormatError):
            check_reference(reference, follow_outside=True)


def test_links_inside_the_directory_are_followed(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.vtr").write_bytes(b"")
    (tmp_path / "sub/c.vtr").symlink_to("../b.vtr")
    assert resolve(str(tmp_path), "sub/c.vtr") == os.path.realpath(tmp_path / "b.vtr")


def test_the_pieces_of_a_parallel_file_are_held_to_the_same(tmp_path: Path) -> None:
    text = (
        '<VTKFile type="PImageData"><PImageData WholeExtent="0 1 0 1 0 1"><PPointData/>'
        '<Piece Extent="0 1 0 1 0 1" Source="{}"/></PImageData></VTKFile>'
    )
    path = tmp_path / "a.pvti"
    path.write_text(text.format("../b.vti"))
    refused(path, "outside its own directory")
    path.write_text(
        text.replace("<PPointData/>", '<PPointData><PDataArray type="Int8" Name="a"/></PPointData>').format("a.pvti")
    )
    refused(path, "its piece")


@pytest.mark.parametrize("make", ["fifo", "directory", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, make: str) -> None:
    path = tmp_path / "b.vtr"
    if make == "fifo":
        os.mkfifo(path)
    elif make == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    refused(path, "not a regular file")


def raw(tmp_path: Path, old: str, new: str) -> Path:
    """Write a small raw file with one thing changed in its markup, of the same length where that is blank."""
    path = write(tmp_path / "b.vtr", *document())
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode(), 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('offset="42"', 'offset="4242"', "array 'x' at offset 4242: it begins past the end"),
        ('offset="42"', 'offset="43"', "array 'x' at offset 43: it has"),
        ('Float64" Name="wind', 'Float32" Name="wind', "array 'wind' at offset 362: it has 576 bytes where .* 288"),
        ('NumberOfComponents="3"', 'NumberOfComponents="4"', "the extent asks for 768"),
        ('WholeExtent="0 2 0 1 0 3"', 'WholeExtent="0 2 0 1 0 4"', "leave holes"),
        ('WholeExtent="0 2 0 1 0 3"', 'WholeExtent="0 2 0 1 0 2"', "lies outside"),
        ('Piece Extent="0 2 0 1 0 3"', 'Piece Extent="0 2000000000 0 1 0 3"', "lies outside"),
        ('type="RectilinearGrid"', 'type="PolyData"', "has no PolyData element"),
        ('Name="y"', 'Name="x"', "two arrays named 'x'"),
        ('Name="a"', 'Name=""', "has no name"),
        ("LittleEndian", "BigEndian", "at offset"),
        ("</AppendedData>", "</AppendedDate>", "cut short"),
    ],
)  # fmt: skip
def test_what_a_header_claims_is_held_against_the_file(tmp_path: Path, old: str, new: str, reason: str) -> None:
    refused(raw(tmp_path, old, new), reason)


@pytest.mark.parametrize(
    ("bits", "claimed", "reason"),
    [(64, 32, "its byte counts are UInt64"), (32, 64, "bytes where|into the next one|past the end")],
)
@pytest.mark.parametrize("values", [0.0, 1.5])
def test_a_false_header_type_is_found_without_a_checksum(
    tmp_path: Path, bits: int, claimed: int, reason: str, values: float
) -> None:
    path, word = tmp_path / "a.vti", np.dtype(f"<u{bits // 8}")
    data, tags = b"", ""
    for name in "abc":
        tags += f'<DataArray type="Float32" Name="{name}" format="appended" offset="{len(data)}"/>'
        data += np.array(32, word).tobytes() + np.full(8, values, "<f4").tobytes()
    for kind in (bits, claimed):
        path.write_bytes(
            f'<VTKFile type="ImageData" header_type="UInt{kind}"><ImageData WholeExtent="0 1 0 1 0 1"><Piece Extent='
            f'"0 1 0 1 0 1"><PointData>{tags}</PointData></Piece></ImageData><AppendedData encoding="raw">_'.encode()
            + data + b"</AppendedData></VTKFile>"
        )  # fmt: skip
        if kind == bits:
            assert (xr.open_dataset(path, engine="vtkseries")["c"] == values).all()
    refused(path, reason)


@pytest.mark.parametrize("kind", ["Float64", "String"])
def test_field_data_that_their_text_cannot_hold_are_refused_before_room_is_made(tmp_path: Path, kind: str) -> None:
    tag = "Array" if kind == "String" else "DataArray"
    path = tmp_path / "a.vti"
    path.write_text(
        '<VTKFile type="ImageData"><ImageData WholeExtent="0 0 0 0 0 0"><FieldData>'
        f'<{tag} type="{kind}" Name="m" NumberOfTuples="4294967295" format="ascii">1.5</{tag}></FieldData>'
        '<Piece Extent="0 0 0 0 0 0"/></ImageData></VTKFile>'
    )
    refused(path, "cannot be 4294967295 numbers")


def test_a_byte_count_that_disagrees_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "b.vtr", *document())
    data = bytearray(path.read_bytes())
    at = data.index((576).to_bytes(8, "little"))
    for count in (575, 577, 2**63, 2**64 - 1, 0):
        data[at : at + 8] = count.to_bytes(8, "little")
        path.write_bytes(data)
        refused(path, "array 'wind' at offset 362: it has")


def bomb(tmp_path: Path, extent: str, table: list[int], streams: bytes) -> Path:
    path = tmp_path / "b.vti"
    path.write_bytes(
        f'<VTKFile type="ImageData" byte_order="LittleEndian" header_type="UInt64" compressor="vtkZLibDataCompressor">'
        f'<ImageData WholeExtent="{extent}"><Piece Extent="{extent}"><PointData>'
        f'<DataArray type="UInt8" Name="v" format="appended" offset="0"/></PointData></Piece></ImageData>'
        f'<AppendedData encoding="raw">_'.encode()
        + np.array(table, "<u8").tobytes() + streams + b"</AppendedData></VTKFile>"
    )  # fmt: skip
    return path


BILLION = "0 999 0 999 0 999"


@pytest.mark.parametrize(
    ("extent", "table", "length", "reason"),
    [
        (BILLION, [1, 10**9, 0, 1000], 1000, "too few to hold 1000000000"),
        (BILLION, [10**9, 1, 0, 9], 9, "table of 1000000000 blocks reaches past"),
        (BILLION, [1, 10**6, 0, 1000], 1000, "cannot hold an array of 1000000000 bytes"),
        (BILLION, [2**63, 2**62, 0, 9], 9, "cannot hold"),
        ("0 9 0 9 0 9", [1, 1000, 0, 2**64 - 1], 9, "reach past the end"),
        ("0 9 0 9 0 9", [2, 500, 0, 2**63, 2**63], 9, "reach past the end"),
        ("0 9 0 9 0 9", [1, 2**64 - 1, 1000, 9], 9, "damaged|holds"),
        ("0 4000000000 0 4000000000 0 0", [1, 2**60, 0, 9], 9, "is no extent"),
    ],
)
def test_what_a_block_table_claims_is_checked_before_anything_is_allocated(
    tmp_path: Path, extent: str, table: list[int], length: int, reason: str
) -> None:
    refused(bomb(tmp_path, extent, table, bytes(length)), reason)


def test_a_stream_that_holds_more_than_its_block_is_refused(tmp_path: Path) -> None:
    stream = zlib.compress(bytes(10**7), 9)
    refused(bomb(tmp_path, "0 99 0 99 0 99", [1, 10**6, 0, len(stream)], stream), "where 1000000 bytes belong")


def test_overlapping_pieces_are_refused(tmp_path: Path) -> None:
    piece = '<Piece Extent="0 {} 0 0 0 0"/>'
    pieces = piece.format(2) + '<Piece Extent="1 3 0 0 0 0"/>'
    path = tmp_path / "b.vti"
    text = f'<VTKFile type="ImageData"><ImageData WholeExtent="0 3 0 0 0 0">{pieces}</ImageData></VTKFile>'
    path.write_text(text)
    refused(path, "overlap")


def test_pieces_with_other_arrays_are_refused(tmp_path: Path) -> None:
    one = (
        '<Piece Extent="{} 0 0 0 0"><PointData><DataArray type="{}" Name="{}" format="ascii">1 2</DataArray>'
        "</PointData></Piece>"
    )
    path = tmp_path / "b.vti"
    for kind, name in (("Int8", "b"), ("Int16", "a")):
        pieces = one.format("0 1", "Int8", "a") + one.format("1 2", kind, name)
        path.write_text(
            f'<VTKFile type="ImageData"><ImageData WholeExtent="0 2 0 0 0 0">{pieces}</ImageData></VTKFile>'
        )
        refused(path, "do not have the same arrays in PointData")


@pytest.mark.parametrize(
    "text", ["1 2", "1 2 3 4", "1 2 x", "1 2 0x3", "1 2 1_0", "", "1 2 " + "9" * 400, "1 2 300", "1 2 1.5"]
)
def test_text_that_is_not_as_many_numbers_of_the_type_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.vti"
    path.write_text(
        '<VTKFile type="ImageData"><ImageData WholeExtent="0 2 0 0 0 0"><Piece Extent="0 2 0 0 0 0"><PointData>'
        f'<DataArray type="UInt8" Name="a" format="ascii">{text}</DataArray></PointData></Piece></ImageData></VTKFile>'
    )
    refused(path, "array 'a'")


def test_an_extent_without_data_asks_for_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.vti"
    path.write_text(
        '<VTKFile type="ImageData"><ImageData WholeExtent="0 999999999999 0 0 0 0" Spacing="2 1 1">'
        '<Piece Extent="0 999999999999 0 0 0 0"/></ImageData></VTKFile>'
    )
    with xr.open_dataset(path, engine="vtkseries") as ds:
        assert ds.load().nbytes < 1000
        assert ds["image"].attrs["Spacing"] == [2, 1, 1]


@pytest.mark.parametrize("tag", ['<a x="', "<!--", "<?x "])
@pytest.mark.parametrize(("name", "kind"), [("a.pvd", "Collection"), ("a.vti", "ImageData")])
def test_a_huge_tag_is_refused_before_all_of_it_is_read(tmp_path: Path, name: str, kind: str, tag: str) -> None:
    (tmp_path / name).write_text(f'<VTKFile type="{kind}">{tag}{"y" * 8_000_000}')
    refused(tmp_path / name, "is longer than 1048576 bytes")


def test_an_index_that_cannot_be_is_refused(tmp_path: Path) -> None:
    path = write_series(tmp_path / "run.pvd")
    text = path.read_text()
    path.write_text(text[:-5])
    refused(path, "well-formed")
    path.write_text(text.replace('part="0"', 'part="1"', 1))
    refused(path, "part '1' has a file at 1 of 3 times, and no part has one at each")
    path.write_text('<VTKFile type="Collection"><Collection/></VTKFile>')
    refused(path, "lists no files")
    (tmp_path / "run.txt").write_text("")
    with pytest.raises(FormatError, match=r"suffix '\.txt' is not one of"):
        xr.open_dataset(tmp_path / "run.txt", engine="vtkseries")


def mesh_file(folder: Path, suffix: str) -> Path:
    """Write four points, and two lines or two triangles of them."""
    x, y, data = np.arange(4.0), np.arange(4.0) % 2, {"a": np.arange(4.0)}
    if suffix == ".vtp":
        ds = xr.Dataset({"a": ("obs", x)}, {"x": ("obs", x), "y": ("obs", y), "path": ("obs", [0, 0, 1, 1])})
        path = ds.vtkseries.to_vtp(folder / "m.vtp", trajectory="path", variables=["a"])
        path.write_bytes(path.read_bytes().replace(b'Name="vtkseries"', b'Name="foreign"'))  # whose cells are read
        return Path(path)
    nodes = np.array([0, 1, 2, 1, 2, 3])
    ends, kinds = np.array([3, 6]), np.array([5, 5], "u1")
    return Path(evtk.unstructuredGridToVTK(str(folder / "m"), x, y, 0 * x, nodes, ends, kinds, pointData=data))


@pytest.mark.parametrize(
    ("suffix", "old", "new", "reason"),
    [
        (".vtp", 'NumberOfPoints="4"', 'NumberOfPoints="5"', "the extent asks for"),
        (".vtp", 'NumberOfPoints="4"', 'NumberOfPoints="0"', "2 cells and no points"),
        (".vtp", 'NumberOfPoints="4"', 'NumberOfPoints="-4"', "NumberOfPoints is -4"),
        (".vtp", 'NumberOfLines="2"', 'NumberOfLines="3"', "array 'offsets'"),
        (".vtp", 'NumberOfLines="2"', 'NumberOfLines="9999999999999999999"', "NumberOfLines"),
        (".vtu", 'NumberOfCells="2"', 'NumberOfCells="1"', "array 'offsets'"),
        (".vtu", 'NumberOfCells="2"', 'NumberOfCells="x"', "NumberOfCells"),
        (".vtu", 'Name="connectivity"', 'Name="connections"', "no whole numbers 'connectivity'"),
        (".vtu", 'Name="types"', 'Name="typos"', "'types'"),
        (".vtu", 'NumberOfComponents="3"', 'NumberOfComponents="2"', "Points are not one array|the extent asks for"),
        (".vtu", 'type="UnstructuredGrid"', 'type="PolyData"', "has no PolyData element"),
        (".vtu", "</AppendedData>", "</AppendedDate>", "cut short"),
    ],
)
def test_what_a_mesh_claims_is_held_against_the_file(
    tmp_path: Path, suffix: str, old: str, new: str, reason: str
) -> None:
    path = mesh_file(tmp_path, suffix)
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode(), 1))
    refused(path, reason)


@pytest.mark.parametrize("suffix", [".vtp", ".vtu"])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ([0, 1, 2], [0, 1, 4], "name the points 0 to 4"),
        ([0, 1, 2], [0, -1, 2], "name the points -1 to"),
        ([3, 6], [6, 3], "do not rise"),
        ([3, 6], [3, 7], "do not rise"),
        ([3, 6], [3, 2**62], "do not rise"),
    ],
)
def test_cells_that_cannot_be_are_refused(
    tmp_path: Path, suffix: str, old: list[int], new: list[int], reason: str
) -> None:
    path = mesh_file(tmp_path, suffix)
    data = path.read_bytes()
    if suffix == ".vtp" and old == [3, 6]:
        old, new = [2, 4], [{6: 4, 3: 2, 7: 5}.get(number, number - 1 if number == 3 else number) for number in new]
        if new[0] == 4:
            new = [4, 2]
    kind = next(k for k in ("i8", "i4") if np.array(old, k).tobytes() in data)
    if max(new) >= 2**31 and kind == "i4":
        new = [new[0], 2**30]
    path.write_bytes(data.replace(np.array(old, kind).tobytes(), np.array(new, kind).tobytes(), 1))
    refused(path, reason)
