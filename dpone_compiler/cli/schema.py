"""dponec schema: the JSON Schema of manifests, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of stdout.")
def schema(*, output: Path | None) -> None:
    """Print the JSON Schema of YAML manifests, made from the models that the reader validates with.

    In VS Code: "yaml.schemas": {"dponec.schema.json": "loads/*.yaml"}.
    """
    import json

    from dpone_compiler.frontends.manifest.editor_schema import manifest_schema

    text = json.dumps(manifest_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from None
    click.echo(f"wrote {output}", err=True)
