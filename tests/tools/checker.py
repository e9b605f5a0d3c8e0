"""One judge of every file that vtkseries writes: parsed from scratch, each fault an AssertionError that names it.

:func:`check_file` takes any VTK XML file, :func:`check_series` a ``.pvd`` and all its steps, :func:`check_tree` a whole
directory. `foreign` leaves out what only vtkseries promises (alignment, VTK's own layout, names of coordinates).
"""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tools.grids import STRUCTURED, SUFFIXES, Expectation, check_cover, check_geometry, expect, extent_of
from tools.markup import Element, Markup, parse
from tools.values import TYPES, Appended, Region, decode, tuples_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["check_file", "check_series", "check_tree", "field_data"]

Array = npt.NDArray[Any]

_TEMPORARY = re.compile(r"\..+\.tmp")
_ALIGNMENT = 64
_OPENINGS = range(4075, 4082)
_CLOSING = b"\n</AppendedData>\n</VTKFile>\n"
_PARALLEL = {f".p{suffix[1:]}": f"P{kind}" for suffix, kind in SUFFIXES.items()}
_ROLES = ("Scalars", "Vectors", "Normals", "Tensors", "TCoords")


@contextmanager
def _naming(what: object) -> Iterator[None]:
    """Put the file's (or array's) name before what is wrong with it."""
    try:
        yield
    except AssertionError as error:
        message = f"{what}: {error}"
        raise AssertionError(message) from error


def check_tree(directory: Path, *, foreign: bool = False) -> int:
    """Check everything below a directory that has one of our suffixes; give the number of files."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    left = [str(path.relative_to(directory)) for path in files if _TEMPORARY.fullmatch(path.name)]
    assert not left, f"temporary files are left: {left}"
    done: set[Path] = set()
    for path in files:
        if path.suffix == ".pvd":
            done.update(check_series(path, foreign=foreign), [path.resolve()])
    for path in files:
        if path.suffix in {*SUFFIXES, *_PARALLEL} and path.resolve() not in done:
            check_file(path, foreign=foreign)
            done.add(path.resolve())
    return len(done)


def check_series(path: Path, *, foreign: bool = False) -> list[Path]:
    """Check a ``.pvd`` and every file that it lists; give these files, pieces included."""
    with _naming(path):
        root = parse(path).root
        assert root.tag == "VTKFile", f"the root is <{root.tag}>"
        assert root.attributes.get("type") == "Collection", f"its type is {root.attributes.get('type')!r}"
        files, times = [], []
        keys: dict[tuple[float, str], None] = {}
        for entry in root.only("Collection").children:
            assert entry.tag == "DataSet", f"<{entry.tag}> stands in the collection"
            stated = entry.attributes.get("timestep", "")
            time = float(stated)
            assert np.isfinite(time), f"timestep is {stated!r}"
            assert foreign or repr(float(stated)) == repr(float(repr(time))), f"timestep {stated!r} is not exact"
            key = (time, entry.attributes.get("part", "0"))
            assert key not in keys, f"time step {key[0]!r} has part {key[1]} twice"
            keys[key] = None
            times.append(time)
            files.append(_target(path, entry.attributes.get("file", "")))
        assert times == sorted(times), "timesteps do not increase"
        _check_standing(files, list(keys))
        kinds: dict[str, set[str]] = {}
        for file, (_, part) in zip(files, keys, strict=True):
            kinds.setdefault(part, set()).add(file.suffix)
        for part, suffixes in kinds.items():
            assert len(suffixes) <= 1 or foreign, f"part {part} changes its kind: {sorted(suffixes)}"
    for file, time in zip(files, times, strict=True):
        check_file(file, foreign=foreign)
        with _naming(file):
            said = field_data((_sources(file) or [file])[-1])  # readers take that of the last piece
            _check_time(said, time, files.count(file) > 1, early=file in files[: len(kinds)])
    listed = [part.resolve() for file in files for part in (file, *_sources(file))]
    with _naming(path):
        steps = path.with_suffix("").glob(f"{path.stem}_*.[pv]*")
        left = [step.name for step in steps if step.suffix in {*SUFFIXES, *_PARALLEL} and step.resolve() not in listed]
        assert foreign or not left, f"beside its steps are files that it does not list: {sorted(left)}"
    return listed


def _check_standing(files: list[Path], keys: list[tuple[float, str]]) -> None:
    """Check that what is listed several times is one part's, at steps that follow each other."""
    listed: dict[str, list[Path]] = {}
    for file, (_, part) in zip(files, keys, strict=True):
        listed.setdefault(part, []).append(file)
    begun = [file for own in listed.values() for file, _ in itertools.groupby(own)]
    assert len({*begun}) == len(begun), "a file is listed again, after another one or as another part"


