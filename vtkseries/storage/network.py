"""Whether a file system shows other machines a file's bytes in the order in which they were written."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["is_coherent"]

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = re.compile(r"nfs\d?|cifs|smb\w*|ncpfs|afs|9p|davfs|vboxsf|fuse|fuse\..+")


def is_coherent(path: Path) -> bool:
    """Say whether a reader elsewhere sees writes to a file in place as this machine made them.

    NFS, SMB and what a program of its own serves (FUSE: object stores, sshfs) need not. Local disks do, and so do
    Lustre, GPFS and CephFS, which lock. Where a system does not tell, a drive is taken for a local one.

    Parameters
    ----------
    path : Path
        In a directory that exists.
    """
    folder = os.path.realpath(path.parent)
    if folder.startswith("\\\\"):
        return False  # Windows: a share
    try:
        mounts = _MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return True
    best = kind = ""
    for line in mounts:
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4])
        # The later of two mounts on one point hides the earlier.
        if len(point) >= len(best) and (folder + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, after.split()[0]
    return _NETWORK.fullmatch(kind) is None
