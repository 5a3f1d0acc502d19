"""From a declared connection to a replay backend. Drivers are imported when a connection of theirs is opened, never here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dpone_compiler.frontends.meaning import ENGINE_ALIASES
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.session import Session
from dpone_compiler.runtime.sessions import resolve
from dpone_compiler.strategy_intelligence.live_backends import (
    BigQueryReplayBackend,
    ClickHouseReplayBackend,
    KafkaLiveReplayBackend,
    MssqlReplayBackend,
    PostgresReplayBackend,
)
from dpone_compiler.strategy_intelligence.replay_adapters import ReplayBackend

_SOURCES = ("env", "connections")


@dataclass(frozen=True, slots=True)
class ReplayBackendConnection:
    """Where a replay goes. `credentials_source`: env | connections (a connections.yaml). `bundle`: the run's bundle."""

    sink_type: str
    connection_id: str
    target_table: str
    target_schema: str = "public"
    staging_schema: str = "staging"
    credentials_source: str = "env"
    bundle: str = ""


class RuntimeSqlReplayClient:
    """A session behind the narrow port that replay needs: exists, scalar, execute."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def exists(self, schema: str, table: str) -> bool:
        """Whether the table is there: asked of the standard's catalog, with bound values."""
        params = {"schema": schema, "name": table}
        return bool(self._session.run(_EXISTS[self._session.engine], params).rows)

    def scalar(self, statement: str, params: Mapping[str, str] | None = None) -> str | None:
        """The first cell of the first row. Raises LookupError when there is none."""
        rows = self._session.run(statement, params or {}).rows
        if not rows:
            raise LookupError("the statement gave no row")
        return rows[0][0]

    def execute(self, statement: str, params: Mapping[str, str] | None = None) -> None:
        """Run one statement."""
        self._session.run(statement, params or {})


_EXISTS = {
    "postgres": "SELECT 1 FROM information_schema.tables WHERE table_schema = current_setting('dponec.schema') "
    "AND table_name = current_setting('dponec.name')",
    "clickhouse": "SELECT 1 FROM system.tables WHERE database = {schema:String} AND name = {name:String}",
}


class Producer(Protocol):
    """The part of confluent-kafka's producer that is used."""

    def produce(self, topic: str, value: bytes, key: bytes | None = None) -> None: ...
    def flush(self) -> int: ...


class RuntimeKafkaReplayClient:
    """A producer that can prove what it sent: `scalar` counts what was acknowledged, and a lost message is an error."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._sent = 0

    def produce(self, topic: str, value: bytes, key: bytes | None = None) -> None:
        """Queue one event."""
        self._producer.produce(topic, value=value, key=key)
        self._sent += 1

    def flush(self) -> None:
        """Wait for the brokers. Raises RuntimeError when events are left."""
        left = self._producer.flush()
        if left:
            raise RuntimeError(f"{left} of {self._sent} events were not acknowledged")

    def scalar(self) -> int:
        """Events that were sent."""
        return self._sent


class RuntimeReplayBackendFactory:
    """Makes the backend of a connection; nothing is opened before a replay needs it."""

    def __init__(self, *, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def build(self, connection: ReplayBackendConnection) -> ReplayBackend:
        """The backend. Raises ValueError for a sink or a source of credentials that is not known."""
        sink = ENGINE_ALIASES.get(connection.sink_type.lower(), connection.sink_type.lower())
        if connection.credentials_source not in _SOURCES:
            raise ValueError(f"credentials_source {connection.credentials_source!r}: known are {', '.join(_SOURCES)}")
        live: dict[str, Any] = {"postgres": PostgresReplayBackend, "clickhouse": ClickHouseReplayBackend}
        if sink in live:
            backend: ReplayBackend = live[sink](opener=self._open, bundle=connection.bundle)
            return backend
        others: dict[str, ReplayBackend] = {
            "mssql": MssqlReplayBackend(),
            "bigquery": BigQueryReplayBackend(),
            "kafka": KafkaLiveReplayBackend(),
        }
        if sink not in others:
            raise ValueError(f"sink_type {connection.sink_type!r}: known are {', '.join((*live, *others))}")
        return others[sink]

    def _open(self, connection_id: str) -> Session:
        return open_session(resolve(connection_id, self._environ, Path.cwd()))
