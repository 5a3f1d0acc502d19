"""Blocks of a manifest as annotated classes, and the check of plain values against them.

The annotations are the ones that pydantic reads, and `editor_schema` makes pydantic models of them. Reading a manifest does not:
building thirty pydantic models costs more than the rest of a cold compile's front end, and its findings would have to be put into
our words all the same (docs/adr/0008-manifest-models.md). Strict: a number is no text, and a text no number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from dpone_compiler.diagnostics.problem import Problem

Path = tuple[str | int, ...]
# A value, and the words that exist in this installation; gives the value to go on with, or raises Refused.
Check = Callable[[Any, Any], Any]
_REQUIRED: Any = object()


class Refused(Exception):
    """A check says no: `make` gives the problem once the path of the value is known."""

    def __init__(self, make: Callable[[str], Problem]) -> None:
        super().__init__("refused")
        self.make = make


class Before(NamedTuple):
    """A check of the value as written. `schema`: what an editor may accept there, where it is more than the annotation."""

    check: Check
    schema: Any = None


class After(NamedTuple):
    """A check of a value whose kind is right."""

    check: Check


class NotEmpty(NamedTuple):
    """A text with at least one character."""


class Fault(NamedTuple):
    """What is wrong at a path. `kind`: a word of translate.py; `words`: those that were expected."""

    kind: str
    path: Path
    given: Any
    words: tuple[str, ...] = ()
    make: Callable[[str], Problem] | None = None


class Faults(Exception):
    """Everything that is wrong with a value; never leaves `read_block`."""

    def __init__(self, *found: Fault) -> None:
        super().__init__(len(found))
        self.found = found


class _Field(NamedTuple):
    default: Any
    alias: str


def Field(*, default: Any = _REQUIRED, alias: str = "") -> Any:
    """A key whose name is no Python name."""
    return _Field(default, alias)


class Key(NamedTuple):
    """One key of a block: attribute, name in the manifest, kind, default, and marks such as what becomes of it."""

    attribute: str
    name: str
    kind: Any
    default: Any
    marks: tuple[Any, ...]

    @property
    def required(self) -> bool:
        """True when a manifest must give it."""
        return self.default is _REQUIRED


class Closed:
    """A mapping whose keys are all known."""

    def __init__(self, **given: Any) -> None:
        defaults = {key.attribute: key.default for key in keys_of(type(self)) if not key.required}
        self.__dict__.update(defaults | given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items() if value is not None)
        return f"{type(self).__name__}({shown})"


_KEYS: dict[type, tuple[Key, ...]] = {}


def keys_of(block: type[Closed]) -> tuple[Key, ...]:
    """The keys of a block, those of its bases first. Annotations are evaluated at the first question, so a block that no manifest
    uses costs nothing."""
    known = _KEYS.get(block)
    if known is None:
        known = _KEYS[block] = _keys_of(block)
    return known


def _keys_of(block: type[Closed]) -> tuple[Key, ...]:
    found: dict[str, Key] = {}
    for kind in reversed(block.__mro__):
        names = vars(sys.modules[kind.__module__])
        for attribute, written in vars(kind).get("__annotations__", {}).items():
            annotation = eval(written, names) if isinstance(written, str) else written
            given = vars(kind).get(attribute, _REQUIRED)
            field = given if isinstance(given, _Field) else _Field(given, "")
            inner, marks = split(annotation)
            found[attribute] = Key(attribute, field.alias or attribute, inner, field.default, marks)
    return tuple(found.values())


def split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its outer marks, and the marks from the inside out."""
    marks: tuple[Any, ...] = ()
    while get_origin(annotation) is Annotated:
        annotation, *outer = get_args(annotation)
        marks = (*outer, *marks)
    return annotation, marks


def read_block(block: type[Closed], value: Any, known: Any) -> tuple[Closed | None, tuple[Fault, ...]]:
    """The block of a plain value, or everything that is wrong with it."""
    try:
        read: Closed = _block(block, value, (), known)
    except Faults as error:
        return None, error.found
    return read, ()


def _block(block: type[Closed], value: Any, path: Path, known: Any) -> Any:
    if not isinstance(value, dict):
        raise Faults(Fault("model_type", path, value))
    given: dict[str, Any] = {}
    found: list[Fault] = []
    names = {key.name for key in keys_of(block)}
    for key in keys_of(block):
        if key.name not in value:
            if key.required:
                found.append(Fault("missing", (*path, key.name), value))
            continue
        try:
            given[key.attribute] = _marked(key.kind, key.marks, value[key.name], (*path, key.name), known)
        except Faults as error:
            found.extend(error.found)
    found.extend(Fault("extra_forbidden", (*path, name), value[name]) for name in value if name not in names)
    if found:
        raise Faults(*found)
    return block(**given)


def _marked(kind: Any, marks: tuple[Any, ...], value: Any, path: Path, known: Any) -> Any:
    """Checks before the kind from the outside in, then the kind, then the checks after it from the inside out."""
    try:
        for mark in reversed(marks):
            if isinstance(mark, Before):
                value = mark.check(value, known)
        value = _check(kind, value, path, known)
        for mark in marks:
            if isinstance(mark, NotEmpty) and value == "":
                raise Faults(Fault("string_too_short", path, value))
            if isinstance(mark, After):
                value = mark.check(value, known)
    except Refused as error:
        raise Faults(Fault("dponec", path, value, make=error.make)) from None
    return value


def _check(kind: Any, value: Any, path: Path, known: Any) -> Any:
    if kind is Any or kind is object:
        return value
    if isinstance(kind, type) and get_origin(kind) is None:
        return _block(kind, value, path, known) if issubclass(kind, Closed) else _scalar(kind, value, path)
    origin = get_origin(kind)
    if origin is Annotated:
        return _marked(*split(kind), value, path, known)
    if origin in (Union, UnionType):
        return _any_of([each for each in get_args(kind) if each is not NoneType], kind, value, path, known)
    if origin is Literal:
        words = get_args(kind)
        if value not in words or isinstance(value, bool):
            raise Faults(Fault("literal_error", path, value, words))
        return value
    return _many(origin, get_args(kind), value, path, known)


def _any_of(kinds: list[Any], union: Any, value: Any, path: Path, known: Any) -> Any:
    if value is None and NoneType in get_args(union):
        return None
    found: list[Fault] = []
    for kind in kinds:
        try:
            return _check(kind, value, path, known)
        except Faults as error:
            found.extend(error.found)
    raise Faults(*found)


def _many(origin: Any, arguments: tuple[Any, ...], value: Any, path: Path, known: Any) -> Any:
    """A list or a mapping of values of one kind."""
    if not isinstance(value, origin):
        raise Faults(Fault(f"{origin.__name__}_type", path, value))
    kind = arguments[-1]
    made: dict[Any, Any] = {}
    found: list[Fault] = []
    for step, item in value.items() if origin is dict else enumerate(value):
        try:
            made[step] = _check(kind, item, (*path, step), known)
        except Faults as error:
            found.extend(error.found)
    if found:
        raise Faults(*found)
    return made if origin is dict else list(made.values())


_SCALARS: Mapping[type, tuple[str, tuple[type[Any], ...]]] = {
    str: ("string_type", (str,)),
    int: ("int_type", (int,)),
    float: ("float_type", (float, int)),
    bool: ("bool_type", (bool,)),
}


def _scalar(kind: Any, value: Any, path: Path) -> Any:
    fault, accepted = _SCALARS[kind]
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise Faults(Fault(fault, path, value))
    return float(value) if kind is float else value
