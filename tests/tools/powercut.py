"""What a power cut can leave: a model of a disk, fed with the log of a program's calls.

Data that was not synced may be there or not, sector by sector. Names (made, replaced, removed) that were not synced are
there up to some point. A file whose data are not there reads as zeros, or is short.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

__all__ = ["Disk", "recorded"]

SECTOR = 512


@dataclass
class _File:
    synced: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    dirty: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, position: int, data: bytes) -> None:
        if len(self.now) < position:
            self.now.extend(bytes(position - len(self.now)))
        self.now[position : position + len(data)] = data
        self.dirty.append((position, data))

    def sync(self) -> None:
        self.synced, self.dirty = bytes(self.now), []

    def after_cut(self, random: Random) -> bytes:
        """Give one of the contents that may be there: any of the sectors' states since the last sync."""
        if not self.dirty:
            return self.synced
        size = random.choice([len(self.synced), len(self.now), len(self.now)])
        content = bytearray(size)
        for start in range(0, size, SECTOR):
            stop = min(start + SECTOR, size)
            # The sector as it was after some number of the writes since.
            versions = bytearray(self.synced[start:stop].ljust(stop - start, b"\0"))
            for position, data in self.dirty[: random.randint(0, len(self.dirty))]:
                low, high = max(position, start), min(position + len(data), stop)
                if low < high:
                    versions[low - start : high - start] = data[low - position : high - position]
            content[start:stop] = versions
        return bytes(content)


@dataclass
class Disk:
    """The files below a directory, as they are and as a power cut can leave them."""

    root: Path
    files: dict[int, _File] = field(default_factory=dict)
    names: dict[str, _File] = field(default_factory=dict)
    pending: list[tuple[str, str, _File | None]] = field(default_factory=list)

    def name(self, path: Any) -> str:
        return str(Path(path).relative_to(self.root))

    def apply(self, names: dict[str, _File], change: tuple[str, str, _File | None]) -> None:
        source, target, file = change
        if file is not None:
            names[target] = file
        names.pop(source, None)

    def change(self, source: str, target: str, file: _File | None) -> None:
        self.pending.append((source, target, file))

    def current(self) -> dict[str, _File]:
        names = dict(self.names)
        for change in self.pending:
            self.apply(names, change)
        return names

    def sync_names(self) -> None:
        self.names, self.pending = self.current(), []

    def lay_out(self, folder: Path, random: Random) -> None:
        """Make a directory as one of the possible power cuts leaves it."""
        names = dict(self.names)
        for change in self.pending[: random.randint(0, len(self.pending))]:
            self.apply(names, change)
        for name, file in names.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.after_cut(random))


@contextlib.contextmanager
def recorded(root: Path, at_sync: Callable[[Disk], None]) -> Iterator[Disk]:  # noqa: C901  # a function a call
    """Follow a program's calls; `at_sync` is called before and after each of them."""
    disk = Disk(root)
    descriptors: dict[int, _File | None] = {}
    real = {name: getattr(os, name) for name in ("open", "pwrite", "fsync", "fdatasync", "replace", "unlink", "close")}

    def open_(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        fd: int = real["open"](path, flags, *rest, **options)
        if not Path(path).is_dir() and root in Path(path).parents:
            name = disk.name(path)
            file = disk.current().get(name)
            if file is None:
                file = _File()
                disk.change("", name, file)
            descriptors[fd] = file
        else:
            descriptors[fd] = None
        return fd

    def pwrite(fd: int, data: Any, position: int) -> int:
        written: int = real["pwrite"](fd, data, position)
        file = descriptors.get(fd)
        if file is not None:
            file.write(position, bytes(memoryview(data)[:written]))
        at_sync(disk)
        return written

    def fsync(fd: int) -> None:
        at_sync(disk)
        file = descriptors.get(fd)
        if file is not None:
            file.sync()
        else:
            disk.sync_names()
        at_sync(disk)

    def replace(source: Any, target: Any) -> None:
        real["replace"](source, target)
        disk.change(disk.name(source), disk.name(target), disk.current().get(disk.name(source)))
        at_sync(disk)

    def unlink(path: Any, **options: Any) -> None:
        real["unlink"](path, **options)
        if root in Path(path).parents:
            disk.change(disk.name(path), "", None)
            at_sync(disk)

    patches = {
        "open": open_,
        "pwrite": pwrite,
        "fsync": fsync,
        "fdatasync": fsync,
        "replace": replace,
        "unlink": unlink,
    }
    try:
        for name, patch in patches.items():
            setattr(os, name, patch)
        yield disk
    finally:
        for name in patches:
            setattr(os, name, real[name])
