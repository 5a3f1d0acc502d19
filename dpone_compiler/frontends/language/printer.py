"""A load as text of the language. Reading the text gives an equal load; what equals its default is not written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from dpone_compiler.frontends import meaning
from dpone_compiler.ir.load import (
    Backfill,
    ChangeFeed,
    ColumnSpec,
    DeclaredScope,
    Endpoint,
    Hints,
    History,
    Limits,
    Load,
    ParsedSql,
    Partitioning,
    PartitionUnit,
    Policies,
    Snapshot,
    SqlText,
)

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# SQL that can stand bare on one line: nothing that the lexer could take for its end, or for an open quote.
_PLAIN_SQL = re.compile(r"(?:[^'\"{}()#$\n\r\\/-]|'[^'\n\r\\]*'|\((?:[^'\"{}()#$\n\r\\/-]|'[^'\n\r\\]*')*\))+")


def print_load(load: Load) -> str:
    """The load statement, a clause a line."""
    lines = "".join(f"  {clause}\n" for clause in _clauses(load))
    return f"load {_name(load.name)} {{\n{lines}}}\n"


def _clauses(load: Load) -> Iterator[str]:
    read, write = load.read, load.write
    if load.description:
        yield f"description {_text(load.description)}"
    yield f"from {_endpoint(read.endpoint)}"
    if read.where is not None:
        yield f"where {_sql(read.where)}"
    if read.columns is not None:
        yield f"columns ({', '.join(map(_column, read.columns))})"
    if read.declared:
        declared = (f"{_name(n)} {_text(t)}{'' if nullable else ' not null'}" for n, t, nullable in read.declared)
        yield f"declared ({', '.join(declared)})"
    yield f"into {_endpoint(write.endpoint)}"
    for word, name in (
        ("staging", write.staging_schema),
        ("state", write.state_schema),
        ("lock by", write.lock_connection),
        ("version", write.version_column),
        ("create", _unless("never", write.create_target)),
        ("evolve", _unless("none", write.schema_evolution)),
        ("client", _unless("linux", load.client_os)),
    ):
        if name:
            yield f"{word} {_name(name)}"
    yield from _incremental(load)
    if read.feed is not None:
        yield _feed(read.feed)
    yield from _hints(load.hints)
    if read.tombstone is not None:  # SQL of any kind ends for sure only before a word like `into` or `strategy`
        yield f"tombstone {_sql(read.tombstone)}"
    policy = "" if write.merge_policy == "auto" else f"policy {write.merge_policy}"
    if write.mode or policy:
        yield " ".join(filter(None, ("strategy", write.mode, policy)))
    yield from _policies(write.policies)
    yield from _compared(write.snapshot)
    yield from _history(write.history)
    yield from _limits(write.limits)
    if load.depends_on:
        yield f"depends on {', '.join(map(_name, load.depends_on))}"
    for path, value in load.passthrough:
        yield f"passthrough {_text(path)} {_text(value)}"


def _incremental(load: Load) -> Iterator[str]:
    cursor, partition = load.read.cursor, load.write.partition
    if load.write.key:
        yield f"key {', '.join(map(_name, load.write.key))}"
    if cursor:
        lag = "" if cursor.lag is None else f" lag {meaning.duration_text(cursor.lag)}"
        lookback = f" lookback {meaning.duration_text(cursor.lookback)}" if cursor.lookback else ""
        assigned = f" assigned by {cursor.assigned_by}" if cursor.assigned_by else ""
        nulls = f" nulls {cursor.nulls}" if cursor.nulls else ""
        yield f"cursor {_name(cursor.column)}{lag}{lookback}{assigned}{nulls}"
    if load.read.scope:
        yield f"scope {_scope(load.read.scope)}"
    if load.write.backfill:
        yield f"backfill {_backfill(load.write.backfill)}"
    if partition:
        column, usual = _name(partition.column), Partitioning(column=partition.column)
        by = column if partition.unit is PartitionUnit.VALUE else f"{partition.unit.value}({column})"
        most = "" if partition.max_partitions == usual.max_partitions else f" max {partition.max_partitions}"
        nulls = "" if partition.nulls == usual.nulls else f" nulls {partition.nulls}"
        yield f"partition by {by}{most}{nulls}"


def _feed(feed: ChangeFeed) -> str:
    named = (
        ("slot", feed.slot),
        ("publication", feed.publication),
        ("operation", feed.operation),
        ("sequence", feed.sequence),
        ("flag", feed.deleted_column),
    )
    said = [f" {word} {_name(name)}" for word, name in named if name]
    deletes = f" deletes {feed.deletes}" if feed.deletes != "apply" else ""
    truncate = f" truncate {feed.truncate}" if feed.truncate != "fail" else ""
    return f"changes by {feed.mode}" + "".join(said) + deletes + truncate


def _scope(scope: DeclaredScope) -> str:
    if scope.kind == "equality":
        return f"{_name(scope.column)} is {_text(scope.low or '')}"
    low = "" if scope.low is None else f" from {_text(scope.low)}"
    end = "through" if scope.inclusive else "until"
    return f"{_name(scope.column)}{low}" + ("" if scope.high is None else f" {end} {_text(scope.high)}")


def _backfill(backfill: Backfill) -> str:
    chunk, usual = backfill.chunk, Backfill(inner_mode="", chunk=backfill.chunk)
    step = (
        ""
        if chunk.step is None
        else f" step {chunk.step if chunk.kind in _COUNTED else meaning.duration_text(chunk.step)}"
    )
    return (
        f"{backfill.inner_mode} by {chunk.kind}({_name(chunk.column)})"
        + (f" from {_text(chunk.first)}" if chunk.first else "")
        + (f" until {_text(chunk.last)}" if chunk.last else "")
        + step
        + ("" if chunk.buckets is None else f" buckets {chunk.buckets}")
        + ("" if backfill.max_chunks == usual.max_chunks else f" max {backfill.max_chunks}")
    )


_COUNTED = ("integer", "uuid")


def _hints(hints: Hints) -> Iterator[str]:
    said = (
        "" if hints.rows is None else f" rows {hints.rows:_}",
        "" if hints.changed is None else f" changed {_percent(hints.changed)}",
        "" if hints.deleted is None else f" deleted {_percent(hints.deleted)}",
        "" if hints.bytes is None else f" bytes {hints.bytes:_}",
        " cdc" if hints.cdc else "",
        "" if hints.batch_size is None else f" batch {hints.batch_size:_}",
    )
    if any(said):
        yield "hint" + "".join(said)


def _policies(policies: Policies) -> Iterator[str]:
    usual = Policies()
    if policies.null_keys != usual.null_keys:
        yield f"on null_keys {policies.null_keys}"
    if policies.staging_duplicates != usual.staging_duplicates:
        yield f"on staging_duplicates {policies.staging_duplicates}"
    if policies.on_leave_filter != usual.on_leave_filter:
        yield f"on leave_filter {policies.on_leave_filter}"
    if policies.deletes != usual.deletes:
        yield f"on deletes {policies.deletes}"
    if policies.empty_slice != usual.empty_slice:
        yield f"on empty_slice {policies.empty_slice}"
    if policies.lossy != usual.lossy:
        yield f"on lossy {policies.lossy}"
    if policies.readers != usual.readers:
        yield f"readers {policies.readers}"
    if policies.reconcile != usual.reconcile:
        yield f"reconcile {policies.reconcile}"


def _compared(snapshot: Snapshot) -> Iterator[str]:
    usual = Snapshot()
    if snapshot.compare != usual.compare:
        yield f"compare {snapshot.compare}"
    policy = f" {snapshot.missing}" if snapshot.missing else ""
    mark = f" mark {_name(snapshot.mark)}" if snapshot.mark != usual.mark else ""
    if policy or mark:
        yield f"missing{policy}{mark}"


def _history(history: History) -> Iterator[str]:
    usual = History()
    said = [
        f" {word} {_name(name)}"
        for word, name, default in (
            ("from", history.valid_from, usual.valid_from),
            ("to", history.valid_to, usual.valid_to),
            ("current", history.current, usual.current),
            ("hash", history.row_hash, usual.row_hash),
        )
        if name != default
    ]
    if said:
        yield "history" + "".join(said)


def _limits(limits: Limits) -> Iterator[str]:
    usual = Limits()
    said = [
        f" {word} {meaning.duration_text(seconds)}"
        for word, seconds, default in (
            ("lock_timeout", limits.lock_timeout, usual.lock_timeout),
            ("statement_timeout", limits.statement_timeout, usual.statement_timeout),
            ("lease", limits.lease_seconds, usual.lease_seconds),
        )
        if seconds != default
    ]
    if limits.max_delete_ratio is not None:
        said.append(f" max_delete_ratio {_percent(limits.max_delete_ratio)}")
    if limits.max_delete_rows is not None:
        said.append(f" max_delete_rows {limits.max_delete_rows}")
    if said:
        yield "limits" + "".join(said)


def _unless(usual: str, said: str) -> str:
    return "" if said == usual else said


def _endpoint(endpoint: Endpoint) -> str:
    schema = f"{_name(endpoint.table.schema)}." if endpoint.table.schema else ""
    return f"{endpoint.engine}.{_name(endpoint.connection)} {schema}{_name(endpoint.table.name)}"


def _column(column: ColumnSpec) -> str:
    computed = "" if column.sql is None else f" = {_text(column.sql.text)}"
    renamed = "" if column.target == column.name else f" as {_name(column.target)}"
    cast = f" cast {_text(column.cast)}" if column.cast else ""
    lossy = f" lossy {column.lossy}" if column.lossy else ""
    return f"{_name(column.name)}{computed}{renamed}{cast}{lossy}"


def _sql(sql: SqlText | ParsedSql) -> str:
    if _PLAIN_SQL.fullmatch(sql.text) and sql.text == sql.text.strip():
        return sql.text
    # A tag that the text does not contain, so that the text cannot end it.
    tag = "$sql" + "q" * sum(1 for _ in re.finditer(r"\$sqlq*", sql.text)) + "$"
    while tag in sql.text + "$":
        tag = tag[:-1] + "q$"
    return f"{tag} {sql.text} {tag}"


def _percent(share: float) -> str:
    return f"{Decimal(repr(share)) * 100:f}%"


def _name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
