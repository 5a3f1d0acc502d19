"""dponec preflight: whether the tools of the planned path are here and, with --live, whether the servers are ready."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from dpone_compiler.cli.exits import DONE, FINDINGS
from dpone_compiler.cli.options import CATALOG, FORMATS, POLICY, SET, compile_options, wants_color
from dpone_compiler.cli.words import SINK_TYPE, SOURCE_TYPE

_MARKS = {"passed": "ok  ", "failed": "FAIL", "unknown": "?   "}


@click.command("preflight")
@click.argument("manifest", required=False, type=click.Path(path_type=Path))
@SOURCE_TYPE
@SINK_TYPE
@click.option("--live", is_flag=True, help="Also ask the servers: reach, tables, permissions, locks, drift.")
@click.option("--fail-on-missing", is_flag=True, help="Exit 1 when a tool is missing.")
@click.option("--connections", type=click.Path(path_type=Path, exists=True), default=None)
@click.option("--format", "form", type=FORMATS, default="text", show_default=True)
@CATALOG
@POLICY
@SET
def preflight(
    *,
    manifest: Path | None,
    source_type: str | None,
    sink_type: str | None,
    live: bool,
    fail_on_missing: bool,
    connections: Path | None,
    form: str,
    catalog: Path | None,
    policies: tuple[Path, ...],
    given: tuple[str, ...],
) -> None:
    """Check the path of each load of MANIFEST, or of a route given by --source-type and --sink-type."""
    from dpone_compiler.driver.preflight import check_tools

    if (manifest is None) == (source_type is None or sink_type is None):
        raise click.UsageError("name a manifest, or a route by --source-type and --sink-type")
    if manifest is None:
        if live:
            raise click.UsageError("--live asks the servers of a manifest's connections; name the manifest")
        checked = [{**check_tools(str(source_type), str(sink_type)).to_dict(), "probes": []}]
    else:
        checked = _of_manifest(manifest, compile_options(catalog, policies, given), connections if live else None, live)
    click.echo(_rendered(checked, form), nl=False)
    failed = any(probe["status"] == "failed" for each in checked for probe in each["probes"])
    missing = fail_on_missing and not all(each["ready"] for each in checked)
    sys.exit(FINDINGS if failed or missing else DONE)


def _of_manifest(manifest: Path, options: Any, connections: Path | None, live: bool) -> list[dict[str, Any]]:
    from dpone_compiler.cli.probing import probe_load
    from dpone_compiler.cli.reading import read_manifests
    from dpone_compiler.diagnostics.diagnostic import has_errors
    from dpone_compiler.diagnostics.render import full
    from dpone_compiler.driver.preflight import check_tools

    read = read_manifests(manifest, options)
    click.echo(full.render(read.diagnostics, read.files, color=wants_color()), nl=False, err=True)
    if has_errors(read.diagnostics):
        sys.exit(FINDINGS)
    return [
        {
            "load": load.name,
            **check_tools(load.read.endpoint.engine, load.write.endpoint.engine).to_dict(),
            "probes": probe_load(load, file.catalog, connections) if live else [],
        }
        for file in read.reads
        for load in file.loads
    ]


def _rendered(checked: Sequence[dict[str, Any]], form: str) -> str:
    if form == "json":
        from dpone_compiler.artifacts.plan_codec import canonical_json

        return canonical_json(checked[0] if len(checked) == 1 else {"loads": list(checked)})
    lines = _markdown if form == "md" else _text
    return "\n".join(line for each in checked for line in lines(each)) + "\n"


def _text(each: dict[str, Any]) -> Iterator[str]:
    ready = (
        "ready" if each["ready"] else f"not ready for run.sh: `dponec run` sends the rows, by {each['fallback_path']}"
    )
    yield f"{each.get('load', 'route')}: {each['path_id']}: {ready}"
    for tool in each["tools"].values():
        where = tool["path"] if tool["available"] else tool["install_hint"]
        yield f"  {'ok  ' if tool['available'] else 'LACK'} {tool['name']}: {where}"
    for probe in each["probes"]:
        yield f"  {_MARKS[probe['status']]} {probe['name']}: {probe['message']}"


def _markdown(each: dict[str, Any]) -> Iterator[str]:
    yield from (f"# preflight: {each.get('load', 'route')}", "", f"- path: `{each['path_id']}`")
    yield from (f"- ready: {'yes' if each['ready'] else 'no'}", f"- fallback: `{each['fallback_path']}`", "")
    yield from ("| check | result | |", "| --- | --- | --- |")
    for tool in each["tools"].values():
        result = "there" if tool["available"] else "missing"
        yield f"| {tool['name']} | {result} | {tool['path'] if tool['available'] else tool['install_hint']} |"
    for probe in each["probes"]:
        yield f"| {probe['name']} | {probe['status']} | {probe['message']} |"
