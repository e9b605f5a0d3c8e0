"""The checker that judges all files: it passes right ones and names each fault of broken ones."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tools.checker import check_file, check_series, check_tree
from tools.samples import AXES, FIELDS, changed, document, vtk_file, write, write_series

from vtkseries.xmlformat.layout import FOOTER, DataArray, Document, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BROKEN = pytest.mark.unchecked(reason="the test breaks the file on purpose")
FOREIGN = pytest.mark.unchecked(reason="VTK's own writer aligns nothing")
APPENDED = b'<AppendedData encoding="raw">'


def test_a_right_file_and_a_right_series_pass(tmp_path: Path) -> None:
    write(tmp_path / "alone.vtr", *document())
    series = write_series(tmp_path / "run.pvd")
    assert [file.name for file in check_series(series)] == ["run_000000.vtr", "run_000001.vtr", "run_000002.vtr"]
    assert check_tree(tmp_path) == 5


@FOREIGN
@pytest.mark.parametrize("compressor", [None, "zlib", "lz4", "lzma"])
@pytest.mark.parametrize("mode", ["ascii", "binary", "appended", "base64"])
@pytest.mark.parametrize("suffix", [".vtr", ".vti", ".vts", ".vtp", ".vtu"])
def test_what_vtk_itself_writes_passes_as_foreign(
    tmp_path: Path, suffix: str, mode: str, compressor: str | None
) -> None:
    check_file(vtk_file(tmp_path / f"file{suffix}", mode, compressor), foreign=True)


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Replace text of equal length where it stands first, so that nothing else moves."""

    def change(data: bytes) -> bytes:
        assert old in data
        assert len(old) == len(new)
        return data.replace(old, new, 1)

    return change


def shift_header(data: bytes) -> bytes:
    """Take the header to an offset at which newer expats fail."""
    return data.replace(APPENDED, b" " * 64 + APPENDED, 1)


def wrong_count(data: bytes) -> bytes:
    """Announce one byte less for the field ``a``."""
    at = data.rindex((96).to_bytes(8, "little"))
    return data[:at] + (95).to_bytes(8, "little") + data[at + 8 :]


def offset(value: int) -> Callable[[bytes], bytes]:
    """Give the field ``a`` another offset, in a header of the same length."""

    def change(data: bytes) -> bytes:
        old = re.search(rb'Name="a" format="appended" offset="(\d+)"/>', data)
        assert old
        digits = str(value).encode()
        more = len(digits) - len(old[1])
        head = data[: old.start(1)] + digits + data[old.end(1) :]
        padded = b" " * 20 + b"\n" + APPENDED
        assert padded in head
        return head.replace(padded, padded[more:] if more > 0 else b" " * -more + padded, 1)

    return change


def repeated_coordinate(data: bytes) -> bytes:
    return data.replace(AXES["x"].tobytes(), np.array([0.0, 1.0, 1.0]).tobytes(), 1)


BREAKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "header not well-formed": (swap(b"</Piece>", b"</Peice>"), "not well-formed"),
    "alignment lost": (shift_header, "newer expats fail"),
    "truncated in the data": (lambda data: data[: -len(FOOTER) - 1], "beyond the end of the file"),
    "truncated in the closing tags": (lambda data: data[:-3], "closing tags"),
    "something after the last array": (lambda data: data[: -len(FOOTER)] + bytes(8) + FOOTER, "closing tags"),
    "byte count wrong": (wrong_count, "byte count is 95, the extent asks for 96"),
    "extent wrong": (swap(b'Extent="0 2 0 1 0 3">\n<Point', b'Extent="0 1 0 1 0 3">\n<Point'), "in no piece"),
    "piece outside": (swap(b'Extent="0 2 0 1 0 3">\n<Point', b'Extent="0 2 0 1 1 4">\n<Point'), "not inside the whole"),
    "offset beyond the file": (offset(99999), "beyond the end of the file"),
    "offset into another array": (offset(16), "byte count"),
    "type unknown": (swap(b'type="Int16"', b'type="Int17"'), "none of VTK's"),
    "two names alike": (swap(b'Name="wind"', b'Name="a"   '), "twice"),
    "name empty": (swap(b'Name="a"', b'Name="" '), "no name"),
    "coordinate repeated": (repeated_coordinate, "does not increase strictly"),
    "coordinate called otherwise": (swap(b'Name="x"', b'Name="q"'), "coordinates are called"),
    "field data without a count": (
        swap(b' NumberOfTuples="1" format="ascii">0.5', b" " * 19 + b' format="ascii">0.5'),
        "NumberOfTuples",
    ),
    "ascii that VTK misreads": (swap(b">0.5<", b">inf<"), "not what VTK reads"),
    "string without its end": (swap(b">50 48 0<", b">50 48 9<"), "no NUL"),
    "suffix and type differ": (lambda data: data.replace(b"RectilinearGrid", b"StructuredGrid "), "suffix"),
    "root another": (lambda data: data.replace(b"VTKFile", b"VTKfile"), "root"),
    "a DOCTYPE": (lambda data: data.replace(b"\n", b"<!DOCTYPE a>\n", 1), "DOCTYPE"),
}


