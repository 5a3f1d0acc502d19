"""choose-reconcile: how deep the comparison goes; asked for, or by the size of what is moved."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.ir.decision import Chosen, Rejected, Undecided, decided
from dpone_compiler.ir.load import Load
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult

CONTENT_UP_TO, KEYS_UP_TO = 1_000_000, 20_000_000
_WHOLE = ("full_refresh", "snapshot_diff")  # they move every row each time
LEVELS = ("counts", "keys", "content", "full")


@value
class ChooseReconcile:
    """Fills `decisions.reconcile` with one of LEVELS."""

    name: str = "choose-reconcile"
    requires: tuple[str, ...] = ("strategy",)
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
        table = context.facts.source_table
        total = load.hints.rows if load.hints.rows is not None else table.statistics.rows if table is not None else None
        if total is not None and decided(load.decisions.strategy) not in _WHOLE and load.hints.changed is not None:
            total = int(total * load.hints.changed)
        facts = (("rows moved", "unknown" if total is None else str(total)),)
        if total is None or total <= CONTENT_UP_TO:
            reason = "at most a million rows (or not known): the digest of every value is cheap enough"
            return Chosen(value="content", by=self.name, rule="by_size", reason=reason, facts=facts)
        rejected = (
            Rejected("content", "it reads and hashes every value on both sides, about half the cost of the transfer"),
        )
        if load.write.key and total <= KEYS_UP_TO:
            return Chosen(
                value="keys",
                by=self.name,
                rule="by_size",
                reason="keys are compared both ways",
                facts=facts,
                rejected=rejected,
            )
        return Chosen(
            value="counts",
            by=self.name,
            rule="by_size",
            reason="rows sent, staged and applied are counted",
            facts=facts,
            rejected=rejected,
        )
