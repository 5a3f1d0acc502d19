"""`compile --emit dpone`, without dpone: the manifest is read back as the same load, and what it cannot say is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from dpone_compiler.frontends.manifest.reader import read_manifest
from dpone_compiler.ir.load import Load
from dpone_compiler.source.text import SourceFile
from tests.cli.commands import EXAMPLE_LOADS, EXAMPLES, dponec, write_manifest


def _load(path: Path) -> Load:
    (load,), _ = read_manifest(SourceFile(path.name, path.read_text(encoding="utf-8")))
    return load


def test_the_manifest_is_read_back_as_the_same_load(tmp_path: Path) -> None:
    """Every example but the backfill by partitions, which dpone would replace by the rows of one slice: it is refused by name."""
    shown = dponec("compile", EXAMPLES, "--emit", "dpone", "-o", tmp_path)
    refused = {"orders_backfill_pg_to_ch.yaml"}
    written = EXAMPLE_LOADS - len(refused)
    assert shown.exit_code == 1
    assert shown.stderr.count("error[DP311]") == len(refused)
    assert f"{written} manifests for dpone, {written} written" in shown.stdout
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in EXAMPLES.glob("*.yaml")} - refused
    for path in sorted(tmp_path.iterdir()):
        ours, theirs = _load(EXAMPLES / path.name), _load(path)
        assert theirs.read.endpoint == ours.read.endpoint
        assert theirs.write.endpoint == ours.write.endpoint
        assert (theirs.read.where is None) == (ours.read.where is None)
        assert (theirs.write.key, theirs.hints) == (ours.write.key, ours.hints)
        assert theirs.write.mode == ours.write.mode


@pytest.mark.parametrize("form", ["yaml", "dpone", "py"])
def test_auto_becomes_the_strategy_that_was_chosen(tmp_path: Path, form: str) -> None:
    manifest = write_manifest(tmp_path, form)
    out = tmp_path / "out"
    assert dponec("compile", manifest, "--emit", "dpone", "-o", out).exit_code == 0
    assert _load(manifest.with_name("out") / "orders.yaml").write.mode == "incremental_merge"
    text = (out / "orders.yaml").read_text(encoding="utf-8")
    assert "requested_mode: auto" in text
    assert "code: unique_key_upsert" in text


def test_a_second_time_writes_nothing_and_a_check_sees_a_change(tmp_path: Path) -> None:
    words = ("compile", EXAMPLES / "orders_pg_to_pg.yaml", "--emit", "dpone", "-o", tmp_path)
    assert dponec(*words, "--check").exit_code == 1
    assert list(tmp_path.iterdir()) == []
    dponec(*words)
    assert "0 written" in dponec(*words).stdout
    assert dponec(*words, "--check").exit_code == 0
    path = tmp_path / "orders_pg_to_pg.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("incremental_merge", "full_refresh"), encoding="utf-8")
    assert "DP316" in dponec(*words, "--check").stderr


def test_what_dpone_has_no_word_for_is_told_and_never_written(tmp_path: Path) -> None:
    shown = dponec("compile", EXAMPLES / "orders_pg_to_ch.yaml", "--emit", "dpone", "-o", tmp_path)
    for path in ("source.cursor", "partition.by", "merge_policy", "policies.on_leave_filter"):
        assert f"{path}:" in shown.stderr
    text = (tmp_path / "orders_pg_to_ch.yaml").read_text(encoding="utf-8")
    assert "assigned_by" not in text
    assert "on_leave_filter" not in text
    assert "partition_rewrite" not in text.partition("strategy_intelligence")[0]


def test_no_manifest_is_written_where_dpone_would_load_something_else(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, "yaml")
    text = manifest.read_text(encoding="utf-8")
    columns = "columns: [{name: order_id}, {name: note, as: status}, {name: updated_at}], cursor:"
    manifest.write_text(text.replace("cursor:", columns), encoding="utf-8")
    out = tmp_path / "out"
    shown = dponec("compile", manifest, "--emit", "dpone", "-o", out)
    assert shown.exit_code == 1
    assert "DP311" in shown.stderr
    assert not out.exists()
