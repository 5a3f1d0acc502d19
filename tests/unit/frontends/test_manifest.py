"""The flat form: what each key means in the IR, and where it says it came from."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dpone_compiler.frontends.manifest import read_manifest
from dpone_compiler.frontends.manifest.models.closed import keys_of
from dpone_compiler.frontends.manifest.models.sink import PolicyKeys
from dpone_compiler.frontends.meaning import POLICY_WORDS
from dpone_compiler.ir.load import (
    ColumnSpec,
    Cursor,
    DeclaredScope,
    Endpoint,
    Hints,
    Limits,
    Load,
    Partitioning,
    PartitionUnit,
    Policies,
    Read,
    SqlText,
    Write,
)
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.source.text import SourceFile
from tests.unit.frontends.manifests import codes, flat, load_of

ORDERS = Path(__file__).parents[2] / "cases" / "orders" / "orders.yaml"

# The manifest most users of dpone start from.
DPONE = """
name: shop_orders_to_clickhouse
source:
  type: mssql
  connection_type: env
  connection_id: mssql_shop
  table: {schema: dbo, name: orders}
  options:
    incremental_column: updated_at
    partitioning: {strategy: auto, column: order_id, target_rows_per_partition: 1000000, max_partitions: 64}
sink:
  type: clickhouse
  connection_type: env
  connection_id: ch_dwh
  table: {schema: dwh, name: orders}
  staging: {schema: stg}
  strategy: {mode: incremental_merge, unique_key: [order_id], merge_policy: lightweight_delete_insert}
  options:
    bulk: {mode: bcp, bcp: {packet_size: 16384}}
    clickhouse_bulk: {mode: auto, insert_settings: {async_insert: 1, wait_for_async_insert: 1}}
