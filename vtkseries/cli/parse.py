"""What options like ``wind=u,v,w`` and ``time=0:10`` mean."""

from __future__ import annotations

import re
from typing import Any

import click

__all__ = ["chunks", "encoding", "missing", "pieces", "select", "stagger", "variables", "vectors"]

INTEGER = re.compile(r"[+-]?\d+")


def _pairs(option: str, values: tuple[str, ...], example: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, rest = value.partition("=")
        if not (name and equals and rest):
            raise click.BadParameter(f"{value!r} is not of the form {example}", param_hint=option)
        if name in pairs:
            raise click.BadParameter(f"{name!r} is given twice", param_hint=option)
        pairs[name] = rest
    return pairs


def _scalar(text: str) -> bool | int | float | str:
    """Read a number or a truth value where the text is one."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def variables(values: tuple[str, ...]) -> list[str] | None:
    """Read ``-v a,b -v c``."""
    return [name for value in values for name in value.split(",") if name] or None


def vectors(values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Read ``wind=u,v,w``."""
    pairs = _pairs("--vectors", values, "wind=u,v,w")
    return {name: tuple(part for part in rest.split(",") if part) for name, rest in pairs.items()}


def encoding(values: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Read ``T=significant_digits:3,dtype:float32``."""
    result: dict[str, dict[str, Any]] = {}
    example = "T=significant_digits:3,dtype:float32"
    for name, rest in _pairs("--encoding", values, example).items():
        settings = [setting.partition(":") for setting in rest.split(",")]
        if not all(key and colon and value for key, colon, value in settings):
            raise click.BadParameter(f"{rest!r} is not of the form {example}", param_hint="--encoding")
        result[name] = {key: _scalar(value) for key, _, value in settings}
    return result


def missing(value: str) -> str | float:
    """Read ``nan``, ``blank`` or a number."""
    if value in ("nan", "blank"):
        return value
    try:
        return float(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither nan, blank nor a number", param_hint="--missing") from None


def chunks(option: str, values: tuple[str, ...]) -> dict[str, int]:
    """Read ``time=1,lev=10``."""
    flat = tuple(part for value in values for part in value.split(","))
    pairs = _pairs(option, flat, "time=1,lev=10")
    for name, rest in pairs.items():
        if not INTEGER.fullmatch(rest) or int(rest) == 0 or int(rest) < -1:
            raise click.BadParameter(f"{name}={rest}: the size is a whole number, or -1 for all", param_hint=option)
    return {name: int(rest) for name, rest in pairs.items()}


def stagger(values: tuple[str, ...]) -> dict[str, str]:
    """Read ``u=x``."""
    return _pairs("--stagger", values, "u=x")


def pieces(values: tuple[str, ...]) -> bool | dict[str, int]:
    """Read ``chunks``, for a piece a block, or ``z=16``."""
    return True if values == ("chunks",) else chunks("--pieces", values)


def select(values: tuple[str, ...]) -> tuple[dict[str, int | slice], dict[str, Any]]:
    """Read ``time=0:10`` as positions and ``time=2000-01-01:2000-02-01`` as labels.

    Whole numbers are positions, everything else is a label. Two dots separate labels that have colons themselves.

    Returns
    -------
    positions, labels : dict
        For ``Dataset.isel`` and ``Dataset.sel``.
    """
    positions: dict[str, int | slice] = {}
    labels: dict[str, Any] = {}
    for name, text in _pairs("--select", values, "time=0:10").items():
        parts = text.split("..") if ".." in text else text.split(":")
        if all(not part or INTEGER.fullmatch(part) for part in parts):
            bounds = [int(part) if part else None for part in parts]
            if len(bounds) > 3 or bounds[2:] == [0]:  # noqa: PLR2004  start, stop and step
                raise click.BadParameter(f"{text!r} is not of the form start:stop:step", param_hint="--select")
            positions[name] = int(parts[0]) if len(parts) == 1 else slice(*bounds)
        elif len(parts) == 1:
            labels[name] = _scalar(text)
        elif len(parts) == 2:  # noqa: PLR2004  first and last
            labels[name] = slice(*(_scalar(part) if part else None for part in parts))
        else:
            raise click.BadParameter(f"{text!r}: separate labels that have colons by two dots", param_hint="--select")
    return positions, labels
