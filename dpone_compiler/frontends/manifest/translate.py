"""pydantic's findings in our words: a coded problem at the key or value that was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.overrides import PREFIX
from dpone_compiler.frontends.manifest.tree import Block, Node, Path, child, place, plain
from dpone_compiler.frontends.problems import MissingKey, UnknownKey, UnknownOverride, UnknownWord, WrongType

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_QUOTED = re.compile(r"'([^']*)'")


def validate(
    model: type[M], node: Node, known: Known, load: str = "", top: str = "the manifest"
) -> tuple[M | None, Diagnostics]:
    """The model of a tree, or what is wrong with the tree. `top` names the tree in messages."""
    try:
        return model.model_validate(plain(node), context=known), ()
    except ValidationError as error:
        found = (_diagnostic(model, node, details, load, top) for details in error.errors(include_url=False))
        return None, tuple(dict.fromkeys(found))


def _diagnostic(model: type[BaseModel], node: Node, details: ErrorDetails, load: str, top: str) -> Diagnostic:
    path = _written(node, details["loc"])
    problem = _problem(model, path, details, top)
    span = place(node, path, key=details["type"] == "extra_forbidden")
    if details["type"] == "extra_forbidden" and span.file.startswith(PREFIX):
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


def _problem(model: type[BaseModel], path: Path, details: ErrorDetails, top: str) -> Problem:
    kind = details["type"]
    context: dict[str, Any] = details.get("ctx") or {}
    if kind == "dponec":
        made: Problem = context["make"](dotted(path))
        return made
    if kind == "extra_forbidden":
        return UnknownKey(str(path[-1]), dotted(path[:-1]) or top, did_you_mean(str(path[-1]), _keys(model, path[:-1])))
    if kind == "missing":
        return MissingKey(str(path[-1]), dotted(path[:-1]) or top)
    if kind == "literal_error":
        words = _QUOTED.findall(str(context.get("expected", "")))
        word = details["input"]
        if isinstance(word, str):
            return UnknownWord(dotted(path), word, did_you_mean(word, words))
        return WrongType(dotted(path), "one of " + ", ".join(words), kind_of(word))
    value = details["input"]
    hint = f'put quotes around it: "{value}"' if kind == "string_type" and isinstance(value, int | float) else ""
    return WrongType(dotted(path), _EXPECTED.get(kind, "another kind of value"), kind_of(value), hint)


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


def _keys(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that the mapping at a path may have."""
    current: type[BaseModel] | None = model
    for step in path:
        if isinstance(step, int) or current is None:
            continue
        field = next((f for name, f in current.model_fields.items() if (f.alias or name) == step), None)
        current = next(_models(field.annotation), None) if field else current
    return tuple(f.alias or name for name, f in current.model_fields.items()) if current else ()


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models inside `X | None`, `list[X]`, `dict[str, X]` and `Annotated[X, …]`."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    arguments = get_args(annotation)
    inner = arguments if get_origin(annotation) in (Union, UnionType, list, dict) else arguments[:1]
    for argument in inner:
        yield from _models(argument)
