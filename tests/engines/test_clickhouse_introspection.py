"""Introspection of ClickHouse tables on both engines."""

from __future__ import annotations

import pytest

from dpone_compiler.backends.clickhouse import BACKEND
from tests.engines.clickhouse_bench import open_bench
from tests.tiers import CLICKHOUSE_PROFILES


@pytest.mark.parametrize("profile", CLICKHOUSE_PROFILES)
def test_introspection_names_views_expiry_and_partitions(profile: str, request: pytest.FixtureRequest) -> None:
    fresh = request.getfixturevalue("chdb_db" if profile == "modern" else "clickhouse_server_db")
    bench = open_bench(
        fresh(),
        "(k Int64, d Date, m Int64 MATERIALIZED k + 1) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY (k, d)",
    )
    bench.sql(
        f"CREATE MATERIALIZED VIEW {bench.database}.v ENGINE = MergeTree ORDER BY k AS SELECT k FROM {bench.database}.t"
    )
    bench.sql(f"INSERT INTO {bench.database}.t (k, d) VALUES (1, '2026-01-01')")
    facts = bench.context().facts
    assert facts.target_engine is not None and facts.target_table is not None
    structure, statistics = facts.target_table.structure, facts.target_table.statistics
    assert structure.hazards == (("materialized_view", f"{bench.database}.v"),)
    assert [(c.name, c.generated) for c in structure.columns] == [("k", False), ("d", False), ("m", True)]
    assert (structure.primary_key, structure.partition_key) == (("k", "d"), "toYYYYMM(d)")
    assert (statistics.rows, [p.id for p in statistics.partitions]) == (1, ["202601"])
    assert dict(facts.target_engine.settings)["timezone"]
    found = BACKEND.hazards(bench.context().load, facts)
    assert "materialized_view" in {kind for kind, _ in found}
    bench.session.close()