def _check_time(said: dict[str, Array], time: float, several: bool, *, early: bool) -> None:  # noqa: FBT001 (a fact)
    """Check what a file says of its time; one that is listed at several must say that it stands."""
    stamp = said.get("TimeValue")
    stands = "vtkseries_stands" in said
    assert stands or not several, "it is listed at several steps, and does not say that it stands"
    if stamp is not None and stamp.tolist() != [time]:
        told = f"TimeValue is {stamp}, the collection says {time!r}"
        assert stands, told
        assert early or stamp.tolist()[0] < time, told


def check_file(path: Path, *, foreign: bool = False) -> None:
    """Check one file of any VTK XML kind but a collection."""
    with _naming(path):
        markup = parse(path)
        root = markup.root
        assert root.tag == "VTKFile", f"the root is <{root.tag}>"
        kind = root.attributes.get("type", "")
        expected = {**SUFFIXES, **_PARALLEL}.get(path.suffix)
        assert kind == expected, f"its type is {kind!r}, its suffix says {expected!r}"
        grid = root.only(kind)
        if path.suffix in _PARALLEL:
            _check_parallel(path, grid, foreign=foreign)
            return
        file = Appended.of(markup)
        regions = _check_field_data(grid, file)
        if kind in STRUCTURED:
            pieces = grid.named("Piece")
            cells = any(section.children for piece in pieces for section in piece.named("CellData"))
            extents = [extent_of(piece, "Extent") for piece in pieces]
            check_cover(extent_of(grid, "WholeExtent"), extents, cells=cells or len(pieces) == 1)
        if kind == "ImageData":
            _check_image(grid)
        orders = []
        for number, piece in enumerate(grid.named("Piece")):
            with _naming(f"piece {number}"):
                regions += _check_piece(kind, piece, file, foreign=foreign)
            orders.append([_signature(a) for tag in ("PointData", "CellData") for a in _arrays(piece, tag)])
        assert all(order == orders[0] for order in orders), "pieces hold different arrays"
        _check_appended(markup, file, regions, foreign=foreign, gaps=kind != "UnstructuredGrid")


def field_data(path: Path) -> dict[str, Array]:
    """Give a file's field data by name (strings as bytes); nothing for a file of pieces."""
    if path.suffix in _PARALLEL:
        return {}
    markup = parse(path)
    file = Appended.of(markup)
    grid = markup.root.only(markup.root.attributes["type"])
    return {
        array.attributes["Name"]: decode(array, file, tuples_of(array))[0]
        for section in grid.named("FieldData")
        for array in section.children
    }


def _check_field_data(grid: Element, file: Appended) -> list[Region]:
    inside = [element for piece in grid.named("Piece") for element in piece.walk() if element.tag == "FieldData"]
    assert not inside, "FieldData inside a Piece is ignored by VTK"
    sections = grid.named("FieldData")
    assert len(sections) <= 1, "there are several FieldData"
    regions = []
    for section in sections:
        _check_names(section)
        for array in section.children:
            with _naming(f"field data {array.attributes.get('Name')!r}"):
                regions.append(_read(array, file, tuples_of(array))[1])
    return [region for region in regions if region]


