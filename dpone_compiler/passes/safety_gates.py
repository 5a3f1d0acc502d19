"""safety-gates: what a plan of this shape demands of people, the team's own gates, and hazards of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Problem
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import Gate, Load
from dpone_compiler.passes.problems import GateDenied, GateNotAsked, GateWarned, TableHazard
from dpone_compiler.policy.evaluate import Truth, check_gates
from dpone_compiler.policy.facts import Facts, FactSource
from dpone_compiler.policy.model import Effect
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.facts import load_facts

_KEYED = ("incremental_merge", "snapshot_diff", "cdc_apply", "scd2")


@value
class SafetyGates:
    """Fills `decisions.gates`; a gate that denies is an error diagnostic."""

    name: str = "safety-gates"
    requires: tuple[str, ...] = ("strategy", "merge_policy", "finalizer", "reconcile")
    establishes: tuple[str, ...] = ("gates",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its gates, and diagnostics of those that fired."""
        if load.decisions.gates:
            return PassResult(load=load)
        span = load.origin.at("sink.strategy")
        ends = (
            ("source.table", context.source.source_hazards(load, context.facts)),
            ("sink.table", context.sink.hazards(load, context.facts)),
        )
        found = [
            Diagnostic(TableHazard(code, sentence), load.origin.at(path), load.name)
            for path, hazards in ends
            for code, sentence in hazards
        ]
        found += [Diagnostic(problem, span, load.name) for problem in self._told(load, context)]
        decisions = replace(load.decisions, gates=_gates(load))
        return PassResult(load=replace(load, decisions=decisions), diagnostics=tuple(found))

    def _told(self, load: Load, context: PassContext) -> Iterator[Problem]:
        """A backfill is asked for under its own name and under that of its inner mode: what either denies is denied."""
        names = dict.fromkeys((decided(load.decisions.strategy), *(("backfill",) if load.write.slices else ())))
        asked = [check_gates(context.policy, self._facts(load, context, name)) for name in names]
        for results in zip(*asked, strict=True):
            gate, truths = results[0].gate, [result.truth for result in results]
            if Truth.TRUE in truths:
                yield (GateDenied if gate.effect is Effect.DENY else GateWarned)(gate.name, gate.message)
            elif Truth.UNKNOWN in truths and gate.effect is Effect.DENY:
                unknown = [name for name, _, origin in results[truths.index(Truth.UNKNOWN)].facts if not origin]
                yield GateNotAsked(gate.name, ", ".join(unknown))

    def _facts(self, load: Load, context: PassContext, strategy: str) -> Facts:
        policy = load.decisions.merge_policy
        chosen = [
            ("strategy", strategy),
            ("merge_policy", None if isinstance(policy, Undecided) else policy.value),
        ]
        return load_facts(load, context).adding(FactSource.DERIVED, chosen)


def _gates(load: Load) -> tuple[Gate, ...]:
    strategy = decided(load.decisions.strategy)
    gates = [
        Gate(
            code="staging_first_required",
            severity="high",
            message="rows land in staging and are proved there before the target is touched",
        )
    ]
    if strategy in _KEYED:
        gates.append(
            Gate(
                code="unique_key_required",
                severity="info" if load.write.key else "error",
                message="rows are matched by the unique key",
            )
        )
    if (load.hints.deleted or 0) > 0:
        gates.append(
            Gate(
                code="delete_semantics",
                severity="high",
                message="the source deletes rows: read the deletes cell of the contract",
            )
        )
    policy = load.decisions.merge_policy
    if not isinstance(policy, Undecided) and policy.value == "lightweight_delete_insert":
        gates.append(
            Gate(
                code="clickhouse_lightweight_delete",
                severity="medium",
                message="delete and insert are seen separately by readers",
            )
        )
    return tuple(gates)
