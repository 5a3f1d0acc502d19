"""dponec advise: the same decision as compile, hints from flags, gates and warnings in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import EXAMPLES, FORMS, ORDERS, dponec, write_manifest

PARTITIONED = """load orders {
  from postgres.demo_source public.orders
  into postgres.demo_pg dwh.orders
  key order_id   cursor updated_at lag 10 minutes   partition by day(business_date)
  hint rows 2_000_000 changed 1%
  strategy auto
}
"""


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_gets_the_same_advice(tmp_path: Path, form: str) -> None:
    shown = dponec("advise", write_manifest(tmp_path, form))
    assert shown.exit_code == 0
    assert shown.stdout.startswith("orders: incremental_merge (asked: auto)")
    assert "unique_key_upsert" in shown.stdout


@pytest.mark.parametrize("name", ["orders_pg_to_pg", "orders_pg_to_ch", "orders_full_pg_to_ch"])
def test_the_decision_is_that_of_the_plan(name: str) -> None:
    manifest = EXAMPLES / f"{name}.yaml"
    advice = json.loads(dponec("advise", manifest, "--format", "json").stdout)
    plan = json.loads(dponec("plan", manifest, "--format", "json").stdout)
    assert advice["decision"].pop("native_transfer_plan") == plan["native_transfer_plan"]
    assert advice["decision"] == plan["decision"]


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_every_format_shows_gates_and_warnings(form: str) -> None:
    shown = dponec("advise", EXAMPLES / "orders_pg_to_ch.yaml", "--format", form)
    assert "staging_first_required" in shown.stdout
    assert "DP208" in shown.stdout


def test_flags_stand_in_for_hints_and_the_break_even_is_where_they_turn(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone")
    manifest.write_text(PARTITIONED, encoding="utf-8")
    small = json.loads(dponec("advise", manifest, "--format", "json").stdout)
    large = json.loads(dponec("advise", manifest, "--changed-percent", "0.05", "--format", "json").stdout)
    assert small["decision"]["strategy"] == "incremental_merge"
    assert large["decision"]["strategy"] == "partition_replace"
    (strategy,) = (each for each in large["decision"]["reasons"] if each["choice"] == "strategy")
    assert strategy["facts"]["changed"] == "5% (flag)"
    (turn,) = small["break_even"]
    assert (turn["fact"], turn["below"], turn["above"]) == ("changed", "incremental_merge", "partition_replace")
    few = json.loads(
        dponec("advise", manifest, "--changed-percent", "20%", "--estimated-rows", 10, "--format", "json").stdout
    )
    assert few["decision"]["strategy"] == "incremental_merge"


def test_the_trace_shows_every_rule(tmp_path: Path) -> None:
    shown = dponec("strategy", "advise", write_manifest(tmp_path, "yaml"), "--trace")
    assert "cdc_available -> cdc_apply: false" in shown.stdout
    assert "unique_key_upsert -> incremental_merge: true" in shown.stdout


@pytest.mark.parametrize(("flag", "value"), [("--changed-percent", "20"), ("--delete-percent", "20")])
def test_a_share_above_one_is_asked_about(flag: str, value: str) -> None:
    refused = dponec("advise", EXAMPLES / "orders_pg_to_pg.yaml", flag, value)
    assert refused.exit_code == 2
    assert "did you mean 0.20?" in refused.stderr


@pytest.mark.parametrize("value", ["-0.1", "nan", "inf", "abc", "101%"])
def test_no_other_share_is_taken(value: str) -> None:
    assert dponec("advise", EXAMPLES / "orders_pg_to_pg.yaml", f"--changed-percent={value}").exit_code == 2


@pytest.mark.parametrize("form", ["yaml", "dpone", "py"])
def test_a_load_with_errors_is_told(form: str) -> None:
    refused = dponec("advise", ORDERS / f"orders.{form}", "--catalog", EXAMPLES / "catalog")
    assert refused.exit_code == 1
    assert "error[DP" in refused.stderr


LACKING = """load orders {
  from postgres.demo_source public.orders
  into postgres.demo_pg dwh.orders
  strategy auto
}
"""


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_a_full_refresh_by_default_says_why_and_what_to_add(tmp_path: Path, form: str) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": LACKING})
    shown = dponec("advise", manifest, "--format", form).stdout
    assert "portable_full_refresh" in shown
    for said in ("key is not set", "cursor is not set", "partition is not set", "incremental_hints_missing"):
        assert said in shown
    assert "incremental_merge needs sink.strategy.unique_key" in shown
    assert "incremental_append needs source.cursor" in shown
    # The rows are known from the catalog, and too few: adding the partition alone would not do.
    assert "partition_replace needs" not in shown
    assert "incremental_hints_missing" in dponec("plan", manifest).stdout


def test_what_is_added_is_followed(tmp_path: Path) -> None:
    text = LACKING.replace("  strategy", "  key order_id\n  strategy")
    decision = json.loads(
        dponec("advise", write_manifest(tmp_path, "dpone", {"dpone": text}), "--format", "json").stdout
    )
    assert decision["decision"]["strategy"] == "incremental_merge"
    assert "incremental_hints_missing" not in [each["code"] for each in decision["decision"]["warnings"]]


def test_nothing_is_asked_for_that_the_sink_cannot_do(tmp_path: Path) -> None:
    text = LACKING.replace("postgres.demo_pg dwh", "kafka.events dwh").replace(
        "  strategy", "  hint rows 5_000_000 changed 20%\n  strategy"
    )
    shown = dponec("advise", write_manifest(tmp_path, "dpone", {"dpone": text}))
    assert "partition_replace needs" not in shown.stdout + shown.stderr
