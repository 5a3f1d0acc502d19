"""The Postgres backend as one value. Session settings that its texts rely on: DateStyle ISO, IntervalStyle postgres,
extra_float_digits 1 or more, client_encoding UTF8, standard_conforming_strings on (README of setup/ and runtime pin them)."""

from __future__ import annotations

from dpone_compiler.backends.postgres import new_columns
from dpone_compiler.backends.postgres.canonical import row_text
from dpone_compiler.backends.postgres.capabilities import capabilities
from dpone_compiler.backends.postgres.carry import carry
from dpone_compiler.backends.postgres.hazards import hazards, source_hazards
from dpone_compiler.backends.postgres.names import DEFAULT_SCHEMA
from dpone_compiler.backends.postgres.natives import NATIVES
from dpone_compiler.backends.postgres.new_target import design
from dpone_compiler.backends.postgres.outer_lease import lease_setup, lower_lease
from dpone_compiler.backends.postgres.policies import judge_policy
from dpone_compiler.backends.postgres.projection import arriving_value
from dpone_compiler.backends.postgres.script import DIALECT, sql
from dpone_compiler.backends.postgres.setup import replay_files, setup, state_display
from dpone_compiler.backends.postgres.sink import lower_sink
from dpone_compiler.backends.postgres.source import lower_source
from dpone_compiler.backends.postgres.state_commands import state_commands
from dpone_compiler.backends.postgres.stored import stored_row
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.spi.backend import Backend, Context, ParamSpec
from dpone_compiler.sql.postgres_types import parse_type, propose_type


def digest_expression(columns: tuple[MovedColumn, ...], side: str) -> str:
    """The canonical row text of the source's or the target's columns (of a Postgres sink)."""
    if side == "source":
        return sql(row_text(tuple(arriving_value(moved, "postgres") for moved in columns))).text
    return sql(stored_row(columns)).text


def params(_ctx: Context) -> tuple[ParamSpec, ...]:
    """Parameters beyond the protocol's: who holds the lease, and what CleanStaging dropped."""
    return (
        ParamSpec(name="lease_backend", type="int", source="run"),
        ParamSpec(name="rows_null_keys", type="int", source="capture"),
        ParamSpec(name="rows_duplicate", type="int", source="capture"),
    )


BACKEND = Backend(
    name="postgres",
    dialect=DIALECT,
    default_schema=DEFAULT_SCHEMA,
    capabilities=capabilities,
    parse_type=parse_type,
    propose_type=propose_type,
    carry=carry,
    lower_source=lower_source,
    lower_sink=lower_sink,
    digest_expression=digest_expression,
    setup=setup,
    params=params,
    state_table=state_display,
    state_commands=state_commands,
    judge_policy=judge_policy,
    replay_files=replay_files,
    hazards=hazards,
    source_hazards=source_hazards,
    new_target=design,
    add_columns=new_columns.design,
    natives=NATIVES,
    lower_lease=lower_lease,
    lease_setup=lease_setup,
)
