"""One function a clause of a load; the table at the end is the whole list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from lark import Token

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.language.draft import Draft
from dpone_compiler.frontends.language.endpoints import read_from, read_into
from dpone_compiler.frontends.language.problems import QuantityNotUnderstood, UnknownWord
from dpone_compiler.frontends.language.trees import Node, names, quantity, subtree, subtrees, texts, tokens, word
from dpone_compiler.ir.evolution import EVOLUTION_WORDS
from dpone_compiler.ir.load import (
    CHUNK_KINDS,
    CLIENT_SYSTEMS,
    Backfill,
    ChangeFeed,
    Chunk,
    ColumnSpec,
    Cursor,
    DeclaredScope,
    Partitioning,
    PartitionUnit,
    SqlText,
)
from dpone_compiler.ir.loss import POLICIES
from dpone_compiler.ir.new_target import CREATE_WORDS

UNITS = tuple(unit.value for unit in PartitionUnit)


def _where(draft: Draft, clause: Node) -> None:
    draft.where = _condition(clause)
    draft.place("source.where", clause)


def _tombstone(draft: Draft, clause: Node) -> None:
    draft.tombstone = _condition(clause)
    draft.place("source.tombstone", clause)


def _condition(clause: Node) -> SqlText:
    token = next(tokens(clause))
    text = str(token)
    if token.type == "DOLLAR_SQL":
        tag = text[: text.index("$", 1) + 1]
        text = text[len(tag) : -len(tag)]
    return SqlText(text=text.strip())


def _columns(draft: Draft, clause: Node) -> None:
    draft.columns = tuple(_column(draft, node) for node in subtrees(clause))
    draft.place("source.columns", clause)
    for index, node in enumerate(subtrees(clause)):
        draft.place(f"source.columns.{index}", node)


def _column(draft: Draft, node: Node) -> ColumnSpec:
    name = draft.name_of(names(node)[0])
    computed, renamed, cast, lossy = (subtree(node, part) for part in ("computed", "renamed", "cast", "lossy"))
    policy = draft.one_of(names(lossy)[0], POLICIES, "policy for values that do not survive") if lossy else None
    return ColumnSpec(
        name=name,
        target=draft.name_of(names(renamed)[0]) if renamed else name,
        sql=SqlText(text=word(texts(computed)[0]).strip()) if computed else None,
        cast=word(texts(cast)[0]) if cast else "",
        lossy=policy or "",
    )


def _declared(draft: Draft, clause: Node) -> None:
    draft.declared = tuple(
        (draft.name_of(names(node)[0]), word(texts(node)[0]), subtree(node, "not_null") is None)
        for node in subtrees(clause)
    )


def _cursor(draft: Draft, clause: Node) -> None:
    (column,) = names(clause)
    cursor = Cursor(column=draft.name_of(column))
    for option in subtrees(clause):
        if not draft.once(f"cursor {_spelled(option)}", option):
            continue
        match option.data:
            case "lag":
                cursor = replace(cursor, lag=draft.duration(option))
            case "lookback":
                cursor = replace(cursor, lookback=draft.duration(option) or 0)
            case "assigned":
                who = draft.one_of(names(option)[0], meaning.CURSOR_ASSIGNERS, "source of cursor values")
                cursor = replace(cursor, assigned_by=who or "")
            case _:
                nulls = draft.one_of(names(option)[0], meaning.CURSOR_NULLS, "policy for NULL in a cursor")
                cursor = replace(cursor, nulls=nulls or "")
    draft.cursor = cursor
    draft.place("source.cursor", clause)
    draft.place("source.cursor.column", column)


def _changes(draft: Draft, clause: Node) -> None:
    (mode,) = names(clause)
    feed = ChangeFeed(mode=draft.one_of(mode, meaning.FEED_MODES, "way of capturing changes") or "logical_replication")
    for option in subtrees(clause):
        field = str(option.data).removeprefix("feed_")
        if not draft.once(f"changes {field}", option):
            continue
        (name,) = names(option)
        known = {"deletes": meaning.FEED_DELETES, "truncate": meaning.FEED_TRUNCATE}.get(field)
        value = draft.one_of(name, known, f"policy for captured {field}") if known else draft.name_of(name)
        if value is not None:
            feed = replace(feed, **{"deleted_column" if field == "deleted" else field: value})
    draft.feed = feed
    draft.place("source.feed", clause)


def _scope(draft: Draft, clause: Node) -> None:
    (column,) = names(clause)
    said = {str(part.data): word(texts(part)[0]) for part in subtrees(clause)}
    equals, through = said.get("scope_is"), said.get("scope_through")
    draft.scope = DeclaredScope(
        column=draft.name_of(column),
        kind="range" if equals is None else "equality",
        low=said.get("scope_from") if equals is None else equals,
        high=said.get("scope_until") if through is None else through,
        inclusive=through is not None,
    )
    draft.place("source.scope", clause)


def _backfill(draft: Draft, clause: Node) -> None:
    inner, kind, column = names(clause)
    mode = draft.one_of(inner, meaning.MODES, "strategy") or meaning.DEFAULT_INNER_MODE
    chunk = Chunk(column=draft.name_of(column), kind=draft.one_of(kind, CHUNK_KINDS, "kind of slices") or "date")
    backfill = Backfill(inner_mode=mode, chunk=chunk)
    for option in subtrees(clause):
        if not draft.once(f"backfill {_spelled(option)}", option):
            continue
        match option.data:
            case "backfill_from":
                chunk = replace(chunk, first=word(texts(option)[0]))
            case "backfill_until":
                chunk = replace(chunk, last=word(texts(option)[0]))
            case "backfill_step":
                chunk = replace(chunk, step=_chunk_step(draft, option, chunk.kind))
            case "backfill_buckets":
                chunk = replace(chunk, buckets=draft.count(option, least=1))
            case _:
                backfill = replace(backfill, max_chunks=draft.count(option, least=1) or 1)
    draft.backfill = replace(backfill, chunk=chunk)
    draft.place("sink.strategy.backfill", clause)


def _chunk_step(draft: Draft, option: Node, kind: str) -> int | None:
    step = meaning.chunk_step(kind, quantity(option))
    if step is None:
        draft.report(QuantityNotUnderstood(quantity(option), "a step", "7 days for times, 1000 for integers"), option)
    return step


def _key(draft: Draft, clause: Node) -> None:
    draft.key = _names(draft, clause)
    draft.place("sink.strategy.unique_key", clause)


def _partition(draft: Draft, clause: Node) -> None:
    by, *options = subtrees(clause)
    *unit_name, column = names(by)
    unit = draft.one_of(unit_name[0], UNITS, "unit of partitions") if unit_name else None
    partition = Partitioning(column=draft.name_of(column), unit=PartitionUnit(unit or "value"))
    for option in options:
        if not draft.once(f"partition {_spelled(option)}", option):
            continue
        if option.data == "partition_max":
            partition = replace(partition, max_partitions=draft.count(option, least=1) or 1)
        else:
            nulls = draft.one_of(names(option)[0], meaning.PARTITION_NULLS, "policy for NULL in a partition column")
            partition = replace(partition, nulls=nulls or "fail")
    draft.partition = partition
    draft.place("sink.strategy.partition", clause)
    draft.place("sink.strategy.partition.column", column)


def _hint(draft: Draft, clause: Node) -> None:
    for item in subtrees(clause):
        what = _spelled(item)
        if not draft.once(f"hint {what}", item):
            continue
        match what:
            case "rows":
                draft.hints = replace(draft.hints, rows=draft.count(item))
            case "changed":
                draft.hints = replace(draft.hints, changed=draft.share(item))
            case "deleted":
                draft.hints = replace(draft.hints, deleted=draft.share(item))
            case "bytes":
                draft.hints = replace(draft.hints, bytes=draft.size(item))
            case "batch":
                draft.hints = replace(draft.hints, batch_size=draft.count(item, least=1))
            case _:
                draft.hints = replace(draft.hints, cdc=True)
        draft.place(f"hints.{what}", item)


def _strategy(draft: Draft, clause: Node) -> None:
    draft.place("sink.strategy", clause)
    for mode in names(clause):  # none: the policy alone is said
        draft.mode = draft.one_of(mode, meaning.MODES, "strategy") or draft.mode
        draft.place("sink.strategy.mode", mode)
    policy = subtree(clause, "merge_policy")
    if policy is not None:
        (name,) = names(policy)
        canonical = meaning.merge_policy_word(word(name))
        if canonical is None:
            suggestion = did_you_mean(word(name), meaning.MERGE_POLICIES)
            draft.report(UnknownWord(word(name), "merge policy", suggestion), name)
        draft.merge_policy = canonical or draft.merge_policy
        draft.place("sink.strategy.merge_policy", name)


_ON = MappingProxyType(
    {
        "null_keys": "null_keys",
        "staging_duplicates": "staging_duplicates",
        "leave_filter": "on_leave_filter",
        "deletes": "deletes",
        "empty_slice": "empty_slice",
        "lossy": "lossy",
    }
)


def _on(draft: Draft, clause: Node) -> None:
    event, answer = names(clause)
    known = draft.one_of(event, _ON, "case that a policy answers")
    if known and draft.once(f"on {known}", clause):
        _policy(draft, _ON[known], answer)


def _readers(draft: Draft, clause: Node) -> None:
    _policy(draft, "readers", names(clause)[0])


def _reconcile(draft: Draft, clause: Node) -> None:
    _policy(draft, "reconcile", names(clause)[0])


def _policy(draft: Draft, field: str, answer: Token) -> None:
    chosen = draft.one_of(answer, meaning.POLICY_WORDS[field], f"policy for {field}")
    if chosen:
        draft.policies = replace(draft.policies, **{field: chosen})
    draft.place(f"sink.policies.{field}", answer)


def _compare(draft: Draft, clause: Node) -> None:
    chosen = draft.one_of(names(clause)[0], meaning.COMPARES, "way of comparing rows")
    draft.snapshot = replace(draft.snapshot, compare=chosen or draft.snapshot.compare)


def _missing(draft: Draft, clause: Node) -> None:
    for policy in names(clause):
        chosen = draft.one_of(policy, meaning.MISSING_WORDS, "policy for missing keys")
        draft.snapshot = replace(draft.snapshot, missing=chosen or "")
    draft.place("sink.strategy.snapshot.missing", clause)
    mark = subtree(clause, "missing_mark")
    if mark is not None:
        draft.snapshot = replace(draft.snapshot, mark=draft.name_of(names(mark)[0]))
        draft.place("sink.strategy.snapshot.mark", mark)


_HISTORY = MappingProxyType({"from": "valid_from", "to": "valid_to", "current": "current", "hash": "row_hash"})


def _history(draft: Draft, clause: Node) -> None:
    for column in subtrees(clause):
        word_ = str(column.data).removeprefix("history_")
        if draft.once(f"history {word_}", column):
            draft.history = replace(draft.history, **{_HISTORY[word_]: draft.name_of(names(column)[0])})
    draft.place("sink.strategy.history", clause)


def _limits(draft: Draft, clause: Node) -> None:
    for item in subtrees(clause):
        what = _spelled(item)
        if not draft.once(f"limits {what}", item):
            continue
        if what == "max_delete_ratio":
            draft.limits = replace(draft.limits, max_delete_ratio=draft.share(item))
        elif what == "max_delete_rows":
            draft.limits = replace(draft.limits, max_delete_rows=draft.count(item))
        elif (seconds := draft.duration(item)) is not None:
            field = "lease_seconds" if what == "lease" else what
            draft.limits = replace(draft.limits, **{field: seconds})
        draft.place(f"sink.limits.{what}", item)


def _spelled(item: Node) -> str:
    """`hint_rows` is written `rows`, `cursor_nulls` is written `nulls`."""
    name = str(item.data)
    return next(
        (name.removeprefix(p) for p in ("hint_", "limit_", "partition_", "cursor_", "backfill_") if name.startswith(p)),
        name,
    )


def _names(draft: Draft, clause: Node) -> tuple[str, ...]:
    return tuple(draft.name_of(name) for name in names(clause))


def _depends(draft: Draft, clause: Node) -> None:
    draft.depends_on = _names(draft, clause)
    draft.place("depends_on", clause)


def _staging(draft: Draft, clause: Node) -> None:
    (draft.staging,) = _names(draft, clause)
    draft.place("sink.staging", clause)


def _state(draft: Draft, clause: Node) -> None:
    (draft.state,) = _names(draft, clause)
    draft.place("state", clause)


def _lock(draft: Draft, clause: Node) -> None:
    (draft.lock,) = _names(draft, clause)


def _create(draft: Draft, clause: Node) -> None:
    draft.create = draft.one_of(names(clause)[0], CREATE_WORDS, "way to make a missing target") or draft.create
    draft.place("sink.create_target", clause)


def _evolve(draft: Draft, clause: Node) -> None:
    draft.evolve = draft.one_of(names(clause)[0], EVOLUTION_WORDS, "way to change a target") or draft.evolve
    draft.place("sink.schema_evolution", clause)


def _client(draft: Draft, clause: Node) -> None:
    draft.client_os = draft.one_of(names(clause)[0], CLIENT_SYSTEMS, "system of sqlcmd and bcp") or draft.client_os
    draft.place("client_os", clause)


def _version(draft: Draft, clause: Node) -> None:
    (draft.version,) = _names(draft, clause)
    draft.place("sink.version_column", clause)


def _description(draft: Draft, clause: Node) -> None:
    draft.description = word(texts(clause)[0])


def _passthrough(draft: Draft, clause: Node) -> None:
    path, value = texts(clause)
    if draft.once(f"passthrough {word(path)}", clause):
        draft.passthrough[word(path)] = word(value)


# `on`, `hint`, `limits` and `passthrough` may be repeated: each of their items may be said once.
REPEATABLE = frozenset({"on_clause", "hint_clause", "limits_clause", "passthrough_clause"})
CLAUSES: Mapping[str, Callable[[Draft, Node], None]] = MappingProxyType(
    {
        "from_clause": read_from,
        "into_clause": read_into,
        "where_clause": _where,
        "tombstone_clause": _tombstone,
        "columns_clause": _columns,
        "declared_clause": _declared,
        "staging_clause": _staging,
        "state_clause": _state,
        "lock_clause": _lock,
        "create_clause": _create,
        "evolve_clause": _evolve,
        "client_clause": _client,
        "scope_clause": _scope,
        "backfill_clause": _backfill,
        "key_clause": _key,
        "cursor_clause": _cursor,
        "partition_clause": _partition,
        "hint_clause": _hint,
        "strategy_clause": _strategy,
        "on_clause": _on,
        "readers_clause": _readers,
        "reconcile_clause": _reconcile,
        "limits_clause": _limits,
        "depends_clause": _depends,
        "version_clause": _version,
        "description_clause": _description,
        "passthrough_clause": _passthrough,
        "changes_clause": _changes,
        "compare_clause": _compare,
        "missing_clause": _missing,
        "history_clause": _history,
    }
)
