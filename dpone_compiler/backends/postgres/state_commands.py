"""The statements behind `dponec state` and `dponec runs abort` (docs/adr/0003, "State commands"). No row back: not allowed now."""

from __future__ import annotations

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.predicates import comparable_type
from dpone_compiler.backends.postgres.script import literal, word
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.spi.backend import Context
from dpone_compiler.sql.identifiers import table
from dpone_compiler.sql.postgres_native import type_tree
from dpone_compiler.sql.render import frame

_SHOW = """\
SELECT s.load, s.phase, s.watermark, s.fence::text AS fence, s.attempt::text AS attempt, s.run_id, s.committed_run_id, s.window_low,
       s.window_high, s.partitions, s.rows_staged::text AS rows_staged, s.rows_applied::text AS rows_applied, s.digest,
       s.fingerprint, s.adopted::text AS adopted, s.lease_owner, s.lease_until::text AS lease_until, s.updated_at::text AS updated_at
  FROM <<state>> AS s WHERE s.load = <<load>>;
"""
_SET = """\
UPDATE <<state>>
   SET watermark = current_setting('dponec.watermark'), fence = fence + 1, updated_at = clock_timestamp()
 WHERE load = <<load>> AND phase IN ('idle', 'done') AND <<valid>>
RETURNING watermark;
"""
_ADOPT = """\
INSERT INTO <<state>> AS s (load, fence, adopted, watermark)
SELECT <<load>>, 1, true, current_setting('dponec.watermark')
 WHERE <<valid>>
ON CONFLICT (load) DO UPDATE
   SET adopted = true, phase = 'idle', fence = s.fence + 1, updated_at = clock_timestamp(),
       watermark = CASE WHEN excluded.watermark = '' THEN s.watermark ELSE excluded.watermark END
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
# A word that is no value of the cursor's type makes the cast fail, so it cannot become a watermark.
_VALID = "(current_setting('dponec.watermark') = '' OR current_setting('dponec.watermark')::<<type>> IS NOT NULL)"
_LOWER = "watermark <> '' AND current_setting('dponec.watermark')::<<type>> < watermark::<<type>>"


def state_commands(ctx: Context) -> dict[str, str]:
    """show, set, rewind, adopt and abort of this load. Without a window there is no watermark, so rewind gives no row."""
    cursor = next((step.action.interval.type for step in ctx.plan.steps if isinstance(step.action, FreezeWindow)), None)
    pieces = {"state": word(table(names.state(ctx.load))), "load": literal(ctx.load.name)}
    kind = word(type_tree(comparable_type(cursor))) if cursor is not None else None
    valid = frame(_VALID, type=kind) if kind else frame("current_setting('dponec.watermark') = ''")
    lower = frame(_LOWER, type=kind) if kind else frame("false")
    return {
        "show": frame(_SHOW, **pieces).text,
        "set": frame(_SET, valid=valid, **pieces).text,
        "rewind": frame(_SET, valid=lower, **pieces).text,
        "adopt": frame(_ADOPT, valid=valid, **pieces).text,
        "abort": frame(_ABORT, **pieces).text,
    }
