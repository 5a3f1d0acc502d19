"""setup/: what a DBA runs once, with the fewest privileges that the plan needs. Roles are psql variables."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.backends.postgres import names
from dpone_compiler.backends.postgres.script import statements, word
from dpone_compiler.backends.postgres.slices import create_table
from dpone_compiler.backends.postgres.slot import drop_slot, publication
from dpone_compiler.plan.actions import DeleteAll, ExchangeTables, FreezeWindow, SwapPartitions
from dpone_compiler.plan.changes import feed_of
from dpone_compiler.plan.feed_actions import ReadChanges
from dpone_compiler.spi.backend import Context, SetupFile
from dpone_compiler.sql.identifiers import identifier, table
from dpone_compiler.sql.render import Sql, frame, join

_STATE = """\
<<schema>>CREATE TABLE IF NOT EXISTS <<state>> (
  load text PRIMARY KEY,
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamp with time zone,
  lease_backend integer,
  lease_backend_start timestamp with time zone,
  attempt bigint NOT NULL DEFAULT 0,
  run_id text,
  phase text NOT NULL DEFAULT 'idle' CHECK (phase IN ('idle', 'open', 'staged', 'committed', 'done')),
  fingerprint text,
  window_low text,
  window_high text,
  partitions text,
  rows_staged bigint,
  digest text,
  watermark text NOT NULL DEFAULT '',
  committed_run_id text,
  rows_applied bigint,
  adopted boolean NOT NULL DEFAULT false,
  target text,
  source text,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);
COMMENT ON TABLE <<state>> IS 'dponec: one row a load; the data and this row commit together';
COMMENT ON COLUMN <<state>>.fence IS 'token of the newest lease; a transaction with an older one fails';
COMMENT ON COLUMN <<state>>.watermark IS 'the window''s high end of the last committed run, exclusive';
COMMENT ON COLUMN <<state>>.target IS 'the table that this row speaks of: a load of that name into another one is refused';
"""

_GRANTS = """\
-- psql -v loader=ROLE; without the variable nothing is granted.
\\if :{?loader}
GRANT USAGE ON SCHEMA <<state_schema>> TO :"loader";
GRANT SELECT, INSERT, UPDATE ON <<state>> TO :"loader";
<<slices>><<target_grants>>GRANT USAGE, CREATE ON SCHEMA <<staging_schema>> TO :"loader";
<<swap>>\\endif
"""

_TARGET = """\
GRANT USAGE ON SCHEMA <<schema>> TO :"loader";
GRANT SELECT, INSERT, UPDATE, DELETE<<truncate>> ON <<target>> TO :"loader";
"""

# Whoever makes a table owns it.
_NEW_TARGET = """\
GRANT USAGE, CREATE ON SCHEMA <<schema>> TO :"loader";
"""

_SLICES = 'GRANT SELECT, INSERT ON <<slices>> TO :"loader";\n'

# https://www.postgresql.org/docs/current/sql-altertable.html: one must own the table, and have CREATE on its schema to rename.
_OWNED = """\
-- A swap renames tables and gives the new one the owner of the old: the loader must be (a member of) the owner of <<target>>.
GRANT CREATE ON SCHEMA <<schema>> TO :"loader";
"""

# https://www.postgresql.org/docs/current/sql-altertable.html: one must own the table.
_GROWN = """\
-- Columns are added to the target: the loader must be (a member of) the owner of <<target>>.
"""

_SOURCE = """\
-- psql -v reader=ROLE
\\if :{?reader}
GRANT USAGE ON SCHEMA <<schema>> TO :"reader";
GRANT SELECT ON <<table>> TO :"reader";
<<window>>\\endif
"""

_STATS = """\
-- The window's end is the start of the oldest open transaction, also of other roles.
GRANT pg_read_all_stats TO :"reader";
"""
_REPLICATION = """\
-- Making, reading and advancing a slot; decoded changes pass through a temporary table.
ALTER ROLE :"reader" REPLICATION;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO :"reader";
"""
_MAINTAIN = """\
-- A brief SHARE lock: MAINTAIN on 17 and later; before that UPDATE, or declare cursor.lag.
GRANT MAINTAIN ON <<table>> TO :"reader";
"""


def setup(ctx: Context) -> tuple[SetupFile, ...]:
    """State table and grants of the sink; grants of the source."""
    files: list[SetupFile] = []
    if ctx.load.write.endpoint.engine == "postgres":
        state, grants = _state(ctx), _grants(ctx)
        files.append(
            SetupFile(name="postgres_state.sql", side="target", body=state.text, purpose="state table and schemas")
        )
        files.append(
            SetupFile(
                name="postgres_grants.sql", side="target", body=grants.text, purpose="what the loader may do, for psql"
            )
        )
    if ctx.load.read.endpoint.engine == "postgres":
        files.append(
            SetupFile(
                name="postgres_source.sql", side="source", body=_source(ctx).text, purpose="what the reader may see"
            )
        )
        if _streams(ctx):
            files.append(
                SetupFile(
                    name="postgres_publication_source.sql",
                    side="source",
                    body=publication(ctx, feed_of(ctx.load)).text,
                    purpose="the publication whose changes the slot keeps, made by the table's owner",
                )
            )
    return tuple(files)


def _state(ctx: Context) -> Sql:
    load = ctx.load
    state, target = names.state(load), names.target(load)
    staging_schema = load.write.staging_schema or target.schema
    there = {names.DEFAULT_SCHEMA} if load.decisions.new_target is not None else {target.schema}
    made = sorted({state.schema, staging_schema, target.schema} - there)
    lines = [frame("CREATE SCHEMA IF NOT EXISTS <<schema>>;\n", schema=word(identifier(name))).text for name in made]
    made_state = frame(_STATE, schema=Sql("".join(lines)), state=word(table(state)))
    return statements(made_state, create_table(load)) if load.write.slices else made_state


def _grants(ctx: Context) -> Sql:
    """A file of its own: it uses psql variables, which no driver understands."""
    load = ctx.load
    state, target = names.state(load), names.target(load)
    truncates = any(isinstance(s.action, DeleteAll) and s.action.truncate for s in ctx.plan.steps)
    swaps = any(isinstance(s.action, (SwapPartitions, ExchangeTables)) for s in ctx.plan.steps)
    return frame(
        _GRANTS,
        state=word(table(state)),
        slices=frame(_SLICES, slices=word(table(names.slices(load)))) if load.write.slices else Sql(""),
        state_schema=word(identifier(state.schema)),
        target_grants=_on_target(ctx, truncates),
        staging_schema=word(identifier(load.write.staging_schema or target.schema)),
        swap=join("", list(_owned(ctx, swaps=swaps))),
    )


def _owned(ctx: Context, *, swaps: bool) -> Iterator[Sql]:
    """What only the target's owner may do."""
    target = names.target(ctx.load)
    if ctx.load.decisions.added:
        yield frame(_GROWN, target=word(table(target)))
    if swaps:
        yield frame(_OWNED, target=word(table(target)), schema=word(identifier(target.schema)))


