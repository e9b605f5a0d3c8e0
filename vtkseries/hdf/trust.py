"""What a ``.vtkhdf`` leads to: whether it is there, and whether it may be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vtkseries.errors import FormatError
from vtkseries.hdf.layout import LINKED, OWN, blocks_of

__all__ = ["check_listed", "check_source", "check_sources", "dataset_of"]

_NESTED = 16


def dataset_of(file: Any, name: str, path: str) -> Any:
    """Give a dataset of an open file.

    Raises
    ------
    FormatError
        There is none of that name, or it is in another file that is gone.
    """
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    try:
        found = file[name]
    except KeyError as error:
        link = file.get(name, getlink=True)
        where = f", which is in {link.filename!r}" if isinstance(link, h5py.ExternalLink) else ""
        message = f"{path}: it cannot open {name!r}{where}: {error}"
        raise FormatError(message) from error
    if not isinstance(found, h5py.Dataset):
        message = f"{path}: {name!r} is no dataset"
        raise FormatError(message)
    return found


def check_sources(file: Any, path: str, *, follow_outside: bool) -> None:
    """Refuse a file of which an array, or a linked coordinate, has a source that is gone or outside the directory.

    Raises
    ------
    FormatError
        Names both.
    """
    if "VTKHDF" not in file:
        return
    roots = [f"VTKHDF/{block}" if block else "VTKHDF" for block in blocks_of(file["VTKHDF"])]
    for root in (*(f"{root}/{tag}" for root in roots for tag in ("PointData", "CellData")), LINKED):
        for name in file.get(root, ()):
            check_source(file, f"{root}/{name}", path, follow_outside=follow_outside)


def check_listed(file: Any, name: str, path: str, *, follow_outside: bool) -> None:
    """Refuse to read a virtual dataset of a link when a source is gone, since HDF5 would give missing values."""
    for source in file.get(f"{OWN}/sources", ()):
        _check_file(source.decode(), name, path, follow_outside=follow_outside)


def check_source(file: Any, name: str, path: str, *, follow_outside: bool, label: str = "", depth: int = 0) -> None:
    """Refuse an array whose source is gone, or outside the file's directory."""
    import h5py  # noqa: PLC0415 (only VTKHDF needs it)

    label = label or name.rpartition("/")[2]
    if depth > _NESTED:
        message = f"{path}: its virtual datasets are nested too deep"
        raise FormatError(message)
    link = file.get(name, getlink=True)
    if isinstance(link, h5py.SoftLink):
        check_source(file, link.path, path, follow_outside=follow_outside, label=label, depth=depth + 1)
        return
    if isinstance(link, h5py.ExternalLink):
        _check_file(link.filename, label, path, follow_outside=follow_outside)
        return
    item = dataset_of(file, name, path)
    if item.external:
        message = f"{path}: {name!r} is kept outside of HDF5, which vtkseries does not follow"
        raise FormatError(message)
    if item.is_virtual:
        for source, inner in {(s.file_name, s.dset_name) for s in item.virtual_sources()}:
            if source == ".":
                check_source(file, inner, path, follow_outside=follow_outside, label=label, depth=depth + 1)
            else:
                _check_file(source.replace("%%", "%"), label, path, follow_outside=follow_outside)


def _check_file(source: str, name: str, path: str, *, follow_outside: bool) -> None:
    folder = Path(path).parent
    place = folder / source
    if not follow_outside and not place.resolve().is_relative_to(folder.resolve()):
        message = (
            f"{path}: array {name!r} is in {source!r}, outside the link's directory; "
            "open it with follow_outside=True if you trust it"
        )
        raise FormatError(message)
    if not place.is_file():
        message = (
            f"{path}: array {name!r} is in {source!r}, which is missing; "
            "bring it back to its place beside the link, or link anew"
        )
        raise FormatError(message)
