"""Postgres as verify sees it: make the tables of the catalog, write and read rows, forget everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from dpone_compiler.ir.schema import TableRef
from dpone_compiler.runtime.connections.session import Session
from dpone_compiler.sql.identifiers import column, identifier, table
from dpone_compiler.sql.render import Sql, frame, join, render
from dpone_compiler.verify.case import Cells
from dpone_compiler.verify.intent import CURSOR, DELETED, PLACE, SELECTED, Carried, Intent, Side, TableColumn

Row = tuple[str | None, ...]

_CREATE = "CREATE SCHEMA IF NOT EXISTS <<schema>>;\nCREATE TABLE <<table>> (<<columns>>)<<partitions>>"
_PART = ";\nCREATE TABLE <<part>> PARTITION OF <<table>> FOR VALUES FROM (<<low>>) TO (<<high>>)"
_DEFAULT = ";\nCREATE TABLE <<default>> PARTITION OF <<table>> DEFAULT"
_DELETE = "DELETE FROM <<table>>;\n"
_ADD = """INSERT INTO <<table>> (<<names>>) SELECT <<cells>> FROM jsonb_array_elements(current_setting('dponec.rows')::jsonb) AS e (r)"""
_CLEAR = Sql(r"""DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT format('%I.%I', schemaname, tablename) AS name, tablename FROM pg_tables
           -- A temporary table goes with its session, which may be ending just now.
           WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg\_temp\_%' LOOP
    IF position('__dponec_' IN t.tablename) > 0 THEN
      EXECUTE 'DROP TABLE ' || t.name;
    ELSE
      EXECUTE 'DELETE FROM ' || t.name;
    END IF;
  END LOOP;
END $$""")
_STAGING = Sql(
    "SELECT schemaname || '.' || tablename FROM pg_tables WHERE position('__dponec_' IN tablename) > 0 ORDER BY 1"
)
_EXPIRE = Sql("""DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
           WHERE tablename IN ('dponec_state', 'dponec_leases') LOOP
    EXECUTE 'UPDATE ' || t.name || ' SET lease_until = clock_timestamp() - interval ''1 second'' WHERE lease_owner IS NOT NULL';
  END LOOP;
