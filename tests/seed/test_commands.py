"""Every command of the seed document, as it is printed there with the program's name replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import dponec

# The load that the document speaks of: a large partitioned table, Postgres to SQL Server, mode auto.
ORDERS = """name: orders
source:
  type: postgres
  connection_id: pg_oltp
  table: {schema: public, name: orders}
  cursor: {column: updated_at, lag: 10 minutes}
  options:
    columns:
      - {name: order_id, type: bigint, nullable: false}
      - {name: business_date, type: date, nullable: false}
      - {name: amount, type: "numeric(18,2)"}
      - {name: updated_at, type: timestamptz, nullable: false}
sink:
  type: mssql
  connection_id: mssql_dwh
  table: {schema: dbo, name: orders}
  staging: {schema: staging}
  strategy: {mode: auto, unique_key: [order_id], partition: {column: business_date, by: day}}
"""
HINTS = ("--estimated-rows", 50000000, "--changed-percent", 0.20, "--delete-percent", 0.05)
ROUTE = ("--source-type", "postgres", "--sink-type", "mssql")
RESYNC = ("resync", "--run-id", "RUN_ID", *ROUTE, "--strategy", "partition_replace", "--partition", "2026-01-01")


@pytest.fixture(autouse=True)
def _orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.yaml").write_text(ORDERS, encoding="utf-8")


@pytest.mark.parametrize("name", ["strategy advise", "advise"])
@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_advise_gives_the_highlights_of_the_document(name: str, form: str) -> None:
    shown = dponec(*name.split(), "orders.yaml", *HINTS, "--format", form)
    assert shown.exit_code == 0, shown.output
    for said in ("partition_replace", "delete_insert", "postgres_copy_to_mssql_bcp"):
        assert said in shown.stdout
    if form == "json":
        document = json.loads(shown.stdout)
        decision = document["decision"]
        assert (decision["strategy_mode"], decision["merge_policy"]) == ("partition_replace", "delete_insert")
        assert decision["native_fast_path"] == "postgres_copy_to_mssql_bcp"
        assert decision["adaptive_batching"]["enabled"] is True
        assert {gate["code"] for gate in decision["safety_gates"]} >= {"staging_first_required", "delete_semantics"}
        assert document["repair_commands"]


def test_the_plan_explains_its_strategy() -> None:
    shown = dponec("plan", "orders.yaml", "--explain-strategy")
    assert (shown.exit_code, "unique_key_upsert" in shown.stdout) == (0, True), shown.output


def test_mode_auto_is_compiled_to_a_concrete_strategy() -> None:
    hints = [
        part
        for key, value in (("estimated_rows", "50000000"), ("changed_percent", "0.20"))
        for part in ("--set", f"source.options.{key}={value}")
    ]
    assert dponec("compile", "orders.yaml", "-o", "plans", *hints).exit_code == 0
    plan = json.loads(Path("plans/orders/plan.json").read_text(encoding="utf-8"))
    assert (plan["decision"]["requested_mode"], plan["decision"]["strategy"]) == ("auto", "partition_replace")
    assert plan["decision"]["reasons"][0]["code"] == "partition_replace_large_delta"


def test_preflight_and_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = json.loads(dponec("strategy", "preflight", *ROUTE, "--format", "json").stdout)
    assert (shown["path_id"], shown["fallback_path"]) == ("postgres_copy_to_mssql_bcp", "pyodbc_fast_executemany")
    monkeypatch.setenv("PATH", "")
    missing = dponec("strategy", "preflight", *ROUTE, "--fail-on-missing")
    assert (missing.exit_code, "bcp" in missing.stdout) == (1, True)


def test_repair_plan() -> None:
    words = ("repair-plan", "RUN_ID", *ROUTE, "--strategy", "partition_replace", "--failed-stage", "finalize")
    shown = dponec("strategy", *words, "--partition", "2026-01-01", "--format", "md")
    assert shown.exit_code == 0
    assert "dponec resync --run-id RUN_ID --partition 2026-01-01" in shown.stdout


def test_resync_is_a_plan_and_its_approval_is_refused_for_a_run_that_is_not_known() -> None:
    planned = dponec(*RESYNC, "--format", "md")
    assert (planned.exit_code, "nothing was changed" in planned.stdout) == (0, True)
    refused = dponec(*RESYNC, "--yes")
    assert (refused.exit_code, "no such run" in refused.stderr) == (1, True)
    (artifact,) = Path(".dponec/replay").iterdir()
    assert json.loads(artifact.read_text(encoding="utf-8"))["executed"] is False


def test_resume_is_a_plan() -> None:
    words = ("resume", "RUN_ID", "--from-stage", "stage", *ROUTE, "--strategy", "incremental_merge")
    assert dponec(*words).exit_code == 0


@pytest.mark.parametrize("form", ["json", "md"])
def test_certification_artifact(form: str) -> None:
    shown = dponec("strategy", "certification-artifact", "--artifact-dir", "certified", "--format", form)
    assert shown.exit_code == 0, shown.output
    assert sorted(path.suffix for path in Path("certified").iterdir()) == [".json", ".md"]


def test_doctor_names_the_clients() -> None:
    assert "bcp" in dponec("doctor").stdout
