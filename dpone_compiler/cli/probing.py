"""The live part of preflight: opens both ends of a load and asks. What cannot be opened is a failed probe, never an exception."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dpone_compiler.introspect import probe_clickhouse, probe_mssql, probe_postgres
from dpone_compiler.introspect.probe import FAILED, PASSED, UNKNOWN, Probe, drift
from dpone_compiler.introspect.readers import READERS
from dpone_compiler.ir.load import Endpoint, Load
from dpone_compiler.ir.schema import Catalog
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.sessions import resolve

# A probe asks and goes: behind an ACCESS EXCLUSIVE lock even the catalog's functions would wait.
_LIMITS = {"postgres": {"lock_timeout": "2s"}, "mssql": {"lock_timeout": "2s"}}


def probe_load(load: Load, catalog: Catalog, connections: Path | None) -> list[dict[str, Any]]:
    """Every probe of both ends, as plain data."""
    found: list[Probe] = []
    for side, endpoint in (("source", load.read.endpoint), ("target", load.write.endpoint)):
        found.extend(_end(side, endpoint, load, catalog, connections))
    return [{"name": each.name, "status": each.status, "message": each.message} for each in found]


def _end(side: str, endpoint: Endpoint, load: Load, catalog: Catalog, connections: Path | None) -> Iterator[Probe]:
    name = f"{side} connection"
    try:
        limits = _LIMITS.get(endpoint.engine, {})
        session = open_session(resolve(endpoint.connection, os.environ, connections), limits=limits)
    except ConnectionProblem as error:
        yield Probe(name, FAILED, f"{error.code}: {error.message}" + (f" ({error.help})" if error.help else ""))
        return
    except EngineError as error:
        yield Probe(name, FAILED, str(error))
        return
    try:
        if session.engine != endpoint.engine:
            said = f"{endpoint.connection} leads to {session.engine}, the manifest says {endpoint.engine}"
            yield Probe(name, FAILED, said)
            return
        yield Probe(name, PASSED, f"{endpoint.connection} answers")
        made = side == "target" and load.write.create_target == "if_missing"
        asked = _asked(side, session, endpoint, load, catalog)
        yield from (_to_be_made(each) if made else each for each in asked)
    except EngineError as error:
        yield Probe(f"{side} probes", FAILED, str(error))
    finally:
        session.close()


def _to_be_made(probe: Probe) -> Probe:
    """A table that the run makes is no failure where it is missing, and nothing of it can be asked."""
    missing = probe.name in ("target table", "target drift") and re.search("is not there|no table", probe.message)
    return Probe(probe.name, UNKNOWN, f"{probe.message}; the run makes it") if missing else probe


def _asked(side: str, session: Session, endpoint: Endpoint, load: Load, catalog: Catalog) -> Iterator[Probe]:
    table = endpoint.table
    staging = load.write.staging_schema or table.schema
    match session.engine:
        case "postgres":
            if side == "source":
                yield from probe_postgres.probe_source(session, table)
            else:
                yield from probe_postgres.probe_target(session, table, staging or "public")
        case "mssql":
            if side == "source":
                yield from probe_mssql.probe_source(session, table)
            else:
                yield from probe_mssql.probe_target(session, table, staging)
        case "clickhouse":
            if side == "target":
                yield from probe_clickhouse.probe_target(session, table, staging)
        case other:
            yield Probe(f"{side} probes", UNKNOWN, f"there are no probes for {other} in this version")
            return
    try:
        read = READERS[session.engine](session, (table,))
    except LookupError as error:
        yield Probe(f"{side} drift", FAILED, str(error))
        return
    yield drift(side, catalog.table(endpoint.connection, table), read[1][table])
