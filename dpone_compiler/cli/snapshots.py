"""What `dponec introspect` does for one connection: ask the server, merge with the snapshot that is there, write it whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dpone_compiler import registry
from dpone_compiler.artifacts.bundle import folder_name
from dpone_compiler.frontends.catalog.read import read_catalog, write_catalog
from dpone_compiler.introspect import clickhouse, mssql, postgres
from dpone_compiler.introspect.readers import READERS
from dpone_compiler.ir.load import Load
from dpone_compiler.ir.schema import EngineFacts, TableFacts, TableRef
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import ConnectionProblem
from dpone_compiler.runtime.connections.session import EngineError, Session
from dpone_compiler.runtime.outcome import REFUSED, TRANSIENT, RefusedError
from dpone_compiler.runtime.sessions import resolve
from dpone_compiler.source.text import SourceFile

_MISSING = (postgres.TableNotFoundError, clickhouse.TableNotFoundError, mssql.TableNotFoundError)
Tables = Mapping[TableRef, TableFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The tables of one connection, and the engine that the manifests say it leads to. `made`: those that a plan may make itself."""

    connection: str
    engines: tuple[str, ...]
    tables: tuple[TableRef, ...]
    made: frozenset[TableRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A snapshot file after its connection was asked. `kept`: tables of it that were not asked for; `missing`: not made yet."""

    path: Path
    asked: int
    kept: int
    changed: bool
    missing: int = 0


def wanted_tables(loads: Iterable[Load]) -> tuple[Wanted, ...]:
    """Every table that the loads read or write, by connection, each once, in the order of the manifests."""
    tables: dict[str, dict[TableRef, None]] = {}
    engines: dict[str, dict[str, None]] = {}
    made: dict[str, set[TableRef]] = {}
    for load in loads:
        if load.write.create_target == "if_missing":
            made.setdefault(load.write.endpoint.connection, set()).add(load.write.endpoint.table)
        for endpoint in (load.read.endpoint, load.write.endpoint):
            tables.setdefault(endpoint.connection, {})[endpoint.table] = None
            engines.setdefault(endpoint.connection, {})[endpoint.engine] = None
    return tuple(
        Wanted(
            connection=name,
            engines=tuple(engines[name]),
            tables=tuple(found),
            made=frozenset(made.get(name, ())),
        )
        for name, found in tables.items()
    )


def snapshot(wanted: Wanted, folder: Path, connections: Path | None) -> Written:
    """Ask the server and write the snapshot. Raises RefusedError, and then the file is as it was."""
    engine, tables = _ask(wanted, connections)
    path = folder / f"{folder_name(wanted.connection)}.yaml"
    kept = {ref: facts for ref, facts in _existing(path, engine).items() if ref not in wanted.tables}
    text = write_catalog(wanted.connection, engine, {**kept, **tables})
    try:
        changed = _write(path, text)
    except OSError as error:
        raise RefusedError("DP425", f"{error.filename or path}: {error.strerror or error}") from None
    missing = len(wanted.tables) - len(tables)
    return Written(path=path, asked=len(tables), kept=len(kept), changed=changed, missing=missing)


def _ask(wanted: Wanted, connections: Path | None) -> tuple[EngineFacts, Tables]:
    name, engine = wanted.connection, wanted.engines[0]
    if len(wanted.engines) > 1 or engine not in READERS:
        said = " and ".join(wanted.engines)
        raise RefusedError("DP614", f"connection '{name}': {said} cannot be introspected by this version")
    try:
        session = open_session(resolve(name, os.environ, connections))
        try:
            if session.engine != engine:
                raise RefusedError(
                    "DP614", f"connection '{name}' leads to {session.engine}, the manifest says {engine}"
                )
            return _read(session, engine, wanted)
        finally:
            session.close()
    except _MISSING as error:
        raise RefusedError("DP611", f"connection '{name}': {error}") from None
    except ConnectionProblem as error:
        help = f" ({error.help})" if error.help else ""
        raise RefusedError(error.code, f"{error.message}{help}") from None
    except EngineError as error:
        raise _refusal(name, error) from None


def _read(session: Session, engine: str, wanted: Wanted) -> tuple[EngineFacts, Tables]:
    """All tables; one that a plan may make itself may be missing."""
    facts, found = READERS[engine](session, tuple(ref for ref in wanted.tables if ref not in wanted.made))
    for ref in wanted.tables:
        if ref in wanted.made:
            with contextlib.suppress(*_MISSING):
                found = {**found, **READERS[engine](session, (ref,))[1]}
    return facts, {ref: found[ref] for ref in wanted.tables if ref in found}


def _refusal(name: str, error: EngineError) -> RefusedError:
    message = f"connection '{name}': {error}"
    if error.unreachable or error.transient:
        code = "DP610" if error.unreachable else "DP422"
        return RefusedError(code, message, exit_code=TRANSIENT, retryable=True)
    return RefusedError("DP612" if error.permission else "DP613", message, exit_code=REFUSED)


def _existing(path: Path, engine: EngineFacts) -> dict[TableRef, TableFacts]:
    """Tables of the snapshot that is there. One that cannot be read, or is of another engine, is written anew."""
    try:
        file = SourceFile(path.as_posix(), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return {}
    catalog, problems = read_catalog([file], lambda word: registry.backend(word).parse_type)
    if problems or any(facts.engine != engine.engine for _, facts in catalog.engines):
        return {}
    return {ref: facts for _, ref, facts in catalog.tables}


def _write(path: Path, text: str) -> bool:
    """Replace the file in one step; False when it held the same text."""
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise
    return True
