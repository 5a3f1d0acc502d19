"""ClickHouse as verify sees it: make the tables of the catalog, read rows, forget everything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dpone_compiler.expr.types import DataType, Kind
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.session import Session
from dpone_compiler.sql.clickhouse_names import ident, literal, qualified
from dpone_compiler.sql.render import Sql, frame, join
from dpone_compiler.verify.intent import Intent, Side

Row = tuple[str | None, ...]
_REPLICATED = re.compile(r"^(?:Replicated|Shared)(\w*MergeTree)(?:\((?:'[^']*',\s*'[^']*'(?:,\s*)?)?([^)]*)\))?")


class ClickHouseSide:
    """The databases of one load, through one session that stays open."""

    def __init__(self, session: Session, schemas: tuple[str, ...]) -> None:
        self._session, self._schemas = session, schemas

    def make_schema(self, name: str) -> None:
        """A database that the plan expects to be there."""
        self._session.run(frame("CREATE DATABASE IF NOT EXISTS <<name>>", name=ident(name)).text, {})

    def make_table(
        self, side: Side, loose: frozenset[str] = frozenset(), bounds: Sequence[tuple[str, str]] = ()
    ) -> None:
        """The table of the catalog, in the same engine; a replicated one without its replicas. No keys and partitions to make."""
        self.make_schema(side.table.schema)
        cell = "<<name>> <<native>>"
        listed = [frame(cell, name=ident(each.name), native=Sql(each.native)) for each in side.columns]
        self._session.run(
            frame(
                "CREATE TABLE <<table>> (<<columns>>) ENGINE = <<engine>>",
                table=qualified(side.table),
                columns=join(", ", listed),
                engine=Sql(alone(side.structure["table_engine"])),
            ).text,
            {},
        )

    def rows(self, intent: Intent) -> tuple[Row, ...]:
        """The carried columns of the target's rows and those that the strategy writes itself, as its engine means them."""
        texts = [_text(each.target, each.target_type) for each in intent.carried]
        texts += [_text(each.name, each.type) for each in intent.technical]
        final = Sql(" FINAL" if "ReplacingMergeTree" in intent.target.structure.get("table_engine", "") else "")
        body = frame(
            "SELECT <<texts>> FROM <<table>><<final>>",
            texts=join(", ", texts),
            table=qualified(intent.target.table),
            final=final,
        )
        return self._session.run(body.text, {}).rows

    def clear(self) -> None:
        """No rows, no state, no staging."""
        for schema, name in self._tables():
            if "__dponec_" in name:
                self._session.run(frame("DROP TABLE <<table>>", table=qualified(TableRef(schema, name))).text, {})
            else:
                self.empty(TableRef(schema, name))

    def empty(self, ref: TableRef) -> None:
        """No rows in this table."""
        self._session.run(frame("TRUNCATE TABLE <<table>>", table=qualified(ref)).text, {})

    def staging(self) -> list[str]:
        """Staging tables that are there."""
        return [f"{schema}.{name}" for schema, name in self._tables() if "__dponec_" in name]

    def _tables(self) -> list[tuple[str, str]]:
        listed = join(", ", [literal(schema) for schema in self._schemas])
        body = frame("SELECT database, name FROM system.tables WHERE database IN (<<listed>>)", listed=listed)
        return [(row[0] or "", row[1] or "") for row in self._session.run(body.text, {}).rows]


def alone(engine: str) -> str:
    """The engine without replication: `ReplicatedMergeTree('/path', 'replica')` is `MergeTree`."""
    found = _REPLICATED.match(engine)
    if found is None:
        return engine
    inner = f"({found[2]})" if found[2] else ""
    return found[1] + inner + engine[found.end() :]


def _text(column: str, type_: DataType) -> Sql:
    """An instant in UTC, whatever zone its column shows; everything else as the server prints it."""
    name = ident(column)
    if type_.kind is Kind.TIMESTAMP and type_.tz:
        return frame("toTimeZone(<<name>>, 'UTC') AS <<name>>", name=name)
    return name
