"""Which of the two dialect profiles a plan is compiled for, and what the load is to ClickHouse.

legacy: servers before 20.x, tested on 18.16: no query parameters, EXCHANGE, MOVE PARTITION, DELETE FROM, DateTime64 or JSON
functions; the executor puts escaped literals into the same placeholders. modern: tested on 26.9.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.ir.schema import EngineFacts, TableRef, TableStructure
from dpone_compiler.plan.actions import Staging
from dpone_compiler.spi.backend import Context, ParamSpec
from dpone_compiler.sql.clickhouse_names import ident, literal
from dpone_compiler.sql.render import Sql, frame

DEFAULT_DATABASE = "default"
# Parameters came with 19.14, MOVE PARTITION TO TABLE 20.1, EXCHANGE 20.10, lightweight DELETE 23.3 and
# `DROP … SETTINGS max_table_size_to_drop` 23.12; below the last of them we promise only what 18.16 does.
MODERN_SINCE = (23, 12)
ROLES = ("rows", "delta", "left", "rewrite", "missing", "diff", "versions", "changes", "shadow")


def engine_name(table: TableStructure) -> str:
    """`ReplicatedMergeTree` of its whole definition; '' where the snapshot does not say."""
    return table.table_engine.partition("(")[0].partition(" ")[0]


def is_legacy(engine: EngineFacts | None) -> bool:
    """Whether the legacy profile applies; an unknown version is taken as modern and the plan says so."""
    return engine is not None and engine.version != () and engine.version < MODERN_SINCE


def server_zone(engine: EngineFacts | None) -> str:
    """The server's time zone; '' when no snapshot says it."""
    return "" if engine is None else dict(engine.settings).get("timezone", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What every lowering here asks of the context, in ClickHouse's words."""

    load: Load
    legacy: bool
    target: TableRef
    staging_database: str
    state: TableRef
    structure: TableStructure | None
    columns: tuple[MovedColumn, ...]
    zone: str = ""  # the server's; '' when no snapshot says it

    def pinned(self, settings: str) -> Sql:
        """A SETTINGS clause; 18.16 has none of these settings, and no such place for the clause."""
        return Sql("") if self.legacy else frame(" SETTINGS " + settings)

    def stop_if(self, condition: Sql, message: str) -> Sql:
        """A condition that is true, or ends the statement with our code.

        18.16's throwIf takes no message, but a text that is no number is named in full by the error of toUInt8 [run].
        """
        if self.legacy:
            return frame(
                "toUInt8(if(<<condition>>, <<message>>, '0')) = 0", condition=condition, message=literal(message)
            )
        return frame("throwIf(<<condition>>, <<message>>) = 0", condition=condition, message=literal(message))

    @property
    def target_columns(self) -> tuple[str, ...]:
        """Target names of the moved columns."""
        return tuple(column.target.name for column in self.columns)

    def nullable(self, name: str) -> bool:
        """Whether a target column may be NULL; unknown columns are taken as nullable."""
        if self.structure is not None and (column := self.structure.column(name)) is not None:
            return column.nullable
        return next((c.target.nullable for c in self.columns if c.target.name == name), True)


def view(ctx: Context) -> View:
    """The view of a context."""
    write = ctx.load.write
    target = located(write.endpoint.table)
    moved = ctx.load.decisions.columns
    facts = ctx.facts.target_table
    return View(
        load=ctx.load,
        legacy=is_legacy(ctx.facts.target_engine),
        target=target,
        staging_database=write.staging_schema or target.schema,
        state=TableRef(write.state_schema or target.schema, "dponec_state"),
        structure=facts.structure if facts else None,
        columns=() if isinstance(moved, Undecided) else moved,
        zone=server_zone(ctx.facts.target_engine),
    )


def located(table: TableRef) -> TableRef:
    """The table with its database."""
    return table if table.schema else TableRef(DEFAULT_DATABASE, table.name)


def prefix(ctx: Context) -> str:
    """Start of every staging name of this load: the table cut to a readable length, then a hash of load and target."""
    seen = view(ctx)
    digest = hashlib.sha256(f"{ctx.load.name}\0{seen.target.schema}\0{seen.target.name}".encode()).hexdigest()[:8]
    # A file name holds 255 bytes and ClickHouse escapes every other byte of a name as %XX.
    readable = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in seen.target.name)[:60]
    return f"{readable}__dponec_{digest}_"


def param_name(staging: Staging) -> str:
    """Name of the parameter that holds the staging table's name."""
    return f"staging_{staging.role}"


def staging_table(ctx: Context, staging: Staging) -> Sql:
    """The staging table as a placeholder, with its database."""
    return frame(
        "<<database>>.{<<param>>:Identifier}",
        database=ident(view(ctx).staging_database),
        param=Sql(param_name(staging)),
    )


def staging_name(staging: Staging) -> Sql:
    """The staging table's name as a string, for queries over system tables."""
    return frame("{<<param>>:String}", param=Sql(param_name(staging)))


def params(ctx: Context) -> tuple[ParamSpec, ...]:
    """One derived identifier a role that this plan uses."""
    used = {
        staging.role
        for step in ctx.plan.steps
        for field in ("staging", "rewrite", "delta", "left", "missing", "diff", "versions", "shadow")
        if isinstance(staging := getattr(step.action, field, None), Staging)
    }
    return tuple(
        ParamSpec(name=f"staging_{role}", type="identifier", source="derived", prefix=f"{prefix(ctx)}{role}_")
        for role in ROLES
        if role in used
    )
