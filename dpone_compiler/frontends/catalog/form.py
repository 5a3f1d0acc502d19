"""The catalog file's form: plain values <-> facts. Types are kept as the engine spells them and parsed by its backend.

format: dponec.catalog/1
connection: pg_oltp
engine: {type: postgres, version: [18, 6], settings: {…}}
tables:
- {schema: public, name: orders, structure: {columns: […], primary_key: […], …}, statistics: {rows: …, …}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dpone_compiler.expr.types import DataType
from dpone_compiler.frontends.catalog.partitioning import decode, encode
from dpone_compiler.ir.schema import (
    Column,
    EngineFacts,
    PartitionStat,
    TableFacts,
    TableRef,
    TableStatistics,
    TableStructure,
)

FORMAT = "dponec.catalog/1"
ParseType = Callable[[str], DataType]


def encode_catalog(connection: str, engine: EngineFacts, tables: Mapping[TableRef, TableFacts]) -> dict[str, Any]:
    """Plain values for one connection, tables in name order; what is empty is left out."""
    return {
        "format": FORMAT,
        "connection": connection,
        "engine": {"type": engine.engine, "version": list(engine.version), "settings": dict(engine.settings)},
        "tables": [
            {
                "schema": ref.schema,
                "name": ref.name,
                "structure": _structure(facts.structure),
                **({"partitioning": encode(facts.partitioning)} if facts.partitioning is not None else {}),
                "statistics": _statistics(facts.statistics),
            }
            for ref, facts in sorted(tables.items())
        ],
    }


def decode_catalog(
    raw: Mapping[str, Any], parser_of: Callable[[str], ParseType]
) -> tuple[str, EngineFacts, dict[TableRef, TableFacts]]:
    """Connection, engine and tables. Raises KeyError, TypeError or ValueError on anything else."""
    if raw["format"] != FORMAT:
        raise ValueError(f"format {raw['format']!r} is not {FORMAT!r}")
    engine = raw["engine"]
    settings = tuple(sorted((str(k), str(v)) for k, v in (engine.get("settings") or {}).items()))
    facts = EngineFacts(engine=str(engine["type"]), version=tuple(int(n) for n in engine["version"]), settings=settings)
    parse = parser_of(facts.engine)
    tables = {
        TableRef(str(table["schema"]), str(table["name"])): TableFacts(
            structure=_read_structure(table["structure"], parse),
            partitioning=decode(table["partitioning"]) if table.get("partitioning") is not None else None,
            statistics=_read_statistics(table.get("statistics") or {}),
        )
        for table in raw["tables"]
    }
    return str(raw["connection"]), facts, tables


def _structure(structure: TableStructure) -> dict[str, Any]:
    columns = [
        {
            "name": column.name,
            "type": column.native,
            "nullable": column.nullable,
            **({"generated": True} if column.generated else {}),
            **({"identity": True} if column.identity else {}),
        }
        for column in structure.columns
    ]
    lists = {
        "primary_key": list(structure.primary_key),
        "unique_keys": [list(key) for key in structure.unique_keys],
        "indexes": [list(index) for index in structure.indexes],
        "hazards": [list(hazard) for hazard in structure.hazards],
    }
    texts = {name: getattr(structure, name) for name in _TEXTS}
    identity = {} if structure.replica_identity is None else {"replica_identity": list(structure.replica_identity)}
    return {"columns": columns, **{k: v for k, v in {**lists, **texts}.items() if v}, **identity}


_TEXTS = ("partition_key", "sorting_key", "table_engine", "database_engine", "version_column", "deleted_column")


def _read_structure(raw: Mapping[str, Any], parse: ParseType) -> TableStructure:
    return TableStructure(
        columns=tuple(
            Column(
                name=str(column["name"]),
                type=parse(str(column["type"])),
                native=str(column["type"]),
                nullable=bool(column["nullable"]),
                generated=bool(column.get("generated", False)),
                identity=bool(column.get("identity", False)),
            )
            for column in raw["columns"]
        ),
        primary_key=tuple(str(name) for name in raw.get("primary_key", ())),
        unique_keys=tuple(tuple(str(name) for name in key) for key in raw.get("unique_keys", ())),
        indexes=tuple(tuple(str(name) for name in key) for key in raw.get("indexes", ())),
        replica_identity=tuple(map(str, raw["replica_identity"])) if "replica_identity" in raw else None,
        hazards=tuple((str(kind), str(name)) for kind, name in raw.get("hazards", ())),
        **{name: str(raw.get(name, "")) for name in _TEXTS},
    )


_OF_A_PART = ("bound", "filegroup", "compression")


def _statistics(statistics: TableStatistics) -> dict[str, Any]:
    parts = [
        {
            "id": part.id,
            "rows": part.rows,
            "bytes": part.bytes,
            **{name: getattr(part, name) for name in _OF_A_PART if getattr(part, name)},
        }
        for part in statistics.partitions
    ]
    plain = {"rows": statistics.rows, "bytes": statistics.bytes, "partitions": parts}
    return {key: value for key, value in plain.items() if value not in (None, [])}


def _read_statistics(raw: Mapping[str, Any]) -> TableStatistics:
    return TableStatistics(
        rows=raw.get("rows"),
        bytes=raw.get("bytes"),
        partitions=tuple(
            PartitionStat(
                id=str(part["id"]),
                rows=part.get("rows"),
                bytes=part.get("bytes"),
                **{name: str(part.get(name, "")) for name in _OF_A_PART},
            )
            for part in raw.get("partitions", ())
        ),
    )
