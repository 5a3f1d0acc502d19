"""The slot on the source: read and advanced, and the window that its positions give.

A position of the WAL is counted in bytes from 0/0, so that it is a whole number like any sequence cursor: the window [low, high) holds
the transactions whose commit record begins in it. That is also how the server counts: a slot confirmed up to `high` gives every
transaction that commits at or after it. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION
"""

from __future__ import annotations

import json

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.feed_source import CHANGES, TEMPORARY, changes_columns
from dpone_compiler.backends.postgres.predicates import lowest
from dpone_compiler.backends.postgres.script import do_block, literal, statements, word
from dpone_compiler.ir.load import ChangeFeed, MovedColumn
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.changes import (
    LSN,
    OPERATION,
    ORDER,
    UNCHANGED,
    filter_columns,
    of_source,
    old_key,
    read_columns,
)
from dpone_compiler.plan.feed_actions import AdvanceSlot, ExportSnapshot, ReadChanges
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.render import Sql, frame, join

ANEW = "drop it (replay/drop-slot.sql), dponec state set LOAD '', and run: the load begins with a new copy"

_FREEZE = """\
  IF mark = '' THEN
    IF current_setting('dponec.feed_start') = '' THEN
      RAISE EXCEPTION USING ERRCODE = 'DP444', MESSAGE = 'the first run of a slot has no snapshot', HINT = 'use dponec run';
    END IF;
    PERFORM set_config('dponec.window_low', <<lowest>>, true);
    PERFORM set_config('dponec.window_high', current_setting('dponec.feed_start'), true);
  ELSE
    high := (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint;
    IF high < mark::bigint THEN
      RAISE EXCEPTION USING ERRCODE = 'DP440',
        MESSAGE = 'the source stands before the last applied change: it was restored, or it is another server', HINT = <<anew>>;
    END IF;
    PERFORM set_config('dponec.window_low', mark, true), set_config('dponec.window_high', high::text, true);
  END IF;"""
_WINDOW = Sql(
    "SELECT current_setting('dponec.window_low') AS window_low, current_setting('dponec.window_high') AS window_high;\n"
)

_GAP = """\
  IF current_setting('dponec.watermark') <> ''
     AND current_setting('dponec.window_low')::bigint > current_setting('dponec.watermark')::bigint THEN
    RAISE EXCEPTION USING ERRCODE = 'DP444', MESSAGE = 'the window begins after the last applied change, so changes would be left out',
      HINT = 'let --window begin at the watermark, or leave it away';
  END IF;"""
_TEMPORARY = """\
<<gap>>
DROP TABLE IF EXISTS <<changes>>;
CREATE TEMPORARY TABLE <<name>> AS
SELECT NULL::bigint AS <<order>>, NULL::bigint AS <<lsn>>, NULL::text AS <<op>>, NULL::text AS <<unchanged>><<old>>, <<columns>>
  FROM <<source>> AS t WITH NO DATA;
SELECT a.attname AS name, a.atttypid::text AS type, a.atttypmod::text AS modifier
  FROM pg_attribute AS a WHERE a.attrelid = <<regclass>>::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
"""
_PEEK = """\
COPY (
  SELECT data FROM pg_logical_slot_peek_binary_changes(<<slot>>, '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric, NULL,
    'proto_version', '1', 'publication_names', <<publication>>)
) TO STDOUT (FORMAT binary);
"""
_LOAD = "COPY <<changes>> (<<columns>>) FROM STDIN (FORMAT text, ENCODING 'UTF8');\n"
_ADVANCE = """\
  SELECT s.confirmed_flush_lsn INTO confirmed FROM pg_replication_slots AS s WHERE s.slot_name = <<slot>>;
  -- A slot that is gone cannot go on; the next run says so before it reads anything.
  IF confirmed < '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric THEN
    PERFORM pg_replication_slot_advance(<<slot>>, '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric);
  END IF;"""
_EXPORT = "CREATE_REPLICATION_SLOT <<slot>> TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT;\n"
_PUBLICATION = """\
  IF NOT EXISTS (SELECT FROM pg_publication AS p WHERE p.pubname = <<name>>) THEN
    CREATE PUBLICATION <<publication>> FOR TABLE <<table>><<root>>;
  END IF;"""
_DROP = """\
-- The slot is dropped only while nobody reads it. Everything that was not applied is lost: the next run of the load is refused
-- until its watermark is emptied (dponec state set LOAD ''), and then begins with a new copy.
SELECT pg_drop_replication_slot(s.slot_name) FROM pg_replication_slots AS s WHERE s.slot_name = <<slot>> AND NOT s.active;
"""