def _on_target(ctx: Context, truncates: bool) -> Sql:
    target = names.target(ctx.load)
    schema = word(identifier(target.schema))
    if ctx.load.decisions.new_target is not None:
        return frame(_NEW_TARGET, schema=schema)
    return frame(_TARGET, schema=schema, target=word(table(target)), truncate=Sql(", TRUNCATE" if truncates else ""))


def _source(ctx: Context) -> Sql:
    ref = names.source(ctx.load.read.endpoint.table)
    window = Sql("")
    if _streams(ctx):
        return frame(
            _SOURCE,
            schema=word(identifier(ref.schema)),
            table=word(table(ref)),
            window=Sql(_REPLICATION),
        )
    for step in ctx.plan.steps:
        if isinstance(step.action, FreezeWindow):
            window = _window_grant(step.action, word(table(ref)))
    return frame(_SOURCE, schema=word(identifier(ref.schema)), table=word(table(ref)), window=window)


def replay_files(ctx: Context) -> dict[str, str]:
    """drop-slot.sql, for the day on which the load is retired."""
    return {"drop-slot.sql": drop_slot(feed_of(ctx.load)).text} if _streams(ctx) else {}


def _streams(ctx: Context) -> bool:
    return any(isinstance(step.action, ReadChanges) for step in ctx.plan.steps)


def _window_grant(action: FreezeWindow, source: Sql) -> Sql:
    if action.assigned_by_database:
        return Sql(_STATS)
    return frame(_MAINTAIN, table=source) if action.lag is None else Sql("")


def state_display(ctx: Context) -> str:
    """The state table for people."""
    return str(names.state(ctx.load))
