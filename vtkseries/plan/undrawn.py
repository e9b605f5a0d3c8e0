"""What a tree has in groups that draw nothing: coordinates that others inherit, attributes, values without a grid."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import xarray as xr

from vtkseries.cf.roles import Roles
from vtkseries.cf.times import Times
from vtkseries.metadata import VERSION, dumps, pack
from vtkseries.plan.group import Grouping
from vtkseries.plan.remember import INSIDE, Memory, remember

__all__ = ["remember_tree"]


def remember_tree(tree: xr.DataTree, drawn: Sequence[str], stem: str, *, asked: bool) -> tuple[str, list[Memory]]:
    """Say what a tree is beside its groups that are drawn.

    Parameters
    ----------
    tree : DataTree
    drawn : sequence of str
        Paths of the groups that are drawn: each tells of itself.
    stem : str
        Of the series: what the names of files beside the steps begin with.
    asked : bool
        Only what was named is written: of other groups with variables nothing is kept.

    Returns
    -------
    str
        The JSON.
    list of Memory
        What is to be written beside it.
    """
    paths, memories, groups = [], [], []
    for node in tree.subtree:
        if node.path in drawn or not asked or not node.data_vars:
            paths.append(node.path)
        if node.path in drawn or (asked and node.data_vars):
            continue
        ds = node.to_dataset(inherit=False)
        shared = dict(_shared(node, ds, drawn))
        kept = ds.drop_vars(list(shared)).reset_coords()
        names = [name for name in kept.variables if name not in kept.indexes]
        memory = remember(
            kept.set_coords(names), Grouping(), Roles(), _NO_TIME, parts=None, fill=None, asked=False, beside=stem,
            inside=INSIDE,
        )  # fmt: skip
        memory.left_out = [f"group {node.path!r}: {text}" for text in memory.left_out]
        coords = [pack(name) for name in ds.coords if name not in shared]
        sizes = [[pack(dim), size] for dim, size in ds.sizes.items()]
        content = memory.content | {"parts": 1, "coords": coords, "dims": sizes}
        groups.append([node.path, content, [[pack(name), path] for name, path in shared.items()]])
        memories.append(memory)
    if not groups and len(paths) == len(drawn):
        return "", []
    return dumps({"version": VERSION, "paths": paths, "undrawn": groups}), memories


_NO_TIME = Times((0.0,))


def _shared(node: xr.DataTree, ds: xr.Dataset, drawn: Sequence[str]) -> Iterator[tuple[Hashable, str]]:
    """Give the coordinates that groups below inherit, each with one of these: a series may go on and lengthen it."""
    for name in ds.coords:
        if name in ds.dims:
            for below in node.descendants:
                if below.path in drawn and name in below.coords and name not in below.to_dataset(inherit=False).coords:
                    yield name, below.path
                    break
