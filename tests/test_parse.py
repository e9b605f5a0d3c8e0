"""Markup from strangers: what is rendered is parsed again, and what cannot be is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.samples import document, vtk_file

from vtkseries.errors import FormatError
from vtkseries.xmlformat.collection import Entry, parse_collection, parse_file_series
from vtkseries.xmlformat.dtypes import TO_NUMPY
from vtkseries.xmlformat.layout import DataArray, Document, Piece, Section, place, render
from vtkseries.xmlformat.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=9
)
NAMES = st.lists(TEXT.filter(bool), unique=True, max_size=3)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Give documents of a rectilinear grid with any names, types, units and components."""
    shape = draw(st.tuples(*[st.integers(1, 5)] * 3))
    box = f"0 {shape[2] - 1} 0 {shape[1] - 1} 0 {shape[0] - 1}"

    def array(name: str, tuples: int) -> DataArray:
        kind = draw(st.sampled_from(sorted(TO_NUMPY)))
        components = draw(st.integers(1, 4))
        names = draw(st.sampled_from([(), tuple("abcd"[:components])]))
        units = draw(st.none() | TEXT.filter(bool))
        return DataArray(name, kind, components, names, units, tuples * components * TO_NUMPY[kind].itemsize)

    sections = (
        Section("PointData", tuple(array(n, prod(shape)) for n in draw(NAMES)), (("Scalars", draw(TEXT)),)),
        Section("CellData", tuple(array(n, prod(max(m - 1, 1) for m in shape)) for n in draw(NAMES))),
        Section("Coordinates", tuple(array(n, m) for n, m in zip("xyz", reversed(shape), strict=True))),
    )
    stamp = DataArray("TimeValue", "Float64", tuples=1, text="12.5", encoding="ascii")
    fields = tuple(
        replace(stamp, name=name, text=draw(st.sampled_from(["1 2 3", "-7.5e3", "QUFB"]))) for name in draw(NAMES)
    )
    compressor = draw(st.sampled_from([None, "vtkZLibDataCompressor"]))
    return place(
        Document("RectilinearGrid", (("WholeExtent", box),), (Piece((("Extent", box),), sections),), fields, compressor)
    )[0]


@given(documents(), st.integers(50, 9000))
def test_what_is_rendered_is_parsed_again_however_it_is_cut(described: Document, cut: int) -> None:
    data = render(described) + b"\0<&binary"
    header = parse(data[i : i + cut] for i in range(0, len(data), cut))
    assert header.document == described
    assert header.start is None or data[header.start :] == b"\0<&binary"


def test_no_more_of_a_file_is_read_than_its_markup() -> None:
    def chunks() -> Iterator[bytes]:
        yield render(document()[0])
        pytest.fail("the data were read")

    assert parse(chunks()).document == document()[0]


@pytest.mark.parametrize("suffix", [".vtr", ".vti", ".vts"])
def test_the_place_of_inline_content_is_known(tmp_path: Path, suffix: str) -> None:
    path = vtk_file(tmp_path / f"a{suffix}", mode="ascii")
    data = path.read_bytes()
    arrays = [a for p in parse(data).document.pieces for s in p.sections for a in s.arrays]
    assert arrays
    for array in arrays:
        assert array.span is not None
        start, stop = array.span
        assert data[start:stop].decode() == array.text


def file(inside: str = "", *, extent: str = "0 1 0 1 0 1", grid: str = "RectilinearGrid", more: str = "") -> bytes:
    """Give a small file with something in its point data."""
    return (
        f'<?xml version="1.0"?>{more}<VTKFile type="{grid}" byte_order="LittleEndian" header_type="UInt64">'
        f'<{grid} WholeExtent="{extent}"><Piece Extent="{extent}"><PointData>{inside}</PointData></Piece></{grid}>'
        "</VTKFile>"
    ).encode()


def array(**changes: str) -> str:
    """Give an array's tag."""
    attributes = {"type": "Float32", "Name": "a", "format": "ascii"} | changes
    return "<DataArray " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"


