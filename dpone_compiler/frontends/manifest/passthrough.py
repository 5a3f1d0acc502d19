"""Keys without a field in the IR: collected with their path and canonical JSON, so that nothing written is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel

from dpone_compiler.frontends.manifest.models.values import Fate
from dpone_compiler.frontends.manifest.tree import Block, Node, is_null, plain


def passed(model: BaseModel, node: Node, path: str = "") -> Iterator[tuple[str, str, Fate]]:
    """(path, canonical JSON, fate) of every key that was written and that no field of the IR holds."""
    if not isinstance(node, Block):
        return
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        entry = node.entries.get(key)
        if entry is None or is_null(entry.node):
            continue
        fate = next((mark for mark in field.metadata if isinstance(mark, Fate)), None)
        below = f"{path}.{key}" if path else key
        value = getattr(model, name)
        if fate is not None:
            yield below, canonical(entry.node), fate
        elif isinstance(value, BaseModel):
            yield from passed(value, entry.node, below)


def canonical(node: Node) -> str:
    """JSON with sorted keys and no spaces: equal for equal values, however they were written."""
    return json.dumps(plain(node), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
