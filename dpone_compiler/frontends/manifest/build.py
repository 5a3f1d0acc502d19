"""A validated manifest block to the IR: aliases and defaults resolved, nothing canonicalised beyond meaning."""

from __future__ import annotations

import json
from types import MappingProxyType

from dpone_compiler.diagnostics.diagnostic import Diagnostics, has_errors
from dpone_compiler.frontends.load_checks import check_load
from dpone_compiler.frontends.manifest.build_read import (
    columns_of,
    cursor_of,
    declared_of,
    feed_of,
    scope_of,
    tombstone_of,
    where_of,
)
from dpone_compiler.frontends.manifest.build_write import (
    backfill_of,
    evolution_of,
    history_of,
    limits_of,
    partition_of,
    policies_of,
    snapshot_of,
)
from dpone_compiler.frontends.manifest.endpoints import connection_of, staging_of, state_schema_of, table_of
from dpone_compiler.frontends.manifest.merging import Notes, Said
from dpone_compiler.frontends.manifest.models.process import Process
from dpone_compiler.frontends.manifest.models.sink import Strategy
from dpone_compiler.frontends.manifest.models.source import SourceOptions
from dpone_compiler.frontends.manifest.models.values import Fate
from dpone_compiler.frontends.manifest.passthrough import passed
from dpone_compiler.frontends.manifest.tree import Block, start
from dpone_compiler.frontends.problems import KeyIgnored, KeysUnused, UnsupportedKey
from dpone_compiler.ir.load import OPEN_MODES, Endpoint, Hints, Load, Read, Write
from dpone_compiler.ir.origin import Origin
from dpone_compiler.ir.storage import STORAGE

_HINTS = "source.options."
_ALSO = "sink.strategy."


def build_load(process: Process, node: Block) -> tuple[Load | None, Diagnostics]:
    """The load of one process, or what is wrong with it."""
    notes = Notes(node, process.name)
    notes.spans[""] = start(node)
    notes.mark({path: path for path in ("name", "source", "sink")})
    options = process.source.options or SourceOptions()
    strategy = process.sink.strategy or Strategy()
    read = _read(notes, process, options, strategy)
    write = _write(notes, process, options, strategy)
    hints = _hints(notes, options, strategy)
    recorded = sorted(passed(process, node))
    load = Load(
        name=process.name,
        read=read,
        write=write,
        hints=hints,
        depends_on=tuple(process.depends_on or ()),
        description=process.description or "",
        client_os=_client_os(notes, process),
        passthrough=tuple(sorted([*((path, text) for path, text, _ in recorded), *notes.kept.items()])),
        origin=Origin(MappingProxyType(notes.spans)),
    )
    said = [(path, fate, fate.instead and not fate.harmless(json.loads(text))) for path, text, fate in recorded]
    idle = {path: "" for path, fate, instead in said if not instead and _idle(path, fate, write)} | notes.unused
    if idle:
        shown = (f"{path} ({why})" if why else path for path, why in sorted(idle.items()))
        notes.report(min(idle), KeysUnused(", ".join(shown)))
    for path, fate, instead in said:
        if instead:
            notes.report(path, KeyIgnored(path, fate.instead))
    found = (*notes.found, *check_load(load))
    return (None if has_errors(found) else load), found


def _idle(path: str, fate: Fate, write: Write) -> bool:
    """No stage reads the key; the storage of a table is read where this load makes one."""
    if not fate.recorded or not path.startswith(STORAGE):
        return not fate.recorded
    return write.create_target == "never" or not path.startswith(f"{STORAGE}{write.endpoint.engine}.")


def _read(notes: Notes, process: Process, options: SourceOptions, strategy: Strategy) -> Read:
    source = process.source
    return Read(
        endpoint=Endpoint(
            engine=source.type,
            connection=connection_of(notes, "source", source.connection_id, source.connection_ref),
            table=table_of(notes, "source", source.type, source.table, None),
        ),
        where=where_of(notes, source, options),
        tombstone=tombstone_of(notes, source),
        columns=columns_of(notes, source, options),
        cursor=cursor_of(notes, source, options),
        feed=feed_of(notes, options, strategy),
        declared=declared_of(options),
        scope=scope_of(notes, options),
    )