def _check_piece(kind: str, piece: Element, file: Appended, *, foreign: bool) -> list[Region]:
    expectation = expect(kind, piece)
    regions: list[Region | None] = []
    for section in piece.children:
        assert section.tag in {"PointData", "CellData", *expectation.geometry}, f"<{section.tag}> stands in a piece"
        with _naming(section.tag):
            _check_names(section)
            if section.tag in expectation.geometry:
                regions += _check_section_geometry(section, file, expectation, foreign=foreign)
                continue
            names = [array.attributes["Name"] for array in section.children]
            for role in _ROLES:
                active = section.attributes.get(role)
                assert active in {None, *names}, f"{role}={active!r} names no array"
            tuples = expectation.points if section.tag == "PointData" else expectation.cells
            regions += [_read(array, file, tuples)[1] for array in section.children]
    tags = [section.tag for section in piece.children]
    missing = [tag for tag in expectation.geometry if tags.count(tag) != 1]
    assert not missing, f"there is not one of each of {missing}"
    return [region for region in regions if region]


def _check_section_geometry(
    section: Element, file: Appended, expectation: Expectation, *, foreign: bool
) -> list[Region | None]:
    lengths = expectation.geometry[section.tag]
    arrays = _ordered(section)
    assert len(arrays) == len(lengths), f"{len(arrays)} arrays stand where {len(lengths)} belong"
    names = [array.attributes["Name"] for array in arrays]
    if section.tag == "Coordinates":
        assert foreign or names == ["x", "y", "z"], f"coordinates are called {names}"
    read = [_read(array, file, length) for array, length in zip(arrays, lengths, strict=True)]
    values = {name: content for name, (content, _) in zip(names, read, strict=True)}
    check_geometry(section.tag, values, arrays, expectation.points)
    return [region for _, region in read]


def _ordered(section: Element) -> list[Element]:
    """Give cells' arrays as connectivity, offsets, types, whatever order the file has; others as they stand."""
    wanted = {"connectivity": 0, "offsets": 1, "types": 2}
    arrays = section.children
    if section.tag in {"Coordinates", "Points"}:
        return arrays
    kept = [array for array in arrays if array.attributes["Name"] in wanted]
    return sorted(kept, key=lambda array: wanted[array.attributes["Name"]])


def _read(array: Element, file: Appended, tuples: int | None) -> tuple[Array, Region | None]:
    with _naming(f"array {array.attributes.get('Name')!r}"):
        is_text = array.attributes.get("type") == "String"
        assert array.tag == ("Array" if is_text else "DataArray"), f"<{array.tag}> holds {array.attributes.get('type')}"
        components = int(array.attributes.get("NumberOfComponents", "1"))
        named = [name for name in array.attributes if re.fullmatch(r"ComponentName\d+", name)]
        assert len(named) in {0, components}, f"{len(named)} of {components} components have names"
        stated = array.attributes.get("NumberOfTuples")
        assert tuples is None or stated in {None, str(tuples)}, f"NumberOfTuples is {stated}, not {tuples}"
        return decode(array, file, tuples)


def _check_names(section: Element) -> None:
    names = []
    for array in section.children:
        assert array.tag in {"DataArray", "Array"}, f"<{array.tag}> stands among the arrays"
        name = array.attributes.get("Name", "")
        assert name, "an array has no name"
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", name), f"{name!r} has control characters"
        names.append(name)
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"{sorted(twice)} stand twice in {section.tag}"


def _check_image(grid: Element) -> None:
    for name, count in (("Origin", 3), ("Spacing", 3), ("Direction", 9)):
        text = grid.attributes.get(name)
        if text is None:
            assert name == "Direction", f"there is no {name}"
            continue
        words = text.split(" ")
        assert len(words) == count, f"{name} is {text!r}, not {count} numbers with one blank between"
        numbers = [float(word) for word in words]
        assert np.all(np.isfinite(numbers)), f"{name} is {text!r}"
        assert name != "Spacing" or min(numbers) > 0, f"Spacing is {text!r}"