"""


def test_the_orders_of_the_contract() -> None:
    assert load_of(ORDERS.read_text()) == Load(
        name="orders",
        read=Read(
            endpoint=Endpoint(engine="postgres", connection="pg_oltp", table=TableRef("public", "orders")),
            where=SqlText(text="status <> 'draft'"),
            cursor=Cursor(column="updated_at", lag=600),
        ),
        write=Write(
            endpoint=Endpoint(engine="mssql", connection="mssql_dwh", table=TableRef("dbo", "orders")),
            mode="auto",
            key=("order_id",),
            partition=Partitioning(column="business_date", unit=PartitionUnit.DAY),
            staging_schema="staging",
        ),
        hints=Hints(rows=50_000_000, changed=0.2, deleted=0.05),
    )


def test_the_spans_of_the_contract() -> None:
    spans = load_of(ORDERS.read_text()).origin.spans
    at = {path: (span.line, span.column) for path, span in spans.items()}
    assert at[""] == (1, 1)
    assert at["source"] == (2, 1)
    assert at["source.where"] == (6, 10)
    assert at["source.cursor.column"] == (7, 20)
    assert at["hints.changed"] == (8, 56)
    assert at["sink.strategy.unique_key"] == (16, 17)
    assert at["sink.strategy.partition.column"] == (17, 25)


def test_what_users_of_dpone_start_from() -> None:
    load = load_of(DPONE)
    assert load.read.cursor == Cursor(column="updated_at")
    assert load.write.merge_policy == "lightweight_delete_insert"
    assert dict(load.passthrough)["sink.options.bulk"] == '{"bcp":{"packet_size":16384},"mode":"bcp"}'
    assert [path for path, _ in load.passthrough] == sorted(path for path, _ in load.passthrough)


@pytest.mark.parametrize(
    ("word", "engine"),
    [("pg", "postgres"), ("postgresql", "postgres"), ("sql_server", "mssql"), ("SQLServer", "mssql")],
)
def test_engine_aliases(word: str, engine: str) -> None:
    assert load_of(flat(source=word)).read.endpoint.engine == engine


@pytest.mark.parametrize("word", ["mysql", "rest", "api", "http", "kafka", "bigquery", "bq"])
def test_sources_that_are_not_there_yet(word: str) -> None:
    assert codes(flat(source=word)) == ["DP021"]


@pytest.mark.parametrize(("engine", "schema"), [("postgres", "public"), ("mssql", "dbo"), ("clickhouse", "default")])
def test_default_schemas(engine: str, schema: str) -> None:
    assert load_of(flat(source=engine)).read.endpoint.table == TableRef(schema, "orders")


def test_a_topic_is_the_table_of_kafka() -> None:
    text = flat(sink="kafka").replace("table: dwh.orders", "topic: shop.orders.v1")
    assert load_of(text).write.endpoint.table == TableRef("", "shop.orders.v1")


def test_database_is_a_schema_in_clickhouse_alone() -> None:
    assert load_of(flat(source="clickhouse", table="{database: d, name: t}")).read.endpoint.table == TableRef("d", "t")
    assert codes(flat(source="mssql", table="{database: d, name: t}")) == ["DP015"]


def test_mode_is_full_refresh_when_nothing_is_said() -> None:
    write = load_of(flat()).write
    assert (write.mode, write.strategy) == ("", "full_refresh")


@pytest.mark.parametrize("key", ["a, b", "[a, b]"])
def test_a_key_is_a_list_or_a_text_with_commas(key: str) -> None:
    written = f'"{key}"' if "[" not in key else key
    text = flat(writing=f"strategy: {{mode: incremental_merge, unique_key: {written}}}")
    assert load_of(text).write.key == ("a", "b")


@pytest.mark.parametrize(
    ("word", "policy"),
    [
        ("update+insert", "update_insert"),
        ("delete+insert", "delete_insert"),
        ("exchange", "shadow_swap"),
        ("upsert_events", "event_upsert"),
    ],
)
def test_merge_policy_aliases(word: str, policy: str) -> None:
    text = flat(writing=f"strategy: {{mode: incremental_merge, unique_key: a, merge_policy: {word}}}")
    assert load_of(text).write.merge_policy == policy


def test_overwrite_type_exchange_is_a_merge_policy() -> None:
    assert load_of(flat(writing="strategy: {overwrite_type: exchange}")).write.merge_policy == "shadow_swap"
    assert codes(flat(writing="strategy: {overwrite_type: exchange, merge_policy: delete_insert}")) == ["DP017"]


@pytest.mark.parametrize("lag", ["10 minutes", "600", "PT10M", "10m", "600 seconds"])
def test_durations(lag: str) -> None:
    cursor = load_of(flat(reading=f"cursor: {{column: c, lag: {lag}}}")).read.cursor
    assert cursor == Cursor(column="c", lag=600)


def test_a_cursor_as_text_and_all_its_keys() -> None:
    assert load_of(flat(reading="cursor: c")).read.cursor == Cursor(column="c")
    text = "cursor: {column: c, lookback: 1 day, assigned_by: database, nulls: always_read}"
    assert load_of(flat(reading=text)).read.cursor == Cursor(
        column="c", lookback=86400, assigned_by="database", nulls="always_read"
    )


def test_dpone_cursor_keys() -> None:
    text = flat(reading="options: {incremental_column: c, lookback_days: 2}")
    assert load_of(text).read.cursor == Cursor(column="c", lookback=172800)
    assert codes(flat(reading="cursor: a\noptions: {incremental_column: b}")) == ["DP017"]


def test_columns() -> None:
    text = 'columns: [a, {name: b, as: c, cast: "decimal(18,2)"}, {sql: x + 1, as: d}]'
    assert load_of(flat(reading=text)).read.columns == (
        ColumnSpec(name="a", target="a"),
        ColumnSpec(name="b", target="c", cast="decimal(18,2)"),
        ColumnSpec(name="d", target="d", sql=SqlText(text="x + 1")),
    )


def test_declared_columns_of_dpone() -> None:
    read = load_of(flat(reading="options: {columns: [a, {name: b, type: bigint, nullable: false}]}")).read
    assert read.columns == (ColumnSpec(name="a", target="a"), ColumnSpec(name="b", target="b"))
    assert read.declared == (("b", "bigint", False),)


def test_hints_in_either_place() -> None:
    text = flat(
        reading="options: {estimated_rows: 50_000_000, estimated_bytes: 50 GB, batch_size: 10000}",
        writing="strategy: {changed_percent: 20%, delete_percent: 0, cdc_enabled: true, estimated_rows: 50000000}",
    )
    assert load_of(text).hints == Hints(
        rows=50_000_000, changed=0.2, deleted=0.0, bytes=50 * 10**9, cdc=True, batch_size=10_000
    )


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        ("estimated_rows: 50M", "DP026"),
        ("estimated_rows: 1.5", "DP026"),
        ("estimated_rows: -1", "DP028"),
        ("estimated_rows: true", "DP012"),
        ("changed_percent: 1.01", "DP027"),
        ("delete_percent: -0.1", "DP027"),
        ("delete_percent: " + "9" * 400, "DP027"),
        ("estimated_rows: 1e6", "DP026"),
        ("estimated_rows: 1e999M", "DP026"),
        ("batch_size: 0", "DP028"),
    ],
)
def test_hints_out_of_range(hint: str, code: str) -> None:
    assert codes(flat(reading=f"options: {{{hint}}}")) == [code]


def test_partition_hint_and_block_agree_or_are_refused() -> None:
    assert load_of(flat(reading="options: {partition_column: d}")).write.partition == Partitioning(column="d")
    assert load_of(flat(writing="strategy: {partition: d}")).write.partition == Partitioning(column="d")
    assert codes(flat(reading="options: {partition_column: d}", writing="strategy: {partition: e}")) == ["DP017"]
    block = "strategy: {partition: {column: d, by: month, max_partitions_per_run: 9, nulls: own}}"
    assert load_of(flat(writing=block)).write.partition == Partitioning(
        column="d", unit=PartitionUnit.MONTH, max_partitions=9, nulls="own"
    )


def test_policies_limits_and_state() -> None:
    text = flat(
        writing="strategy: {on_leave_filter: delete, policies: {null_keys: skip}}\n"
        "limits: {lock_timeout: 5s, statement_timeout: 1h, lease: 90}\nlock_connection: pg_locks\nstate_schema: etl"
    )
    write = load_of(text + "reconciliation: {guards: {max_delete_ratio: 0.3}}\n").write
    assert write.policies == Policies(null_keys="skip", on_leave_filter="delete")
    assert write.limits == Limits(lock_timeout=5, statement_timeout=3600, lease_seconds=90, max_delete_ratio=0.3)
    assert (write.lock_connection, write.state_schema) == ("pg_locks", "etl")
    state = "state: {type: postgres, connection_id: dwh, table: {schema: etl_state, name: loads}}\n"
    assert load_of(flat() + state).write.state_schema == "etl_state"


def test_the_words_of_policies_are_those_of_every_front_end() -> None:
    assert {key.name for key in keys_of(PolicyKeys)} == set(POLICY_WORDS)
    for key, words in POLICY_WORDS.items():
        for word in words:
            value = getattr(load_of(flat(writing=f"strategy: {{policies: {{{key}: {word}}}}}")).write.policies, key)
            assert value == word
        assert codes(flat(writing=f"strategy: {{policies: {{{key}: bananas}}}}")) == ["DP024"]


@pytest.mark.parametrize("mode", ["incremental_merge", "snapshot_diff", "cdc_apply", "scd2"])
def test_keyed_modes_need_a_key(mode: str) -> None:
    assert codes(flat(writing=f"strategy: {{mode: {mode}}}")) == ["DP040"]


@pytest.mark.parametrize(
    "key",
    [
        "options: {query: {mode: inline, sql: select 1}}",
        "options: {incremental_strategy: xmin}",
    ],
)
def test_keys_that_would_change_the_rows_are_refused(key: str) -> None:
    assert codes(flat(reading=key)) == ["DP015"]


def test_replace_takes_a_typed_scope_alone() -> None:
    scope = "options: {portable_scope: {kind: range, column: d, lower: 2026-01-01, upper: 2026-02-01}}"
    load = load_of(flat(reading=scope, writing="strategy: {mode: replace}"))
    assert load.read.scope == DeclaredScope(column="d", kind="range", low="2026-01-01", high="2026-02-01")
    assert codes(flat(writing='strategy: {mode: replace, custom_predicate: "1=1"}')) == ["DP015"]
    assert codes(flat(reading="options: {portable_scope: {kind: range, column: d, lower: [1]}}"))[0] == "DP012"


def test_blocks_of_strategies_are_read_and_their_keys_checked() -> None:
    text = "strategy: {mode: scd2, unique_key: a, scd2: {valid_from_column: f, delete_policy: ignore}}"
    scd2 = load_of(flat(writing=text)).write
    assert (scd2.history.valid_from, scd2.history.valid_to, scd2.snapshot.missing) == ("f", "valid_to", "ignore")
    text = "strategy: {mode: snapshot_diff, unique_key: a, diff: {compare: all_columns, delete_policy: soft_delete}}"
    diff = load_of(flat(writing=text)).write
    assert (diff.snapshot.compare, diff.snapshot.missing, diff.snapshot.mark) == (
        "all_columns",
        "soft_delete",
        "deleted_at",
    )
    assert codes(flat(writing="strategy: {mode: scd2, unique_key: a, scd2: {valid_from: f}}")) == ["DP010"]
    assert codes(flat(writing="strategy: {diff: {delete_policy: drop}}")) == ["DP024"]


@pytest.mark.parametrize("written", ["true", "false", "{mode: key_snapshot, guards: {max_delete_rows: 5}}"])
def test_reconciliation_is_a_switch_or_a_block(written: str) -> None:
    assert dict(load_of(flat() + f"reconciliation: {written}\n").passthrough).keys() == {"reconciliation"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("reconciliation: {guards: {max_delete_rows: 5}}", []),
        ("reconciliation: false", []),
        ("reconciliation: true", ["DP051"]),
        ("reconciliation: {empty_snapshot: {policy: fail}}", ["DP051"]),
        ("schema_contract: {enforcement: strict}", ["DP050"]),
        ("schema_contract: {enforcement: quarantine}", ["DP051"]),
        ("schema_contract: {columns: {a: {type: int}}}", ["DP050"]),
        ("state: {type: postgres, connection_id: pg, atomicity: target_atomic}", ["DP050"]),
    ],
)
def test_what_has_no_effect_is_said(more: str, expected: list[str]) -> None:
    assert codes(flat() + more + "\n") == expected


@pytest.mark.parametrize(
    ("reading", "writing", "expected"),
    [
        ("options: {deletes: {mode: soft_delete}}", "", ["DP051"]),
        ("options: {source_timezone: Europe/Riga}", "", ["DP051"]),
        ("options: {partitioning: {strategy: auto}, table_kind: event}", "", ["DP050"]),
        ("", "strategy: {max_source_bytes: 1}", ["DP051"]),
        ("", "strategy: {partition: {column: d, require_native: true}}", ["DP051"]),
        ("", "strategy: {partition: {column: d, require_native: false, native_mode: auto}}", ["DP050"]),
        ("", "options: {technical_columns: {loaded_at: true}}", ["DP051"]),
        ("", "options: {physical_design: {storage: {clickhouse: {order_by: a}}}}", ["DP050"]),
        ("", "options: {physical_design: {storage: {clickhouse: {order: a}}}}", ["DP010"]),
    ],
)
def test_what_has_no_effect_below_source_and_sink_is_said(reading: str, writing: str, expected: list[str]) -> None:
    assert codes(flat(reading=reading, writing=writing)) == expected


def test_the_storage_of_a_table_that_the_load_makes_has_an_effect() -> None:
    said = "create_target: if_missing\noptions: {physical_design: {storage: {clickhouse: {order_by: a}}}}"
    assert codes(flat(sink="clickhouse", writing=said)) == []
    assert codes(flat(sink="postgres", writing=said)) == ["DP050"]


def test_harmless_values_of_refused_keys() -> None:
    load_of(flat(writing="strategy: {only_new_rows: false, custom_predicate: null}") + "transforms: []\n")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("{kind: equality, column: n, value: 12}", []),
        ("{kind: equality, column: n, value: '1.10'}", []),
        ("{kind: equality, column: n, value: 1.10}", ["DP012"]),
        ("{kind: range, column: n, lower: 12345678901234567.89}", ["DP012"]),
        ("{kind: equality, column: n, value: a, lower: b}", ["DP015"]),
        ("{kind: range, column: n, lower: 1, value: 2}", ["DP015"]),
    ],
)
def test_the_literals_of_a_scope_are_what_is_written(scope: str, expected: list[str]) -> None:
    said = flat(reading=f"options: {{portable_scope: {scope}}}", writing="strategy: {mode: replace}")
    assert codes(said) == expected


def test_a_number_where_a_name_is_needed_is_not_converted() -> None:
    assert codes(flat().replace("connection_id: pg", "connection_id: 1.10")) == ["DP012"]
    assert load_of(flat().replace("connection_id: pg", 'connection_id: "1.10"')).read.endpoint.connection == "1.10"
    assert load_of(flat().replace("connection_id: pg", "connection_id: 007")).read.endpoint.connection == "007"


def test_words_that_yaml_would_turn_into_other_things() -> None:
    text = flat(writing="strategy: {mode: incremental_merge, unique_key: [no, 2026-01-01, on]}")
    assert load_of(text).write.key == ("no", "2026-01-01", "on")


def test_every_error_of_a_file_is_said_at_once() -> None:
    text = flat(source="postgress", reading="whre: a", writing="strategy: {mode: bananas}")
    assert codes(text) == ["DP020", "DP010", "DP022"]


def test_anchors_and_merge_keys() -> None:
    text = "loads:\n- &a\n" + "\n".join("  " + line for line in flat().splitlines())
    loads, found = read_manifest(SourceFile("m", text + "\n- {<<: *a, name: second}\n"))
    assert not found
    assert [load.name for load in loads] == ["orders", "second"]
    assert loads[0].read == loads[1].read


def test_reading_is_fast() -> None:
    text = ORDERS.read_text()
    load_of(text)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        load_of(text)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.005
