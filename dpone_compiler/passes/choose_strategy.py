"""choose-strategy: an explicit mode is kept or refused; `auto` follows the policy's rules, vetted by the strategies' judges."""

from __future__ import annotations

from dataclasses import replace

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.ir.decision import Chosen, Rejected, Undecided
from dpone_compiler.ir.load import DEFAULT_MODE, OPEN_MODES, Gate, Load
from dpone_compiler.passes.problems import StrategyRefused
from dpone_compiler.policy.evaluate import RuleTrace, Truth, decide
from dpone_compiler.policy.what_to_add import what_to_add
from dpone_compiler.source.value import value
from dpone_compiler.spi.compiler_pass import PassContext, PassResult
from dpone_compiler.spi.facts import load_facts
from dpone_compiler.spi.strategy import NotViable, Setting


@value
class ChooseStrategy:
    """Fills `decisions.strategy` with reason, rule, facts and rejected alternatives."""

    name: str = "choose-strategy"
    requires: tuple[str, ...] = ("columns", "slices")
    establishes: tuple[str, ...] = ("strategy",)

    def run(self, load: Load, context: PassContext) -> PassResult:
        """The load with a strategy, or a StrategyRefused diagnostic."""
        if not isinstance(load.decisions.strategy, Undecided):
            return PassResult(load=load)
        if load.write.mode not in OPEN_MODES:
            return self._explicit(load, context)
        decided = self._auto(load, context)
        return decided if isinstance(decided.load.decisions.strategy, Undecided) else _weighed(decided, context)

    def _explicit(self, load: Load, context: PassContext) -> PassResult:
        asked, name = load.write.mode or DEFAULT_MODE, load.write.strategy
        sliced = name != asked
        refusal = _unsupported(context, asked) or _refusal(load, context, name)
        if refusal is not None:
            problem = StrategyRefused(asked, refusal.reason, _remedy(refusal))
            return PassResult(
                load=load, diagnostics=(Diagnostic(problem, load.origin.at("sink.strategy.mode"), load.name),)
            )
        facts = load_facts(load, context)
        advised = decide(context.policy, facts).rule
        rejected: tuple[Rejected, ...] = ()
        if advised is not None and advised.choose != name and not sliced:
            but = "the manifest says otherwise" if load.write.mode else "only mode: auto and cost ask them"
            rejected = (Rejected(advised.choose, f"the rules would choose it ({advised.name}), but {but}"),)
        rule, reason = _why_explicit(load, sliced)
        chosen = Chosen(
            value=name,
            by=self.name,
            rule=rule,
            reason=reason,
            facts=(("mode", asked),),
            rejected=rejected,
        )
        return PassResult(load=replace(load, decisions=replace(load.decisions, strategy=chosen)))

    def _auto(self, load: Load, context: PassContext) -> PassResult:
        facts = load_facts(load, context)
        decision = decide(context.policy, facts)
        unfit: list[Rejected] = []
        for entry in decision.trace:
            if entry.truth is not Truth.TRUE:
                continue
            refusal = _refusal(load, context, entry.rule.choose)
            if refusal is None:
                rejected = (
                    *unfit,
                    *(r for r in decision.rejected if r.value not in {u.value for u in unfit} | {entry.rule.choose}),
                )
                chosen = Chosen(
                    value=entry.rule.choose,
                    by=self.name,
                    rule=entry.rule.name,
                    reason=entry.rule.because,
                    facts=_facts(entry),
                    rejected=rejected,
                )
                warnings = (
                    *(Gate(code=n.code, severity="warning", message=n.reason) for n in decision.notes),
                    *what_to_add(entry, decision.trace, facts),
                )
                decisions = replace(load.decisions, strategy=chosen, warnings=(*load.decisions.warnings, *warnings))
                return PassResult(load=replace(load, decisions=decisions))
            unfit.append(Rejected(entry.rule.choose, f"{entry.rule.name} fired, but {refusal.reason}"))
        why = "; ".join(f"{r.value}: {r.reason}" for r in unfit) or "no rule of the policy is true"
        problem = StrategyRefused(
            load.write.mode, why, "name a mode in sink.strategy.mode, or add what the rules ask for"
        )
        return PassResult(
            load=load, diagnostics=(Diagnostic(problem, load.origin.at("sink.strategy.mode"), load.name),)
        )


