"""dponec types: what arrives of each type of a source in each type of a sink."""

from __future__ import annotations

import click


@click.command("types")
@click.argument("source", metavar="SOURCE")
@click.argument("sink", metavar="SINK")
@click.option("--format", "form", type=click.Choice(["text", "md", "json"]), default="text", show_default=True)
def types(*, source: str, sink: str, form: str) -> None:
    """Print the type matrix of a route, from what the backends themselves do with each value.

    A value arrives exactly, exactly in another form, or not: then the cell names such values. `source.columns[].lossy` says what
    happens to them: fail (the default), null, clamp, text.
    """
    import json

    from dpone_compiler import registry
    from dpone_compiler.driver.type_matrix import as_markdown, type_matrix
    from dpone_compiler.ir.codec import to_plain

    try:
        matrix = type_matrix(source, sink)
    except registry.UnknownPlugin as error:
        raise click.UsageError(str(error.args[0])) from None
    if form == "json":
        click.echo(json.dumps(to_plain(matrix), indent=2, sort_keys=True, ensure_ascii=False))
    elif form == "md":
        click.echo("\n".join((f"# Types: {source} to {sink}", "", *as_markdown(matrix))))
    else:
        _told(matrix)


def _told(matrix: object) -> None:
    from dpone_compiler.driver.type_matrix import LOSSY, Matrix

    assert isinstance(matrix, Matrix)
    if matrix.note:
        click.echo(f"not compiled: {matrix.note}")
    width = max((len(row.source.spelling) for row in matrix.rows), default=0)
    for row in matrix.rows:
        cell = row.proposed
        why = f": {cell.why}" if cell.why else ""
        click.echo(f"{row.source.spelling:<{width}} -> {cell.target}  {cell.verdict}{why}")
        for other in row.cells:
            if other.verdict == LOSSY and other.target != cell.target:
                click.echo(f"{'':<{width}}    {other.target}  lossy: {other.why}")
