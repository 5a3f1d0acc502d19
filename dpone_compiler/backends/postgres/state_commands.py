"""The statements behind `dponec state` and `dponec runs abort` (docs/adr/0003, "State commands"). No row back: not allowed now."""

from __future__ import annotations

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import comparable_type
from dpone_compiler.backends.postgres.script import do_block, literal, statements, word
from dpone_compiler.backends.postgres.subject import elsewhere, subject
from dpone_compiler.expr.types import Kind
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.postgres_native import type_tree
from dpone_compiler.sql.render import Sql, frame, join

_SHOW = """\
SELECT s.load, s.phase, s.watermark, s.fence::text AS fence, s.attempt::text AS attempt, s.run_id, s.committed_run_id, s.window_low,
       s.window_high, s.partitions, s.rows_staged::text AS rows_staged, s.rows_applied::text AS rows_applied, s.digest,
       s.fingerprint, s.target, s.source,
       s.adopted::text AS adopted, s.lease_owner, s.lease_until::text AS lease_until, s.updated_at::text AS updated_at
  FROM <<state>> AS s WHERE s.load = <<load>>;
"""
_SET = """\
UPDATE <<state>>
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = <<load>> AND phase IN ('idle', 'done') AND <<valid>>
RETURNING watermark;
"""
_ADOPT = """\
INSERT INTO <<state>> AS s (load, fence, adopted, watermark, <<columns>>)
SELECT <<load>>, 1, true, current_setting('dponec.watermark'), <<values>>
 WHERE <<valid>>
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' AND NOT coalesce(<<elsewhere>>, false) THEN s.watermark ELSE excluded.watermark END,
       <<subject>>
 WHERE s.phase IN ('idle', 'done')
RETURNING s.watermark;
"""
_ABORT = """\
UPDATE <<state>> AS s
   SET phase = CASE WHEN s.committed_run_id IS NULL THEN 'idle' ELSE 'done' END, fence = s.fence + 1,
       lease_owner = NULL, lease_until = NULL, lease_backend = NULL, lease_backend_start = NULL, updated_at = clock_timestamp()
 WHERE s.load = <<load>> AND s.run_id = current_setting('dponec.run_id') AND s.phase IN ('open', 'staged')
   AND (s.lease_owner IS NULL OR s.lease_until <= clock_timestamp() OR (s.lease_backend IS NOT NULL AND NOT EXISTS (
         SELECT FROM pg_stat_activity AS a
          WHERE a.pid = s.lease_backend AND (a.backend_start IS NULL OR a.backend_start = s.lease_backend_start))))
RETURNING s.phase;
"""
_ROLES = ("rows", "delta", "left", "rewrite", "changes")
# Counted in a loop, because a table that is not there cannot be named in a query.
_STAGING = """\
  FOR one IN
    SELECT c.oid::regclass AS place, c.relname::text AS name
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND (n.nspname = <<schema>> AND c.relname IN (<<names>>)
        OR starts_with(c.relname, <<swaps>>) AND NOT c.relispartition)
     ORDER BY c.relname
  LOOP
    EXECUTE format('SELECT count(*) FROM %s', one.place) INTO held;
    found := found || jsonb_build_object('name', one.name, 'rows', held);
  END LOOP;
  PERFORM set_config('dponec.staging', found::text, true);"""
_LISTED = """\
SELECT e.name, e.rows FROM jsonb_to_recordset(current_setting('dponec.staging')::jsonb) AS e (name text, rows text) ORDER BY e.name;
"""
# A text that is no value of the cursor's type makes the cast fail, so it cannot become a watermark. Words as `yesterday`
# and `infinity` are refused: they would mean something else tomorrow, or nothing could follow them.
_VALID = """(current_setting('dponec.watermark') = ''
       OR (<<plain>> AND current_setting('dponec.watermark')::<<type>> IS NOT NULL))"""
_LOWER = "watermark <> '' AND <<plain>> AND current_setting('dponec.watermark')::<<type>> < watermark::<<type>>"
_PLAIN = "current_setting('dponec.watermark') ~ '^[0-9+-]+[^a-zA-Z]*([tT][^a-zA-Z]+)?[zZ]?$'"


def state_commands(ctx: Context) -> dict[str, str]:
    """show, set, rewind, adopt and abort of this load. Without a window there is no watermark, so rewind gives no row."""
    cursor = next((step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow)), None)
    pieces = {"state": word(table(names.state(ctx.load))), "load": literal(ctx.load.name)}
    kind = word(type_tree(comparable_type(cursor))) if cursor is not None else None
    plain = Sql(_PLAIN if cursor is not None and cursor.kind in (Kind.DATE, Kind.TIMESTAMP) else "true")
    valid = frame(_VALID, type=kind, plain=plain) if kind else frame("current_setting('dponec.watermark') = ''")
    lower = frame(_LOWER, type=kind, plain=plain) if kind else frame("false")
    return {
        "show": frame(_SHOW, **pieces).text,
        "set": frame(_SET, valid=valid, **pieces).text,
        "rewind": frame(_SET, valid=lower, **pieces).text,
        "adopt": _adopt(ctx, valid, pieces),
        "abort": frame(_ABORT, **pieces).text,
        "staging": _staging(ctx),
    }


def _adopt(ctx: Context, valid: Sql, pieces: dict[str, Sql]) -> str:
    """A watermark of other tables is not kept."""
    said = subject(ctx)
    body = frame(
        _ADOPT,
        valid=valid,
        columns=Sql(", ".join(said)),
        values=join(", ", list(said.values())),
        subject=Sql(", ".join(f"{column} = excluded.{column}" for column in said)),
        elsewhere=elsewhere(ctx),
        **pieces,
    )
    return body.text


def _staging(ctx: Context) -> str:
    """Staging tables of this load that exist: name, rows."""
    tables = [names.staging(ctx, role) for role in _ROLES]
    body = frame(
        _STAGING,
        schema=literal(tables[0].schema),
        names=join(", ", [literal(made.name) for made in tables]),
        swaps=literal(names.swap_prefix(ctx)),
    )
    declare = Sql("  one record;\n  held bigint;\n  found jsonb := '[]';")
    return statements(do_block(body, declare), Sql(_LISTED)).text
