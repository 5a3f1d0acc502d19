"""choose-reconcile: how deep the comparison goes; asked for, or by the size of what is moved."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Rejected, Undecided, decided
from dpone_compiler.ir.load import WHOLE_MODES, Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult

CONTENT_UP_TO, KEYS_UP_TO = 1_000_000, 20_000_000
# Measured in ADR 0009.
HASHED_UP_TO = 100_000_000
_HASHED_COST = "about a fifth of the run's CPU"
_TEXT_COST = "about half of the transfer's CPU on each side"
Facts = tuple[tuple[str, str], ...]
LEVELS = ("counts", "keys", "content", "full")


@value
class ChooseReconcile:
    """Fills `decisions.reconcile` with one of LEVELS."""

    name: str = "choose-reconcile"
    requires: tuple[str, ...] = ("strategy", "native_path")
    establishes: tuple[str, ...] = ("reconcile",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its level of reconciliation."""
        if not isinstance(load.decisions.reconcile, Undecided):
            return PassResult(load=load)
        asked = load.write.policies.reconcile
        if asked != "auto":
            chosen = Chosen(value=asked, by=self.name, rule="explicit_reconcile", reason="the manifest asks for it")
        else:
            chosen = self._by_size(load, context)
        return PassResult(load=replace(load, decisions=replace(load.decisions, reconcile=chosen)))

    def _by_size(self, load: Load, context: PassContext) -> Chosen[str]:
        total = _rows_moved(load, context)
        hashed = _hashed(load, context)
        up_to, cost = (HASHED_UP_TO, _HASHED_COST) if hashed else (CONTENT_UP_TO, _TEXT_COST)
        facts = (
            ("rows moved", "unknown" if total is None else str(total)),
            ("digest", "hashes of the servers" if hashed else "canonical text"),
            ("cost of content", cost),
        )
        if total is None or total <= up_to:
            return self._choose("content", f"at most {up_to:,} rows (or not known): every value is compared", facts)
        rejected = (Rejected("content", f"more than {up_to:,} rows; it costs {cost}"),)
        if load.write.key and total <= KEYS_UP_TO:
            return self._choose("keys", "keys are compared both ways", facts, rejected)
        return self._choose("counts", "rows sent, staged and applied are counted", facts, rejected)

    def _choose(self, level: str, reason: str, facts: Facts, rejected: tuple[Rejected, ...] = ()) -> Chosen[str]:
        return Chosen(value=level, by=self.name, rule="by_size", reason=reason, facts=facts, rejected=rejected)


def _rows_moved(load: Load, context: PassContext) -> int | None:
    table = context.facts.source_table
    total = load.hints.rows if load.hints.rows is not None else table.statistics.rows if table is not None else None
    if total is not None and decided(load.decisions.strategy) not in WHOLE_MODES and load.hints.changed is not None:
        return int(total * load.hints.changed)
    return total


def _hashed(load: Load, context: PassContext) -> bool:
    """Rows pass through untouched between two Postgres servers: then their own hash functions are compared."""
    wire = load.decisions.wire
    passes = not isinstance(wire, Undecided) and wire.value == "binary"
    return passes and context.source.name == context.sink.name == "postgres"
