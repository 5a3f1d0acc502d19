"""The slices of a backfill: which comes next, whether the source has rows of it, and the note that it is loaded.

The note is a row of its own beside the state row, written in the transaction of the data: what is loaded is what is noted.
"""

from __future__ import annotations

from sqlglot import exp

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.scope import within
from dpone_compiler.backends.postgres.script import do_block, literal, sql, word
from dpone_compiler.ir.load import Load
from dpone_compiler.plan.slice_actions import CheckSliceFilled, NextSlice, RecordSlice, SliceAction
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.render import Sql, frame, join

_NEXT = """\
SELECT s.window_low, s.window_high, (count(*) OVER () - 1)::text AS slices_left
  FROM (VALUES
<<slices>>) AS s (number, window_low, window_high)
 WHERE NOT EXISTS (SELECT FROM <<noted>> AS d
                    WHERE d.load = <<load>> AND d.backfill = <<backfill>>
                      AND d.window_low = s.window_low AND d.window_high = s.window_high)
 ORDER BY s.number
 LIMIT 1;
"""

_RECORD = """\
INSERT INTO <<noted>> (load, backfill, window_low, window_high, run_id)
VALUES (<<load>>, <<backfill>>, current_setting('dponec.window_low'), current_setting('dponec.window_high'),
        current_setting('dponec.run_id'));
"""

_EMPTY = """\
  IF NOT EXISTS (
<<rows>>
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'DP502', MESSAGE = 'the source gave no row of the slice',
      HINT = 'if that is right, say policies.empty_slice: keep';
  END IF;"""

_TABLE = """\
CREATE TABLE IF NOT EXISTS <<noted>> (
  load text NOT NULL,
  backfill text NOT NULL,
  window_low text NOT NULL,
  window_high text NOT NULL,
  run_id text NOT NULL,
  recorded_at timestamp with time zone NOT NULL DEFAULT now(),
  PRIMARY KEY (load, backfill, window_low, window_high)
);
COMMENT ON TABLE <<noted>> IS 'dponec: one row a slice that a backfill has loaded; delete it, and the slice is loaded again';
"""


def lower_slice(ctx: Context, action: SliceAction) -> Lowered:
    """How a step of a backfill is done."""
    match action:
        case NextSlice():
            return _next_slice(ctx, action)
        case CheckSliceFilled():
            return _check_slice_filled(ctx, action)
        case RecordSlice():
            return _record_slice(ctx, action)


def _next_slice(ctx: Context, action: NextSlice) -> Lowered:
    """The first slice that is not noted; no row when all are."""
    rows = [
        frame("    (<<number>>, <<low>>, <<high>>)", number=Sql(str(number)), low=literal(low), high=literal(high))
        for number, (low, high) in enumerate(action.slices.pairs(), start=1)
    ]
    body = frame(_NEXT, slices=join(",\n", rows), **_noted(ctx.load, action.backfill))
    return Lowered(op="query", bodies={"main": body.text}, captures=("window_low", "window_high", "slices_left"))


def _check_slice_filled(ctx: Context, action: CheckSliceFilled) -> Lowered:
    """DP502. Whole partitions may be staged although the slice itself has no row."""
    rows = exp.select("1").from_(table(names.staging(ctx, action.staging)))
    body = frame(_EMPTY, rows=sql(rows.where(within(action.scope, action.staging.columns))))
    return Lowered(op="sql", bodies={"main": do_block(body).text + "\n"}, params=action.scope.params)


def _record_slice(ctx: Context, action: RecordSlice) -> Lowered:
    """A slice that is noted already makes this fail, and the data with it."""
    body = frame(_RECORD, **_noted(ctx.load, action.backfill))
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        params=("run_id", "window_low", "window_high"),
        locks=("ROW EXCLUSIVE on the table of slices until the transaction ends",),
    )


def create_table(load: Load) -> Sql:
    """DDL of the table of slices."""
    return frame(_TABLE, noted=word(table(names.slices(load))))


def _noted(load: Load, backfill: str) -> dict[str, Sql]:
    return {"noted": word(table(names.slices(load))), "load": literal(load.name), "backfill": literal(backfill)}
