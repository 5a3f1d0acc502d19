"""Whether SQL Server is ready for a load: permissions of this login, staging schema, locks of others. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dpone_compiler.introspect.mssql_partitions import Session
from dpone_compiler.introspect.probe import FAILED, PASSED, UNKNOWN, Probe, verdict
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.sql.render import Sql

_DEFAULT_SCHEMA = "dbo"
_WRITES = ("SELECT", "INSERT", "UPDATE", "DELETE")
# 1, 0, or NULL where the table is not there or may not be seen:
# https://learn.microsoft.com/en-us/sql/t-sql/functions/has-perms-by-name-transact-sql
_TABLE = Sql(
    """SELECT p.[name], CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(@schema), N'.', QUOTENAME(@name)), N'OBJECT', p.[name]))
  FROM (VALUES (N'SELECT'), (N'INSERT'), (N'UPDATE'), (N'DELETE')) AS p([name])
 WHERE OBJECT_ID(CONCAT(QUOTENAME(@schema), N'.', QUOTENAME(@name))) IS NOT NULL;"""
)
# A table is made with CREATE TABLE in the database and ALTER on its schema:
# https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-transact-sql#permissions
_STAGING = Sql(
    """SELECT CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'CREATE TABLE')),
       CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(QUOTENAME(@schema), N'SCHEMA', N'ALTER'))
 WHERE SCHEMA_ID(@schema) IS NOT NULL;"""
)
# The view of locks needs a permission on the server, which had one name before 2022; in Azure SQL Database (edition 5) one on the database.
_SEES_LOCKS = Sql(
    """SELECT CASE WHEN 1 IN (HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER STATE'),
                   HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW SERVER PERFORMANCE STATE'),
                   CASE WHEN SERVERPROPERTY(N'EngineEdition') = 5
                        THEN HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'VIEW DATABASE STATE') END)
            THEN N'1' ELSE N'0' END;"""
)
# A load changes rows, renames or switches, so all but the weakest two locks are in its way.
# https://learn.microsoft.com/en-us/sql/relational-databases/system-dynamic-management-views/sys-dm-tran-locks-transact-sql
_LOCKS = Sql(
    """SELECT DISTINCT CONVERT(nvarchar(10), l.[request_session_id]), l.[request_mode]
  FROM sys.dm_tran_locks AS l
 WHERE l.[resource_type] = N'OBJECT' AND l.[resource_database_id] = DB_ID()
   AND l.[resource_associated_entity_id] = OBJECT_ID(CONCAT(QUOTENAME(@schema), N'.', QUOTENAME(@name)))
   AND l.[request_session_id] <> @@SPID AND l.[request_status] LIKE N'GRANT%' AND l.[request_mode] NOT IN (N'Sch-S', N'IS')
 ORDER BY 1, 2;"""
)


def probe_source(session: Session, table: TableRef) -> Iterator[Probe]:
    """May this login read it?"""
    found = _granted(session, table)
    if not found:
        yield Probe("source table", FAILED, f"{table} is not there, or this login may not see it")
        return
    yield Probe("source table", PASSED, f"{table} is there")
    yield verdict("source SELECT", found["SELECT"], "granted", f"this login may not read {table}: GRANT SELECT")


def probe_target(session: Session, table: TableRef, staging_schema: str) -> Iterator[Probe]:
    """May this login write it and make staging tables, and does anybody stand in the way just now?"""
    found = _granted(session, table)
    if not found:
        yield Probe("target table", FAILED, f"{table} is not there, or this login may not see it")
    else:
        yield Probe("target table", PASSED, f"{table} is there")
        lacking = [name for name in _WRITES if not found[name]]
        yield verdict("target write permission", not lacking, "granted", f"this login lacks {', '.join(lacking)}")
        yield _locks(session, table)
    staging = staging_schema or _DEFAULT_SCHEMA
    rows = session.run(_STAGING.text, {"schema": staging}).rows
    if not rows:
        yield Probe("staging schema", FAILED, f"{staging} is not there; setup/ of the bundle makes it")
        return
    asked = zip(("CREATE TABLE in the database", f"on schema {staging}: ALTER"), rows[0], strict=True)
    lacking = [name for name, granted in asked if granted != "1"]
    yield verdict("staging schema", not lacking, f"{staging}: tables may be made", f"not granted: {', '.join(lacking)}")


def _granted(session: Session, table: TableRef) -> Mapping[str | None, bool]:
    """By permission; nothing for a table that this login does not see."""
    return {name: granted == "1" for name, granted in session.run(_TABLE.text, _named(table)).rows}


def _locks(session: Session, table: TableRef) -> Probe:
    name = "target lock risk"
    if session.run(_SEES_LOCKS.text, {}).rows[0][0] != "1":
        return Probe(name, UNKNOWN, "this login may not see locks (VIEW SERVER STATE)")
    rows = session.run(_LOCKS.text, _named(table)).rows
    holders = [f"session {number} holds {mode}" for number, mode in rows]
    return verdict(name, not holders, "nobody holds a lock that a load waits for", "; ".join(holders))


def _named(table: TableRef) -> Mapping[str, str]:
    return {"schema": table.schema or _DEFAULT_SCHEMA, "name": table.name}