BOMB = "<!DOCTYPE VTKFile [" + '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{10 * f"&{a};"}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip
EXTERNAL = '<!DOCTYPE VTKFile [<!ENTITY a SYSTEM "file:///etc/hostname">]>'

HOSTILE = {
    "an entity bomb": (file(array(Name="&j;"), more=BOMB), "document type"),
    "an external entity": (file("&a;", more=EXTERNAL), "document type"),
    "an external document type": (file(more='<!DOCTYPE VTKFile SYSTEM "http://example.org/a">'), "document type"),
    "an undeclared entity": (file("&a;"), "well-formed"),
    "UTF-16": (file().decode().encode("utf-16"), "UTF-8"),
    "another encoding": (file().replace(b'"1.0"?', b'"1.0" encoding="utf-7"?'), "encoding|well-formed"),
    "deep nesting": (file("<a>" * 10**6), "nested deeper"),
    "a flood of elements": (file("<a/>" * 10**6), "too many elements"),
    "a flood of arrays": (file("".join(array(Name=str(i)) for i in range(40_000))), "arrays"),
    "a flood of pieces": (file().replace(b"<Piece ", b'<Piece Extent="0 1 0 1 0 1"/>' * 40_000 + b"<Piece "), "pieces"),
    "a huge attribute": (file(array(Name="a" * 70_000)), "longer than"),
    "huge attributes in sum": (file("".join(array(Name=f"{i:060000}") for i in range(300))), "too long"),
    "a huge tag": (file("<a" + " " * 3_000_000 + "/>" + 4_000_000 * " "), "longer than|well-formed"),
    "a huge comment": (file("<!--" + "-a" * 2_000_000), "longer than|well-formed"),
    "an unclosed file": (file()[:-10], "well-formed"),
    "no file at all": (b"", "well-formed"),
    "binary": (bytes(range(256)) * 100, "well-formed|UTF-8"),
    "another root": (b"<html/>", "no VTK XML file"),
    "a file without a grid": (b'<VTKFile type="ImageData"/>', "no ImageData element"),
    "two grids": (file().replace(b"</VTKFile>", b"<RectilinearGrid/></VTKFile>"), "two RectilinearGrid"),
    "an unknown byte order": (file().replace(b"LittleEndian", b"MiddleEndian"), "byte_order"),
    "an unknown header type": (file().replace(b"UInt64", b"UInt16"), "header_type"),
    "an unknown compressor": (file().replace(b"byte_order", b'compressor="x" byte_order'), "compressor"),
    "an unknown type": (file(array(type="Float16")), "type 'Float16'"),
    "an unknown format": (file(array(format="hex")), "format 'hex'"),
    "two arrays of one name": (file(2 * array()), "two arrays named 'a'"),
    "appended data that are not there": (file(array(format="appended", offset="0")), "does not have"),
    "no offset": (file(array(format="appended")), "offset of array 'a'"),
    "a negative offset": (file(array(format="appended", offset="-1")), "offset of array 'a' is -1"),
    "an offset in other digits": (file(array(format="appended", offset="\u0661")), "not an integer"),
    "an offset of 30 digits": (file(array(format="appended", offset="9" * 30)), "not an integer"),
    "components that overflow": (file(array(NumberOfComponents="9" * 19)), "components"),
    "no components": (file(array(NumberOfComponents="0")), "components"),
    "tuples that overflow": (file(array(NumberOfTuples="9" * 19)), "tuples"),
    "an extent that overflows": (file(extent="0 4000000000 0 4000000000 0 4000000000"), "no extent"),
    "an extent below nothing": (file(extent="0 -2 0 1 0 1"), "no extent"),
    "an extent of five": (file(extent="0 1 0 1 0"), "6 integers"),
    "an extent of words": (file(extent="0 1 0 1 0 x"), "not an integer"),
    "other appended data": (file().replace(b"</VTKFile>", b'<AppendedData encoding="hex">_'), "hex"),
    "no mark": (file().replace(b"</VTKFile>", b'<AppendedData encoding="raw"> x</AppendedData>'), "'_'"),
    "a torn mark": (file().replace(b"</VTKFile>", b'<AppendedData encoding="raw">  '), "'_'"),
}  # fmt: skip


