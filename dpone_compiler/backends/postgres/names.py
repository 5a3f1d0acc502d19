"""The names that the backend makes up: staging tables, the state table, the advisory lock."""

from __future__ import annotations

import hashlib

from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import Staging
from dpone_compiler.spi.backend import Context

DEFAULT_SCHEMA = "public"
STATE_TABLE = "dponec_state"
SLICES_TABLE = "dponec_slices"
_NAME_BYTES = 63  # NAMEDATALEN - 1: https://www.postgresql.org/docs/current/sql-syntax-lexical.html


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
    word = role if isinstance(role, str) else role.role
    table = target(ctx.load)
    identity = "\0".join((ctx.load.name, table.schema, table.name))
    suffix = f"__dponec_{hashlib.sha256(identity.encode()).hexdigest()[:8]}_{word}"
    room = _NAME_BYTES - len(suffix.encode())
    # Postgres cuts by bytes and would cut the suffix; a half character at the cut is dropped.
    stem = table.name.encode()[:room].decode(errors="ignore")
    return TableRef(ctx.load.write.staging_schema or table.schema, stem + suffix)


def swap_prefix(ctx: Context) -> str:
    """What the names of tables begin with that are built for a swap, or were taken out by one; `n1` or `o64` follow."""
    return staging(ctx, "swap_n00000").name.removesuffix("n00000")


def successor(ctx: Context) -> TableRef:
    """The table that is built to take the target's place: beside it, since a rename does not leave the schema."""
    return TableRef(target(ctx.load).schema, swap_prefix(ctx) + "n1")


def lock_key(load: Load) -> str:
    """The text whose hash is the advisory lock of the target: the same for every load into it."""
    table = target(load)
    return f"dponec:{table.schema}.{table.name}"
