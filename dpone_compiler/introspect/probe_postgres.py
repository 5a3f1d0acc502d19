"""Whether a Postgres server is ready for a load: privileges of this role, staging schema, locks of others."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dpone_compiler.introspect.postgres import Session
from dpone_compiler.introspect.probe import FAILED, PASSED, Probe, verdict
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.sql.identifiers import text
from dpone_compiler.sql.render import Sql, frame, render

_DEFAULT_SCHEMA = "public"
# https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-ACCESS
_PRIVILEGES = """SELECT coalesce((SELECT json_object_agg(p, has_table_privilege(c.oid, p))
         FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p)::text, '')
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = <<schema>> AND c.relname = <<name>>"""
# https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-ACCESS-TABLE
_POLICIES = """SELECT row_security_active(c.oid) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = <<schema>> AND c.relname = <<name>>"""
_SCHEMA = "SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = <<schema>>"
# A load takes ROW EXCLUSIVE or SHARE ROW EXCLUSIVE: https://www.postgresql.org/docs/current/explicit-locking.html
_LOCKS = """SELECT l.pid::text, l.mode, coalesce(extract(epoch FROM clock_timestamp() - a.xact_start)::int::text, '')
  FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
 WHERE n.nspname = <<schema>> AND c.relname = <<name>> AND l.granted AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock',
                  'RowExclusiveLock')
 ORDER BY l.pid"""


def probe_source(session: Session, table: TableRef) -> Iterator[Probe]:
    """May this role read it?"""
    found = _privileges(session, table)
    if found is None:
        yield Probe("source table", FAILED, f"{table} is not there, or this role may not see it")
        return
    yield Probe("source table", PASSED, f"{table} is there")
    yield verdict("source SELECT", found["SELECT"], "granted", f"this role may not read {table}: GRANT SELECT")
    yield _policies(session, "source", table)


def probe_target(session: Session, table: TableRef, staging_schema: str) -> Iterator[Probe]:
    """May this role write it and make staging tables, and does anybody stand in the way just now?"""
    found = _privileges(session, table)
    if found is None:
        yield Probe("target table", FAILED, f"{table} is not there, or this role may not see it")
    else:
        yield Probe("target table", PASSED, f"{table} is there")
        lacking = [name for name in ("SELECT", "INSERT", "UPDATE", "DELETE") if not found[name]]
        yield verdict("target write permission", not lacking, "granted", f"this role lacks {', '.join(lacking)}")
        yield _policies(session, "target", table)
        yield _locks(session, table)
    rows = session.run(frame(_SCHEMA, schema=_text(staging_schema)).text, {}).rows
    if not rows:
        yield Probe("staging schema", FAILED, f"{staging_schema} is not there; setup/ of the bundle makes it")
        return
    yield verdict("staging schema", rows[0][0] == "t", f"{staging_schema}: tables may be made", "CREATE is not granted")


def _privileges(session: Session, table: TableRef) -> dict[str, bool] | None:
    body = frame(_PRIVILEGES, schema=_text(table.schema or _DEFAULT_SCHEMA), name=_text(table.name))
    rows = session.run(body.text, {}).rows
    return {str(name): bool(yes) for name, yes in json.loads(rows[0][0] or "{}").items()} if rows else None


def _policies(session: Session, side: str, table: TableRef) -> Probe:
    body = frame(_POLICIES, schema=_text(table.schema or _DEFAULT_SCHEMA), name=_text(table.name))
    bound = session.run(body.text, {}).rows[0][0] == "t"
    hides = (
        f"policies of {table} bind this role, and a load stops (DP423): be the owner of the table, or have BYPASSRLS"
    )
    return verdict(f"{side} row security", not bound, "no policy binds this role", hides)


def _locks(session: Session, table: TableRef) -> Probe:
    body = frame(_LOCKS, schema=_text(table.schema or _DEFAULT_SCHEMA), name=_text(table.name))
    rows = session.run(body.text, {}).rows
    holders = [f"backend {pid} holds {mode} for {age or '?'} s" for pid, mode, age in rows]
    return verdict("target lock risk", not holders, "nobody holds a lock that a load waits for", "; ".join(holders))


def _text(value: str) -> Sql:
    return render(text(value), "postgres")
