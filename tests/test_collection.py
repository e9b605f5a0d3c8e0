"""An index is read many entries at a time, and gives what expat gives, entry by entry."""

from __future__ import annotations

import json
import os
import random
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tools.mutations import Seed, mutate

from vtkseries.engine.series import open_series
from vtkseries.errors import FormatError
from vtkseries.xmlformat import collection, plain, pvd
from vtkseries.xmlformat.collection import Entry, parse_collection, parse_file_series
from vtkseries.xmlformat.markup import Walk
from vtkseries.xmlformat.plain import read_plain

if TYPE_CHECKING:
    from pathlib import Path

HEAD, TAIL = b'<VTKFile type="Collection">\n<Collection>\n', b"</Collection>\n</VTKFile>\n"
STEPS = [[pvd.Entry(repr(i * 0.1), f"run/run_{i:06d}.vtr", 0, "", 1234 + i, i * 7919)] for i in range(90)]
PARTS = [
    [pvd.Entry(repr(float(i)), f"a&b/é<{p}>_{i}.vtr", p, "é" * p, 1234, None, "sea" * (p % 2)) for p in range(3)]
    for i in range(9)
]


def log(staged: int = 0) -> bytes:
    """Give a log with slots that are taken, some that are staged only, and free ones."""
    header, content = pvd.log("12.0badcafe", [pvd.record(step) for step in STEPS[:3]], room=12, longest=90)
    for number in range(3, 10):
        at, tail = header.position(number) + pvd.MARK, pvd.slot(header, pvd.record(STEPS[number], sectors=True)) or b""
        mark = pvd.COMMITTED if number < 10 - staged else pvd.CLOSED
        content = content[:at] + mark + tail + content[at + 1 + len(tail) :]
    return content


def repeated(element: bytes, count: int = 9) -> bytes:
    return HEAD + b"".join(element.replace(b"@", b"%d" % i) for i in range(count)) + TAIL


SEEDS = {
    "own": pvd.collection(STEPS),
    "parts": pvd.collection(PARTS),
    "log": log(),
    "staged": log(1),
    "usual": repeated(b'<DataSet timestep="@" group="" part="0" file="a_@.vtr"/>\n'),
    "order": repeated(b'\t<DataSet file="a_@.vtr"\n timestep = "@.5e-3" />\r\n'),
    "apostrophes": repeated(b"<DataSet timestep='@' file='a_@.vtr'/>"),
    "closed": repeated(b'<DataSet timestep="@" file="a_@.vtr"></DataSet>'),
    "names": repeated(b'<DataSet timestep="@" file="a"/><DataSet timestep="@" part="1" name="b" file="c"/>'),
    "groups": repeated(b'<DataSet group="a" part="@" file="a"/><DataSet group="a_0" part="" file="b"/>'),
    "marked": repeated(b'<![CDATA[<DataSet file="a"/><DataSet file="b"/>]]><!-- <DataSet file="c"/> -->'),
    "others": repeated(b'<DataSet file="a@" x="1"/><DataSet file="b"/><?s <DataSet file="c"/> ?>text'),
    "latin": b'<?xml version="1.0" encoding="iso-8859-1"?>' + repeated(b'<DataSet file="\xe9@.vtr"/>'),
    "elsewhere": b'<VTKFile type="Collection"><Other><DataSet file="a"/><DataSet file="b"/></Other></VTKFile>',
}
COUNTS = {
    "own": 90,
    "parts": 27,
    "log": 10,
    "staged": 9,
    "names": 18,
    "groups": 18,
    "marked": 0,
    "others": 18,
    "elsewhere": 0,
}


def by_expat(data: bytes) -> list[Entry] | None:
    """Give what expat finds, an element at a time."""
    handler = collection._Collection()
    try:
        found = Walk(handler, 10**6).run([data])
    except FormatError:
        return None
    return None if found else list(handler.listing)


def by_expat_with_checks(data: bytes) -> list[list[pvd.Entry]] | None:
    reader = pvd._Reader()
    try:
        found = reader.walk.run([data])
    except FormatError:
        return None
    return None if found else reader.steps


def with_checks(data: bytes) -> list[list[pvd.Entry]] | None:
    try:
        return pvd.parse(data)
    except FormatError:
        return None


def at_once(data: bytes, size: int) -> list[Entry] | None:
    try:
        return list(parse_collection(data[i : i + size] for i in range(0, len(data), size)))
    except FormatError:
        return None


def hold(data: bytes, rng: random.Random) -> bool:
    """Hold one reading against the other, and tell whether there was something to read."""
    expected = by_expat(data)
    for size in (len(data) or 1, rng.randrange(20, 2000)):
        assert at_once(data, size) == expected, data
    assert with_checks(data) == by_expat_with_checks(data)
    return expected is not None


@pytest.mark.parametrize("block", [200, 2000, 65536])
@pytest.mark.parametrize("name", SEEDS)
def test_all_at_once_gives_what_expat_gives(monkeypatch: pytest.MonkeyPatch, name: str, block: int) -> None:
    monkeypatch.setattr(plain, "BLOCK", block)
    assert hold(SEEDS[name], random.Random(0))  # noqa: S311 (a seed)
    assert len(list(parse_collection(SEEDS[name]))) == COUNTS.get(name, 9)


