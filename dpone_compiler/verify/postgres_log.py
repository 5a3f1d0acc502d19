"""Postgres as the source of a log: single changes of a table, what a slot has confirmed, and every row as it was after a change."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dpone_compiler.ir.schema import TableRef
from dpone_compiler.sql.render import Sql, frame, join
from dpone_compiler.verify.case import Cells
from dpone_compiler.verify.intent import Side
from dpone_compiler.verify.postgres_side import PostgresSide, literal, names, table_of, word

_IDENTITY = """CREATE UNIQUE INDEX verify_identity ON <<table>> (<<names>>);
ALTER TABLE <<table>> REPLICA IDENTITY USING INDEX verify_identity"""
_FULL = "ALTER TABLE <<table>> REPLICA IDENTITY FULL"
_LOG = "CREATE TABLE <<log>> AS SELECT t.*, 0::bigint AS <<place>> FROM <<table>> AS t WITH NO DATA"
_NOTE = """INSERT INTO <<log>> (<<names>>, <<place>>) SELECT <<cells>>, current_setting('dponec.number')::bigint
  FROM (SELECT current_setting('dponec.row')::jsonb) AS e (r)"""
_CELL = "(r ->> <<name>>)::<<native>>"
_UPDATE = """UPDATE <<table>> SET <<sets>>
  FROM (SELECT current_setting('dponec.row')::jsonb, current_setting('dponec.was')::jsonb) AS e (r, w) WHERE <<same>>"""
_DELETE = "DELETE FROM <<table>> USING (SELECT current_setting('dponec.was')::jsonb) AS e (w) WHERE <<same>>"
_SAME = "<<table>>.<<column>> = (w ->> <<name>>)::<<native>>"
_CONFIRMED = Sql("""SELECT (confirmed_flush_lsn - '0/0')::text FROM pg_replication_slots
  WHERE database = current_database() AND NOT temporary""")
_POSITION = Sql("SELECT (pg_current_wal_flush_lsn() - '0/0')::text")


class PostgresLog(PostgresSide):
    """The source of a load that applies changes, through one session that stays open."""

    def say(self, body: str) -> None:
        """Run what a DBA would run."""
        self._session.run(body, {})

    # ---- changes -----------------------------------------------------------------------------------------------------

    def change(self, side: Side, op: str, key: Iterable[str], cells: Cells, was: Cells | None) -> None:
        """One change, committed: insert, update (only of the cells that differ), delete or truncate."""
        if op == "insert":
            self.add(side, [cells])
        elif op == "truncate":
            self._session.run(frame("TRUNCATE <<table>>", table=table_of(side.table)).text, {})
        elif op == "delete":
            self.remove(side, key, cells)
        else:
            assert was is not None, "an update changes a row"
            sets = [
                frame(
                    "<<column>> = <<cell>>",
                    column=word(each.name),
                    cell=frame(_CELL, name=literal(each.name), native=Sql(each.native)),
                )
                for each in side.columns
                if not each.generated and cells[each.name] != was[each.name]
            ]
            body = frame(_UPDATE, table=table_of(side.table), sets=join(", ", sets), same=_same(side, key))
            self._session.run(body.text, {"row": json.dumps(dict(cells)), "was": json.dumps(dict(was))})

    def remove(self, side: Side, key: Iterable[str], cells: Cells) -> None:
        """Delete the row with this key."""
        body = frame(_DELETE, table=table_of(side.table), same=_same(side, key))
        self._session.run(body.text, {"was": json.dumps(dict(cells))})

    # ---- the log -----------------------------------------------------------------------------------------------------

    def make_log(self, of: TableRef, log: TableRef, place: str) -> None:
        """A table with the columns of another, and the place of each row in the order."""
        self._session.run(frame(_LOG, log=table_of(log), place=word(place), table=table_of(of)).text, {})

    def note(self, side: Side, log: TableRef, cells: Cells, place: str, number: int) -> None:
        """Add a row to the log."""
        written = [each for each in side.columns if not each.generated]
        body = frame(
            _NOTE,
            log=table_of(log),
            names=names([each.name for each in written]),
            place=word(place),
            cells=join(", ", [frame(_CELL, name=literal(e.name), native=Sql(e.native)) for e in written]),
        )
        self._session.run(body.text, {"row": json.dumps(dict(cells)), "number": str(number)})

    # ---- the slot ----------------------------------------------------------------------------------------------------

    def identify(self, side: Side) -> None:
        """Give the table the replica identity of the catalog: the columns that tell a deleted row."""
        known = side.structure.get("replica_identity") or [each.name for each in side.columns]
        whole = set(known) == {each.name for each in side.columns}
        self._session.run(frame(_FULL if whole else _IDENTITY, table=table_of(side.table), names=names(known)).text, {})

    def confirmed(self) -> int | None:
        """What the slot of this database has confirmed, in bytes of the WAL; None without a slot."""
        found = self._session.run(_CONFIRMED.text, {}).rows
        return int(found[0][0] or 0) if found else None

    def position(self) -> int:
        """How far the WAL is written: whatever has committed lies below."""
        return int(self._session.run(_POSITION.text, {}).rows[0][0] or 0)


def _same(side: Side, key: Iterable[str]) -> Sql:
    columns = [side.column(name) for name in key]
    return join(
        " AND ",
        [
            frame(
                _SAME,
                table=table_of(side.table),
                column=word(each.name),
                name=literal(each.name),
                native=Sql(each.native),
            )
            for each in columns
        ],
    )
