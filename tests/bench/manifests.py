"""A thousand manifests that differ, with one catalog: columns, strategies, keys and engines vary by number."""

from __future__ import annotations

from pathlib import Path

_TYPES = (
    ("bigint", "Int64"),
    ("integer", "Int32"),
    ("text", "String"),
    ("numeric(18,2)", "Decimal(18, 2)"),
    ("double precision", "Float64"),
    ("date", "Date32"),
    ("timestamp with time zone", "DateTime64(6, ''UTC'')"),
    ("boolean", "Bool"),
    ("uuid", "UUID"),
    ("smallint", "Int16"),
)
_STRATEGIES = (
    "strategy: {mode: full_refresh, unique_key: [id]}",
    "strategy: {mode: incremental_append}",
    "strategy: {mode: incremental_merge, merge_policy: delete_insert, unique_key: [id]}",
    "strategy: {mode: incremental_merge, merge_policy: update_insert, unique_key: [id]}",
)
_TABLES = 25
_HEAD = "format: dponec.catalog/1\nconnection: {name}\nengine:\n  type: {type}\n  version: [{version}]\n  settings: {{}}\ntables:\n"


def write_manifests(folder: Path, count: int) -> None:
    """`count` manifests and `catalog/` in the folder."""
    (folder / "catalog").mkdir(parents=True)
    for name, engine, version in (("many_src", "postgres", "18, 6"), ("many_pg", "postgres", "18, 6")):
        tables = "".join(_table(number, "public", 0, name == "many_src") for number in range(_TABLES))
        (folder / "catalog" / f"{name}.yaml").write_text(
            _HEAD.format(name=name, type=engine, version=version) + tables, encoding="utf-8"
        )
    for number in range(count):
        (folder / f"load_{number:04}.yaml").write_text(_manifest(number), encoding="utf-8")


def _manifest(number: int) -> str:
    strategy = _STRATEGIES[number % len(_STRATEGIES)]
    table = f"t{number % _TABLES}"
    cursor = "" if "full_refresh" in strategy else "  cursor: {column: updated_at, assigned_by: database}\n"
    return (
        f"name: load_{number:04}\n"
        f"source:\n  type: postgres\n  connection_id: many_src\n  table: {{schema: public, name: {table}}}\n"
        f"  where: id > {number}\n{cursor}  options: {{estimated_rows: {1000 * (number + 1)}}}\n"
        f"sink:\n  type: postgres\n  connection_id: many_pg\n  table: {{schema: public, name: {table}}}\n  {strategy}\n"
    )


def _table(number: int, schema: str, side: int, indexed: bool) -> str:
    columns = ["    - {name: id, type: bigint, nullable: false}"]
    columns += [
        f"    - {{name: c{place}, type: '{_TYPES[(number + place) % len(_TYPES)][side]}', nullable: {str(place % 3 == 0).lower()}}}"
        for place in range(4 + number % 12)
    ]
    columns.append("    - {name: updated_at, type: timestamp with time zone, nullable: false}")
    indexes = "    indexes:\n    - [id]\n    - [updated_at]\n" if indexed else "    indexes:\n    - [id]\n"
    body = "\n".join(columns)
    return (
        f"- schema: {schema}\n  name: t{number}\n  structure:\n    columns:\n{body}\n    primary_key: [id]\n{indexes}"
        f"  statistics: {{rows: {1000 * (number + 1)}, bytes: {100000 * (number + 1)}}}\n"
    )
