"""Advice as text, Markdown or JSON. Every form shows the gates and the warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from dpone_compiler.artifacts.plan_codec import canonical_json
from dpone_compiler.driver.advice import Advice
from dpone_compiler.driver.costs import cost_document, cost_table, turn_lines
from dpone_compiler.driver.document import decision_document
from dpone_compiler.ir.decision import Undecided
from dpone_compiler.ir.load import OPEN_MODES
from dpone_compiler.policy.evaluate import RuleTrace
from dpone_compiler.runtime.repair import FailedRun, runbook, runbook_document


def render_advice(advices: Sequence[Advice], form: str, *, trace: bool) -> str:
    """The text of all loads; JSON is one document."""
    if form == "json":
        documents = [_document(advice, trace=trace) for advice in advices]
        return canonical_json(documents[0] if len(documents) == 1 else {"loads": documents})
    lines = _markdown if form == "md" else _text
    blocks = ["\n".join(lines(advice, trace)) for advice in advices if advice.decided]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _document(advice: Advice, *, trace: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": advice.load.name,
        "decided": advice.decided,
        "decision": {**decision_document(advice.load), "native_transfer_plan": advice.transfer},
        **_repair(advice),
        "break_even": [asdict(each) for each in advice.break_even],
        "cost": cost_document(advice.costing, advice.turns),
        "diagnostics": [
            {"code": d.code, "severity": d.severity.value, "message": d.problem.message(), "help": d.problem.help()}
            for d in advice.diagnostics
        ],
    }
    if trace:
        document["trace"] = [
            {"rule": t.rule.name, "choose": t.rule.choose, "truth": t.truth.value, "why_not": list(t.why_not)}
            for t in advice.trace
        ]
    return document


def _repair(advice: Advice) -> dict[str, Any]:
    """What to type after a failure of such a load, as users of dpone find it beside the decision."""
    choice = advice.load.decisions.strategy
    if isinstance(choice, Undecided):
        return {}
    book = runbook_document(runbook(FailedRun("RUN_ID", choice.value, "finalize", load=advice.load.name), known=False))
    return {"repair_commands": book["commands"], "repair_plan": book}


def _text(advice: Advice, trace: bool) -> Iterator[str]:
    decision = decision_document(advice.load)
    yield f"{advice.load.name}: {_headline(decision)}"
    yield from (f"  {line}" for line in _highlights(decision))
    yield from _section(
        "reasons", [f"{r['choice']}: {r['reason']} [{r['code']}]{_facts(r)}" for r in decision["reasons"]]
    )
    yield from _section("rejected", [_rejected(each) for each in decision["rejected"]])
    yield from _section("gates", [f"{g['severity']} {g['code']}: {g['message']}" for g in decision["safety_gates"]])
    yield from _section("warnings", _warnings(advice, decision))
    yield from _section("break-even", _break_evens(advice))
    yield from _section("cost", [*cost_table(advice.costing), *turn_lines(advice.turns)])
    if trace:
        yield from _section("rules", [_rule(each) for each in advice.trace])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"  {title}:{'' if lines else ' none'}"
    yield from (f"    {line}" for line in lines)


def _markdown(advice: Advice, trace: bool) -> Iterator[str]:
    decision = decision_document(advice.load)
    yield f"# {advice.load.name}: {_headline(decision)}"
    yield from ("", *(f"- {line}" for line in _highlights(decision)))
    sections = {
        "Reasons": [f"{r['choice']}: {r['reason']} (`{r['code']}`){_facts(r)}" for r in decision["reasons"]],
        "Rejected": [_rejected(each) for each in decision["rejected"]],
        "Gates": [f"{g['severity']} `{g['code']}`: {g['message']}" for g in decision["safety_gates"]],
        "Warnings": _warnings(advice, decision),
        "Break-even": _break_evens(advice),
        **({"Rules": [_rule(each) for each in advice.trace]} if trace else {}),
    }
    for title, lines in sections.items():
        yield from ("", f"## {title}", "", *(f"- {line}" for line in lines or ("none",)))
    yield from ("", "## Cost", "", *cost_table(advice.costing), *(f"- {line}" for line in turn_lines(advice.turns)))


def _headline(decision: dict[str, Any]) -> str:
    policy = decision["merge_policy"] or decision["finalizer"]
    asked = "" if decision["requested_mode"] == decision["strategy"] else f" (asked: {decision['requested_mode']})"
    route = f"{decision['source_type']} to {decision['sink_type']}"
    return f"{decision['strategy']}{asked}{f' by {policy}' if policy else ''}, {route}"


def _highlights(decision: dict[str, Any]) -> Iterator[str]:
    """The lines that people look for first, under the names that users of dpone know."""
    batching = decision["adaptive_batching"]
    yield f"strategy: {decision['strategy']}"
    yield f"merge_policy: {decision['merge_policy'] or 'none'}"
    yield f"native_fast_path: {decision['native_fast_path']}"
    if batching is not None:
        yield (
            f"adaptive_batching: {str(batching['enabled']).lower()} ({batching['initial_batch_size']:_} rows, "
            f"{batching['min_batch_size']:_} to {batching['max_batch_size']:_}, {batching['parallel_workers']} workers)"
        )


def _facts(reason: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} = {value}" for name, value in sorted(reason["facts"].items()))
    return f" from {facts}" if facts else ""


def _rejected(item: dict[str, Any]) -> str:
    return f"{item['choice']} {item['value']}: {item['reason']}"


def _warnings(advice: Advice, decision: dict[str, Any]) -> list[str]:
    told = [f"{w['code']}: {w['message']}" for w in decision["warnings"]]
    return told + [f"{d.code}: {d.problem.message()}" for d in advice.diagnostics if d.severity.value == "warning"]


def _break_evens(advice: Advice) -> list[str]:
    if advice.load.write.mode not in OPEN_MODES:
        return ["not asked: the mode is explicit"]
    return [f"from {b.fact} = {b.threshold}: {b.above}; below: {b.below}" for b in advice.break_even]


def _rule(each: RuleTrace) -> str:
    why = f" ({'; '.join(each.why_not)})" if each.why_not else ""
    return f"{each.rule.name} -> {each.rule.choose}: {each.truth.value}{why}"