def export_snapshot(_ctx: Context, action: ExportSnapshot) -> Lowered:
    """A command of the replication protocol: psql has no way to keep such a connection while it copies."""
    # Kept as long as its connection: https://www.postgresql.org/docs/current/protocol-replication.html
    name = word(identifier(f"{action.feed.slot[:58]}_copy"))
    return Lowered(op="snapshot", bodies={"main": frame(_EXPORT, slot=name).text}, captures=("feed_start",))


def freeze_by_slot(ctx: Context, action: FreezeWindow) -> Lowered:
    """Up to what the source has flushed now; on the first run up to where the snapshot stands."""
    body = frame(_FREEZE, lowest=literal(lowest(action.interval.type)), anew=literal(ANEW))
    declare = Sql("  mark text := current_setting('dponec.watermark');\n  high bigint;")
    return Lowered(
        op="query",
        bodies={"main": statements(do_block(body, declare), _WINDOW).text},
        params=("watermark", "feed_start"),
        captures=("window_low", "window_high"),
    )


def read_changes(ctx: Context, action: ReadChanges) -> Lowered:
    """main: the temporary table and the columns as they are now; extract: the messages; load: the decoded rows; spec: how to decode."""
    ref = names.source(action.table)
    old = [frame(", t.<<key>> AS <<old>>", key=_name(k), old=_name(old_key(at))) for at, k in enumerate(action.key)]
    main = frame(
        _TEMPORARY,
        gap=do_block(Sql(_GAP)),
        changes=TEMPORARY,
        name=_name(CHANGES),
        order=_name(ORDER),
        lsn=_name(LSN),
        op=_name(OPERATION),
        unchanged=_name(UNCHANGED),
        old=join("", old),
        columns=join(", ", [frame("t.<<name>>", name=_name(name)) for name in read_columns(ctx.load)]),
        source=word(table(ref)),
        regclass=literal(word(table(ref)).text),
    )
    listed = join(", ", [_name(name) for name in changes_columns(ctx.load)])
    return Lowered(
        op="changes",
        bodies={
            "main": main.text,
            "extract": _peek(action.feed).text,
            "load": frame(_LOAD, changes=TEMPORARY, columns=listed).text,
            "spec": _spec(ctx, ref, action),
        },
        params=("watermark", "window_low", "window_high"),
        locks=("none; the server decodes its WAL up to the window's end and keeps all of it for the slot",),
    )


def _peek(feed: ChangeFeed) -> Sql:
    # A list of identifiers, so the name is quoted inside of the literal.
    return frame(_PEEK, slot=literal(feed.slot), publication=literal(word(identifier(feed.publication)).text))


def _spec(ctx: Context, ref: TableRef, action: ReadChanges) -> str:
    columns = ctx.load.decisions.columns
    moved: tuple[MovedColumn, ...] = columns if isinstance(columns, tuple) else ()
    read = read_columns(ctx.load)
    marks = {name: [at for at, column in enumerate(moved) if name in of_source(column)] for name in read}
    facts = ctx.facts.source_table
    known = [c.name for c in facts.structure.columns] if facts is not None and ctx.load.read.columns is None else None
    spec = {
        "schema": ref.schema,
        "table": ref.name,
        "columns": list(read),
        "key": list(action.key),
        "filter": list(filter_columns(ctx.load)),
        "marks": marks,
        "known": known,
    }
    return json.dumps(spec, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def advance_slot(_ctx: Context, action: AdvanceSlot) -> Lowered:
    """Never back, and never beyond what is committed."""
    body = frame(_ADVANCE, slot=literal(action.feed.slot))
    return Lowered(
        op="sql",
        bodies={"main": do_block(body, Sql("  confirmed pg_lsn;")).text + "\n"},
        params=("window_high",),
        locks=("the slot, for the moment of the advance",),
    )


def publication(ctx: Context, feed: ChangeFeed) -> Sql:
    """What the owner of the table runs once, before the slot is made: changes before it cannot be decoded."""
    facts = ctx.facts.source_table
    parted = facts is not None and bool(facts.structure.partition_key)
    body = frame(
        _PUBLICATION,
        name=literal(feed.publication),
        publication=_name(feed.publication),
        table=word(table(names.source(ctx.load.read.endpoint.table))),
        root=Sql(" WITH (publish_via_partition_root = true)" if parted else ""),
    )
    return frame("<<block>>\n", block=do_block(body))


def drop_slot(feed: ChangeFeed) -> Sql:
    """How the load is retired."""
    return frame(_DROP, slot=literal(feed.slot))


def _name(name: str) -> Sql:
    return word(identifier(name))
