"""Three-valued logic, traces and gates."""

from __future__ import annotations

import pytest

from dpone_compiler.frontends.language.read import read_language
from dpone_compiler.policy.codec import decode_policy, encode_policy
from dpone_compiler.policy.evaluate import Truth, check_gates, decide, truth_of
from dpone_compiler.policy.facts import Facts, FactSource
from dpone_compiler.policy.model import Gate, Policy
from dpone_compiler.policy.wording import condition_text
from dpone_compiler.source.text import SourceFile

FACTS = Facts().adding(FactSource.MANIFEST, [("rows", 10), ("sink", "mssql"), ("cdc", True), ("changed", 0.05)])


def _gate(condition: str) -> Gate:
    unit, problems = read_language(SourceFile("g.dpone", f'gate g {{ when {condition} deny "no" }}'))
    assert not problems, problems
    return unit.gates[0]


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("rows >= 10", Truth.TRUE),
        ("rows > 10", Truth.FALSE),
        ("bytes > 50 GB", Truth.UNKNOWN),
        ("not bytes > 50 GB", Truth.UNKNOWN),
        ("bytes > 1 and rows < 5", Truth.FALSE),
        ("bytes > 1 and rows < 50", Truth.UNKNOWN),
        ("bytes > 1 or rows < 50", Truth.TRUE),
        ("bytes is set", Truth.FALSE),
        ("bytes is not set", Truth.TRUE),
        ("sink in (postgres, mssql)", Truth.TRUE),
        ("sink not in (postgres, mssql)", Truth.FALSE),
        ("source in (postgres)", Truth.UNKNOWN),
        ("cdc", Truth.TRUE),
        ("cdc = false", Truth.FALSE),
        ("changed >= 5%", Truth.TRUE),
        ("changed >= 0.05", Truth.TRUE),
        ("cdc and rows = 1 or rows = 10", Truth.TRUE),
        ("cdc and (rows = 1 or rows = 11)", Truth.FALSE),
    ],
)
def test_truth(condition: str, truth: Truth) -> None:
    assert truth_of(_gate(condition).when, FACTS) is truth


@pytest.mark.parametrize(
    "condition",
    [
        "not (rows > 1_000 or cdc) and bytes <= 50 GB",
        'changed >= 5% or (load != "a b" and sink not in (kafka, mssql))',
        "partition is not set or not cdc = true",
    ],
)
def test_a_condition_prints_and_freezes_as_it_was_written(condition: str) -> None:
    gate = _gate(condition)
    assert condition_text(gate.when) == condition
    assert decode_policy(encode_policy(Policy((), (gate,)))) == Policy((), (gate,))


def test_the_trace_names_facts_sources_and_what_failed() -> None:
    text = """
    rule big { when rows >= 1_000 and bytes > 1 GB and cdc choose scd2 because "big" }
    rule rest { choose full_refresh because "rest" code fallback }
    """
    unit, problems = read_language(SourceFile("r.dpone", text))
    assert not problems
    decision = decide(Policy(unit.rules), FACTS)
    assert decision.rule is not None
    assert decision.rule.code == "fallback"
    big = decision.trace[0]
    assert big.truth is Truth.FALSE
    assert big.facts == (("rows", "10", "manifest"), ("bytes", "unknown", ""), ("cdc", "true", "manifest"))
    assert big.why_not == ("rows >= 1_000 (rows = 10, manifest)", "bytes > 1 GB (bytes is not known)")
    assert [(r.value, r.reason.startswith("big: rows")) for r in decision.rejected] == [("scd2", True)]


def test_gates_act_on_true_alone_and_a_users_rules_come_first() -> None:
    gates = (_gate("rows = 10"), _gate("bytes > 1"))
    policy = Policy().preceded_by((), gates)
    assert [(r.denies, r.truth) for r in check_gates(policy, FACTS)] == [(True, Truth.TRUE), (False, Truth.UNKNOWN)]
    assert policy.preceded_by((), ()) is policy