@pytest.mark.parametrize("name", ["own", "parts", "log", "usual", "order", "apostrophes", "names"])
def test_the_usual_forms_cost_no_call_for_each_entry(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    calls: list[str] = []
    for reader in (collection._Collection, pvd._Reader):
        start = reader.start

        def counted(self: Any, walk: Walk, depth: int, tag: str, found: dict[str, str], start: Any = start) -> None:
            calls.append(tag)
            start(self, walk, depth, tag, found)

        monkeypatch.setattr(reader, "start", counted)
    parse_collection(SEEDS[name])
    pvd.parse(SEEDS[name])
    assert calls.count("DataSet") <= 2


def test_damaged_indexes_give_what_expat_gives_or_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "BLOCK", 700)
    seeds = [Seed("a.pvd", data) for data in SEEDS.values()]
    start, read = int(os.environ.get("VTKSERIES_FUZZ_START", "0")), 0
    for number in range(start, start + int(os.environ.get("VTKSERIES_FUZZ_COUNT", "4000"))):
        rng = random.Random(number)  # noqa: S311 (a seed, to have the same faults again)
        read += hold(mutate(rng.choice(seeds), seeds, rng), rng)
    assert read > 100


@pytest.mark.parametrize(
    "block",
    [
        b'<DataSet timestep="0" file="a"/><DataSet timestep="1" timestep="2" file="b"/>',
        b'<DataSet timestep="0" file="a"/><DataSet timestep="1" file="b" timestep="2"/>',
        b'<DataSet timestep="0"file="a"/>',
        b'<DataSet timestep="0" file="a"><',
        b'<DataSet timestep="0" file="<"/>',
        b'<DataSet timestep="0" file="&x;"/>',
        b'<DataSet timestep="0" file="\xff"/>',
        b'<DataSet timestep="0" file="\xef\xbf\xbf"/>',
        b'<DataSet timestep="0" file="a\tb"/>',
        b'<DataSet timestep="0" file="a"/><!-- x -->',
        b'<DataSet timestep="0" <!--1--> file="a"/>',
        b'<DataSet timestep="0" file="a"/><?s ?_',
        b"<DataSet",
        b"<DataSet/>",
    ],
)
def test_what_is_not_plain_is_left_to_expat(block: bytes) -> None:
    assert read_plain(block, utf8=True) is None


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (b'<DataSet timestep="@" file="run/run_@.vtr"/>', "more than 520000 files"),
        (b'<DataSet timestep="@" file="%s@"/>' % (b"n" * 400), "names of its files have more than"),
        (b'<DataSet timestep="1%s" file="a"/>' % (b"0" * 300), "times of its files have more than"),
        (b" " * 200, "are no plain entries"),
        (b"<!--x-->" * 30, "are no plain entries"),
        (b'<DataSet x="@" file="a"/>', "too many elements"),
        (b'<DataSet part="@" file="a"/>', "more than 4096 parts"),
    ],
)
def test_a_flood_of_entries_is_refused(element: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        parse_collection([HEAD, *(repeated(element, 5000)[len(HEAD) : -len(TAIL)] for _ in range(121))])


@pytest.mark.unchecked(reason="they name no files that exist")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("r/../r_@.vtr", "'..'"),
        ("/r_@.vtr", "outside its own directory"),
        ("c:r_@.vtr", "outside"),
        ("s3://r_@", "is a URL"),
    ],
)
def test_names_that_need_a_look_are_refused_soon(tmp_path: Path, name: str, reason: str) -> None:
    path = tmp_path / "run.pvd"
    path.write_bytes(repeated(b'<DataSet timestep="@" file="%s"/>' % name.encode(), 90_000))
    with pytest.raises(FormatError, match=re.escape(reason)):
        open_series(str(path))


@pytest.mark.unchecked(reason="they name no files that exist")
@pytest.mark.parametrize("name", ["r..@.vtr", "a\\r_@.vtr", "r_12:00_@.vtr", "a/../r_@.vtr", "..a/r_@.vtr"])
def test_names_that_look_odd_and_stay_inside_are_taken(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.pvd"
    path.write_bytes(repeated(b'<DataSet timestep="@" file="%s"/>' % name.encode()))
    assert list(open_series(str(path)).parts[0].files) == [name.replace("@", str(i)) for i in range(9)]


@pytest.mark.parametrize("first", [b'<DataSet timestep="@" file="b&amp;@"/>', b"<DataSet file='@' timestep='@'/>"])
def test_entries_of_several_kinds_are_read_at_once(first: bytes) -> None:
    for check in (b"", b"<!--@ 0badcafe-->"):
        second = b'<DataSet name="&quot;&lt;" file="r&quot;@" timestep="@.5" group="g"/>'.replace(b'"', first[-3:-2])
        data = repeated(first + check + second + check, 500)
        expected = by_expat(data)
        assert expected is not None
        assert list(parse_collection(data)) == expected
        assert read_plain(data[len(HEAD) : -len(TAIL)], utf8=True) is not None


def test_a_long_series_is_held_in_few_bytes() -> None:
    listing = parse_collection(repeated(b'<DataSet timestep="@" group="" part="0" file="run/run_@.vtr"/>\n', 100_000))
    assert (len(listing), listing.files[99_999], listing.labels) == (100_000, "run/run_99999.vtr", [("0", "")])
    assert listing.times.nbytes + len(listing.files.content) + listing.files.ends.nbytes < 3_200_000
    np.testing.assert_array_equal(listing.times, np.arange(100_000))


@pytest.mark.parametrize("name", ["a\0b", "\ud800", ""])
def test_a_file_series_with_names_that_no_file_has_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="names no file"):
        parse_file_series(json.dumps({"files": [{"name": name}]}).encode())
