"""A connection of the replication protocol that exports a snapshot and keeps it for as long as it is open.

psycopg has no API for streaming, but its connections speak the protocol's commands by the simple query protocol.
https://www.postgresql.org/docs/current/protocol-replication.html
"""

from __future__ import annotations

import psycopg
from psycopg import generators, pq
from psycopg.errors import error_from_result

from dpone_compiler.runtime.connections.resolve import ConnectionUrl
from dpone_compiler.runtime.connections.session import EngineError


class ExportedSnapshot:
    """`name` for SET TRANSACTION SNAPSHOT; `position` in the WAL: every transaction that commits before it is seen, and no other."""

    def __init__(self, url: ConnectionUrl, body: str) -> None:
        self._connection = psycopg.connect(
            url.raw, autocommit=True, client_encoding="UTF8", application_name="dponec", replication="database"
        )
        try:
            row = self._row(body)
            self.name, self.position = row["snapshot_name"], _bytes(row["consistent_point"])
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let the snapshot and its temporary slot go."""
        self._connection.close()

    def _row(self, body: str) -> dict[str, str]:
        command = "\n".join(line for line in body.splitlines() if not line.startswith("--"))
        pgconn = self._connection.pgconn
        pgconn.send_query(command.encode("utf-8"))
        results = self._connection.wait(generators.execute(pgconn))
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
        (answer,) = results
        if answer.ntuples != 1:
            raise EngineError("", "the server gave no slot and no snapshot")
        names = ((answer.fname(at) or b"").decode() for at in range(answer.nfields))
        return {name: (answer.get_value(0, at) or b"").decode() for at, name in enumerate(names)}


def _bytes(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)
