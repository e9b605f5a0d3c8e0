"""Compression blocks: sizes, streams and tables, held against zlib, lz4, lzma and VTK itself."""

from __future__ import annotations

import lzma
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import lz4.block
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from vtkseries.errors import FormatError, SeriesError
from vtkseries.xmlformat.codecs import (
    CODECS,
    LARGEST,
    SMALLEST,
    Codec,
    Zlib,
    block_size,
    codec,
    decoder,
    parse_table,
    render_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = [np.dtype(order + kind) for order in "<>" for kind in ("u4", "u8")]
EVERY = [kind(level) for kind in CODECS.values() for level in kind.levels]
NOISE = np.random.default_rng(1).standard_normal(9000).cumsum().astype("f4").tobytes()
FOREIGN: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.decompress,
    "lz4": lambda data: lz4.block.decompress(data, uncompressed_size=len(NOISE)),
    "lzma": lambda data: lzma.decompress(data, lzma.FORMAT_XZ),
}


@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 4, 8, 12, 24, 36, 72]))
def test_a_block_is_at_most_one_slice_within_32_to_256_kib(slice_bytes: int, itemsize: int) -> None:
    size = block_size(slice_bytes, itemsize)
    assert size % itemsize == 0
    assert SMALLEST - itemsize < size < LARGEST + itemsize
    assert size <= max(slice_bytes, SMALLEST + itemsize)


def test_a_large_slice_is_cut_so_that_no_block_reaches_into_two() -> None:
    for slice_bytes in (300_000, 2**20, 4 * 1440 * 721, 8 * 1000 * 999):
        assert slice_bytes % block_size(slice_bytes, 4) == 0


@pytest.mark.parametrize("method", EVERY, ids=str)
def test_what_a_codec_encodes_its_own_library_and_we_decode(method: Codec) -> None:
    stream = method.encode(memoryview(NOISE))
    assert FOREIGN[method.name](stream) == NOISE
    assert method.decode(memoryview(stream), len(NOISE)) == NOISE


@pytest.mark.parametrize("method", EVERY, ids=str)
def test_no_block_is_refused_as_a_bomb_that_a_codec_can_make(method: Codec) -> None:
    stream = method.encode(bytes(LARGEST))
    table = render_table(LARGEST, LARGEST, [len(stream)], np.dtype("<u8"))
    assert parse_table(table, LARGEST, np.dtype("<u8"), len(stream), method).block == LARGEST


@pytest.mark.parametrize("name", CODECS)
def test_a_damaged_short_or_long_stream_is_a_format_error(name: str) -> None:
    method = CODECS[name]()
    stream = method.encode(NOISE)
    for bad, size in [
        (b"", 4),
        (b"\0", 4),
        (stream[:-1], len(NOISE)),
        (stream + b"\0", len(NOISE)),
        (stream, len(NOISE) - 1),
        (stream, len(NOISE) + 1),
    ]:
        with pytest.raises(FormatError, match="compressed block"):
            method.decode(bad, size)


@pytest.mark.parametrize("name", CODECS)
def test_an_unknown_level_is_refused_with_those_that_exist(name: str) -> None:
    for level in (-1, 99, 1.5, True, None, "1"):
        with pytest.raises(SeriesError, match=f"choose one of {CODECS[name].levels[0]} to {CODECS[name].levels[-1]}"):
            CODECS[name](level)  # type: ignore[arg-type]


def test_names_give_codecs() -> None:
    assert codec(None) is None
    assert codec("none") is None
    assert codec("lz4", 4) == CODECS["lz4"](4)
    assert decoder("vtkLZMADataCompressor").name == "lzma"
    with pytest.raises(SeriesError, match=r"'gzip'.*zlib, lz4, lzma"):
        codec("gzip")
    with pytest.raises(SeriesError, match="compression_level=3"):
        codec(None, 3)
    with pytest.raises(FormatError, match="vtkBrotli"):
        decoder("vtkBrotli")


