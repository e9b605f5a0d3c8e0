"""Expat 2.6 or newer for a ParaView that came with 2.5: files that only the older one reads must not pass.

The vtk wheel holds its own expat, with names prefixed by ``vtkexpat_``. A small library of the
system's name jumps to it.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import vtkmodules

__all__ = ["build_newer_expat"]

_JUMPS = {"x86_64": "jmp {name}@PLT", "aarch64": "b {name}"}


def build_newer_expat(folder: Path) -> Path:
    """Build ``libexpat.so.1`` in `folder`; put that first in ``LD_LIBRARY_PATH`` to have a process use it."""
    compiler = shutil.which("gcc")
    assert compiler, "gcc is not installed: apt-get install gcc libc6-dev"
    found = [path for root in vtkmodules.__path__ for path in Path(root).glob("libvtkexpat*.so*")]
    assert found, "the vtk wheel holds no libvtkexpat"
    library = found[0]
    names = sorted({name.decode() for name in re.findall(rb"\0(vtkexpat_XML_\w+)(?=\0)", library.read_bytes())})
    assert "vtkexpat_XML_ExpatVersion" in names, f"{library} names no XML_ExpatVersion"
    jump = _JUMPS[platform.machine()]
    lines = [".text"]
    for name in names:
        public = name.removeprefix("vtkexpat_")
        lines += [f".globl {public}", f".type {public}, %function", f"{public}:", "    " + jump.format(name=name)]
    source = folder / "expat.s"
    source.write_text("\n".join([*lines, '.section .note.GNU-stack,"",%progbits', ""]))
    subprocess.run(
        [
            compiler,
            "-shared",
            "-Wl,-soname,libexpat.so.1",
            f"-Wl,-rpath,{library.parent}",
            "-o",
            folder / "libexpat.so.1",
            source,
            library,
        ],
        check=True,
    )
    return folder
