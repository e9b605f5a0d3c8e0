"""For which step a dask task works, told by the error that ends it: also by one in the caller's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

__all__ = ["named"]

_OURS = "while writing "


def named(graph: Mapping[Hashable, Any], notes: Iterable[tuple[Hashable, str]]) -> dict[Hashable, Any]:
    """Give the same tasks, each of which adds a note to the error that it raises, unless that has one of ours.

    Parameters
    ----------
    graph : mapping
        All tasks by their keys.
    notes : iterable of (key, str)
        What the task of a key, and what it alone or first depends on, are for.
    """
    found = dict(graph)
    seen: set[Hashable] = set()
    for key, note in notes:
        waiting = [key]
        while waiting:
            at = waiting.pop()
            if at in seen or at not in found:
                continue
            seen.add(at)
            node = found[at]
            waiting += getattr(node, "dependencies", ())
            found[at] = _noted(node, f"{_OURS}{note}")
    return found


def _noted(node: Any, note: str) -> Any:
    if type(node) is tuple and node and callable(node[0]):  # a task of dask before 2024.12
        return (_call, note, *node)
    if type(node).__name__ != "Task":  # its kin hold data, or the name of another task
        return node
    return type(node)(node.key, _call, note, node.func, *node.args, _data_producer=node.data_producer, **node.kwargs)


def _call(note: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        if not any(other.startswith(_OURS) for other in getattr(error, "__notes__", ())):
            error.add_note(note)
        raise
