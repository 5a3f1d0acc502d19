"""A manifest of each strategy on each of the four routes that native paths serve, over the catalogs of tests/cases/loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dpone_compiler.driver.compile import CompileResult, Options, compile_paths
from tests.compiled_bundles import ROOT

_OLD = ("OrderId", "Day", "ChangedAt", "Amount", "Status")
_NEW = ("id", "day", "at", "amount", "status")
_RENAMED = [{"name": old, "as": new} for old, new in zip(_OLD, _NEW, strict=True)]
SOURCES: dict[str, dict[str, Any]] = {
    "postgres": {"type": "postgres", "connection_id": "case_pg", "table": {"schema": "shop", "name": "orders"}},
    "mssql": {
        "type": "mssql",
        "connection_id": "case_ms_source",
        "table": {"schema": "sales", "name": "Orders"},
        "columns": _RENAMED,
    },
}
SINKS: dict[str, dict[str, Any]] = {
    "mssql": {"type": "mssql", "connection_id": "case_ms", "table": {"schema": "dbo", "name": "orders"}},
    "clickhouse": {"type": "clickhouse", "connection_id": "case_ch", "table": {"schema": "dwh", "name": "orders"}},
}
ROUTES = (("postgres", "mssql"), ("mssql", "clickhouse"), ("postgres", "clickhouse"), ("mssql", "mssql"))
_KEY = {"unique_key": ["id", "day"]}
STRATEGIES: dict[str, dict[str, Any]] = {
    "full_refresh": {},
    "incremental_append": {},
    "incremental_merge": _KEY,
    "partition_replace": {**_KEY, "partition": {"column": "day", "by": "month"}},
    "replace": _KEY,
    "snapshot_diff": {**_KEY, "diff": {"compare": "all_columns", "delete_policy": "hard_delete"}},
    "scd2": {"unique_key": ["id"]},
    "cdc_apply": {**_KEY, "cdc": {"operation_column": "status", "delete_policy": "apply"}},
    "backfill": {**_KEY, "partition": {"column": "day", "by": "month"}},
}
_WINDOWED = ("incremental_append", "incremental_merge", "partition_replace", "scd2", "cdc_apply")


def manifest(source: str, sink: str, mode: str) -> dict[str, Any]:
    """The load as a manifest says it."""
    read, write = dict(SOURCES[source]), dict(SINKS[sink])
    day, at = ("day", "at") if source == "postgres" else ("Day", "ChangedAt")
    if mode in _WINDOWED:
        read["cursor"] = {"column": at, "lag": "10 minutes"}
    if mode == "replace":
        read["options"] = {
            "portable_scope": {"kind": "range", "column": day, "lower": "2026-01-01", "upper": "2026-02-01"}
        }
    if mode == "cdc_apply":
        read["options"] = {"cdc": {"mode": "change_table"}}
    if mode == "scd2":
        write["table"] = {**write["table"], "name": "order_history"}
    if mode == "snapshot_diff":
        write["limits"] = {"max_delete_ratio": "10%", "max_delete_rows": 100000}
    write["strategy"] = {"mode": mode, **STRATEGIES[mode]}
    if mode == "backfill":
        chunk = {"column": day, "kind": "date", "from": "2026-01-01", "to": "2026-03-01", "step": "7 days"}
        write["strategy"]["backfill"] = {"inner_mode": "partition_replace", "chunk": chunk}
    return {"name": f"{mode}_{source}_{sink}", "source": read, "sink": write}


def compiled(folder: Path, source: str, sink: str, mode: str) -> CompileResult:
    """Compile it with the catalogs of the cases."""
    file = folder / f"{mode}_{source}_{sink}.yaml"
    file.write_text(yaml.safe_dump(manifest(source, sink, mode), sort_keys=False), encoding="utf-8")
    return compile_paths([file], Options(catalog=ROOT / "tests" / "cases" / "loads" / "catalog"))
