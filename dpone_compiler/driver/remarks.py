"""Sentences that a reviewer must read and that no strategy knows: how run.sh logs in, what the source's statements share, and what
the target's planner knows afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dpone_compiler.ir.schema import EngineFacts
from dpone_compiler.plan.actions import DeleteAll, DeletePartitions, DeleteScope, ExchangeTables, SwapPartitions
from dpone_compiler.spi.backend import Context

_KERBEROS = (
    "run.sh uses bcp, which has no way for a password but its command line: it logs in to SQL Server by Kerberos only, and a SQL "
    "login needs `dponec run`"
)
_WINDOWS = (
    "client_os: windows: run.sh is for WSL and calls sqlcmd.exe and bcp.exe, which log in as the user of Windows; what it says to them is "
    "tested against stand-ins, and no Windows has run it"
)
# https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/sys-databases-transact-sql: 1 is on.
_SHARED = (
    "the source allows SNAPSHOT isolation (snapshot_isolation_state 1): the statements by which `dponec run` reads it share one "
    "snapshot; run.sh reads rows, count and digests by one statement"
)
_UNKNOWN = (
    "whether the statements that read the source share a snapshot is unknown: no catalog snapshot says its snapshot_isolation_state "
    "(`dponec introspect` reads it); `dponec run` takes SNAPSHOT isolation where the database allows it"
)
_APART = (
    "there is no common snapshot: the source does not allow SNAPSHOT isolation (snapshot_isolation_state {state}), so the window alone "
    "carries what is committed between two statements; {each}"
)
_VERSIONS = "READ COMMITTED reads row versions there, so each statement sees one moment"
_LOCKS = "READ COMMITTED takes locks there, so a scan can skip rows that move meanwhile or read them twice"
_MAYBE = "whether READ COMMITTED reads row versions there is unknown"

# What changes much of a table in place. Tables and partitions that a plan builds on Postgres are analysed before they are shown.
_REWRITES: Mapping[str, tuple[type, ...]] = {
    "postgres": (DeleteAll, DeletePartitions, DeleteScope),
    "mssql": (DeleteAll, DeletePartitions, DeleteScope, ExchangeTables, SwapPartitions),
}
_STATISTICS = {"postgres": "ANALYZE", "mssql": "UPDATE STATISTICS"}


def remarks(context: Context) -> tuple[str, ...]:
    """The sentences for one plan, in the order of a run."""
    return tuple(_remarks(context))


def _remarks(context: Context) -> Iterator[str]:
    source, target = context.load.read.endpoint, context.load.write.endpoint
    if "mssql" in (source.engine, target.engine):
        yield _WINDOWS if context.load.client_os == "windows" else _KERBEROS
    if source.engine == "mssql":
        yield _common_snapshot(context.facts.source_engine)
    if any(isinstance(step.action, _REWRITES.get(target.engine, ())) for step in context.plan.steps):
        yield (
            f"the load changes much of {target.table}, and the engine's statistics follow later by themselves: where queries come at "
            f"once, run {_STATISTICS[target.engine]} on it after the load"
        )


def _common_snapshot(engine: EngineFacts | None) -> str:
    settings = dict(engine.settings) if engine is not None else {}
    state = settings.get("snapshot_isolation_state")
    if state is None:
        return _UNKNOWN
    if state == "1":
        return _SHARED
    each = {"1": _VERSIONS, "0": _LOCKS}.get(settings.get("read_committed_snapshot", ""), _MAYBE)
    return _APART.format(state=state, each=each)
