"""plan.json's content: from load, plan and lowered steps to the PlanDoc."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dpone_compiler.artifacts.bundle import sha256
from dpone_compiler.artifacts.plan_codec import compact_json
from dpone_compiler.artifacts.plan_doc import ParamDoc, PlanDoc, StepDoc
from dpone_compiler.driver.remarks import remarks
from dpone_compiler.driver.transfer_plan import transfer_plan
from dpone_compiler.expr.types import Kind
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.decision import Chosen, Undecided
from dpone_compiler.ir.load import DEFAULT_MODE, Endpoint, Load, MovedColumn
from dpone_compiler.plan.actions import FreezeWindow
from dpone_compiler.plan.interleaving.verdicts import meetings
from dpone_compiler.plan.snapshot_actions import CheckDeletes
from dpone_compiler.spi.backend import Context

_TYPES = {
    "run_id": ("text", "run"),
    "fingerprint": ("text", "run"),
    "holder": ("text", "run"),
    "lease_backend": ("text", "run"),
    "lease_holder": ("text", "run"),
    "item": ("text", "run"),
    "partitions": ("list", "capture"),
}
_BOUNDS = ("window_low", "window_high")
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def action_kind(action: object) -> str:
    """CreateStaging -> create_staging."""
    return _WORD.sub("_", type(action).__name__).lower()


def build_document(
    context: Context,
    steps: tuple[StepDoc, ...],
    inputs: Mapping[str, str],
    compiler: str,
    commands: Mapping[str, str],
    *,
    replay: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> PlanDoc:
    """The document without fingerprint and file digests, which the caller adds. `settings`: of the load of the rows."""
    load, plan = context.load, context.plan
    return PlanDoc(
        name=load.name,
        compiler=compiler,
        fingerprint="",
        effects=effects_digest(context),
        inputs=dict(inputs),
        route={
            "source": _end(load.read.endpoint),
            "target": _end(load.write.endpoint),
            **({"client_os": load.client_os} if load.client_os != "linux" else {}),
        },
        decision=decision_document(load),
        contract=to_plain(plan.contract),
        params=parameters(context, steps),
        steps=steps,
        native_transfer_plan=transfer_plan(context, steps, settings),
        types=tuple(_type(column) for column in _columns(load)),
        replay=replay,
        state={
            "engine": context.sink.name,
            "connection": load.write.endpoint.connection,
            "table": context.sink.state_table(context),
            "load": load.name,
            **commands,
        },
        limits=_limits(context),
        depends_on=load.depends_on,
        notes=(*plan.notes, *remarks(context)),
        interleavings=tuple(to_plain(meeting) for meeting in meetings(plan.steps)),
    )


def effects_digest(context: Context) -> str:
    """Digest of what the plan does: actions, order, transactions and contract. Comments, quoting and file names are not in it."""
    steps = [
        {
            "kind": action_kind(step.action),
            "action": to_plain(step.action),
            "transaction": step.transaction,
            "snapshot": step.snapshot,
            "idempotency": step.idempotency.value,
            "retry_boundary": step.retry_boundary,
        }
        for step in context.plan.steps
    ]
    ends = [to_plain(context.load.read.endpoint), to_plain(context.load.write.endpoint)]
    return sha256(compact_json({"steps": steps, "contract": to_plain(context.plan.contract), "ends": ends}))


def _end(endpoint: Endpoint) -> dict[str, str]:
    return {"engine": endpoint.engine, "connection": endpoint.connection, "table": str(endpoint.table)}


def _columns(load: Load) -> tuple[MovedColumn, ...]:
    return () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns


def _value(choice: Undecided | Chosen[Any]) -> Any:
    return None if isinstance(choice, Undecided) else to_plain(choice.value)


def decision_document(load: Load) -> dict[str, Any]:
    """Field names are those that users of dpone know; `choices` adds who chose, why, and from which facts."""
    decisions = load.decisions
    chosen = {
        name: choice
        for name in ("strategy", "merge_policy", "native_path", "wire", "batching", "finalizer", "reconcile")
        if isinstance(choice := getattr(decisions, name), Chosen)
    }
    return {
        "source_type": load.read.endpoint.engine,
        "sink_type": load.write.endpoint.engine,
        "requested_mode": load.write.mode or DEFAULT_MODE,
        "strategy": _value(decisions.strategy),
        "strategy_mode": "backfill" if load.write.slices else _value(decisions.strategy),
        "merge_policy": _value(decisions.merge_policy),
        "native_fast_path": _value(decisions.native_path),
        "adaptive_batching": _value(decisions.batching),
        "finalizer": _value(decisions.finalizer),
        "reasons": [
            {"choice": name, "code": c.rule, "by": c.by, "reason": c.reason, "facts": dict(c.facts)}
            for name, c in chosen.items()
        ],
        "rejected": [
            {"choice": name, "value": r.value, "reason": r.reason} for name, c in chosen.items() for r in c.rejected
        ],
        "safety_gates": to_plain(decisions.gates),
        "warnings": to_plain(decisions.warnings),
        **_slices(load),
    }


def _slices(load: Load) -> dict[str, Any]:
    """Of a backfill alone: what is cut, and into how many."""
    slices = load.write.slices
    if slices is None:
        return {}
    said = {name: getattr(slices, name) for name in ("column", "kind", "first", "last", "step", "count")}
    return {"slices": {"inner_mode": load.write.strategy, **said}}


def parameters(context: Context, steps: tuple[StepDoc, ...]) -> tuple[ParamDoc, ...]:
    """The run parameters that these steps read or give."""
    derived = {spec.name: spec for spec in context.sink.params(context)}
    captured = {name for step in steps for name in step.captures}
    found: dict[str, ParamDoc] = {}
    for name in sorted({name for step in steps for name in (*step.params, *step.captures)}):
        if name in derived:
            spec = derived[name]
            found[name] = ParamDoc(name=name, type=spec.type, source=spec.source, prefix=spec.prefix)
        else:
            kind, source = _TYPES.get(name, ("text", "capture" if name in captured else "run"))
            kind = _clock(context) or kind if name in _BOUNDS else kind
            source = source if source != "capture" or name in captured else "run"
            found[name] = ParamDoc(name=name, type=kind, source=source)
    return tuple(found.values())


def _clock(context: Context) -> str:
    """`timestamp` or `date` when the cursor has no time zone, so that nobody may give a bound that has one; '' otherwise."""
    frozen = (step.action for step in context.plan.steps if isinstance(step.action, FreezeWindow))
    type_ = next((action.interval.type for action in frozen), None)
    if type_ is None or type_.kind not in (Kind.TIMESTAMP, Kind.DATE) or type_.tz:
        return ""
    return str(type_.kind.value)


def _type(column: MovedColumn) -> dict[str, str]:
    return {
        "source": column.source.name,
        "source_type": column.source.native,
        "target": column.target.name,
        "target_type": column.target.native,
        "expression": column.sql.text if column.sql else "",
        "may_lose": column.loss,
        "changes": column.changes,
        "policy": column.lossy if column.loss else "exact",
    }


def _limits(context: Context) -> dict[str, Any]:
    """The bounds of every session and of what one run may do; None: there is none. A strategy may bring its own guard of deletions."""
    limits, partition = context.load.write.limits, context.load.write.partition
    guards = (step.action for step in context.plan.steps if isinstance(step.action, CheckDeletes))
    ratio = next((guard.ratio for guard in guards if guard.ratio is not None), limits.max_delete_ratio)
    return {
        "lock_timeout": limits.lock_timeout,
        "statement_timeout": limits.statement_timeout,
        "lease_seconds": limits.lease_seconds,
        "max_snapshot_age": None,
        "max_staging_bytes": None,
        "max_delete_ratio": ratio,
        "max_delete_rows": limits.max_delete_rows,
        "max_partitions": partition.max_partitions if partition else None,
    }
