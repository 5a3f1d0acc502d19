"""The SQL Server backend as one value: SQL Server 2016 and later, Azure SQL Database and Managed Instance, nothing of 2017 or later."""

from __future__ import annotations

from dpone_compiler.backends.mssql import new_columns
from dpone_compiler.backends.mssql.canonical import row_text
from dpone_compiler.backends.mssql.capabilities import capabilities
from dpone_compiler.backends.mssql.carry import carry
from dpone_compiler.backends.mssql.hazards import hazards
from dpone_compiler.backends.mssql.names import DEFAULT_SCHEMA
from dpone_compiler.backends.mssql.natives import NATIVES
from dpone_compiler.backends.mssql.new_target import design
from dpone_compiler.backends.mssql.policies import judge_policy
from dpone_compiler.backends.mssql.script import DIALECT
from dpone_compiler.backends.mssql.setup import setup, state_display
from dpone_compiler.backends.mssql.sink import lower_sink
from dpone_compiler.backends.mssql.source import lower_source
from dpone_compiler.backends.mssql.state_commands import state_commands
from dpone_compiler.ir.load import MovedColumn
from dpone_compiler.spi.backend import Backend, Context, ParamSpec
from dpone_compiler.sql.mssql_types import parse_type, propose_type


def digest_expression(columns: tuple[MovedColumn, ...], side: str) -> str:
    """The canonical row text of the target's columns; a source computes its own."""
    return row_text(columns).text if side == "target" else ""


def params(_ctx: Context) -> tuple[ParamSpec, ...]:
    """Parameters beyond the protocol's: who holds the lease, and what CleanStaging dropped."""
    return (
        ParamSpec(name="lease_backend", type="int", source="run"),
        ParamSpec(name="rows_null_keys", type="int", source="capture"),
        ParamSpec(name="rows_duplicate", type="int", source="capture"),
    )


BACKEND = Backend(
    name="mssql",
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
    hazards=hazards,
    new_target=design,
    add_columns=new_columns.design,
    natives=NATIVES,
)
