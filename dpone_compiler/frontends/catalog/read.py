"""Reading and writing snapshot text. YAML that is not a snapshot is a diagnostic, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import yaml

from dpone_compiler.diagnostics.diagnostic import Diagnostic, Diagnostics
from dpone_compiler.frontends.catalog.form import ParseType, decode_catalog, encode_catalog
from dpone_compiler.frontends.catalog.problems import UnreadableCatalog
from dpone_compiler.ir.schema import Catalog, EngineFacts, TableFacts, TableRef
from dpone_compiler.source.text import SourceFile, Span

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_catalog(files: Iterable[SourceFile], parser_of: Callable[[str], ParseType]) -> tuple[Catalog, Diagnostics]:
    """One catalog from several snapshot files; connections in name order."""
    engines: list[tuple[str, EngineFacts]] = []
    tables: list[tuple[str, TableRef, TableFacts]] = []
    found: list[Diagnostic] = []
    for file in files:
        try:
            connection, engine, entries = decode_catalog(yaml.load(file.text, Loader=_Loader), parser_of)
        except (KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
            fault = f"{type(error).__name__}: {error}".splitlines()[0]
            found.append(Diagnostic(UnreadableCatalog(file.name, fault), Span(file.name, 1, 1, 1, 1)))
            continue
        engines.append((connection, engine))
        tables.extend((connection, ref, facts) for ref, facts in entries.items())
    return Catalog(
        engines=tuple(sorted(engines, key=lambda e: e[0])), tables=tuple(sorted(tables, key=lambda t: (t[0], t[1])))
    ), tuple(found)


def write_catalog(connection: str, engine: EngineFacts, tables: Mapping[TableRef, TableFacts]) -> str:
    """The text of a snapshot file, the same for the same facts."""
    head = "# Written by `dponec introspect`. Commit it; compile reads it instead of asking the server.\n"
    plain = encode_catalog(connection, engine, tables)
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return head + text