def _check_appended(markup: Markup, file: Appended, regions: list[Region], *, foreign: bool, gaps: bool) -> None:
    if markup.origin is None:
        assert not regions
        return
    assert markup.appended_tag is not None
    regions = sorted(regions, key=lambda region: (region.start, region.end))
    for before, after in itertools.pairwise(regions):
        overlap = before.end - after.start
        assert overlap <= 0, f"arrays {before.name!r} and {after.name!r} overlap by {overlap} bytes"
    end = regions[-1].end if regions else markup.origin
    if foreign or file.base64:
        assert b"".join(markup.data[end:].split()) == b"</AppendedData></VTKFile>", "something follows the last array"
        return
    assert markup.data[end:] == _CLOSING, f"the closing tags do not follow the last array, at {end}"
    assert file.word == len(b"UInt64  "), "header_type is not UInt64"
    opening = markup.appended_tag % 4096
    assert opening in _OPENINGS, f"<AppendedData is at {markup.appended_tag} = {opening} mod 4096: newer expats fail"
    intro = markup.data[markup.appended_tag : markup.origin]
    assert intro == b'<AppendedData encoding="raw">\n _', f"{intro!r} is not VTK's own opening"
    if not gaps and not file.compressor:
        starts = [region.start for region in regions]
        assert starts == [markup.origin, *(region.end for region in regions[:-1])], (
            "there are gaps: meshio refuses them"
        )
        return
    for region in regions if not file.compressor else []:
        assert region.values == region.end or region.values % _ALIGNMENT == 0, (
            f"values of {region.name!r} are at {region.values}, no multiple of {_ALIGNMENT}"
        )


def _check_parallel(path: Path, grid: Element, *, foreign: bool) -> None:
    kind = grid.tag[1:]
    pieces = grid.named("Piece")
    assert pieces, "there are no pieces"
    lists = {tag: [_signature(a) for a in _arrays(grid, f"P{tag}")] for tag in ("PointData", "CellData")}
    if kind == "RectilinearGrid":
        lists["Coordinates"] = [_signature(a) for a in grid.only("PCoordinates").children]
    sources = []
    for piece in pieces:
        source = _target(path, piece.attributes.get("Source", ""))
        check_file(source, foreign=foreign)
        part = parse(source).root.only(kind)
        with _naming(source):
            for tag, wanted in lists.items():
                held = [_signature(a) for inner in part.named("Piece") for a in _arrays(inner, tag)]
                assert held == wanted, f"its {tag} is {held}, the whole says {wanted}"
            if kind in STRUCTURED:
                inside, outside = extent_of(part, "WholeExtent"), extent_of(piece, "Extent")
                assert inside == outside, f"its extent is {inside}, the whole says {outside}"
        sources.append(source)
    assert len({*sources}) == len(sources), "a piece is listed twice"
    if kind in STRUCTURED:
        extents = [extent_of(piece, "Extent") for piece in pieces]
        check_cover(extent_of(grid, "WholeExtent"), extents, cells=True)


def _sources(path: Path) -> list[Path]:
    """Give the files of a file of pieces; none for any other."""
    if path.suffix not in _PARALLEL:
        return []
    pieces = parse(path).root.only(_PARALLEL[path.suffix]).named("Piece")
    return [_target(path, piece.attributes.get("Source", "")) for piece in pieces]


def _target(path: Path, name: str) -> Path:
    """Give the file that a collection names, if the name is one that can be moved with it."""
    assert name, "an entry names no file"
    assert "\\" not in name, f"{name!r} has a backslash"
    assert not re.match(r"/|[A-Za-z]:|[a-z]+://", name), f"{name!r} is not relative"
    assert ".." not in name.split("/"), f"{name!r} leaves its directory"
    target = path.parent / name
    assert target.is_file(), f"{name!r} is listed and not there"
    return target


def _arrays(parent: Element, tag: str) -> list[Element]:
    return [array for section in parent.named(tag) for array in section.children]


def _signature(array: Element) -> tuple[str, str, str]:
    attributes = array.attributes
    kind = attributes.get("type", "")
    assert kind in TYPES, f"type {kind!r} is none of VTK's"
    return attributes.get("Name", ""), kind, attributes.get("NumberOfComponents", "1")