END $$""")
_FREE = "SELECT pg_try_advisory_xact_lock(hashtextextended(<<key>>, 0))::text"


def word(name: str) -> Sql:
    """A quoted name."""
    return render(identifier(name), "postgres")


def table_of(ref: TableRef) -> Sql:
    """A quoted table."""
    return render(table(TableRef(ref.schema or "public", ref.name)), "postgres")


class PostgresSide:
    """One database, through one session that stays open."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def make_schema(self, name: str) -> None:
        """A schema that the plan expects to be there."""
        self._session.run(frame("CREATE SCHEMA IF NOT EXISTS <<schema>>", schema=word(name)).text, {})

    def make_table(
        self, side: Side, loose: frozenset[str] = frozenset(), bounds: Sequence[tuple[str, str]] = ()
    ) -> None:
        """The table of the catalog; a partitioned one gets partitions with these bounds, or the default partition alone.

        `loose`: columns that may be NULL and occur twice whatever the catalog says, so that the plan's own gates are tried
        and not those of the source.
        """
        listed = [_definition(each, null=each.nullable or each.name in loose) for each in side.columns]
        listed += [] if loose else [frame("UNIQUE (<<names>>)", names=names(key)) for key in dict.fromkeys(side.unique)]
        by, parts = Sql(""), [Sql("")]
        if side.structure.get("partition_key"):
            by = frame(" PARTITION BY <<key>>", key=Sql(side.structure["partition_key"]))
            parts = [_part(side.table, nth, *bound) for nth, bound in enumerate(bounds)] or [_default(side.table)]
        body = frame(
            _CREATE,
            schema=word(side.table.schema or "public"),
            table=table_of(side.table),
            columns=join(", ", listed),
            partitions=by,
        )
        self._session.run(body.text + join("", parts).text, {})

    def write(self, side: Side, rows: Iterable[Cells]) -> None:
        """The source's rows from now on are these."""
        self._insert(side, rows, _DELETE + _ADD)

    def add(self, side: Side, rows: Iterable[Cells]) -> None:
        """More rows of the source."""
        self._insert(side, rows, _ADD)

    def _insert(self, side: Side, rows: Iterable[Cells], template: str) -> None:
        written = [each for each in side.columns if not each.generated]
        cell = "(r ->> <<key>>)::<<native>>"
        cells = [frame(cell, key=literal(each.name), native=Sql(each.native)) for each in written]
        body = frame(
            template,
            table=table_of(side.table),
            names=names([each.name for each in written]),
            cells=join(", ", cells),
        )
        self._session.run(body.text, {"rows": json.dumps(list(rows))})

    def snapshot(
        self, intent: Intent, of: TableRef | None = None, place: str = ""
    ) -> tuple[tuple[str, ...], tuple[Row, ...]]:
        """Each source row as the load reads it: carried columns, whether the filter is true of it, its cursor.

        `of`: another table with the columns of the source. `place`: its column that orders it, which is then read too.
        """
        wanted = [(each.target, _expression(each)) for each in intent.carried]
        for name, said, otherwise in ((SELECTED, intent.where, "true"), (DELETED, intent.tombstone, "false")):
            wanted.append((name, frame("(<<said>>) IS TRUE", said=Sql(said)) if said else Sql(otherwise)))
        if intent.cursor is not None:
            wanted.append((CURSOR, render(column(intent.cursor.name), "postgres")))
        if place:
            wanted.append((PLACE, render(column(place), "postgres")))
        texts = [frame("(<<each>>)::text AS <<name>>", each=each, name=word(name)) for name, each in wanted]
        body = frame(
            "SELECT <<texts>> FROM <<table>>", texts=join(", ", texts), table=table_of(of or intent.source.table)
        )
        return tuple(name for name, _ in wanted), self._session.run(body.text, {}).rows

    def rows(self, intent: Intent) -> tuple[Row, ...]:
        """The carried columns of the target's rows, and those that the strategy writes itself."""
        names = [each.target for each in intent.carried] + [each.name for each in intent.technical]
        texts = [frame("<<name>>::text", name=word(name)) for name in names]
        body = frame("SELECT <<texts>> FROM <<table>>", texts=join(", ", texts), table=table_of(intent.target.table))
        return self._session.run(body.text, {}).rows

    def clock(self) -> str:
        """The server's clock, as the cursor's text is read: UTC."""
        now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
        return self._session.run(now, {}).rows[0][0] or ""

    def transaction_time(self) -> str:
        """What a default of now() gives in the open transaction."""
        now = "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
        return self._session.run(now, {}).rows[0][0] or ""

    def next_number(self, side: Side, name: str) -> int:
        """One more than the highest number of this column; below every number when there is none."""
        wanted = frame("SELECT max(<<name>>)::bigint::text FROM <<table>>", name=word(name), table=table_of(side.table))
        highest = self._session.run(wanted.text, {}).rows[0][0]
        return -(2**63) if highest is None else int(highest) + 1

    def clear(self) -> None:
        """No rows, no state, no staging."""
        self._session.run(_CLEAR.text, {})

    def empty(self, ref: TableRef) -> None:
        """No rows in this table."""
        self._session.run(frame("DELETE FROM <<table>>", table=table_of(ref)).text, {})

    def expire_leases(self) -> None:
        """Every lease that is held in this database has run out."""
        self._session.run(_EXPIRE.text, {})

    def lock_is_free(self, ref: TableRef) -> bool:
        """Whether nobody holds the advisory lock that all loads of this table share."""
        key = literal(f"dponec:{ref.schema or 'public'}.{ref.name}")
        return self._session.run(frame(_FREE, key=key).text, {}).rows[0][0] == "true"

    def staging(self) -> list[str]:
        """Staging tables that are there."""
        return [row[0] or "" for row in self._session.run(_STAGING.text, {}).rows]


def _default(parent: TableRef) -> Sql:
    name = TableRef(parent.schema, f"{parent.name}_default")
    return frame(_DEFAULT, default=table_of(name), table=table_of(parent))


def _part(parent: TableRef, nth: int, low: str, high: str) -> Sql:
    name = TableRef(parent.schema, f"{parent.name}_part{nth}")
    return frame(_PART, part=table_of(name), table=table_of(parent), low=literal(low), high=literal(high))


def _definition(each: TableColumn, *, null: bool) -> Sql:
    return frame(
        "<<name>> <<native>><<null>>",
        name=word(each.name),
        native=Sql(each.native),
        null=Sql("" if null else " NOT NULL"),
    )


def _expression(each: Carried) -> Sql:
    read = Sql(f"({each.expression})") if each.expression else render(column(each.source), "postgres")
    return frame("<<read>>::<<native>>", read=read, native=Sql(each.native)) if each.cast else read


def names(listed: Sequence[str]) -> Sql:
    """Quoted names, in a list."""
    return join(", ", [word(name) for name in listed])


def literal(value: str) -> Sql:
    """A text as a literal."""
    return Sql("'" + value.replace("'", "''") + "'")
