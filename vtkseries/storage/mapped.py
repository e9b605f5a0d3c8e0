"""Part of a new file as memory, in huge pages, where its file system keeps files in memory.

Most of what a write to such a file takes goes into its pages of 4 kB: each is found, accounted for and filled on its
own, and by one thread at a time. Of huge pages there are 512 times fewer, and all threads fill them together.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import time
import weakref
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["mapped"]

_HUGE = 1 << 21
"""Bytes of a huge page, which begins at a multiple of them in memory as in the file."""

_PATIENCE = 1e-3
"""Seconds that as many small pages take. A huge one takes more where memory must be freed for it, or where the host of
a virtual machine must give it first, and so will the next ones; of small pages some mostly lie ready."""

_LINUX = sys.platform == "linux" and sys.maxsize > 1 << 32
_TMPFS = 0x01021994
_STATFS = 256
_MAP_FIXED = 0x10
_MADV_COLLAPSE = 25  # since Linux 6.1, whatever the system's settings for huge pages are
_FAILED = ctypes.c_void_p(-1).value


def mapped(fd: int, start: int, stop: int, size: int) -> npt.NDArray[np.uint8] | None:
    """Give a stretch of a file as memory, or None where the system does not make its pages huge.

    Every page is there before it is given, so that a full disk is an error, never a signal. It is unmapped with the
    last array that refers to it.

    Parameters
    ----------
    fd : int
    start, stop : int
        The stretch; what has been written there stays.
    size : int
        Of the whole file, once it is complete.

    Raises
    ------
    OSError
        The disk is full.
    """
    first, end = start // _HUGE * _HUGE, min(-(-stop // _HUGE) * _HUGE, size)
    pages = range(first, end - _HUGE + 1, _HUGE)
    if not (_LINUX and pages and _is_in_memory(fd)):
        return None
    os.ftruncate(fd, size)
    memory = _map(fd, first, end - first)
    if memory is None:
        return None
    at = ctypes.addressof(memory) - first
    for page in pages:
        os.posix_fallocate(fd, max(page, start), 1)  # what has no page at all is not made huge
        begin = time.thread_time()
        if _system().madvise(at + page, _HUGE, _MADV_COLLAPSE) or time.thread_time() - begin > _PATIENCE:
            return None
    os.posix_fallocate(fd, start, stop - start)
    return np.ctypeslib.as_array(memory)[start - first : stop - first]


def _map(fd: int, first: int, length: int) -> ctypes.Array[ctypes.c_uint8] | None:
    room = _system().mmap(None, length + _HUGE, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    if room == _FAILED:
        return None
    at = -(-room // _HUGE) * _HUGE
    access, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | _MAP_FIXED
    memory = (ctypes.c_uint8 * length).from_address(at)
    weakref.finalize(memory, _system().munmap, room, length + _HUGE).atexit = False
    return None if _system().mmap(at, length, access, flags, fd, first) == _FAILED else memory


def _is_in_memory(fd: int) -> bool:
    found = (ctypes.c_long * (_STATFS // ctypes.sizeof(ctypes.c_long)))()
    return bool(_system().fstatfs(fd, found) == 0 and found[0] == _TMPFS)


@cache
def _system() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    address, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    library.mmap.restype = address
    library.mmap.argtypes = (address, size, number, number, number, ctypes.c_int64)
    library.munmap.argtypes = (address, size)
    library.madvise.argtypes = (address, size, number)
    library.fstatfs.argtypes = (number, address)
    return library