def _write(notes: Notes, process: Process, options: SourceOptions, strategy: Strategy) -> Write:
    sink = process.sink
    notes.mark({"sink.strategy": "sink.strategy", "sink.strategy.mode": "sink.strategy.mode"})
    exchanged = "shadow_swap" if strategy.overwrite_type == "exchange" else None
    asked = strategy.merge_policy if strategy.merge_policy != "auto" or not exchanged else None
    policy = notes.one(
        "sink.strategy.merge_policy",
        Said("sink.strategy.merge_policy", asked),
        Said("sink.strategy.overwrite_type", exchanged),
    )
    key = notes.one(
        "sink.strategy.unique_key",
        Said("sink.strategy.unique_key", strategy.unique_key),
        Said("source.options.unique_key", options.unique_key),
    )
    return Write(
        endpoint=Endpoint(
            engine=sink.type,
            connection=connection_of(notes, "sink", sink.connection_id, sink.connection_ref),
            table=table_of(notes, "sink", sink.type, sink.table, sink.topic),
        ),
        mode=_mode(notes, strategy),
        merge_policy=policy or "auto",
        key=tuple(key or ()),
        partition=partition_of(notes, options, strategy),
        staging_schema=staging_of(notes, sink.type, sink.staging),
        state_schema=state_schema_of(notes, sink.type, sink.state_schema, process.state),
        lock_connection=sink.lock_connection or "",
        version_column=strategy.version_column or "",
        create_target=notes.one("sink.create_target", Said("sink.create_target", sink.create_target)) or "never",
        schema_evolution=evolution_of(notes, sink),
        policies=policies_of(notes, strategy),
        snapshot=snapshot_of(notes, strategy, sink.options),
        history=history_of(notes, strategy),
        limits=limits_of(notes, sink.limits, process.reconciliation),
        backfill=backfill_of(notes, strategy),
    )


def _client_os(notes: Notes, process: Process) -> str:
    """Whose sqlcmd and bcp the machine of run.sh has: the word of either side's options."""
    given = (("source", process.source.options), ("sink", process.sink.options))
    said = [Said(f"{side}.options.client_os", options.client_os if options else None) for side, options in given]
    if "mssql" not in (process.source.type, process.sink.type):
        for each in said:
            if each.value is not None:
                notes.idle(each.path, "run.sh calls sqlcmd and bcp for SQL Server alone")
        return "linux"
    return notes.one("client_os", *said) or "linux"


def _mode(notes: Notes, strategy: Strategy) -> str:
    """'' for none given; `policy: cost` beside `mode: auto` is the mode `cost`."""
    mode = strategy.mode or ""
    if strategy.policy != "cost":
        return mode
    if mode not in OPEN_MODES:
        notes.report("sink.strategy.policy", UnsupportedKey("sink.strategy.policy", "it goes with mode: auto"))
    return "cost"


def _hints(notes: Notes, options: SourceOptions, strategy: Strategy) -> Hints:
    """The estimates; dpone has two places for them, and one value must not hide another."""

    def both(key: str) -> tuple[Said[object], Said[object]]:
        return Said(_HINTS + key, getattr(options, key)), Said(_ALSO + key, getattr(strategy, key))

    rows = notes.one("hints.rows", *both("estimated_rows"))
    size = notes.one("hints.bytes", *both("estimated_bytes"))
    changed = notes.one("hints.changed", *both("changed_percent"))
    deleted = notes.one("hints.deleted", *both("delete_percent"))
    cdc = notes.one("hints.cdc", *both("cdc_enabled"))
    return Hints(
        rows=rows if isinstance(rows, int) else None,
        changed=changed if isinstance(changed, float) else None,
        deleted=deleted if isinstance(deleted, float) else None,
        bytes=size if isinstance(size, int) else None,
        cdc=cdc is True,
        batch_size=options.batch_size,
    )
