"""`kind: dpone.batch.v1`: defaults of the file, of a schema and of a table are merged, then templates are rendered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.frontends.manifest.conventions import convention
from dpone_compiler.frontends.manifest.models.process import Batch, BatchTable
from dpone_compiler.frontends.manifest.models.values import Known
from dpone_compiler.frontends.manifest.rendering import Renderer
from dpone_compiler.frontends.manifest.translate import validate
from dpone_compiler.frontends.manifest.tree import Block, Entry, Items, Node, Scalar, merge, plain, text_of
from dpone_compiler.frontends.problems import UnknownDependency
from dpone_compiler.source.text import Span
from dpone_compiler.source.value import value

_APPENDING = frozenset({"depends_on", "transforms"})
_STEERING = (
    "kind", "schemas", "defaults", "vars", "naming", "convention", "conventions", "registry", "validation",
)  # fmt: skip
_NAMED = {"process_name": "name", "task_group": "task_group", "description": "description"}


@value
class _Scope:
    """What a table inherits: the keys of its process, variables and naming templates."""

    process: Block
    variables: Block
    naming: Block

    def within(self, block: Block, process_key: str) -> _Scope:
        """The scope of a schema or a table inside this one."""
        return _Scope(
            _laid(self.process, block.get(process_key), _APPENDING),
            _laid(self.variables, block.get("vars")),
            _laid(self.naming, block.get("naming")),
        )


def expand_batch(root: Block, known: Known) -> tuple[tuple[Block, ...], Diagnostics]:
    """One flat process for each table, in the order of the file."""
    envelope, found = validate(Batch, root, known)
    if envelope is None:
        return (), found
    preset, problems = convention(root)
    if problems:
        return (), problems
    shared = root.without(*_STEERING)
    top = _Scope(shared, Block({}, root.span), preset).within(root, "defaults")
    made: list[tuple[str, Block]] = []
    reports: list[Diagnostic] = []
    for schema, table, name, scope in _tables(root, top, known, reports):
        renderer = Renderer(scope.variables, {"src_schema": schema, "src_table": name})
        made.append((_selector(schema, name, table), _process(scope, schema, name, table, renderer)))
        reports.extend(renderer.found)
    linked = _linked(made, reports)
    return ((), tuple(reports)) if reports else (linked, ())


def _tables(
    root: Block, top: _Scope, known: Known, reports: list[Diagnostic]
) -> Iterator[tuple[str, Block, str, _Scope]]:
    schemas = root.get("schemas")
    for schema, entry in schemas.entries.items() if isinstance(schemas, Block) else ():
        if not isinstance(entry.node, Block):
            continue
        scope = top.within(entry.node, "defaults")
        listed = entry.node.get("tables")
        for item in listed.items if isinstance(listed, Items) else ():
            table = item if isinstance(item, Block) else Block({"table": Entry(item.span, item)}, item.span)
            model, found = validate(BatchTable, table, known, top=f"schemas.{schema}.tables")
            reports.extend(found)
            if model is not None:
                yield schema, table, model.table, scope.within(table, "overrides")


def _process(scope: _Scope, schema: str, name: str, table: Block, renderer: Renderer) -> Block:
    process = _laid(scope.process, _only(table, "depends_on"), _APPENDING)
    here = table.entries["table"].node.span
    process = _source_table(process, {"schema": schema, "name": name}, here)
    process = _named(process, scope.naming, here)
    rendered = renderer.render(process)
    # The table's own place first, so that messages about the whole load lead there and not to the defaults.
    return Block(rendered.entries, here) if isinstance(rendered, Block) else process


def _source_table(process: Block, parts: Mapping[str, str], here: Span) -> Block:
    """Give the source its table, where the merged keys have none."""
    source = process.get("source")
    if not isinstance(source, Block):
        return process
    defaults = Block({key: Entry(here, Scalar(text, text, here)) for key, text in parts.items()}, here)
    table = source.get("table")
    if table is not None and not isinstance(table, Block):
        return process
    merged = merge(defaults, table) if table is not None else defaults
    return process.with_entry(
        "source", Entry(process.entries["source"].key_span, source.with_entry("table", Entry(here, merged)))
    )


def _named(process: Block, naming: Block, here: Span) -> Block:
    """Fill names that the merged keys leave open from the naming templates."""
    for template, key in _NAMED.items():
        entry = naming.entries.get(template)
        if entry is not None and process.get(key) is None:
            process = process.with_entry(key, entry)
    sink = process.get("sink")
    table = sink.get("table") if isinstance(sink, Block) else None
    # A topic is a name already; a second one from the templates would contradict it.
    if not isinstance(sink, Block) or isinstance(table, Scalar) or sink.get("topic") is not None:
        return process
    table = table if isinstance(table, Block) else Block({}, here)
    schema = naming.entries.get("sink_dataset") or naming.entries.get("sink_schema")
    for key, entry in (("schema", schema), ("name", naming.entries.get("sink_table"))):
        if entry is not None and table.get(key) is None:
            table = table.with_entry(key, entry)
    if not table.entries:
        return process
    return process.with_entry(
        "sink", Entry(process.entries["sink"].key_span, sink.with_entry("table", Entry(here, table)))
    )


def _selector(schema: str, name: str, table: Block) -> str:
    return text_of(table.get("id")) or f"{schema}.{name}"


def _linked(made: list[tuple[str, Block]], reports: list[Diagnostic]) -> tuple[Block, ...]:
    """Selectors `#schema.table` in depends_on become the names of the processes they pick."""
    names = {selector: text_of(process.get("name")) or selector for selector, process in made}
    return tuple(_with_names(process, names, reports) for _, process in made)


def _with_names(process: Block, names: Mapping[str, str], reports: list[Diagnostic]) -> Block:
    needed = process.get("depends_on")
    if not isinstance(needed, Items):
        return process
    items = tuple(_link(item, names, reports) for item in needed.items)
    return process.with_entry("depends_on", Entry(process.entries["depends_on"].key_span, Items(items, needed.span)))


def _link(item: Node, names: Mapping[str, str], reports: list[Diagnostic]) -> Node:
    text = text_of(item)
    if not isinstance(item, Scalar) or text is None or not text.startswith("#"):
        return item
    if text[1:] in names:
        return Scalar(names[text[1:]], text, item.span)
    hint = did_you_mean(text[1:], names)
    reports.append(Diagnostic(UnknownDependency(text, hint), item.span))
    return item


def _laid(base: Block, over: Node | None, appending: frozenset[str] = frozenset()) -> Block:
    merged = merge(base, over, appending) if isinstance(over, Block) else base
    return merged if isinstance(merged, Block) else base


def _only(block: Block, key: str) -> Block:
    entry = block.entries.get(key)
    return Block({key: entry} if entry and plain(entry.node) is not None else {}, block.span)
