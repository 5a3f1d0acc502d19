"""The model: every way of every sink is known to it, volumes follow the shape, and mode `cost` follows its order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dpone_compiler import registry
from dpone_compiler.cost.constants import MEASURED
from dpone_compiler.cost.estimate import estimate
from dpone_compiler.cost.volumes import VOLUMES, works
from dpone_compiler.cost.work import PHASES, UNDER, WHOLE, WORK
from dpone_compiler.cost.workload import Workload, touched_share
from tests.cli.commands import dponec, write_manifest

AUTO = """load orders {{
  from postgres.demo_source public.orders
  into postgres.demo_pg dwh.orders
  key order_id   cursor updated_at lag 10 minutes   partition by day(business_date)
  hint rows {rows} changed {changed}%
  strategy {mode}
}}
"""


def _shape(changed: float, partitions: int = 12) -> Workload:
    return Workload(
        rows=1_000_000, width=100, changed=changed, partitions=partitions, touched=touched_share(changed, partitions)
    )


@pytest.mark.parametrize("sink", sorted(WORK))
def test_every_way_that_a_sink_offers_is_known(sink: str) -> None:
    capabilities = registry.backend(sink).capabilities(None)
    offered = {
        (strategy, policy)
        for strategy, lacks in capabilities.strategies.items()
        # A backfill is runs of its inner mode.
        if not lacks and strategy != "backfill"
        for policy in capabilities.merge_policies.get(strategy, ("",))
    }
    assert set(works(sink)) == offered
    assert not set(WORK[sink]) & set(VOLUMES.get(sink, ()))


def test_what_nobody_has_measured_has_volumes_and_no_time() -> None:
    merge = ("incremental_merge", "upsert")
    without = {phase: rate for phase, rate in MEASURED["postgres"].items() if phase != "upsert"}
    unmeasured = [(None, *each) for each in VOLUMES["mssql"].items()] + [(without, merge, WORK["postgres"][merge])]
    for rates, way, work in unmeasured:
        found = estimate(_shape(0.1), rates, way, work)
        assert (found.seconds, found.lock_seconds, found.terms) == (None, None, ())
        assert found.moved > 0


@pytest.mark.parametrize("sink", sorted(MEASURED))
def test_every_phase_of_a_measured_sink_has_a_rate(sink: str) -> None:
    used = {"open", "move", "prove"} | {phase for work in WORK[sink].values() for phase in work.phases}
    assert used == set(MEASURED[sink])


def test_every_phase_of_a_receipt_is_one_of_some_way() -> None:
    used = {phase for ways in WORK.values() for work in ways.values() for phase in work.phases}
    assert {*PHASES.values(), *UNDER.values(), *WHOLE.values()} <= used | {"open", "move", "prove"}
    assert all(WORK[sink][way].phases == (phase,) for sink in WORK for way, phase in WHOLE.items() if way in WORK[sink])


def test_volumes_follow_the_shape() -> None:
    work = WORK["postgres"]
    full = estimate(_shape(0.1), None, ("full_refresh", "delete_insert"), work[("full_refresh", "delete_insert")])
    merge = estimate(_shape(0.1), None, ("incremental_merge", "upsert"), work[("incremental_merge", "upsert")])
    part = estimate(
        _shape(0.1), None, ("partition_replace", "delete_insert"), work[("partition_replace", "delete_insert")]
    )
    assert (full.moved, merge.moved) == (1e8, 1e7)
    assert part.moved == pytest.approx(1e8 / 6 + 1e5 * 17)  # two of twelve months, and the days of the delta
    assert full.seconds is full.lock_seconds is None
    rewrite = WORK["clickhouse"][("incremental_merge", "partition_rewrite")]
    assert estimate(_shape(0.1), None, ("incremental_merge", "partition_rewrite"), rewrite).rewritten == pytest.approx(
        1e8 / 6
    )


@pytest.mark.parametrize("sink", sorted(MEASURED))
def test_more_changes_never_cost_less(sink: str) -> None:
    for way, work in WORK[sink].items():
        seconds = [estimate(_shape(share), MEASURED[sink], way, work).seconds or 0 for share in (0.01, 0.1, 0.5, 1.0)]
        assert seconds == sorted(seconds), way


def _advice(tmp_path: Path, mode: str, changed: float, rows: int = 200_000) -> dict[str, object]:
    text = AUTO.format(rows=rows, changed=changed, mode=mode)
    manifest = write_manifest(tmp_path, "dpone", {"dpone": text})
    shown = dponec("advise", manifest, "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    return dict(json.loads(shown.stdout))


def test_mode_cost_takes_the_cheapest_and_auto_says_that_it_differs(tmp_path: Path) -> None:
    by_rules, by_cost = (_advice(tmp_path, mode, 90) for mode in ("auto", "cost"))
    cheapest = next(each for each in by_cost["cost"]["estimates"] if not each["needs"])  # type: ignore[index]
    decision = by_cost["decision"]
    assert decision["strategy"] == cheapest["strategy"]  # type: ignore[index]
    assert decision["merge_policy"] == cheapest["policy"]  # type: ignore[index]
    codes = [each["code"] for each in by_rules["decision"]["warnings"]]  # type: ignore[index]
    assert ("cost_model_disagrees" in codes) == (by_rules["decision"]["strategy"] != cheapest["strategy"])  # type: ignore[index]


def test_auto_follows_the_rules_whatever_the_model_says(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "dpone", {"dpone": AUTO.format(rows=200_000, changed=10, mode="auto")})
    slow = {phase: {"row": 1.0} for phase in ("upsert", "match", "update")}
    slow |= {phase: {"fixed": 0.0} for phase in ("open", "move", "prove", "insert", "delete")}
    costs = tmp_path / "costs.json"
    costs.write_text(json.dumps({"format": "dponec.costs/1", "seconds": {"postgres": slow}}), encoding="utf-8")
    for mode, strategy in (("auto", "incremental_merge"), ("cost", "full_refresh")):
        manifest.write_text(AUTO.format(rows=200_000, changed=10, mode=mode), encoding="utf-8")
        shown = json.loads(dponec("advise", manifest, "--costs", costs, "--format", "json").stdout)
        assert shown["decision"]["strategy"] == strategy
        told = [each["code"] for each in shown["decision"]["warnings"]]
        assert ("cost_model_disagrees" in told) == (mode == "auto")


def test_policy_cost_beside_auto_is_the_mode_cost(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("mode: auto", "mode: auto, policy: cost"), encoding="utf-8")
    assert "(asked: cost)" in dponec("advise", manifest).stdout
    manifest.write_text(text.replace("mode: auto", "mode: full_refresh, policy: cost"), encoding="utf-8")
    assert dponec("advise", manifest).exit_code == 1


def test_what_a_load_lacks_is_priced_too(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8").replace(", unique_key: [order_id]", "")
    manifest.write_text(text, encoding="utf-8")
    shown = dponec("advise", manifest).stdout
    assert "not possible here: incremental_merge by upsert" in shown
    assert "it needs a unique key" in shown


def test_without_rows_nothing_is_estimated(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8").replace("estimated_rows: 200000, ", "")
    manifest.write_text(text, encoding="utf-8")
    (tmp_path / "catalog").unlink()
    shown = json.loads(dponec("advise", manifest, "--format", "json").stdout)
    silent = shown["cost"].pop("silent")
    assert shown["cost"] == {"known": False, "estimates": [], "assumed": [], "turns": [], "constants": ""}
    assert [each["code"] for each in silent] == ["cost_rows_unknown"]
    assert "estimated_rows" in silent[0]["message"]


def test_wrong_constants_are_told(tmp_path: Path) -> None:
    costs = tmp_path / "costs.json"
    costs.write_text('{"format": "dponec.costs/1", "seconds": {"postgres": {"move": {"row": -1}}}}', encoding="utf-8")
    refused = dponec("advise", write_manifest(tmp_path, "yaml"), "--costs", costs)
    assert refused.exit_code == 1
    assert "postgres.move.row is no number of seconds: -1" in refused.stderr
