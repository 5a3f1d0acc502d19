"""dponec init: the files that a project begins with. What is there already is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

_MANIFEST = """\
# yaml-language-server: $schema=../dponec.schema.json
name: orders
source:
  type: {source}
  connection_id: shop            # DPONE_CONN_SHOP, or connections.yaml
  table: {{schema: {source_schema}, name: orders}}
  # where: status <> 'draft'     # SQL of the source
  cursor: {{column: updated_at, lag: 10 minutes}}    # complete if commits arrive within ten minutes
sink:
  type: {sink}
  connection_id: dwh
  table: {{schema: {sink_schema}, name: orders}}
  create_target: if_missing
  strategy: {{mode: auto, unique_key: [order_id]}}
"""
_CONNECTIONS = """\
# Addresses by connection_id; ${{NAMES}} are read from the environment, and DPONE_CONN_<ID> goes before this file. No password belongs here.
shop: {source_url}
dwh: {sink_url}
"""
_IGNORED = "# Journals and receipts of runs.\n.dponec/\n"
_SCHEMAS = {"postgres": "public", "mssql": "dbo", "clickhouse": "default"}
_URLS = {
    "postgres": "postgresql://{user}:${{{name}_PASSWORD}}@localhost:5432/{base}",
    "mssql": "mssql://{user}:${{{name}_PASSWORD}}@localhost:1433/{base}?driver=ODBC+Driver+18+for+SQL+Server",
    "clickhouse": "clickhouse://{user}:${{{name}_PASSWORD}}@localhost:9000/default",
}
_NEXT = """\
next:
  edit loads/orders.yaml and connections.yaml
  dponec introspect loads/orders.yaml    # the columns of both tables, into loads/catalog
  dponec advise loads/orders.yaml        # the strategy, and why
  dponec compile loads -o plans          # review plans/orders/plan.md and commit it
  dponec run plans/orders --apply-setup  # or a DBA runs plans/orders/setup first
"""


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--source-type", "source", type=click.Choice(["postgres", "mssql"]), default="postgres", show_default=True
)
@click.option("--sink-type", "sink", type=click.Choice(list(_SCHEMAS)), default="postgres", show_default=True)
def init(*, folder: Path, source: str, sink: str) -> None:
    """Begin a project in FOLDER: a manifest, connections without secrets, the JSON Schema for editors."""
    for path, text in _files(source, sink):
        place = folder / path
        try:
            if place.exists():
                click.echo(f"kept {place}, which is there already")
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{place}: {error.strerror}") from None
        click.echo(f"wrote {place}")
    click.echo(_NEXT, nl=False)


def _files(source: str, sink: str) -> Iterator[tuple[str, str]]:
    from dpone_compiler.frontends.manifest.editor_schema import manifest_schema

    schemas = {"source_schema": _SCHEMAS[source], "sink_schema": _SCHEMAS[sink]}
    yield "loads/orders.yaml", _MANIFEST.format(source=source, sink=sink, **schemas)
    urls = {
        "source_url": _URLS[source].format(user="reader", name="SHOP", base="shop"),
        "sink_url": _URLS[sink].format(user="loader", name="DWH", base="dwh"),
    }
    yield "connections.yaml", _CONNECTIONS.format(**urls)
    yield "dponec.schema.json", json.dumps(manifest_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    yield ".gitignore", _IGNORED
