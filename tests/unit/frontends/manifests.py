"""Small manifests for the tests of the YAML front end, and short ways to read them."""

from __future__ import annotations

from collections.abc import Mapping

from dpone_compiler.diagnostics.diagnostic import Diagnostics
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile

FLAT = """\
name: orders
source:
  type: {source}
  connection_id: pg
  table: {table}
{reading}
sink:
  type: {sink}
  connection_id: dwh
  table: dwh.orders
{writing}
"""


def flat(
    *, source: str = "postgres", sink: str = "mssql", table: str = "orders", reading: str = "", writing: str = ""
) -> str:
    """A flat manifest with more keys in either block, one a line."""

    def indented(text: str) -> str:
        return "\n".join(f"  {line}" for line in text.splitlines())

    return FLAT.format(source=source, sink=sink, table=table, reading=indented(reading), writing=indented(writing))


def read(text: str, overrides: Mapping[str, str] | None = None) -> tuple[tuple[Load, ...], Diagnostics]:
    return read_manifest(SourceFile("m.yaml", text), overrides=overrides or {})


def load_of(text: str, overrides: Mapping[str, str] | None = None) -> Load:
    """The one load of a manifest without errors."""
    loads, found = read(text, overrides)
    assert not [d for d in found if d.severity is Severity.ERROR], [(str(d.span), d.problem.message()) for d in found]
    assert len(loads) == 1
    return loads[0]


def codes(text: str, overrides: Mapping[str, str] | None = None) -> list[str]:
    """The codes that a manifest gives, in order of place."""
    return [diagnostic.code for diagnostic in read(text, overrides)[1]]
