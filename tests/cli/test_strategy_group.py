"""dponec strategy …, preflight, and replay of runs that are not known here: as a user of dpone types them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from dpone_compiler.driver.preflight import check_tools
from tests.cli.commands import EXAMPLES, dponec

ROUTE = ("--source-type", "postgres", "--sink-type", "mssql")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_a_runbook_is_deterministic_and_says_that_the_run_is_not_known(form: str) -> None:
    words = (
        "strategy",
        "repair-plan",
        "RUN_ID",
        *ROUTE,
        "--strategy",
        "partition_replace",
        "--failed-stage",
        "finalize",
    )
    first, second = (dponec(*words, "--partition", "2026-01-01", "--format", form) for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, second.stdout)
    assert "no such run" in first.stdout
    assert "dponec resync --run-id RUN_ID --partition 2026-01-01" in first.stdout


def test_the_order_of_a_runbook_is_inspect_validate_replay_reconcile_commit() -> None:
    shown = json.loads(
        dponec("strategy", "repair-plan", "R", "--strategy", "incremental_merge", "--format", "json").stdout
    )
    actions = [step["action"] for step in shown["steps"]]
    assert actions == [
        "inspect_run_artifacts",
        "validate_staging_artifacts",
        "resume_from_failed_stage",
        "quality_reconcile",
        "commit_state_after_success",
    ]


@pytest.mark.parametrize(
    ("strategy", "stage", "safe"),
    [
        ("incremental_merge", "extract", True),
        ("incremental_merge", "stage", True),
        ("incremental_merge", "finalize", False),
        ("partition_replace", "extract", False),
        ("full_refresh", "commit_state", False),
    ],
)
def test_only_an_untouched_target_may_be_resumed_without_a_look(strategy: str, stage: str, safe: bool) -> None:
    words = ("--strategy", strategy, "--failed-stage", stage, "--format", "json")
    assert json.loads(dponec("strategy", "repair-plan", "R", *words).stdout)["safe_to_auto_resume"] is safe


@pytest.mark.parametrize("strategy", ["incremental_merge", "partition_replace", "full_refresh"])
@pytest.mark.parametrize("partitions", [(), ("--partition", "2026-01-01", "--partition", "it's; $(x)")])
def test_every_printed_command_parses(strategy: str, partitions: tuple[str, ...]) -> None:
    words = ("strategy", "repair-plan", "RUN_ID", "--strategy", strategy, *partitions, "--format", "json")
    for line in json.loads(dponec(*words).stdout)["commands"]:
        program, *typed = shlex.split(line)
        # Exit 2 would be usage: the command is not one of ours. Exit 1: there is no such run.
        assert program == "dponec"
        assert dponec(*typed).exit_code in (0, 1), line


@pytest.mark.parametrize(
    ("option", "word"), [("--source-type", "orcale"), ("--strategy", "bananas"), ("--failed-stage", "moon")]
)
def test_an_unknown_word_is_a_usage_error(option: str, word: str) -> None:
    refused = dponec("strategy", "repair-plan", "R", option, word)
    assert (refused.exit_code, word in refused.stderr) == (2, True)


def test_kafka_has_no_partitions_to_replace() -> None:
    refused = dponec("strategy", "repair-plan", "R", "--sink-type", "kafka", "--strategy", "partition_replace")
    assert (refused.exit_code, "event upserts" in refused.stderr) == (2, True)
    words = ("--run-id", "R", "--source-type", "postgres", "--sink-type", "kafka", "--strategy", "partition_replace")
    assert dponec("resync", *words, "--partition", "1").exit_code == 1


def test_a_replay_of_an_unknown_run_is_a_plan_and_never_more() -> None:
    words = ("--run-id", "RUN_ID", *ROUTE, "--strategy", "partition_replace", "--partition", "2026-01-01")
    planned = json.loads(dponec("resync", *words, "--format", "json").stdout)
    assert (planned["mode"], planned["executed"], planned["state_committed"]) == ("plan", False, False)
    assert [each["step"] for each in planned["operations"]] == [
        "validate_staging",
        "execute_finalizer",
        "reconcile",
        "commit_state",
    ]
    assert "no such run" in planned["note"]
    recorded = json.loads(Path(planned["artifact_path"]).read_text(encoding="utf-8"))
    assert recorded["status"] == "planned"
    refused = dponec("resync", *words, "--yes")
    assert (refused.exit_code, "no such run" in refused.stderr) == (1, True)
    resumed = dponec("resume", "RUN_ID", "--from-stage", "stage", *ROUTE, "--strategy", "incremental_merge")
    assert resumed.exit_code == 0


def test_two_plans_of_one_run_do_not_overwrite_each_other() -> None:
    words = ("resync", "--run-id", "RUN_ID", *ROUTE, "--strategy", "partition_replace", "--format", "json")
    paths = {
        json.loads(dponec(*words, "--partition", day).stdout)["artifact_path"] for day in ("2026-01-01", "2026_01_01")
    }
    assert len(paths) == 2


def test_replayed_events_of_kafka_change_nothing_of_the_log() -> None:
    words = ("--source-type", "postgres", "--sink-type", "kafka", "--strategy", "incremental_merge", "--format", "json")
    planned = json.loads(dponec("resume", "R", "--from-stage", "finalize", *words).stdout)
    assert [each["step"] for each in planned["operations"]][1] == "produce_replay_events"


def test_preflight_names_the_planned_path_and_what_brings_a_missing_tool() -> None:
    shown = json.loads(dponec("preflight", EXAMPLES / "orders_pg_to_pg.yaml", "--format", "json").stdout)
    assert shown["path_id"] == "postgres_copy_to_postgres"
    plan = json.loads(dponec("plan", EXAMPLES / "orders_pg_to_pg.yaml", "--format", "json").stdout)
    assert shown["path_id"] == plan["decision"]["native_fast_path"]


@pytest.mark.parametrize(
    ("source", "sink", "path", "tools", "fallback"),
    [
        ("postgres", "mssql", "postgres_copy_to_mssql_bcp", ["bcp", "psycopg"], "pyodbc_fast_executemany"),
        (
            "mssql",
            "clickhouse",
            "mssql_bcp_queryout_to_clickhouse_direct_tsv",
            ["bcp", "clickhouse-client or curl"],
            "python_streaming_batches",
        ),
        (
            "postgres",
            "clickhouse",
            "postgres_copy_to_clickhouse_http_tsv",
            ["clickhouse-client or curl", "psycopg"],
            "streaming_rows",
        ),
        ("mssql", "mssql", "mssql_bcp_queryout_to_bcp_import", ["bcp"], "pyodbc_fast_executemany"),
    ],
)
def test_the_paths_of_the_document(source: str, sink: str, path: str, tools: list[str], fallback: str) -> None:
    shown = json.loads(dponec("preflight", "--source-type", source, "--sink-type", sink, "--format", "json").stdout)
    assert (shown["path_id"], sorted(shown["tools"]), shown["fallback_path"]) == (path, tools, fallback)


def test_a_module_is_looked_up_as_a_module_and_an_alternative_as_an_or() -> None:
    nothing = check_tools("postgres", "clickhouse", which=lambda _: None, module=lambda _: None)
    assert (nothing.ready, nothing.fallback_path) == (False, "streaming_rows")
    curl = check_tools("postgres", "clickhouse", which=lambda name: "/bin/curl" if name == "curl" else None)
    assert curl.tools["clickhouse-client or curl"].path == "/bin/curl"
    assert curl.tools["psycopg"].path != "/bin/psycopg"
    programs_only = check_tools("postgres", "clickhouse", which=lambda name: f"/bin/{name}", module=lambda _: None)
    assert not programs_only.tools["psycopg"].available


def test_fail_on_missing_decides_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    route = ("--source-type", "postgres", "--sink-type", "clickhouse")
    assert dponec("strategy", "preflight", *route).exit_code == 0
    assert dponec("strategy", "preflight", *route, "--fail-on-missing").exit_code == 1


@pytest.mark.parametrize("words", [(), ("x.yaml", *ROUTE), ("--source-type", "postgres"), (*ROUTE, "--live")])
def test_preflight_takes_a_manifest_or_a_route(words: tuple[str, ...]) -> None:
    assert dponec("preflight", *words).exit_code == 2


def test_what_cannot_be_opened_is_a_failed_probe() -> None:
    shown = dponec("preflight", EXAMPLES / "orders_pg_to_pg.yaml", "--live", "--format", "json")
    probes = {each["name"]: each["status"] for each in json.loads(shown.stdout)["probes"]}
    assert (shown.exit_code, probes) == (1, {"source connection": "failed", "target connection": "failed"})
