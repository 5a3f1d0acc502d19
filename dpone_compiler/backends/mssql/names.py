"""The names that the backend makes up: staging tables, the state table, the application lock, session values."""

from __future__ import annotations

import hashlib

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import Staging
from dpone_compiler.spi.backend import Context

DEFAULT_SCHEMA = "dbo"
STATE_TABLE = "dponec_state"
SLICES_TABLE = "dponec_slices"
_NAME_UNITS = 128  # sysname: https://learn.microsoft.com/en-us/sql/relational-databases/databases/database-identifiers
_PLACE = 12  # n, the place, and k with the number of a constraint
_LOCK_UNITS = 255  # @Resource of sp_getapplock


def target(load: Load) -> TableRef:
    """The target with its schema written out."""
    table = load.write.endpoint.table
    return TableRef(table.schema or DEFAULT_SCHEMA, table.name)


def source(table: TableRef) -> TableRef:
    """A source table with its schema written out."""
    return TableRef(table.schema or DEFAULT_SCHEMA, table.name)


def state(load: Load) -> TableRef:
    """The state table: in its declared schema, else beside the target."""
    return TableRef(load.write.state_schema or target(load).schema, STATE_TABLE)


def slices(load: Load) -> TableRef:
    """The table of loaded slices, beside the state table."""
    return TableRef(state(load).schema, SLICES_TABLE)


def staging(ctx: Context, role: Staging | str) -> TableRef:
    """`<table>__dponec_<digest>_<role>`: a load finds its own left-overs, two loads into one table never meet."""
    return _beside(ctx, role if isinstance(role, str) else role.role)


def switched(ctx: Context) -> TableRef:
    """What the names of the tables of a SWITCH begin with: n, o (new, old) and the place of the partition in its list follow."""
    return _beside(ctx, "p", room=_PLACE)


def _beside(ctx: Context, word: str, room: int = 0) -> TableRef:
    table = target(ctx.load)
    identity = "\0".join((ctx.load.name, table.schema, table.name))
    suffix = f"__dponec_{hashlib.sha256(identity.encode()).hexdigest()[:8]}_{word}"
    # Names are counted in UTF-16 units; half a character at the cut is dropped.
    stem = table.name.encode("utf-16-le")[: 2 * (_NAME_UNITS - len(suffix) - room)].decode("utf-16-le", errors="ignore")
    return TableRef(ctx.load.write.staging_schema or table.schema, stem + suffix)


def swapped(ctx: Context, role: str) -> TableRef:
    """A name of a swap (new, old, new_key, old_key), beside the target: a rename does not leave the schema."""
    return TableRef(target(ctx.load).schema, staging(ctx, role).name)


def lock_resource(load: Load) -> str:
    """The resource of the application lock: the same for every load into the target."""
    name = f"dponec:{target(load)}"
    if len(name.encode("utf-16-le")) // 2 <= _LOCK_UNITS:
        return name
    return f"dponec:{hashlib.sha256(name.encode()).hexdigest()}"


def counter(name: str) -> str:
    """The session value that keeps a count until the end of the transaction."""
    return f"dponec.{name}"


def proved(staging: Staging) -> str:
    """The session value that keeps the digest of a staging table that was proved in this transaction."""
    return counter(f"proved_{staging.role}")
