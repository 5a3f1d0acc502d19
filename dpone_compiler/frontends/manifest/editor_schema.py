"""JSON Schema of the manifest for editors, made from the very blocks that the reader checks against."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic.json_schema import models_json_schema

from dpone_compiler.frontends.manifest.models.as_pydantic import as_pydantic
from dpone_compiler.frontends.manifest.models.process import Batch, BatchTable, Flow, Loads, Process

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/"


def manifest_schema() -> dict[str, Any]:
    """One schema for all forms. Inside lists with defaults nothing is required, since the defaults may give it."""
    forms = (Process, Loads, Flow, Batch, BatchTable)
    _, schema = models_json_schema(
        [(as_pydantic(form), "validation") for form in forms], ref_template=_REFERENCE + "{model}"
    )
    definitions: dict[str, Any] = schema["$defs"]
    for name in _reached("Process", definitions):
        definitions[f"Partial{name}"] = _partial(definitions[name])
    part = {"$ref": _REFERENCE + "PartialProcess"}
    definitions["Loads"]["properties"]["loads"]["items"] = part
    definitions["Flow"]["properties"]["processes"]["items"] = part
    definitions["BatchSchema"]["properties"]["tables"]["items"] = {
        "anyOf": [{"type": "string"}, {"$ref": _REFERENCE + "BatchTable"}]
    }
    for form in ("Loads", "Flow", "Batch", "BatchSchema"):
        definitions[form]["properties"]["defaults"] = part
    definitions["BatchTable"]["properties"]["overrides"] = part
    definitions["Flow"]["properties"]["kind"] = {"const": "dpone.flow.v1"}
    definitions["Batch"]["properties"]["kind"] = {"const": "dpone.batch.v1"}
    return {
        "$schema": _DIALECT,
        "title": "dponec manifest",
        "anyOf": [{"$ref": _REFERENCE + form} for form in ("Process", "Loads", "Flow", "Batch")],
        "$defs": definitions,
    }


def _reached(name: str, definitions: dict[str, Any]) -> list[str]:
    seen: list[str] = []
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.append(current)
            waiting.extend(_references(definitions[current]))
    return sorted(seen)


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [str(node["$ref"]).removeprefix(_REFERENCE)] if "$ref" in node else []
    return own + [name for value in node.values() for name in _references(value)]


def _partial(definition: dict[str, Any]) -> Any:
    """A copy that requires nothing and refers to partial definitions."""

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        made = {key: walk(value) for key, value in node.items() if key != "required" or not isinstance(value, list)}
        if "$ref" in made:
            made["$ref"] = _REFERENCE + "Partial" + str(made["$ref"]).removeprefix(_REFERENCE)
        return made

    return walk(deepcopy(definition))
