"""The built-in rules against an oracle written straight from the table of the rules, over a grid of facts."""

from __future__ import annotations

import itertools
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from dpone_compiler.frontends.language.policy_freeze import frozen_text
from dpone_compiler.policy.builtin import FROZEN, load_builtin_policy
from dpone_compiler.policy.codec import PolicyFormatError, decode_policy, encode_policy
from dpone_compiler.policy.evaluate import Decision, decide
from dpone_compiler.policy.facts import MUTABLE_SINKS, Facts, FactSource
from dpone_compiler.policy.model import Value
from dpone_compiler.policy.vocabulary import FACTS

SINKS = ("postgres", "mssql", "clickhouse", "bigquery", "kafka")


def _decide(**facts: Value | None) -> Decision:
    sink = facts.get("sink")
    known = Facts().adding(FactSource.MANIFEST, facts.items())
    return decide(load_builtin_policy(), known.adding(FactSource.DERIVED, [("mutable_sink", sink in MUTABLE_SINKS)]))


def _oracle(
    *, sink: str, cdc: bool, key: bool, cursor: bool, partition: bool, rows: int | None, changed: float | None
) -> str:
    if cdc and key:
        return "cdc_available"
    if partition and sink != "kafka" and (rows or 0) >= 1_000_000 and (changed or 0) >= 0.05:
        return "partition_replace_large_delta"
    if key:
        return "unique_key_upsert"
    return "cursor_append" if cursor else "portable_full_refresh"


def test_the_rules_are_those_of_the_seed() -> None:
    yes_no = (False, True)
    grid = itertools.product(
        SINKS, yes_no, yes_no, yes_no, yes_no, (None, 0, 999_999, 1_000_000), (None, 0.0, 0.0499, 0.05, 1.0)
    )
    for sink, cdc, key, cursor, partition, rows, changed in grid:
        decision = _decide(
            sink=sink,
            cdc=cdc,
            cdc_supported=True,
            key="id" if key else None,
            cursor="at" if cursor else None,
            partition="d" if partition else None,
            rows=rows,
            changed=changed,
        )
        assert decision.rule is not None
        assert decision.rule.code == _oracle(
            sink=sink, cdc=cdc, key=key, cursor=cursor, partition=partition, rows=rows, changed=changed
        )
        assert {entry.value for entry in decision.rejected}.isdisjoint({decision.rule.choose})
        assert len(decision.rejected) == 4


@pytest.mark.parametrize(("supported", "why"), [(False, "cdc_supported = false"), (None, "cdc_supported is not known")])
def test_a_cdc_hint_that_cannot_be_used_is_said(supported: bool | None, why: str) -> None:
    decision = _decide(sink="postgres", cdc=True, cdc_supported=supported, key="id")
    assert decision.rule is not None
    assert decision.rule.choose == "incremental_merge"
    (note,) = decision.notes
    assert note.code == "cdc_hint_ignored"
    assert why in note.reason


def test_a_cdc_hint_without_a_key_is_said() -> None:
    (note,) = _decide(sink="postgres", cdc=True, cdc_supported=True).notes
    assert (note.code, note.reason.endswith("key is not set")) == ("cdc_hint_ignored", True)


def test_kafka_says_why_partitions_are_not_replaced() -> None:
    decision = _decide(sink="kafka", partition="d", rows=10**7, changed=0.2, key="id", cdc=False)
    assert [note.code for note in decision.notes] == ["partition_replace_not_supported"]


def test_the_frozen_rules_are_fresh() -> None:
    frozen = files("dpone_compiler.policy").joinpath(FROZEN).read_text(encoding="utf-8")
    assert frozen == frozen_text(), "run: python -m dpone_compiler.frontends.language.policy_freeze"
    policy = load_builtin_policy()
    assert decode_policy(encode_policy(policy)) == policy


def test_another_format_is_refused() -> None:
    with pytest.raises(PolicyFormatError):
        decode_policy({"format": "dponec.policy/2"})


def test_a_cold_decision_loads_no_parser() -> None:
    code = "import sys, dpone_compiler.policy.builtin as b; b.load_builtin_policy(); sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_reference_names_every_fact() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "policy.md").read_text(encoding="utf-8")
    for name, fact in FACTS.items():
        assert f"| `{name}` | {fact.kind.value} |" in page
        assert fact.meaning in page
