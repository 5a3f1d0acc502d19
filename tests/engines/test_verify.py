"""`dponec verify`: the examples hold; a bundle that somebody edited, with right digests, does not; no engine is never a tick."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from dpone_compiler.artifacts.effects import resync_steps
from dpone_compiler.artifacts.plan_codec import plan_fingerprint
from dpone_compiler.cli.verify_text import as_markdown, as_text
from dpone_compiler.runtime.bundle import load_bundle
from dpone_compiler.verify.bundle import verify_bundle
from dpone_compiler.verify.engines import Engines, make_engines
from dpone_compiler.verify.matrix import CELLS, Verdict, document
from tests.cli.commands import ROOT, dponec

PLANS, GOLDEN = ROOT / "examples" / "plans", ROOT / "tests" / "golden" / "bundles"


@pytest.fixture(scope="module")
def engines() -> Engines:  # type: ignore[misc]
    """Engines of this module's own."""
    with make_engines() as made:
        yield made


def edited(
    folder: Path,
    name: str,
    steps: tuple[str, ...],
    old: str,
    new: str,
    *,
    plans: Path = PLANS,
    files: str = "steps/*-{}.sql",
) -> Path:
    """A copy of an example in which some files were edited by hand, and the digests made right again."""
    bundle = folder / name
    shutil.copytree(plans / name, bundle)
    plan = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))
    for step in steps:
        (path,) = bundle.glob(files.format(step))
        text = path.read_text(encoding="utf-8")
        assert old in text, text
        path.write_text(text.replace(old, new), encoding="utf-8")
        plan["files"][path.relative_to(bundle).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    plan["fingerprint"] = plan_fingerprint(plan)
    (bundle / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    return bundle


def verified(bundle: Path, engines: Engines) -> Verdict:
    return verify_bundle(load_bundle(bundle), engines)


@pytest.mark.postgres_wheel
@pytest.mark.chdb
@pytest.mark.parametrize("name", sorted(path.name for path in PLANS.iterdir()))
def test_the_examples_do_what_they_mean(name: str, engines: Engines) -> None:
    verdict = verified(PLANS / name, engines)
    assert verdict.verified, as_text(verdict)
    assert [cell.name for cell in verdict.cells] == list(CELLS)
    assert verdict.counts["crashes"] > 20
    assert as_markdown(verdict).count("| ✓ |") == len(CELLS)
    told = document(verdict)
    assert told["verified"] and told["failure"] is None
    met = told["cells"]["concurrency"]
    for promise, seen in (
        ("fencing token", "fence-finalize was stopped there (DP410)"),
        ("advisory lock", "lock was held"),
    ):
        assert (promise in met["claim"]) == any(seen in sentence for sentence in met["evidence"]), met
    again = bool(resync_steps(load_bundle(PLANS / name).doc))
    assert again == any("a resync of one partition gave" in each for each in told["cells"]["replay"]["evidence"])


@pytest.mark.postgres_wheel
@pytest.mark.chdb
@pytest.mark.parametrize(
    "name", ["cdc_slot_pg", "cdc_slot_ch", "attach_pg", "snapshot_hard_pg", "backfill_append_ch", "merge_leased_ch"]
)
def test_what_the_examples_leave_out_does_what_it_means(name: str, engines: Engines) -> None:
    verdict = verified(GOLDEN / name, engines)
    assert verdict.verified, as_text(verdict)
    assert verdict.counts["crashes"] > 20


@pytest.mark.postgres_wheel
def test_a_change_table_does_what_it_means_unless_it_waits_too_long(engines: Engines, tmp_path: Path) -> None:
    told = verified(GOLDEN / "cdc_table_pg", engines)
    assert told.why_not == "not verified: each load waits 60 s for late commits of its sequence, and many are needed"
    hurried = edited(tmp_path / "1", "cdc_table_pg", ("freeze-window",), "pg_sleep(60)", "pg_sleep(0)", plans=GOLDEN)
    verdict = verified(
        edited(
            tmp_path / "2", hurried.name, ("intent",), '"lag": 60', '"lag": 0', plans=hurried.parent, files="{}.json"
        ),
        engines,
    )
    assert verdict.verified, as_text(verdict)


@pytest.mark.postgres_wheel
def test_limits_that_a_story_would_come_to_are_no_failure_and_no_tick(engines: Engines, tmp_path: Path) -> None:
    wide, narrow = '"max_delete_rows": 1000000', '"max_delete_rows": 2'
    bundle = edited(tmp_path, "shadow_full_pg", ("intent",), wide, narrow, plans=GOLDEN, files="{}.json")
    verdict = verified(bundle, engines)
    assert not verdict.verified and verdict.failure is None
    assert "limits on deleted rows" in verdict.why_not


MERGE, DAYS, FULL = "orders_pg_to_pg", "orders_days_pg_to_pg", "orders_full_pg_to_pg"
# What somebody might write into a reviewed file, and mean well.
READ = ("fingerprint-source", "transfer-rows.extract")
KEYS = '"t"."order_id" = "s"."order_id"'
EDITS = {
    "the window takes its end too": (MERGE, READ, '"updated_at" < ', '"updated_at" <= '),
    "the window leaves its beginning out": (MERGE, READ, '"updated_at" >= ', '"updated_at" > '),
    "old versions stay": (MERGE, ("delete-matching",), KEYS, "false"),
    "the filter is gone": (FULL, READ, "'draft'", "'nothing'"),
    "the horizon is now": (
        MERGE,
        ("freeze-window",),
        "FROM pg_stat_activity\n   WHERE",
        "FROM (SELECT * FROM pg_stat_activity LIMIT 0) AS a\n   WHERE",
    ),
    "other days go": (DAYS, ("delete-partitions",), "CAST(v AS date)", "CAST(v AS date) + 1"),
    "any key will do": (FULL, ("check-duplicate-keys",), "> 1", "> 99"),
}


@pytest.mark.postgres_wheel
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_finalizer_is_found(edit: str, engines: Engines, tmp_path: Path) -> None:
    verdict = verified(edited(tmp_path, *EDITS[edit]), engines)
    assert not verdict.verified, as_text(verdict)
    assert verdict.failure is not None, verdict.why_not


FENCE = (
    """ AND fence = current_setting('dponec.fence')::bigint\n   AND lease_owner = current_setting('dponec.run_id')"""
)


@pytest.mark.postgres_wheel
@pytest.mark.parametrize(
    ("steps", "at"),
    [
        (("fence-finalize", "reconcile", "commit-state"), "fence-finalize"),
        (("fence-stage-rows",), "fence-stage-rows"),
    ],
)
def test_a_plan_whose_fence_is_gone_is_no_tick(
    engines: Engines, tmp_path: Path, steps: tuple[str, ...], at: str
) -> None:
    """What a second run at once cannot see: it is sent away by the lease before it comes to a fence."""
    verdict = verified(edited(tmp_path, MERGE, steps, FENCE, ""), engines)
    assert verdict.failure is not None, as_text(verdict)
    assert f"a run slept before {at}, another took its lease and finished" in verdict.failure.difference.what
    assert "concurrency" not in {cell.name for cell in verdict.cells if cell.proved}


@pytest.mark.postgres_wheel
def test_an_edited_resync_is_found(engines: Engines, tmp_path: Path) -> None:
    """The load itself is as it was."""
    verdict = verified(edited(tmp_path, DAYS, ("delete-moved",), KEYS, "false", files="replay/*-{}.sql"), engines)
    assert verdict.failure is not None, as_text(verdict)
    assert verdict.failure.difference.what.startswith("in a resync behind it, ")


@pytest.mark.postgres_wheel
def test_a_finalizer_without_the_lock_it_promises_is_found(engines: Engines, tmp_path: Path) -> None:
    lock = "PERFORM pg_advisory_xact_lock(hashtextextended('dponec:dwh.orders', 0));"
    verdict = verified(edited(tmp_path, MERGE, ("fence-finalize",), lock, ""), engines)
    assert verdict.failure is not None and "advisory lock was free" in verdict.failure.difference.what


@pytest.mark.postgres_wheel
def test_the_smallest_rows_are_shown(engines: Engines, tmp_path: Path) -> None:
    bundle = edited(tmp_path, *EDITS["the filter is gone"])
    verdict = verified(bundle, engines)
    assert verdict.failure is not None and verdict.failure.case is not None
    assert verdict.failure.case.size <= 2
    assert "the smallest case found" in as_text(verdict)


def test_a_sink_without_an_engine_is_never_a_tick(tmp_path: Path) -> None:
    bundle = tmp_path / "orders"
    shutil.copytree(PLANS / "orders_pg_to_pg", bundle)
    intent = json.loads((bundle / "intent.json").read_text(encoding="utf-8"))
    intent["load"]["write"]["endpoint"]["engine"] = "mssql"
    (bundle / "intent.json").write_text(json.dumps(intent), encoding="utf-8")
    plan = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))
    plan["files"]["intent.json"] = hashlib.sha256((bundle / "intent.json").read_bytes()).hexdigest()
    plan["fingerprint"] = plan_fingerprint(plan)
    (bundle / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    for form in ("text", "md", "json"):
        done = dponec("verify", str(bundle), "--format", form)
        assert done.exit_code == 1
        assert "not verified: no engine" in done.stdout
        assert "✓" not in done.stdout
