"""Whether a file system shows other machines a file's bytes in the order in which they were written."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["is_coherent", "is_local"]

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|ncpfs|afs|9p|davfs|vboxsf|fuse|fuse\..+")
_LOCAL = re.compile(r"ext\d|xfs|btrfs|bcachefs|f2fs|jfs|zfs|tmpfs|overlay|vfat|exfat|ntfs3?")


def is_coherent(path: Path) -> bool:
    """Say whether a reader elsewhere sees writes to a file in place as this machine made them.

    NFS, SMB and what a program of its own serves (FUSE: object stores, sshfs) need not. Local disks do, and so do
    Lustre, GPFS and CephFS, which lock. Where a system does not tell, a drive is taken for a local one.

    Parameters
    ----------
    path : Path
        In a directory that exists.
    """
    return _NETWORK.fullmatch(_kind(path)) is None


def is_local(path: Path) -> bool:
    """Say whether a file system is known to be of this machine alone.

    Parameters
    ----------
    path : Path
        In a directory that exists.
    """
    return _LOCAL.fullmatch(_kind(path)) is not None


def _kind(path: Path) -> str:
    """Give the system's word for the file system that a file is on; empty where it does not tell."""
    folder = os.path.realpath(path.parent)
    if folder.startswith("\\\\"):
        return "smb"  # Windows: a share
    try:
        mounts = _MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    best = kind = ""
    for line in mounts:
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4])
        # The later of two mounts on one point hides the earlier.
        if len(point) >= len(best) and (folder + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, after.split()[0]
    return kind
