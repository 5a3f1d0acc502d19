"""Lowerings of the steps that read and write the state of a load."""

from __future__ import annotations

from dpone_compiler.backends.clickhouse import state
from dpone_compiler.backends.clickhouse.comparable import comparable
from dpone_compiler.backends.clickhouse.digest import digest_of, row_text
from dpone_compiler.backends.clickhouse.profile import View, staging_name, staging_table, view
from dpone_compiler.plan.actions import (
    AcquireLease,
    CommitState,
    ExchangeTables,
    MovePartitions,
    OpenAttempt,
    ReadState,
    RecordRewrite,
    RecordStaged,
    ReleaseLease,
    Staging,
)
from dpone_compiler.spi.backend import Context, Lowered
from dpone_compiler.sql.clickhouse_names import ident, literal, qualified
from dpone_compiler.sql.render import Sql, frame

_READ = (
    "phase",
    "attempt_run_id",
    "attempt_fingerprint",
    "attempt_low",
    "attempt_high",
    "attempt_partitions",
    "rows_staged",
    "digest",
    "watermark",
    "fence",
    "lease_owner",
    "lease_seconds",
    "lease_alive",
    "target_empty",
    "adopted",
    "elsewhere",
)


def read_state(ctx: Context, _action: ReadState) -> Lowered:
    """One row always. A lease means nothing here, so it reads as expired and of unknown life."""
    seen = view(ctx)
    body = frame(
        "SELECT if(s_rows = 0, 'idle', s_phase) AS phase, s_run_id AS attempt_run_id, s_fingerprint AS attempt_fingerprint, "
        "s_window_low AS attempt_low, s_window_high AS attempt_high, s_partitions AS attempt_partitions, "
        "toString(s_rows_staged) AS rows_staged, s_digest AS digest, s_watermark AS watermark, toString(s_fence) AS fence, "
        "'' AS lease_owner, '0' AS lease_seconds, '' AS lease_alive, "
        "if((SELECT count() FROM (SELECT 1 FROM <<target>> LIMIT 1)) = 0, '1', '0') AS target_empty, "
        "toString(s_adopted) AS adopted, if(<<elsewhere>>, '1', '0') AS elsewhere\nFROM (<<last>>)",
        target=qualified(seen.target),
        elsewhere=state.elsewhere(seen, ctx.plan),
        last=state.last_row(seen),
    )
    return Lowered(op="query", bodies={"main": body.text}, captures=_READ)


def acquire_lease(ctx: Context, _action: AcquireLease) -> Lowered:
    """The next fencing token; OpenAttempt records it. The lock itself is the executor's."""
    elsewhere = (
        "runs on other hosts are kept out by the lease in the database of lock_connection"
        if ctx.load.write.lock_connection
        else "runs of the same load on other hosts are not serialised (ClickHouse has no locks)"
    )
    body = frame("SELECT toString(s_fence + 1) AS fence FROM (<<last>>)", last=state.last_row(view(ctx)))
    return Lowered(
        op="lock",
        bodies={"main": body.text},
        captures=("fence",),
        locks=(f"file lock on this host; {elsewhere}",),
    )


def open_attempt(ctx: Context, _action: OpenAttempt) -> Lowered:
    """Phase open with the frozen window. For a run that goes on, only the fencing token rises: what it staged stays true."""
    seen = view(ctx)
    body = state.append(
        seen,
        attempt=_unless_same_run("attempt", Sql("s_attempt + 1")),
        run_id=Sql("{run_id:String}"),
        phase=_unless_same_run("phase", literal("open")),
        fingerprint=Sql("{fingerprint:String}"),
        window_low=Sql("{window_low:String}"),
        window_high=Sql("{window_high:String}"),
        partitions=_unless_same_run("partitions", Sql("{partitions:String}")),
        rows_staged=_unless_same_run("rows_staged", Sql("toUInt64(0)")),
        digest=_unless_same_run("digest", literal("")),
        staging_uuid=_unless_same_run("staging_uuid", literal("")),
        lease_owner=Sql("{run_id:String}"),
    )
    return Lowered(op="sql", bodies={"main": body.text})


def _unless_same_run(column: str, fresh: Sql) -> Sql:
    return frame(
        "if(s_rows > 0 AND s_run_id = {run_id:String}, <<kept>>, <<fresh>>)", kept=ident(f"s_{column}"), fresh=fresh
    )


def record_staged(ctx: Context, action: RecordStaged) -> Lowered:
    """Phase staged, with the staging table's rows, digest and (modern) uuid. The guard asks whether that staging still stands."""
    seen = view(ctx)
    table = staging_table(ctx, action.staging)
    digest = (
        frame("(SELECT <<digest>> FROM <<table>>)", digest=digest_of(row_text(seen.columns, "target")), table=table)
        if action.level in {"content", "full"}
        else literal("")
    )
    body = state.append(
        seen,
        phase=literal("staged"),
        partitions=Sql("{partitions:String}"),
        rows_staged=frame("(SELECT count() FROM <<table>>)", table=table),
        digest=digest,
        staging_uuid=literal("") if seen.legacy else _uuid(seen, action.staging),
        rewritten=literal(""),
    )
    return Lowered(
        op="sql",
        bodies={"main": body.text},
        guard=_staging_stands(ctx, seen, action).text,
    )