@BROKEN
@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_file_is_caught(tmp_path: Path, fault: str) -> None:
    path = write(tmp_path / "file.vtr", *document())
    check_file(path)
    change, message = BREAKS[fault]
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(AssertionError, match=message) as caught:
        check_file(path)
    assert str(path) in str(caught.value)


@BROKEN
def test_arrays_that_overlap_are_caught(tmp_path: Path) -> None:
    described, arrays = document()
    offset = described.pieces[0].sections[0].arrays[0].offset

    def onto_a(array: DataArray) -> DataArray:
        return replace(array, offset=offset) if array.name == "b" else array

    first = described.pieces[0].sections[0]
    doubled = replace(first, arrays=(first.arrays[0], replace(first.arrays[0], name="b"), first.arrays[1]))
    piece = replace(described.pieces[0], sections=(doubled, *described.pieces[0].sections[1:]))
    twice = changed(replace(described, pieces=(piece,)), onto_a)
    path = write(tmp_path / "file.vtr", *document())
    body = path.read_bytes()[len(render(described)) :]
    path.write_bytes(render(twice) + body)
    assert len(arrays) == 6
    with pytest.raises(AssertionError, match="arrays 'a' and 'b' overlap by 104 bytes"):
        check_file(path)


@BROKEN
def test_values_that_are_not_aligned_are_caught(tmp_path: Path) -> None:
    described, arrays = document()
    last = max(array.offset or 0 for section in described.pieces[0].sections for array in section.arrays)

    def nudged(array: DataArray) -> DataArray:
        return replace(array, offset=last + 8) if array.offset == last else array

    with pytest.raises(AssertionError, match="no multiple of 64"):
        check_file(write(tmp_path / "file.vtr", changed(described, nudged), arrays))


def compressed(blocks: list[bytes], size: int, last: int) -> bytes:
    table = np.array([len(blocks), size, last, *map(len, blocks)], "u8").tobytes()
    return table + b"".join(blocks)


def write_compressed(path: Path, damage: Callable[[bytes], bytes]) -> Path:
    """Write the sample with zlib, blocks of 64 bytes; `damage` changes the stored bytes of the field ``c``."""
    described, _ = document()
    content = b""
    offsets = {}
    for name, values in {**AXES, **FIELDS}.items():
        offsets[name] = len(content)
        raw = values.tobytes()
        blocks = [zlib.compress(raw[at : at + 64]) for at in range(0, len(raw), 64)]
        stored = compressed(blocks, 64, len(raw) % 64)
        content += damage(stored) if name == "c" else stored
    zipped: Document = replace(
        changed(described, lambda array: replace(array, offset=offsets[array.name])), compressor="vtkZLibDataCompressor"
    )
    path.write_bytes(render(zipped) + content + FOOTER)
    return path


def test_a_compressed_file_passes(tmp_path: Path) -> None:
    check_file(write_compressed(tmp_path / "file.vtr", bytes))