@pytest.mark.parametrize("threat", HOSTILE)
@pytest.mark.parametrize("cut", [10_000, 2**20])
def test_markup_that_cannot_be_is_refused_with_the_reason(threat: str, cut: int) -> None:
    data, reason = HOSTILE[threat]
    started = time.process_time()
    with pytest.raises(FormatError, match=reason):
        parse(data[i : i + cut] for i in range(0, len(data), cut))
    assert time.process_time() - started < 10, "far beyond what any of these takes"


def test_tags_in_comments_and_quoted_brackets_do_not_begin_the_appended_data() -> None:
    tricky = file("<!-- <AppendedData encoding='raw'>_ -->").replace(
        b"</VTKFile>", b"<AppendedData a='>_' encoding=\"raw\" >\n _\0\0"
    )
    header = parse(tricky)
    assert header.start is not None
    assert tricky[header.start :] == b"\0\0"


@pytest.mark.parametrize("values", ["1.5 " * 300_000, "AAAA" * 1_000_000], ids=["ascii", "base64"])
@pytest.mark.parametrize("cut", [4096, 2**20])
def test_long_inline_content_is_placed_and_not_kept(values: str, cut: int) -> None:
    data = file(array()[:-2] + ">" + values + "</DataArray>")
    (piece,) = parse(data[i : i + cut] for i in range(0, len(data), cut)).document.pieces
    content = piece.sections[0].arrays[0]
    assert content.text is None
    assert content.span is not None
    assert data[slice(*content.span)] == values.encode()


def test_units_are_found_beside_values() -> None:
    label = '<InformationKey name="UNITS_LABEL" location="vtkDataArray">m s⁻¹ &lt;</InformationKey>'
    data = file(array()[:-2] + ">1 2 3" + label + "</DataArray>")
    found = parse(data).document.pieces[0].sections[0].arrays[0]
    assert (found.units, found.text) == ("m s⁻¹ <", "1 2 3")


COLLECTION = b'<?xml version="1.0"?><VTKFile type="Collection"><Collection>%s</Collection></VTKFile>'


def test_a_collection_gives_its_entries_and_passes_over_the_rest() -> None:
    inside = """
    <DataSet timestep="0.1" group="" part="1" name="a &amp; é" file="sub/a &lt;1&gt;.vtr"/><!-- 12 ab --> _DataSet/
    <?s <DataSet timestep="7" file="no.vtr"/> ?> <Other file="no.vtr"/> <DataSet timestep="-1e-300" file="b.vti"/>
    """.encode()
    assert list(parse_collection(COLLECTION % inside)) == [
        Entry(0.1, "1", "a & é", "sub/a <1>.vtr"),
        Entry(-1e-300, "0", "", "b.vti"),
    ]


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        (b'<DataSet timestep="nan" file="a"/>', "finite"),
        (b'<DataSet timestep="1e999" file="a"/>', "finite"),
        (b'<DataSet timestep="2020-01-01" file="a"/>', "finite"),
        (b'<DataSet timestep="1_0" file="a"/>', "finite"),
        (b'<DataSet timestep="1"/>', "names no file"),
        (b'<DataSet timestep="1" file="a">', "well-formed"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(inside: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parse_collection(COLLECTION % inside)
    with pytest.raises(FormatError, match="no VTK collection"):
        parse_collection(file())


def test_a_file_series_gives_its_entries() -> None:
    found = parse_file_series(b'{"file-series-version":"1.0","files":[{"name":"s/a.vtr","time":1.5},{"name":"b.vtr"}]}')
    assert list(found) == [Entry(1.5, "0", "", "s/a.vtr"), Entry(1.0, "0", "", "b.vtr")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[" * 100_000,
        b"[]" + b",[]" * 2**20,
        b'{"files": 1}',
        b'{"files": [{"time": 1}]}',
        b'{"files": [{"name": "a", "time": NaN}]}',
        b'{"files": [{"name": "a", "time": "1"}]}',
        b"\xff\xfe\xfa",
    ],
)
def test_a_file_series_that_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_file_series(data)
