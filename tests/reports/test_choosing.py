"""How dpone 0.88 chooses wrongly: faults D14 to D28 of docs/dpone-faults.md, at the command line."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from dpone_compiler import registry
from dpone_compiler.strategy_intelligence import StrategyAdvisor, StrategyContext
from dpone_compiler.strategy_intelligence.advisor import AdviceRefusedError
from tests.cli.commands import ERRORS, EXAMPLES, dponec

_COLUMNS = [
    {"name": "order_id", "type": "bigint", "nullable": False},
    {"name": "day", "type": "date", "nullable": False},
    {"name": "updated_at", "type": "timestamptz", "nullable": False},
]
_LARGE = {"estimated_rows": 50_000_000, "changed_percent": 0.20, "delete_percent": 0.05}


def _manifest(folder: Path, *, sink: str = "postgres", options: Any = None, **strategy: Any) -> Path:
    """A load of orders; None in `strategy` takes a key away."""
    given = {"mode": "auto", "unique_key": ["order_id"], "partition": {"column": "day", "by": "day"}, **strategy}
    target = {"topic": "orders"} if sink == "kafka" else {"table": {"schema": "dwh", "name": "orders"}}
    document = {
        "name": "orders",
        "source": {
            "type": "postgres",
            "connection_id": "oltp",
            "table": {"schema": "public", "name": "orders"},
            "options": {"columns": _COLUMNS, **(options or {})},
        },
        "sink": {
            "type": sink,
            "connection_id": "dwh",
            **target,
            "strategy": {name: said for name, said in given.items() if said is not None},
        },
    }
    path = folder / "orders.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _advice(path: Path, *words: object) -> dict[str, Any]:
    shown = dponec("advise", path, "--format", "json", *words)
    assert shown.exit_code == 0, shown.stderr
    document: dict[str, Any] = json.loads(shown.stdout)
    return document


@pytest.mark.parametrize("mode", ["auto", None])
@pytest.mark.parametrize("place", ["source.options", "sink.strategy"])
def test_dpone_advice_plan_and_compile_decide_alike(place: str, mode: str | None, tmp_path: Path) -> None:
    hints = {"options": _LARGE} if place == "source.options" else _LARGE
    path = _manifest(tmp_path, mode=mode, **hints)
    advised = _advice(path)["decision"]
    transfer = advised.pop("native_transfer_plan")
    planned = json.loads(dponec("plan", path, "--format", "json").stdout)
    assert dponec("compile", path, "-o", tmp_path / "plans", "--no-cache").exit_code == 0
    compiled = json.loads((tmp_path / "plans" / "orders" / "plan.json").read_text(encoding="utf-8"))
    assert advised == planned["decision"] == compiled["decision"]
    assert transfer == planned["native_transfer_plan"] == compiled["native_transfer_plan"]
    assert advised["strategy"] == ("partition_replace" if mode == "auto" else "full_refresh")


def test_dpone_a_hint_says_where_it_comes_from(tmp_path: Path) -> None:
    path = _manifest(tmp_path, **_LARGE)
    (chosen, *_) = _advice(path)["decision"]["reasons"]
    assert (chosen["facts"]["rows"], chosen["facts"]["changed"]) == ("50_000_000 (manifest)", "20% (manifest)")
    (chosen, *_) = _advice(path, "--changed-percent", "0.3")["decision"]["reasons"]
    assert chosen["facts"]["changed"] == "30% (flag)"


@pytest.mark.parametrize(("source", "sink"), list(product(["postgres", "mssql"], registry.backend_names())))
def test_dpone_auto_never_takes_what_an_end_cannot_do(source: str, sink: str) -> None:
    context = StrategyContext(source_type=source, sink_type=sink, unique_key=("id",), cdc_available=True)
    decision = StrategyAdvisor().advise(context)
    reads, writes = registry.backend(source).capabilities(None), registry.backend(sink).capabilities(None)
    assert not writes.strategies[decision.strategy_mode]
    able = reads.cdc_source and not writes.strategies["cdc_apply"]
    assert (decision.strategy_mode == "cdc_apply") is able
    assert ("cdc_hint_ignored" in [each.code for each in decision.warnings]) is not able


@pytest.mark.parametrize("path", sorted(ERRORS.glob("*.yaml")), ids=lambda path: path.stem.partition("_")[0])
def test_dpone_what_a_check_refuses_the_advice_refuses(path: Path) -> None:
    assert dponec("advise", path).exit_code == dponec("check", path).exit_code


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mode": "bananas"}, "bananas"),
        ({"merge_policy": "magic"}, "magic"),
        ({"estimated_rows": -5}, "-5"),
        ({"estimated_rows": "50M"}, "50M"),
        ({"changed_percent": 20}, "0.20"),
        ({"delete_percent": -3}, "-3"),
        ({"options": {"changed_percent": 20}}, "0.20"),
        ({"sink": "clickhouse", "mode": "partition_replace", "merge_policy": "delete_insert"}, "delete_insert"),
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["advise", "plan", "check"])
def test_dpone_nonsense_is_named_and_placed(command: str, given: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = _manifest(tmp_path, **given)
    refused = dponec(command, path)
    assert refused.exit_code == 1
    assert "error[DP" in refused.stderr and f"{path}:1:" in refused.stderr and said in refused.stderr


def test_dpone_no_reason_denies_a_fact(tmp_path: Path) -> None:
    """A refresh is advised although hints are there: each of the others says which fact it lacks, and how to give it."""
    decision = _advice(_manifest(tmp_path, unique_key=None, partition=None, **_LARGE))["decision"]
    (chosen, *_) = decision["reasons"]
    assert (decision["strategy"], chosen["code"]) == ("full_refresh", "portable_full_refresh")
    why = {each["value"]: each["reason"] for each in decision["rejected"] if each["choice"] == "strategy"}
    assert "key is not set" in why["incremental_merge"]
    assert "partition is not set" in why["partition_replace"]
    assert "cursor is not set" in why["incremental_append"]


def test_dpone_the_whole_table_changed_and_the_model_says_so(tmp_path: Path) -> None:
    decision = _advice(_manifest(tmp_path, estimated_rows=2_000_000, changed_percent=1.0))["decision"]
    assert decision["strategy"] == "partition_replace"
    assert "cost_model_disagrees" in [each["code"] for each in decision["warnings"]]


@pytest.mark.parametrize("key", [["order_id"], None])
def test_dpone_an_explicit_mode_is_never_turned_into_another(key: list[str] | None, tmp_path: Path) -> None:
    refused = dponec("advise", _manifest(tmp_path, sink="kafka", mode="partition_replace", unique_key=key))
    assert (refused.exit_code, "incremental_merge (event upserts)" in refused.stderr) == (1, True), refused.stderr
    with pytest.raises(AdviceRefusedError, match="event upserts"):
        context = StrategyContext(source_type="postgres", sink_type="kafka", requested_mode="partition_replace")
        StrategyAdvisor().advise(context)


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_dpone_gates_and_warnings_are_in_every_form(form: str, tmp_path: Path) -> None:
    path = _manifest(tmp_path, unique_key=None, cdc_enabled=True, **_LARGE)
    for command in ("advise", "plan"):
        shown = dponec(command, path, "--format", form, *(["--explain-strategy"] if command == "plan" else []))
        for code in ("delete_semantics", "staging_first_required", "cdc_hint_ignored"):
            assert code in shown.stdout, command
        assert dponec(command, path, "--fail-on", "warning").exit_code == 1


def test_dpone_clickhouse_to_sql_server_follows_the_rules() -> None:
    context = StrategyContext(source_type="clickhouse", sink_type="mssql", unique_key=("id",))
    assert StrategyAdvisor().advise(context).strategy_mode == "incremental_merge"


def test_dpone_many_manifests_are_one_compile(tmp_path: Path) -> None:
    shown = dponec("compile", EXAMPLES, "-o", tmp_path, "--no-cache")
    assert shown.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {path.stem for path in EXAMPLES.glob("*.yaml")}


@pytest.mark.parametrize(
    ("wrong", "help_", "right"),
    [
        ({"mode": "incremental_merge", "unique_key": None}, "unique_key", {"mode": "incremental_merge"}),
        ({"mode": "partition_replace", "partition": None}, "partition", {"mode": "partition_replace"}),
        (
            {"mode": "full_refresh", "merge_policy": "upsert"},
            "use delete_insert",
            {"mode": "full_refresh", "merge_policy": "delete_insert"},
        ),
    ],
)
def test_dpone_what_is_advised_compiles(
    wrong: dict[str, Any], help_: str, right: dict[str, Any], tmp_path: Path
) -> None:
    refused = dponec("check", _manifest(tmp_path, **wrong))
    assert (refused.exit_code, help_ in refused.stderr) == (1, True), refused.stderr
    assert dponec("check", _manifest(tmp_path, **right)).exit_code == 0