def _why_explicit(load: Load, sliced: bool) -> tuple[str, str]:
    """Rule and reason of a strategy that no rule chose: a wish, or nobody's word at all."""
    if not load.write.mode:
        return "default_strategy", f"no mode is given; {DEFAULT_MODE} is the default"
    return "explicit_strategy", f"the manifest asks for {'a backfill over it' if sliced else 'it'}"


def _weighed(result: PassResult, context: PassContext) -> PassResult:
    """The rules' choice beside the model's: mode `cost` takes the model's, and where they disagree the plan says so."""
    load = result.load
    ruled, costing = load.decisions.strategy, context.costs(load, context.facts, context.sink)
    ways = [each for each in costing.estimates if not each.needs and each.seconds is not None]
    fit = [each for each in ways if _refusal(load, context, each.strategy) is None]
    if isinstance(ruled, Undecided) or not fit:
        return result
    best, own = fit[0], next((each for each in fit if each.strategy == ruled.value), None)
    if best.strategy == ruled.value or own is None:
        return result
    versus = f"about {best.seconds:.1f} s a run against {own.seconds:.1f} s"
    if load.write.strategy == "cost":
        chosen = Chosen(
            value=best.strategy,
            by=ruled.by,
            rule="cost_model",
            reason=f"the cost model expects {versus} for {own.strategy}",
            facts=ruled.facts,
            rejected=(
                Rejected(ruled.value, f"{ruled.rule} chooses it by the rules, and it costs more"),
                *ruled.rejected,
            ),
        )
        return replace(result, load=replace(load, decisions=replace(load.decisions, strategy=chosen)))
    message = f"the rules choose {ruled.value} ({ruled.rule}); the cost model would choose {best.strategy}, {versus}"
    warning = Gate(code="cost_model_disagrees", severity="info", message=message)
    warnings = (*load.decisions.warnings, warning)
    return replace(result, load=replace(load, decisions=replace(load.decisions, warnings=warnings)))


def _facts(entry: RuleTrace) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{value} ({source})" if source else value) for name, value, source in entry.facts)


def _refusal(load: Load, context: PassContext, strategy: str) -> NotViable | None:
    """Why the strategy cannot be used, or None."""
    if lacks := _unsupported(context, strategy):
        return lacks
    known = context.strategies.get(strategy)
    if known is None and strategy == "backfill":
        return NotViable("slices_required", "it needs slices over an inner mode (sink.strategy.backfill)")
    if known is None:
        return NotViable("not_supported", "this compiler has no such strategy yet")
    if load.read.tombstone is not None and not known.tombstones:
        return NotViable("not_supported", "it does not ask for source.tombstone; incremental_merge does")
    if load.write.policies.deletes != "ignore" and load.read.tombstone is None:
        return NotViable(
            "tombstone_required",
            f"policies.deletes: {load.write.policies.deletes} needs to know which rows are deleted",
        )
    verdict = known.judge(load, Setting(facts=context.facts, source=context.source, sink=context.sink))
    return verdict if isinstance(verdict, NotViable) else None


def _unsupported(context: PassContext, strategy: str) -> NotViable | None:
    lacks = context.sink.capabilities(context.facts.target_engine).strategies.get(strategy, "it is not known there")
    return NotViable("not_supported", f"{context.sink.name} does not support it: {lacks}") if lacks else None


def _remedy(refusal: NotViable) -> str:
    remedies = {
        "unique_key_required": "add sink.strategy.unique_key",
        "cursor_required": "add source.cursor",
        "tombstone_required": "add source.tombstone, a condition such as `deleted_at IS NOT NULL`",
        "partition_required": "add sink.strategy.partition",
        "slices_required": "add sink.strategy.backfill with a chunk",
        "scope_required": "give source.options.portable_scope a loaded column and literals of its type",
        "not_supported": "choose another mode; `dponec advise` says which fit",
    }
    return remedies.get(refusal.code, "choose another mode; `dponec advise` says which fit")
