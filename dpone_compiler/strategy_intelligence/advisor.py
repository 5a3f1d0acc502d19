"""StrategyAdvisor: the compile's own decision for a load that is described by its hints alone, without a manifest.

`StrategyAdvisor().advise(StrategyContext(source_type="postgres", sink_type="mssql", unique_key=("id",)))`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dpone_compiler.diagnostics.diagnostic import Diagnostic
from dpone_compiler.diagnostics.problem import Severity
from dpone_compiler.diagnostics.suggest import did_you_mean
from dpone_compiler.driver.advice import Advice, advise_hints
from dpone_compiler.driver.document import decision_document
from dpone_compiler.frontends.meaning import ENGINE_ALIASES, MERGE_POLICIES, MERGE_POLICY_ALIASES, MODES
from dpone_compiler.ir.load import (
    ENGINES,
    SOURCE_ENGINES,
    Cursor,
    Endpoint,
    Hints,
    Load,
    Partitioning,
    Read,
    Write,
)
from dpone_compiler.ir.schema import TableRef
from dpone_compiler.policy.builtin import load_builtin_policy
from dpone_compiler.policy.model import Policy
from dpone_compiler.strategy_intelligence.models import AdaptiveBatchingPlan, StrategyDecision, StrategySignal


class AdviceRefusedError(ValueError):
    """The context is no load, or what it asks for cannot be done. `signals` say why, with what to do instead."""

    def __init__(self, signals: tuple[StrategySignal, ...]) -> None:
        super().__init__("; ".join(f"{each.code}: {each.message} ({each.action})" for each in signals))
        self.signals = signals


@dataclass(frozen=True, slots=True)
class StrategyContext:
    """What is known of a load. Shares are 0..1, rows a count; None: not known."""

    source_type: str
    sink_type: str
    requested_mode: str = "auto"
    requested_merge_policy: str = "auto"
    unique_key: tuple[str, ...] = ()
    estimated_rows: int | None = None
    changed_percent: float | None = None
    delete_percent: float | None = None
    partition_column: str | None = None
    cdc_available: bool = False
    source_cursor: str | None = None
    source_table: str = ""
    target_table: str = ""


class StrategyAdvisor:
    """Decides by the policy's rules; `policy` None: the built-in v1 rules."""

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy

    def advise(self, context: StrategyContext) -> StrategyDecision:
        """The decision. Raises AdviceRefusedError for a context that is no load, or a mode that the sink cannot do."""
        wrong = tuple(_wrong(context))
        if wrong:
            raise AdviceRefusedError(wrong)
        advice = advise_hints(_load(context), self._policy or load_builtin_policy())
        errors = tuple(_signal(each) for each in advice.diagnostics if each.severity is Severity.ERROR)
        if errors:
            raise AdviceRefusedError(errors)
        return _decision(advice)


def _wrong(context: StrategyContext) -> Iterable[StrategySignal]:
    for name, word, known in (
        ("source_type", _engine(context.source_type), SOURCE_ENGINES),
        ("sink_type", _engine(context.sink_type), ENGINES),
        ("requested_mode", context.requested_mode, MODES),
        ("requested_merge_policy", _policy(context.requested_merge_policy), MERGE_POLICIES),
    ):
        if word not in known:
            yield _error("unknown_word", f"{name} {word!r} is not known", did_you_mean(word, known))
    if context.estimated_rows is not None and context.estimated_rows < 0:
        yield _error("hint_out_of_range", f"estimated_rows {context.estimated_rows} is negative", "give a count")
    for name in ("changed_percent", "delete_percent"):
        share = getattr(context, name)
        if share is not None and not 0 <= share <= 1:
            meant = f"did you mean {share / 100:.2f}?" if 1 < share <= 100 else "give a share between 0 and 1"
            yield _error("hint_out_of_range", f"{name} {share} is not between 0 and 1", meant)


def _error(code: str, message: str, action: str) -> StrategySignal:
    return StrategySignal(code, "error", message, action)


def _engine(word: str) -> str:
    plain = word.strip().lower()
    return ENGINE_ALIASES.get(plain, plain)


def _policy(word: str) -> str:
    return MERGE_POLICY_ALIASES.get(word, word)


def _load(context: StrategyContext) -> Load:
    column = context.partition_column
    return Load(
        name="context",
        read=Read(
            endpoint=Endpoint(
                engine=_engine(context.source_type), connection="source", table=_table(context.source_table)
            ),
            cursor=Cursor(column=context.source_cursor) if context.source_cursor else None,
        ),
        write=Write(
            endpoint=Endpoint(engine=_engine(context.sink_type), connection="sink", table=_table(context.target_table)),
            mode=context.requested_mode,
            merge_policy=_policy(context.requested_merge_policy),
            key=tuple(context.unique_key),
            partition=Partitioning(column=column) if column else None,
        ),
        hints=Hints(
            rows=context.estimated_rows,
            changed=context.changed_percent,
            deleted=context.delete_percent,
            cdc=context.cdc_available,
        ),
    )


def _table(text: str) -> TableRef:
    schema, _, name = text.rpartition(".")
    return TableRef(schema, name)


def _decision(advice: Advice) -> StrategyDecision:
    document = decision_document(advice.load)
    batching: dict[str, Any] = document["adaptive_batching"]
    return StrategyDecision(
        source_type=document["source_type"],
        sink_type=document["sink_type"],
        requested_mode=document["requested_mode"],
        strategy_mode=document["strategy_mode"],
        merge_policy=document["merge_policy"],
        native_fast_path=document["native_fast_path"],
        adaptive_batching=AdaptiveBatchingPlan(**batching),
        reasons=tuple(StrategySignal(r["code"], "info", r["reason"]) for r in document["reasons"]),
        safety_gates=tuple(StrategySignal(g["code"], g["severity"], g["message"]) for g in document["safety_gates"]),
        warnings=(
            *(StrategySignal(w["code"], w["severity"], w["message"]) for w in document["warnings"]),
            *(_signal(each) for each in advice.diagnostics if each.severity is Severity.WARNING),
        ),
        native_transfer_plan=None if advice.transfer is None else dict(advice.transfer),
    )


def _signal(diagnostic: Diagnostic) -> StrategySignal:
    problem = diagnostic.problem
    return StrategySignal(diagnostic.code, diagnostic.severity.value, problem.message(), problem.help())
