"""For which step a dask task works, told by the error that ends it: also by one in the caller's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

__all__ = ["name_culprits"]

_OURS = "while writing "


def name_culprits(
    graph: dict[Hashable, Any], keys: Iterable[Hashable], note: Callable[[], str], seen: set[Hashable]
) -> None:
    """Have tasks, and what they depend on, add a note to the error that they raise, unless that has one of ours.

    Parameters
    ----------
    graph : dict
        All tasks by their keys.
    keys : iterable
        Of those that work for what the note says.
    note : callable
        Gives it.
    seen : set
        Keys that have their note from an earlier call, and get those of this one.
    """
    waiting = list(keys)
    while waiting:
        at = waiting.pop()
        if at in seen or at not in graph:
            continue
        seen.add(at)
        node = graph[at]
        waiting += getattr(node, "dependencies", ())
        graph[at] = _noted(node, note)


def _noted(node: Any, note: Callable[[], str]) -> Any:
    if type(node) is tuple and node and callable(node[0]):  # as users write a graph
        return (_call, f"{_OURS}{note()}", *node)
    if type(node).__name__ != "Task":  # its kin hold data, or the name of another task
        return node
    return type(node)(
        node.key, _call, f"{_OURS}{note()}", node.func, *node.args, _data_producer=node.data_producer, **node.kwargs
    )


def _call(note: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception as error:
        if not any(other.startswith(_OURS) for other in getattr(error, "__notes__", ())):
            error.add_note(note)
        raise
