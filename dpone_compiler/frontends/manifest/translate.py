"""The faults of a block in our words: a coded problem at the key or value that was written."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.models.closed import Closed, Fault, keys_of, read_block, split
from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.overrides import PREFIX
from dpone_compiler.frontends.manifest.tree import Block, Node, Path, child, place, plain
from dpone_compiler.frontends.problems import MissingKey, UnknownKey, UnknownOverride, UnknownWord, WrongType

M = TypeVar("M", bound=Closed)

_EXPECTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def validate(
    model: type[M], node: Node, known: Known, load: str = "", top: str = "the manifest"
) -> tuple[M | None, Diagnostics]:
    """The model of a tree, or what is wrong with the tree. `top` names the tree in messages."""
    read, faults = read_block(model, plain(node), known)
    if isinstance(read, model):
        return read, ()
    return None, tuple(dict.fromkeys(_diagnostic(model, node, fault, load, top) for fault in faults))


def _diagnostic(model: type[Closed], node: Node, fault: Fault, load: str, top: str) -> Diagnostic:
    path = _written(node, fault.path)
    problem = _problem(model, path, fault, top)
    span = place(node, path, key=fault.kind == "extra_forbidden")
    if fault.kind == "extra_forbidden" and span.file.startswith(PREFIX):
        override = span.file.removeprefix(PREFIX)
        # The command line is no file: the message itself names the place.
        return Diagnostic(UnknownOverride(override, did_you_mean(str(path[-1]), _keys(model, path[:-1]))), None, load)
    return Diagnostic(problem, span, load)


def _written(node: Node, loc: Path) -> Path:
    """The part of a path that stands in the file: pydantic also names the branch of a value of several kinds."""
    current: Node | None = node
    for depth, step in enumerate(loc):
        if isinstance(current, Block) and step not in current.entries:
            return loc[: depth + 1]
        current = child(current, step) if current is not None else None
        if current is None:
            return loc[:depth]
    return loc


def _problem(model: type[Closed], path: Path, fault: Fault, top: str) -> Problem:
    if fault.make is not None:
        return fault.make(dotted(path))
    if fault.kind == "extra_forbidden":
        return UnknownKey(str(path[-1]), dotted(path[:-1]) or top, did_you_mean(str(path[-1]), _keys(model, path[:-1])))
    if fault.kind == "missing":
        return MissingKey(str(path[-1]), dotted(path[:-1]) or top)
    given = fault.given
    if fault.kind == "literal_error":
        if isinstance(given, str):
            return UnknownWord(dotted(path), given, did_you_mean(given, fault.words))
        return WrongType(dotted(path), "one of " + ", ".join(fault.words), kind_of(given))
    hint = f'put quotes around it: "{given}"' if fault.kind == "string_type" and isinstance(given, int | float) else ""
    return WrongType(dotted(path), _EXPECTED[fault.kind], kind_of(given), hint)


def dotted(path: Path) -> str:
    """A path for people: `sink.strategy.unique_key[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def kind_of(value: object) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return f"the number {value}"
        case "":
            return "an empty text"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _keys(model: type[Closed], path: Path) -> tuple[str, ...]:
    """The keys that the mapping at a path may have."""
    current: type[Closed] | None = model
    for step in path:
        if isinstance(step, int) or current is None:
            continue
        key = next((each for each in keys_of(current) if each.name == step), None)
        current = next(_models(key.kind), None) if key else current
    return tuple(key.name for key in keys_of(current)) if current else ()


def _models(annotation: Any) -> Iterator[type[Closed]]:
    """The blocks inside `X | None`, `list[X]`, `dict[str, X]` and `Annotated[X, …]`."""
    annotation, _ = split(annotation)
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, Closed):
            yield annotation
        return
    if get_origin(annotation) in (Union, UnionType, list, dict):
        for argument in get_args(annotation):
            yield from _models(argument)
