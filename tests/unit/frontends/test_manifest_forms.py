"""Forms with several loads: `loads:`, dpone's batch and flow; overrides; the schema for editors."""

from __future__ import annotations

import pytest

from dpone_compiler.frontends.manifest.editor_schema import manifest_schema
from dpone_compiler.ir.load import SqlText
from dpone_compiler.ir.schema import TableRef
from tests.unit.frontends.manifests import codes, flat, load_of, read

LOADS = """
defaults:
  source: {type: postgres, connection_id: pg, options: {estimated_rows: 10}}
  sink: {type: mssql, connection_id: dwh, strategy: {mode: incremental_merge, unique_key: [a, b]}}
loads:
- name: first
  source: {table: t1}
  sink: {table: t1}
- name: second
  source: {table: t2, options: {estimated_rows: 20}}
  sink: {table: t2, strategy: {unique_key: [c]}}
"""
BATCH = """
kind: dpone.batch.v1
vars: {layer: raw, dataset: "{{ layer }}_{{ area }}", area: shop}
naming:
  process_name: "{{ src_schema }}__{{ src_table }}__{{ sink.strategy.mode }}"
  sink_dataset: "{{ dataset }}"
  sink_table: "{{ src_table }}"
defaults:
  source: {type: postgres, connection_id: pg, where: "tenant = '{{ tenant }}'"}
  sink: {type: bigquery, connection_ref: bq, strategy: {mode: incremental_merge, unique_key: id}}
  depends_on: [first_of_all]
quality: {gates: []}
schemas:
  public:
    vars: {tenant: a}
    tables:
    - customers
    - table: orders
      vars: {tenant: b}
      depends_on: ["#public.customers"]
      overrides: {sink: {table: {name: renamed}}}
  sales:
    vars: {tenant: c, area: sales}
    defaults: {sink: {strategy: {mode: full_refresh}}}
    tables: [{table: items, naming: {sink_table: "x_{{ src_table }}"}}]
"""
FLOW = """
kind: dpone.flow.v1
authoring: {mode: flow, source: m.yaml}
metadata: {id: wau, domain: marketing}
processes:
- name: wau
  source: {type: clickhouse, connection_ref: ch, table: {schema: marts, name: wau}}
  sink: {type: mssql, connection_ref: ms, table: {schema: ch, name: "marketing__{{ src_table }}"}, strategy: {mode: full_refresh}}
"""


def test_loads_are_laid_on_the_defaults_and_lists_replace() -> None:
    loads, found = read(LOADS)
    assert not found
    assert [load.hints.rows for load in loads] == [10, 20]
    assert [load.write.key for load in loads] == [("a", "b"), ("c",)]


def test_origins_lead_to_the_line_that_won() -> None:
    first, second = read(LOADS)[0]
    assert first.origin.spans["hints.rows"].line == 3
    assert second.origin.spans["hints.rows"].line == 10
    assert (first.origin.spans[""].line, second.origin.spans[""].line) == (6, 9)


def test_an_error_in_the_defaults_is_said_once() -> None:
    assert codes(LOADS.replace("mode: incremental_merge", "mode: bananas")) == ["DP022"]


def test_a_bad_load_does_not_hide_the_others() -> None:
    loads, found = read(LOADS.replace("unique_key: [c]", "uniqe_key: [c]"))
    assert [load.name for load in loads] == ["first"]
    assert [(d.code, d.load) for d in found] == [("DP010", "second")]


def test_two_loads_of_one_name() -> None:
    assert codes(LOADS.replace("name: second", "name: first")) == ["DP042"]


def test_a_batch_merges_and_renders() -> None:
    loads, found = read(BATCH)
    assert {d.code for d in found} == {"DP050"}  # quality is recorded
    names = ("public__customers__incremental_merge", "public__orders__incremental_merge", "sales__items__full_refresh")
    assert tuple(load.name for load in loads) == names
    customers, orders, items = loads
    assert customers.write.endpoint.table == TableRef("raw_shop", "customers")
    assert orders.write.endpoint.table == TableRef("raw_shop", "renamed")
    assert items.write.endpoint.table == TableRef("raw_sales", "x_items")
    assert items.read.endpoint.table == TableRef("sales", "items")
    assert [load.read.where for load in loads] == [SqlText(text=f"tenant = '{tenant}'") for tenant in "abc"]
    assert orders.depends_on == ("first_of_all", names[0])
    assert customers.depends_on == ("first_of_all",)
    assert dict(items.passthrough) == {"quality": '{"gates":[]}'}


def test_a_batch_load_is_at_its_table() -> None:
    assert [load.origin.spans[""].line for load in read(BATCH)[0]] == [17, 18, 25]


def test_the_landing_convention() -> None:
    text = """
kind: dpone.batch.v1
convention: landing_raw_v1
vars: {src_system: Crm, src_database: db-1}
defaults:
  source: {type: postgres, connection_id: pg}
  sink: {type: bq, connection_id: bq, strategy: {mode: full_refresh}}
schemas: {public: {tables: [Core_City]}}
"""
    load = load_of(text)
    assert load.name == "public_core_city__full_refresh"
    assert load.write.endpoint.table == TableRef("landing__crm__db_1", "public__core_city")


