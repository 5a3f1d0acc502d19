"""A load statement becomes the IR of a load."""

from __future__ import annotations

from types import MappingProxyType

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.frontends.language.clauses import CLAUSES, REPEATABLE
from dpone_compiler.frontends.language.draft import Draft
from dpone_compiler.frontends.language.problems import ClauseMissing
from dpone_compiler.frontends.language.trees import Node, names, subtrees, word
from dpone_compiler.ir.load import Load, Read, Write
from dpone_compiler.ir.origin import Origin


def read_load(statement: Node, file: str) -> tuple[Load | None, Diagnostics]:
    """The load of a `load` statement, None when a side of it is unusable, and its problems."""
    (name,), clauses = names(statement), subtrees(statement)
    draft = Draft(file, word(name))
    draft.name_of(name)
    draft.place("", statement)
    draft.place("name", name)
    for clause in clauses:
        if clause.data in REPEATABLE or draft.once(str(clause.data).removesuffix("_clause"), clause):
            CLAUSES[str(clause.data)](draft, clause)
    for side in ("from", "into"):
        if side not in draft.seen:
            draft.report(ClauseMissing(draft.name, side), name)
    return _built(draft), tuple(draft.found)


def _built(draft: Draft) -> Load | None:
    if draft.source is None or draft.sink is None:
        return None
    return Load(
        name=draft.name,
        read=Read(
            endpoint=draft.source,
            where=draft.where,
            tombstone=draft.tombstone,
            columns=draft.columns,
            cursor=draft.cursor,
            feed=draft.feed,
            declared=draft.declared,
            scope=draft.scope,
        ),
        write=Write(
            endpoint=draft.sink,
            mode=draft.mode,
            merge_policy=draft.merge_policy,
            key=draft.key,
            partition=draft.partition,
            staging_schema=draft.staging,
            state_schema=draft.state,
            lock_connection=draft.lock,
            version_column=draft.version,
            create_target=draft.create,
            schema_evolution=draft.evolve,
            policies=draft.policies,
            snapshot=draft.snapshot,
            history=draft.history,
            limits=draft.limits,
            backfill=draft.backfill,
        ),
        hints=draft.hints,
        depends_on=draft.depends_on,
        description=draft.description,
        client_os=draft.client_os,
        passthrough=tuple(sorted(draft.passthrough.items())),
        origin=Origin(MappingProxyType(draft.spans)),
    )
