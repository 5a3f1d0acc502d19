"""How a table that the load makes is to be laid out, where the manifest says so: dpone's `sink.options.physical_design.storage`."""

from __future__ import annotations

import json
from typing import Any

from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value

STORAGE = "sink.options.physical_design.storage."


@value(kw_only=True)
class Storage:
    """As it was written: nothing of it is checked. `order_by`: names of columns; () and '': not said."""

    engine: str = ""
    order_by: tuple[str, ...] = ()
    partition_by: str = ""


def storage_of(load: Load) -> Storage:
    """What the load says of storage on its sink's engine."""
    below = f"{STORAGE}{load.write.endpoint.engine}."
    said = {path.removeprefix(below): _read(text) for path, text in load.passthrough if path.startswith(below)}
    order = said.get("order_by") or ()
    names = order.split(",") if isinstance(order, str) else order
    return Storage(
        engine=str(said.get("engine") or ""),
        order_by=tuple(str(name).strip() for name in names) if isinstance(names, list | tuple) else (str(names),),
        partition_by=str(said.get("partition_by") or ""),
    )


def _read(text: str) -> Any:
    """The value of a key that was passed through; the load language passes any text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