def test_a_batch_as_dpone_ships_them() -> None:
    text = """
kind: dpone.batch.v1
convention: landing_raw_v1
vars: {src_system: crm, src_database: db, owner_team: us, sla: daily}
defaults:
  source:
    type: mssql
    connection_type: vault
    connection_id: m
    vault_path: m/s
    options: {batch_size: 100000, export_format: csv, compress_export: false}
  sink:
    type: kafka
    connection_type: vault
    connection_id: k
    vault_path: k/d
    topic: dwh__orders
    strategy: {mode: incremental_append, unique_key: id}
    options: {message_format: json, key: {mode: unique_key}, delivery: {mode: idempotent}, log_sample_rows: 5}
  state: {type: mssql, connection_id: m, connection_type: vault, atomicity: target_atomic, provisioning: external}
  bigquery_proxy: {proxy_enable: true}
schemas: {dbo: {tables: [orders]}}
"""
    load = load_of(text)
    assert load.write.endpoint.table == TableRef("", "dwh__orders")
    assert load.name == "dbo_orders__incremental_append"


@pytest.mark.parametrize(
    "bad",
    [
        "vars: {a: '{{ b }}', b: '{{ a }}'}",
        "vars: {src_table: x}",
        "vars: {a: '{{ 1/0 }}'}",
        "vars: {a: '{% for x in y %}'}",
        "vars: {a: '{{ \"x\" * 10000000000 }}'}",
        "vars: {a: '{{ 9 ** 9 ** 9 }}'}",
        "vars: {a: \"{{ ''.__class__.__mro__ }}\"}",
    ],
)
def test_templates_that_fail(bad: str) -> None:
    text = BATCH.replace('vars: {layer: raw, dataset: "{{ layer }}_{{ area }}", area: shop}', bad)
    assert set(codes(text.replace("{{ dataset }}", "d"))) == {"DP018"}


def test_a_flow() -> None:
    loads, found = read(FLOW)
    assert {d.code for d in found} == {"DP050"}
    (load,) = loads
    assert load.write.endpoint.table == TableRef("ch", "marketing__wau")
    assert load.read.endpoint.connection == "ch"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("kind: dpone.flow.v1\nprocesses: []\n", "DP006"),
        ("kind: dpone.flow.v1\nprocesses: 3\n", "DP012"),
        ("kind: dpone.flow.v1\nfragments: [a.yaml]\nprocesses: [{}]\n", "DP015"),
        ("kind: dpone.flow-fragment.v1\nprocesses: []\n", "DP014"),
        ("kind: [a]\n", "DP013"),
        ("kind: dpone.batch.v1\n", "DP011"),
        ("kind: dpone.batch.v1\nschemas: {a: {tables: [{tabel: x}]}}\n", "DP010"),
        ("loads: {}\n", "DP012"),
        ("loads: []\n", "DP006"),
        ("loads: [3]\n", "DP012"),
        ("", "DP006"),
        ("3", "DP006"),
    ],
)
def test_broken_envelopes(text: str, code: str) -> None:
    assert code in codes(text)


def test_overrides() -> None:
    load = load_of(flat(), {"sink.strategy.mode": "auto", "source.where": "a: b", "source.options.estimated_rows": "7"})
    assert (load.write.mode, load.read.where, load.hints.rows) == ("auto", SqlText(text="a: b"), 7)
    assert load_of(flat(), {"sink.strategy.unique_key": "[a, b]"}).write.key == ("a", "b")
    loads, found = read(LOADS, {"loads.second.sink.table": "t9", "loads.0.sink.table": "t8"})
    assert not found
    assert [load.write.endpoint.table.name for load in loads] == ["t8", "t9"]


@pytest.mark.parametrize("path", ["sink.stratgy.mode", "name.x", "", "source..where", "nothing", "a" + ".a" * 5000])
def test_overrides_that_reach_nothing(path: str) -> None:
    assert codes(flat(), {path: "auto"}) == ["DP016"]


@pytest.mark.parametrize("path", ["loads.third.sink.table", "loads.7.name"])
def test_overrides_of_items_that_are_not_there(path: str) -> None:
    assert codes(LOADS, {path: "x"}) == ["DP016"]


def test_the_schema_for_editors_knows_every_form_and_key() -> None:
    schema = manifest_schema()
    assert [form["$ref"].rpartition("/")[2] for form in schema["anyOf"]] == ["Process", "Loads", "Flow", "Batch"]
    strategy = schema["$defs"]["Strategy"]
    assert strategy["additionalProperties"] is False
    assert {"mode", "unique_key", "null_keys", "estimated_rows"} <= set(strategy["properties"])
    assert "required" not in schema["$defs"]["PartialSource"]
    assert schema["$defs"]["Source"]["required"] == ["type"]