@BROKEN
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda stored: stored[:32] + b"\x00" + stored[33:], "does not decompress"),
        (lambda stored: stored[:-1] + bytes([stored[-1] ^ 1]), "does not decompress"),
        (lambda _: compressed([zlib.compress(bytes(11))], 64, 12), "holds 11 bytes, not 12"),
        (lambda _: compressed([zlib.compress(bytes(11))], 64, 11), "the blocks hold 11 bytes, the extent asks for 12"),
        (lambda _: compressed([zlib.compress(bytes(12))], 12, 12), "as long as a block"),
        (lambda _: compressed([zlib.compress(bytes(12)) + b"!"], 64, 12), "something follows"),
        (lambda stored: stored[:24] + (1 << 20).to_bytes(8, "little") + stored[32:], "beyond the end"),
    ],
)
def test_a_broken_block_is_caught(tmp_path: Path, damage: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_file(write_compressed(tmp_path / "file.vtr", damage))


SERIES_BREAKS = {
    "a step is not there": (b"run_000001.vtr", b"run_000009.vtr", "listed and not there"),
    "a step is listed twice": (b"run_000001.vtr", b"run_000000.vtr", "listed at several steps"),
    "a step is listed again": (b"run_000002.vtr", b"run_000000.vtr", "listed again, after another one"),
    "a time is repeated": (b'timestep="1.25"', b'timestep="0.5" ', "has part 0 twice"),
    "times go down": (b'timestep="1.25"', b'timestep="9.25"', "do not increase"),
    "a time is no number": (b'timestep="1.25"', b'timestep="nan" ', "timestep is"),
    "time and TimeValue differ": (b'timestep="1.25"', b'timestep="1.26"', "TimeValue"),
    "a backslash": (b"run/run_000001.vtr", b"run\\run_000001.vtr", "backslash"),
    "an absolute path": (b"run/run_000001.vtr", b"/un/run_000001.vtr", "not relative"),
    "a path that leaves": (b"run/run_000001.vtr", b"../run_000001.vtr", "leaves its directory"),
    "not closed": (b"</Collection>", b"</Collection", "not well-formed"),
}


@BROKEN
@pytest.mark.parametrize("fault", SERIES_BREAKS)
def test_a_broken_series_is_caught(tmp_path: Path, fault: str) -> None:
    path = write_series(tmp_path / "run.pvd")
    old, new, message = SERIES_BREAKS[fault]
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(AssertionError, match=message):
        check_series(path)


@BROKEN
def test_a_broken_step_of_a_series_is_caught(tmp_path: Path) -> None:
    path = write_series(tmp_path / "run.pvd")
    step = tmp_path / "run" / "run_000002.vtr"
    step.write_bytes(step.read_bytes()[:-40])
    with pytest.raises(AssertionError, match="run_000002"):
        check_series(path)


@BROKEN
def test_a_step_that_no_series_lists_is_caught(tmp_path: Path) -> None:
    path = write_series(tmp_path / "run.pvd")
    write(tmp_path / "run" / "run_000003.vtr", *document())
    with pytest.raises(AssertionError, match=r"does not list: .*run_000003"):
        check_series(path)


@BROKEN
def test_a_temporary_file_that_is_left_is_caught(tmp_path: Path) -> None:
    (tmp_path / ".run_000000.vtr.123.0123abcd.tmp").touch()
    with pytest.raises(AssertionError, match="temporary files are left"):
        check_tree(tmp_path)


PIECED = b"""<?xml version="1.0"?>
<VTKFile type="PRectilinearGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64">
<PRectilinearGrid WholeExtent="0 2 0 1 0 3" GhostLevel="0">
<PPointData><PDataArray type="Float32" Name="a"/>
<PDataArray type="Float64" Name="wind" NumberOfComponents="3"/></PPointData>
<PCellData><PDataArray type="Int16" Name="c"/></PCellData>
<PCoordinates><PDataArray type="Float64" Name="x"/><PDataArray type="Float64" Name="y"/>
<PDataArray type="Float64" Name="z"/></PCoordinates>
<Piece Extent="0 2 0 1 0 3" Source="run/p_0.vtr"/>
</PRectilinearGrid></VTKFile>
"""


def write_pieces(path: Path, content: bytes = PIECED) -> Path:
    (path.parent / "run").mkdir()
    write(path.parent / "run" / "p_0.vtr", *document())
    path.write_bytes(content)
    return path


def test_a_file_of_pieces_passes(tmp_path: Path) -> None:
    check_file(write_pieces(tmp_path / "run.pvtr"))


@BROKEN
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"p_0.vtr", b"p_1.vtr", "listed and not there"),
        (b'"Int16"', b'"Int32"', "its CellData is"),
        (b'"0 2 0 1 0 3" S', b'"0 2 0 1 0 2" S', "its extent is"),
        (b'"0 2 0 1 0 3" G', b'"0 2 0 1 0 4" G', "in no piece"),
        (b'"Float64" Name="z"', b'"Float32" Name="z"', "its Coordinates is"),
    ],
)
def test_a_broken_file_of_pieces_is_caught(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    assert old in PIECED
    with pytest.raises(AssertionError, match=message):
        check_file(write_pieces(tmp_path / "run.pvtr", PIECED.replace(old, new)))


pytest_plugins = ["pytester"]


def test_every_test_is_judged_by_what_it_leaves(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> None:
    here = request.path.parent
    pytester.makeconftest((here / "conftest.py").read_text())
    pytester.makeini(f"[pytest]\npythonpath = {here}\nmarkers = unchecked(reason): x\n")
    pytester.makepyfile("""
        import pytest

        def leave(path):
            (path / "torn.vtr").write_bytes(b"<VTKFile>")

        def test_leaves_a_torn_file(tmp_path):
            leave(tmp_path)

        @pytest.mark.unchecked(reason="on purpose")
        def test_is_excused(tmp_path):
            leave(tmp_path)

        @pytest.mark.unchecked
        def test_gives_no_reason(tmp_path):
            leave(tmp_path)

        def test_leaves_nothing(tmp_path):
            pass

        def test_leaves_it_elsewhere(tmp_path_factory):
            leave(tmp_path_factory.mktemp("shared"))
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    for torn in pytester.path.rglob("torn.vtr"):
        torn.unlink()
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(["*torn.vtr: not well-formed*", "*must give its reason*"])
