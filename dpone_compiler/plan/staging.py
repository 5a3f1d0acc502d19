"""A staging table of a load, as a value; its name in an engine is made by the backend."""

from __future__ import annotations

from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.source.value import value


@value(kw_only=True)
class Staging:
    """A staging table of this load. Roles: rows (what will be applied), delta (keys and partition values of changed rows),
    left (keys that left the filter), rewrite (new content of whole partitions), changes (captured changes, not yet collapsed),
    missing, diff, versions (see plan/snapshot_actions.py).

    `shaped`: it must have exactly the target's structure and engine, because it will be swapped or moved into the target.
    """

    role: str
    columns: tuple[MovedColumn, ...]
    shaped: bool = False
