"""The two sides of a load: `from postgres.pg_oltp public.orders`, `into kafka.bus orders`."""

from __future__ import annotations

from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends import meaning
from dpone_compiler.frontends.language.draft import Draft
from dpone_compiler.frontends.language.problems import TableNameNotUsable, UnknownEngine
from dpone_compiler.frontends.language.trees import Node, names, subtree, subtrees, word
from dpone_compiler.ir.load import ENGINES, SOURCE_ENGINES, Endpoint
from dpone_compiler.ir.schema import TableRef


def read_from(draft: Draft, clause: Node) -> None:
    """`from ENGINE.CONNECTION table`."""
    draft.source = _endpoint(draft, clause, SOURCE_ENGINES, "read from")
    draft.place("source", clause)
    draft.place("source.connection", names(clause)[1])
    draft.place("source.table", subtrees(clause, "table")[0])


def read_into(draft: Draft, clause: Node) -> None:
    """`into ENGINE.CONNECTION table`."""
    draft.sink = _endpoint(draft, clause, ENGINES, "write into")
    draft.place("sink", clause)
    draft.place("sink.connection", names(clause)[1])
    draft.place("sink.table", subtrees(clause, "table")[0])


def _endpoint(draft: Draft, clause: Node, engines: tuple[str, ...], verb: str) -> Endpoint | None:
    engine_name, connection = names(clause)
    engine = meaning.engine_word(word(engine_name))
    if engine is None or engine not in engines:
        known = (*engines, *(alias for alias, meant in meaning.ENGINE_ALIASES.items() if meant in engines))
        suggestion = did_you_mean(word(engine_name), known if engine is None else engines)
        draft.report(UnknownEngine(word(engine_name), verb, suggestion), engine_name)
        return None
    table = subtree(clause, "table")
    ref = _table(draft, table, engine) if table is not None else None
    return Endpoint(engine=engine, connection=draft.name_of(connection), table=ref) if ref else None


def _table(draft: Draft, node: Node, engine: str) -> TableRef | None:
    parts = [draft.name_of(part) for part in names(node)]
    if engine == "kafka":
        return TableRef("", ".".join(parts))  # a topic: its dots are part of its name
    why = ""
    if len(parts) > 2:
        why = f"it has {len(parts)} parts, and the connection already says which database"
    elif len(parts) == 1 and not meaning.default_schema(engine):
        why = "it has no dataset"
    if why:
        draft.report(TableNameNotUsable(".".join(parts), engine, why), node)
        return None
    return TableRef(*parts) if len(parts) == 2 else TableRef(meaning.default_schema(engine), parts[0])