@pytest.mark.parametrize("word", WORDS, ids=str)
@given(size=st.integers(0, 5000), block=st.integers(1, 6000))
def test_a_table_reads_back(word: np.dtype, size: int, block: int) -> None:
    streams = [10 + block // 100 + i for i in range(-(-size // block))]
    table = parse_table(
        render_table(size, block, streams, word), size, word, sum(streams), decoder("vtkZLibDataCompressor")
    )
    assert table.compressed.tolist() == streams
    assert table.starts[-1] == sum(streams)
    assert sum(table.length(i) for i in range(len(streams))) == size


@pytest.mark.parametrize("last", [0, 100])
def test_a_whole_last_block_is_said_with_0_or_its_size(last: int) -> None:
    word = np.dtype("<u4")
    table = np.array([2, 100, last, 30, 40], word).tobytes()
    assert parse_table(table, 200, word, 70, decoder("vtkLZ4DataCompressor")).length(1) == 100


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ([3, 100, 0, 30, 40, 5], 200),
        ([1, 100, 0, 30], 200),
        ([2, 0, 0, 30, 40], 200),
        ([2, 100, 50, 30, 40], 200),
        ([2, 100, 0, 30, 41], 200),
        ([2, 100, 0, 2**63, 2**63], 200),
        ([2, 100, 0, 0, 70], 200),
        ([1, 2**63, 0, 70], 2**63),
        ([1, 100, 0, 70], 0),
        ([2**64 - 1, 1, 0], 2**64 - 1),
    ],
)
def test_a_table_that_disagrees_with_its_array_is_a_format_error(words: list[int], size: int) -> None:
    word = np.dtype("<u8")
    with pytest.raises(FormatError, match="block"):
        parse_table(np.array(words, word).tobytes(), size, word, 70, decoder("vtkLZ4DataCompressor"))


@pytest.mark.parametrize("name", ["zlib", "lzma"])
@pytest.mark.parametrize("size", [4 * 2**20 + 1, 9_000_000])
def test_a_large_block_is_decoded_piece_by_piece_and_no_further(name: str, size: int) -> None:
    method = codec(name, 1)
    assert method is not None
    data = np.random.default_rng(0).integers(0, 9, size, "u1").tobytes()
    stream = method.encode(data)
    assert bytes(method.decode(stream, size)) == data
    for damaged, wanted in (
        (stream, size + 1),
        (stream, size - 1),
        (stream[:-1], size),
        (stream + b"x", size),
        (stream[: len(stream) // 2], size),
        (b"", size),
    ):
        with pytest.raises(FormatError, match="block"):
            method.decode(damaged, wanted)


_MANY = """
import hashlib, sys
import numpy as np
from vtkseries.xmlformat.codecs import CODECS
draw, total = np.random.default_rng(0), hashlib.sha256()
method = CODECS[sys.argv[1]]()
for _ in range(4000):
    total.update(method.encode(draw.integers(0, 9, int(draw.integers(1, 50))).astype("i2").tobytes()))
print(total.hexdigest())
"""


@pytest.mark.parametrize("name", CODECS)
def test_every_process_encodes_to_the_same_bytes(name: str) -> None:
    """isal's calls for a whole buffer give other bytes for some hundredth of these in another process."""
    command = [sys.executable, "-c", _MANY, name]
    seen = {subprocess.run(command, check=True, capture_output=True).stdout for _ in range(4)}
    assert len(seen) == 1


def test_a_stream_does_not_depend_on_where_in_memory_its_encoder_is() -> None:
    """isal looks for what begins at the third byte at a place that it takes from an address, one of 8,192."""
    random = np.random.default_rng(3)
    block, heads = random.integers(0, 256, 33_000, dtype="u1"), random.integers(0, 256, (5_000, 8), dtype="u1")

    def streams() -> list[int]:
        found = []
        for head in heads:
            block[:8], block[300:306] = head, head[2:]
            found.append(zlib.crc32(Zlib(1).encode(block.data)))
        return found

    first, elsewhere = streams(), []
    for _ in range(3):
        elsewhere.append([isal_zlib.compressobj(1, isal_zlib.DEFLATED, isal_zlib.MAX_WBITS, 9) for _ in range(5)])
        assert streams() == first
