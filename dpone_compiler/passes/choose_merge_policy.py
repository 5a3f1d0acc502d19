"""choose-merge-policy: how a strategy changes the target, from what the sink can do, best first; an explicit one is kept or refused."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.ir.decision import Chosen, Rejected, Undecided, decided
from dpone_compiler.ir.load import Load
from dpone_compiler.passes.problems import PolicyRefused
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult


@value
class ChooseMergePolicy:
    """Fills `decisions.merge_policy` for strategies that have policies; the others keep it undecided (null)."""

    name: str = "choose-merge-policy"
    requires: tuple[str, ...] = ("strategy",)
    establishes: tuple[str, ...] = ("merge_policy",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with its policy, or a PolicyRefused diagnostic."""
        if not isinstance(load.decisions.merge_policy, Undecided):
            return PassResult(load=load)
        strategy = decided(load.decisions.strategy)
        capabilities = context.sink.capabilities(context.facts.target_engine)
        offered = capabilities.merge_policies.get(strategy, ())
        asked = load.write.merge_policy
        if not offered:
            return (
                self._refuse(load, f"{strategy} has no merge policy", "") if asked != "auto" else PassResult(load=load)
            )
        verdicts = {policy: context.sink.judge_policy(load, context.facts, strategy, policy) for policy in offered}
        unfit = {p: why for p in offered if (why := _unfit(p, load, context) or verdicts[p].refused)}
        if asked != "auto":
            if asked not in offered:
                known = f"{context.sink.name} offers {', '.join(offered)} for {strategy}"
                newer = capabilities.newer_policies.get(asked)
                return self._refuse(load, f"{newer}; this {known}" if newer else known, offered[0])
            if asked in unfit:
                return self._refuse(load, unfit[asked], "")
            return self._choose(load, asked, "explicit_merge_policy", "the manifest asks for it", ())
        fit = [policy for policy in offered if policy not in unfit]
        if not fit:
            return self._refuse(load, "; ".join(f"{p}: {why}" for p, why in unfit.items()), "")
        cheapest = _cheapest(fit, strategy, load, context) if load.write.strategy == "cost" else None
        if cheapest is not None:
            others = tuple(
                Rejected(p, unfit.get(p, "the cost model expects more")) for p in offered if p != cheapest[0]
            )
            return self._choose(
                load, cheapest[0], "cost_model", f"the cost model expects {cheapest[1]:.1f} s a run", others
            )
        best = next((policy for policy in fit if verdicts[policy].preferred), fit[0])
        rejected = tuple(
            Rejected(p, unfit.get(p, f"{best} comes first for {context.sink.name}")) for p in offered if p != best
        )
        if verdicts[best].preferred:
            return self._choose(load, best, "facts_of_the_table", verdicts[best].preferred, rejected)
        reason = f"the first policy of {context.sink.name} for {strategy} that fits"
        return self._choose(load, best, "sink_default", reason, rejected)

    def _choose(self, load: Load, policy: str, rule: str, reason: str, rejected: tuple[Rejected, ...]) -> PassResult:
        chosen = Chosen(value=policy, by=self.name, rule=rule, reason=reason, rejected=rejected)
        return PassResult(load=replace(load, decisions=replace(load.decisions, merge_policy=chosen)))

    def _refuse(self, load: Load, why: str, instead: str) -> PassResult:
        remedy = f"use {instead}" if instead else "remove merge_policy, or see `dponec advise`"
        problem = PolicyRefused(load.write.merge_policy, why, remedy)
        span = load.origin.at("sink.strategy.merge_policy")
        return PassResult(load=load, diagnostics=(Diagnostic(problem, span, load.name),))


def _cheapest(fit: list[str], strategy: str, load: Load, context: PassContext) -> tuple[str, float] | None:
    """The cheapest of these policies with its seconds; None where the model knows none of them."""
    for each in context.costs(load, context.facts, context.sink).estimates:
        if each.strategy == strategy and each.policy in fit and each.seconds is not None:
            return each.policy, each.seconds
    return None


def _unfit(policy: str, load: Load, context: PassContext) -> str:
    """Why a policy does not fit the target that the catalog shows; '' when it does, or when nothing is known against it."""
    table = context.facts.target_table
    if policy == "replacing_merge_tree":
        if table is None:
            return "no catalog snapshot proves that the target is a ReplacingMergeTree with a version column"
        if "ReplacingMergeTree" not in table.structure.table_engine or not table.structure.version_column:
            return "the target is not a ReplacingMergeTree with a version column"
        if load.write.policies.deletes == "hard" and not table.structure.deleted_column:
            return (
                "deletes: hard needs ReplacingMergeTree(version, is_deleted), which is in ClickHouse 23.2 and later; "
                "a table without the second column keeps the row for ever"
            )
    if load.write.policies.deletes == "soft" and policy not in ("update_insert", "partition_rewrite"):
        return "deletes: soft marks rows in place (update_insert) or in their rewritten partitions (partition_rewrite)"
    if policy == "update_insert" and load.write.policies.staging_duplicates not in ("fail", "latest"):
        return "it needs one staged row a key"
    return ""
