"""Keys without a field in the IR: collected with their path and canonical JSON, so that nothing written is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dpone_compiler.frontends.manifest.models.closed import Closed, keys_of
from dpone_compiler.frontends.manifest.models.values import Fate
from dpone_compiler.frontends.manifest.tree import Block, Node, is_null, plain


def passed(model: Closed, node: Node, path: str = "") -> Iterator[tuple[str, str, Fate]]:
    """(path, canonical JSON, fate) of every key that was written and that no field of the IR holds."""
    if not isinstance(node, Block):
        return
    for key in keys_of(type(model)):
        entry = node.entries.get(key.name)
        if entry is None or is_null(entry.node):
            continue
        fate = next((mark for mark in key.marks if isinstance(mark, Fate)), None)
        below = f"{path}.{key.name}" if path else key.name
        value = getattr(model, key.attribute)
        if fate is not None:
            yield below, canonical(entry.node), fate
        elif isinstance(value, Closed):
            yield from passed(value, entry.node, below)


def canonical(node: Node) -> str:
    """JSON with sorted keys and no spaces: equal for equal values, however they were written."""
    return json.dumps(plain(node), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
