"""`value`: a frozen dataclass whose methods are shared instead of generated, because generating them is most of a cold start.

`dataclasses.dataclass` compiles six methods for every class, 0.3 ms each time; a compile loads two hundred such classes. A
`value` class has the same meaning to a type checker and to `dataclasses.replace`, `fields` and `asdict`, and costs 0.02 ms. See
docs/adr/0007-values.md for the numbers and the limits (no slots, no InitVar, no inheritance of values).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_MISSING = dataclasses.MISSING


@dataclasses.dataclass
class _Sample:
    one: int


# The marker by which `dataclasses` tells fields from class variables; it has no public name.
_FIELD = dataclasses.fields(_Sample)[0]._field_type  # type: ignore[attr-defined]


@overload
def value(cls: type[T], /) -> type[T]: ...
@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def value(cls: type[T] | None = None, /, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen value: fields from its annotations, defaults from its attributes, equality by fields."""

    def make(kind: type[T]) -> type[T]:
        fields = _fields(kind, kw_only)
        attributes: dict[str, Any] = {
            "__dataclass_fields__": fields,
            "__match_args__": () if kw_only else tuple(fields),
            "__init__": _init,
            "__eq__": _eq,
            "__hash__": _hash,
            "__repr__": _repr,
            "__setattr__": _set,
            "__delattr__": _delete,
            "_value_names": tuple(fields),
            "_value_fields": frozenset(fields),
            "_value_defaults": {n: f.default for n, f in fields.items() if f.default is not _MISSING},
            "_value_factories": tuple(
                (n, f.default_factory) for n, f in fields.items() if f.default_factory is not _MISSING
            ),
            "_value_compared": tuple(n for n, f in fields.items() if f.compare),
            "_value_positional": 0 if kw_only else len(fields),
        }
        for name, attribute in attributes.items():
            if name not in ("__repr__", "__hash__", "__eq__") or name not in vars(kind):
                setattr(kind, name, attribute)
        return kind

    return make if cls is None else make(cls)


def _fields(kind: type, kw_only: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, annotation in vars(kind).get("__annotations__", {}).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        default = vars(kind).get(name, _MISSING)
        field: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
        field.name, field.type, field.kw_only = name, annotation, kw_only
        field._field_type = _FIELD
        found[name] = field
        if isinstance(default, dataclasses.Field):
            if field.default is _MISSING:
                delattr(kind, name)
            else:
                setattr(kind, name, field.default)
    return found


def _init(self: Any, *args: Any, **named: Any) -> None:
    kind = type(self)
    values = self.__dict__
    values.update(kind._value_defaults)
    values.update(zip(kind._value_names, args, strict=False))
    values.update(named)
    for name, factory in kind._value_factories:
        if name not in values:
            values[name] = factory()
    if values.keys() != kind._value_fields or len(args) > kind._value_positional or (args and named):
        _refuse(kind, values, args, named)
    check = getattr(kind, "__post_init__", None)
    if check is not None:
        check(self)


def _refuse(kind: Any, values: dict[str, Any], args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Raise TypeError as a dataclass would, when the arguments do not fit the fields."""
    if len(args) > kind._value_positional:
        raise TypeError(f"{kind.__name__} takes {kind._value_positional} positional values, not {len(args)}")
    twice = named.keys() & kind._value_names[: len(args)]
    if twice:
        raise TypeError(f"{kind.__name__} got two values for {sorted(twice)[0]!r}")
    for name in kind._value_names:
        if name not in values:
            raise TypeError(f"{kind.__name__} needs a value for {name!r}")
    if values.keys() != kind._value_fields:
        raise TypeError(f"{kind.__name__} has no field {sorted(values.keys() - kind._value_fields)}")


def _eq(self: Any, other: Any) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    mine, theirs = self.__dict__, other.__dict__
    return mine is theirs or all(mine[name] == theirs[name] for name in self._value_compared)


def _hash(self: Any) -> int:
    return hash(tuple(self.__dict__[name] for name in self._value_compared))


def _repr(self: Any) -> str:
    shown = (f"{name}={self.__dict__[name]!r}" for name, f in self.__dataclass_fields__.items() if f.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


def _set(self: Any, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
