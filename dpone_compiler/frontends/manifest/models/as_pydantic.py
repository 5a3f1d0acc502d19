"""The blocks of a manifest as pydantic models: for the JSON Schema of editors, and as the oracle that tests hold the reader against."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, create_model
from pydantic_core import PydanticCustomError

from dpone_compiler.frontends.manifest.models.closed import After, Before, Check, Closed, NotEmpty, Refused, keys_of
from dpone_compiler.frontends.manifest.models.values import Known

_CONFIG = ConfigDict(extra="forbid", strict=True, frozen=True, protected_namespaces=())


_MODELS: dict[type, type[BaseModel]] = {}


def as_pydantic(block: type[Closed]) -> type[BaseModel]:
    """The model of a block, under the block's own name and docstring."""
    if block not in _MODELS:
        _MODELS[block] = _model(block)
    return _MODELS[block]


def _model(block: type[Closed]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for key in keys_of(block):
        kind = _annotated(_kind(key.kind), key.marks)
        default = ... if key.required else key.default
        fields[key.attribute] = (kind, Field(default, alias=key.name if key.name != key.attribute else None))
    model: type[BaseModel] = create_model(block.__name__, __config__=_CONFIG, __doc__=block.__doc__, **fields)
    return model


def _kind(kind: Any) -> Any:
    if isinstance(kind, type) and get_origin(kind) is None:
        return as_pydantic(kind) if issubclass(kind, Closed) else kind
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        inner, *marks = arguments
        return _annotated(_kind(inner), tuple(marks))
    if origin in (Union, UnionType):
        return reduce(or_, (_kind(each) if each is not NoneType else None for each in arguments))
    if origin in (list, dict):
        return origin[tuple(_kind(each) for each in arguments)]
    return kind


def _annotated(kind: Any, marks: tuple[Any, ...]) -> Any:
    for mark in marks:
        kind = Annotated[kind, _mark(mark)]
    return kind


def _mark(mark: Any) -> Any:
    match mark:
        case NotEmpty():
            return StringConstraints(min_length=1)
        case Before(check=check, schema=None):
            return BeforeValidator(_validator(check))
        case Before(check=check, schema=schema):
            return BeforeValidator(_validator(check), json_schema_input_type=_kind(schema))
        case After(check=check):
            return AfterValidator(_validator(check))
        case _:
            return mark


def _validator(check: Check) -> Callable[[Any], Any]:
    known = Known()

    def run(value: Any) -> Any:
        try:
            return check(value, known)
        except Refused as error:
            raise PydanticCustomError("dponec", "refused", {"make": error.make}) from None

    return run
