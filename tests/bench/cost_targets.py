"""The tables that the ways of a workload load into: the same columns, what a way needs besides, and an index on the day."""

from __future__ import annotations

from tests.bench.workloads import Way

_POSTGRES = (
    "id bigint{key}, amount numeric(18,2) NOT NULL, note text, day date NOT NULL, at timestamptz NOT NULL{history}"
)
_CLICKHOUSE = "id Int64, amount Decimal(18,2), note Nullable(String), day Date32, at DateTime64(6, 'UTC'){history}"
_VERSIONS = {
    "postgres": ", valid_from timestamptz NOT NULL, valid_to timestamptz, is_current boolean NOT NULL",
    "clickhouse": ", valid_from DateTime64(6, 'UTC'), valid_to Nullable(DateTime64(6, 'UTC')), is_current Bool",
}


def postgres_target(name: str, way: Way) -> tuple[str, ...]:
    """Statements. A history has many rows of a key, one of them current."""
    history = way[0] == "scd2"
    columns = _POSTGRES.format(key="" if history else " PRIMARY KEY", history=_VERSIONS["postgres"] if history else "")
    keys = (
        (f"CREATE UNIQUE INDEX ON {name} (id) WHERE is_current", f"CREATE UNIQUE INDEX ON {name} (id, valid_from)")
        if history
        else ()
    )
    return (f"CREATE TABLE {name} ({columns})", *keys, f"CREATE INDEX ON {name} (day)")


def clickhouse_target(table: str, way: Way) -> str:
    """One statement."""
    history = way[0] == "scd2"
    columns = _CLICKHOUSE.format(history=_VERSIONS["clickhouse"] if history else "")
    order = "(id, is_current)" if history else "id"
    # Rows of a key collapse inside one partition alone, and the day is not part of the key.
    newest = way[1] == "replacing_merge_tree"
    engine = "ReplacingMergeTree(at)" if newest else "MergeTree PARTITION BY toYYYYMM(day)"
    return f"CREATE TABLE {table} ({columns}) ENGINE = {engine} ORDER BY {order}"