def record_rewrite(ctx: Context, action: RecordRewrite) -> Lowered:
    """The rewrite of this run is complete; staging it anew takes the note back. One that is exchanged is known by its identity."""
    seen = view(ctx)
    identity = {"staging_uuid": _uuid(seen, action.rewrite)} if _leaves(ctx, action.rewrite) else {}
    return Lowered(op="sql", bodies={"main": state.append(seen, rewritten=Sql("{run_id:String}"), **identity).text})


def rewrite_stands(ctx: Context, rewrite: Staging) -> str:
    """Guard of the steps that make the rewrite: it is complete and still there."""
    seen = view(ctx)
    return frame(
        "SELECT if(<<noted>> = {run_id:String} AND count() > 0, '1', '0') FROM system.tables "
        "WHERE database = <<database>> AND name = <<name>>",
        noted=state.value(seen, "rewritten"),
        database=literal(seen.staging_database),
        name=staging_name(rewrite),
    ).text


def commit_state(ctx: Context, action: CommitState) -> Lowered:
    """The watermark moves and the run is committed, in one appended row; only for the run that staged it."""
    seen = view(ctx)
    body = frame(
        "<<append>> AND <<proved>>",
        proved=seen.stop_if(
            Sql("s_run_id != {run_id:String} OR s_phase NOT IN ('staged', 'committed')"),
            "DP511: the state row is not the staged attempt of this run",
        ),
        append=state.append(
            seen,
            phase=literal("committed"),
            committed_run_id=Sql("{run_id:String}"),
            rows_applied=Sql("s_rows_staged"),
            watermark=_watermark(seen, action),
            **state.subject(seen, ctx.plan),
        ),
    )
    guard = frame(
        "SELECT if(s_run_id = {run_id:String} AND s_phase IN ('committed', 'done'), '1', '0') FROM (<<last>>)",
        last=state.last_row(seen),
    )
    return Lowered(op="sql", bodies={"main": body.text}, guard=guard.text)


def _watermark(seen: View, action: CommitState) -> Sql:
    """It moves to the window's end only when the window begins at or below it and ends above it.

    A window given by hand must neither lower the watermark nor jump over rows that were never read. The first window begins at
    the type's minimum, which Postgres writes as -infinity or as the least integer.
    """
    if action.interval is None:
        return Sql("s_watermark")
    type_ = action.interval.type
    pieces = {name: comparable(seen, type_, Sql(text)) for name, text in _ENDS.items()}
    return frame(
        "if(if(s_watermark = '', {window_low:String} IN <<lowest>>, "
        "ifNull((<<low>> <= <<mark>> OR {window_low:String} IN <<lowest>>) AND <<high>> > <<mark>>, 0)), "
        "{window_high:String}, s_watermark)",
        lowest=Sql("('-infinity', '-32768', '-2147483648', '-9223372036854775808')"),
        **pieces,
    )


_ENDS = {"low": "{window_low:String}", "high": "{window_high:String}", "mark": "s_watermark"}


def release_lease(ctx: Context, _action: ReleaseLease) -> Lowered:
    """Phase done."""
    seen = view(ctx)
    body = frame(
        "<<append>> AND <<committed>>",
        committed=seen.stop_if(
            Sql("s_run_id != {run_id:String} OR s_phase NOT IN ('committed', 'done')"),
            "DP511: the state row is not the committed attempt of this run",
        ),
        append=state.append(seen, phase=literal("done"), lease_owner=literal("")),
    )
    return Lowered(op="sql", bodies={"main": body.text})


def _leaves(ctx: Context, staging: Staging) -> bool:
    """Whether the table, or its parts, become the target's: then its rows say nothing of whether it still stands."""
    return any(
        isinstance(step.action, MovePartitions | ExchangeTables) and step.action.staging.role == staging.role
        for step in ctx.plan.steps
    )


def _uuid(seen: View, staging: Staging) -> Sql:
    return frame(
        "(SELECT toString(any(uuid)) FROM system.tables WHERE database = <<database>> AND name = <<name>>)",
        database=literal(seen.staging_database),
        name=staging_name(staging),
    )


def _staging_stands(ctx: Context, seen: View, action: RecordStaged) -> Sql:
    if seen.legacy or not _leaves(ctx, action.staging):
        # Asked of the catalog: a table that somebody dropped is not there to be counted, and must be staged again.
        return frame(
            "SELECT if(sum(rows) = <<rows>> AND (SELECT count() FROM system.tables WHERE database = <<database>> AND "
            "name = <<name>>) > 0, '1', '0') FROM system.parts WHERE active AND database = <<database>> AND table = <<name>>",
            rows=state.value(seen, "rows_staged"),
            database=literal(seen.staging_database),
            name=staging_name(action.staging),
        )
    # A half moved staging has fewer rows and an exchanged one stands under the target's name: what counts is that the very
    # table that was recorded still exists. Staging again after a partial move would double the moved rows.
    return frame(
        "SELECT if(count() > 0, '1', '0') FROM system.tables WHERE toString(uuid) = <<uuid>> AND "
        "((database = <<staging_database>> AND name = <<staging>>) OR (database = <<database>> AND name = <<target>>))",
        uuid=state.value(seen, "staging_uuid"),
        staging_database=literal(seen.staging_database),
        staging=staging_name(action.staging),
        database=literal(seen.target.schema),
        target=literal(seen.target.name),
    )
