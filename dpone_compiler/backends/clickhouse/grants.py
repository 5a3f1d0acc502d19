"""setup/: what the loader may do on a ClickHouse target, for whoever manages access there.

GRANT takes no parameter for a role [run], so the role has a fixed name. 18.16 has no GRANT: its rights are written in users.xml.
What each statement asks for: https://clickhouse.com/docs/sql-reference/statements/grant
"""

from __future__ import annotations

from dpone_compiler.backends.clickhouse.profile import View
from dpone_compiler.backends.clickhouse.slices import noted
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import (
    Action,
    AwaitCleared,
    DeleteMatching,
    DropPartitions,
    ExchangeTables,
    ReplacePartitions,
)
from dpone_compiler.plan.target_actions import AddColumns, CreateTarget
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.clickhouse_names import ident, qualified
from dpone_compiler.sql.render import Sql, frame, join

ROLE = "dponec_loader"
_HEAD = f"""\
-- Needs access management. Then: GRANT {ROLE} TO the user of the connection.
CREATE ROLE IF NOT EXISTS {ROLE};
"""
_SHARED = """\
-- Staging is in the target's database, so the loader may drop any table there; sink.staging names another one.
"""
_OF_STAGING = "SELECT, INSERT, CREATE TABLE, DROP TABLE, ALTER DELETE"
_SYSTEM = ("tables", "columns", "parts")
# Whatever takes parts out of a table or rows out of a part is ALTER DELETE, REPLACE and MOVE PARTITION too.
_TAKES_OUT = (AwaitCleared, DeleteMatching, DropPartitions, ReplacePartitions)


def grants(ctx: Context, seen: View) -> Sql:
    """A role, and its rights on the state, the target, staging and the system tables that checks read."""
    actions = [step.action for step in ctx.plan.steps]
    return frame(
        "<<head>><<state>><<system>><<target>><<shared>><<staging>>",
        head=Sql(_HEAD),
        state=join("", [_on("SELECT, INSERT", qualified(table)) for table in _kept(ctx, seen)]),
        system=join("", [_on("SELECT", qualified(TableRef("system", name))) for name in _SYSTEM]),
        target=_on_target(seen, actions),
        shared=Sql(_SHARED if seen.staging_database == seen.target.schema else ""),
        staging=_on(_OF_STAGING, frame("<<database>>.*", database=ident(seen.staging_database))),
    )


def _kept(ctx: Context, seen: View) -> tuple[TableRef, ...]:
    return (seen.state, noted(seen)) if ctx.load.write.slices is not None else (seen.state,)


def _on_target(seen: View, actions: list[Action]) -> Sql:
    rights = ["SELECT", "INSERT"]
    # A partition of any strategy's target can be loaded again: `dponec resync` replaces it.
    if seen.load.write.partition is not None or any(isinstance(action, _TAKES_OUT) for action in actions):
        rights.append("ALTER DELETE")
    if any(isinstance(action, AddColumns) for action in actions):
        rights.append("ALTER ADD COLUMN")
    if any(isinstance(action, CreateTarget) for action in actions):
        rights.append("CREATE TABLE")
    if any(isinstance(action, ExchangeTables) for action in actions):
        rights += ["CREATE TABLE", "DROP TABLE"]
    return _on(", ".join(dict.fromkeys(rights)), qualified(seen.target))


def _on(rights: str, what: Sql) -> Sql:
    return frame("GRANT <<rights>> ON <<what>> TO <<role>>;\n", rights=Sql(rights), what=what, role=Sql(ROLE))
