"""Shapes of parameters, and how the engine reads JSON into them: it matches names in any case, ignores
names that it does not know, lets null stand for "not given", and names the first value of a wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY = "interface {}"
BOOL = "bool"
NUMBER = "float64"
TEXT = "string"

KINDS = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
ACCEPTS = {BOOL: "bool", NUMBER: "number", TEXT: "string"}


@dataclass(frozen=True)
class ListOf:
    item: Shape


@dataclass(frozen=True)
class Free:
    """An object with any members, taken as they are."""


@dataclass(frozen=True)
class Struct:
    name: str
    members: Mapping[str, Shape]


Shape = str | ListOf | Free | Struct


class WrongType(Exception):
    pass


def bind(value: Any, shape: Shape, path: tuple[str, ...] = ()) -> Any:
    """`value` with the names of `shape`; members that are unknown or null are left out. Raises WrongType."""
    if shape == ANY:
        return value
    if value is None:
        return _zero(shape)
    kind = KINDS[type(value)]
    if isinstance(shape, Struct):
        _expect(kind, "object", shape.name, path)
        names = {name.casefold(): name for name in shape.members}
        return {
            name: bind(member, shape.members[name], (*path, name))
            for given, member in value.items()
            if member is not None and (name := names.get(given.casefold()))
        }
    if isinstance(shape, ListOf):
        _expect(kind, "array", "[]" + _go_name(shape.item), path)
        return [bind(item, shape.item, (*path, str(index))) for index, item in enumerate(value)]
    if isinstance(shape, Free):
        _expect(kind, "object", _go_name(shape), path)
        return value
    _expect(kind, ACCEPTS[shape], shape, path)
    return value


def _expect(kind: str, wanted: str, go_name: str, path: tuple[str, ...]) -> None:
    if kind == wanted:
        return
    where = f"Go struct field .0.{'.'.join(path)}" if path else ".0"
    raise WrongType(f"json: cannot unmarshal {kind} into {where} of type {go_name}")


def _zero(shape: Shape) -> Any:
    if isinstance(shape, str):
        return {BOOL: False, NUMBER: 0, TEXT: ""}[shape]
    return [] if isinstance(shape, ListOf) else {}


def _go_name(shape: Shape) -> str:
    if isinstance(shape, str):
        return shape
    if isinstance(shape, ListOf):
        return "[]" + _go_name(shape.item)
    return shape.name if isinstance(shape, Struct) else "map[string]interface {}"
