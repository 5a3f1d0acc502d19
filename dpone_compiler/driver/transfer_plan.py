"""`native_transfer_plan`: how the rows travel, under the field names that users of dpone know. It says what the plan does, no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dpone_compiler.artifacts.plan_doc import StepDoc
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.spi.backend import Context
from dpone_compiler.spi.strategy import NativePath
from dpone_compiler.spi.transport import TRANSPORTS

_STREAMED = "rows are read and written in batches by the runtime"
_CHECKS = {
    "counts": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied"),
    "keys": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "keys_both_ways"),
    "content": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "every_value"),
    "full": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "every_value", "whole_target"),
}


def transfer_plan(context: Context, path: NativePath | None, steps: Sequence[StepDoc]) -> dict[str, Any]:
    """The document of a decided load. `path` None: rows are streamed."""
    load = context.load
    choice, wire = load.decisions.native_path, load.decisions.wire
    format_ = "text" if isinstance(wire, Undecided) else wire.value
    return {
        "fast_path_id": None if isinstance(choice, Undecided) else choice.value,
        "wire": format_,
        "why": "" if isinstance(choice, Undecided) else choice.reason,
        "fallback": path.fallback if path is not None else "",
        "export_method": path.export if path is not None else _STREAMED,
        "ingest_method": path.ingest if path is not None else _STREAMED,
        "finalizer": decided(load.decisions.finalizer),
        "partitioning": _partitioning(load),
        "retry_boundaries": _boundaries(steps),
        "transport_contract": _transport(context, format_),
        "replay_contract": _replay(context, steps),
        "evidence_contract": {
            "required_artifacts": ["plan.json", "journal.jsonl", "receipt.json"],
            "required_checks": list(_CHECKS[decided(load.decisions.reconcile)]),
            "round_trip_tests": list(path.proofs) if path is not None else [],
        },
        "warnings": [each.message for each in load.decisions.warnings],
    }


def _partitioning(load: Load) -> dict[str, Any]:
    """One stream a load: parallel streams gain nothing where the target is the bound (docs/reference/benchmarks.md)."""
    partition = load.write.partition
    return {
        "strategy": "single_stream",
        "column": partition.column if partition else None,
        "bounds_mode": "none",
        "num_partitions": 1,
        "max_partitions": partition.max_partitions if partition else None,
        "export_workers": 1,
        "load_workers": 1,
    }


def _boundaries(steps: Sequence[StepDoc]) -> list[dict[str, str]]:
    """Where each stage is repeated from after a fault."""
    told = (("export", "transfer"), ("load_staging", "transfer"), ("finalize", "record_staged"))
    found = []
    for stage, kind in told:
        step = next((each for each in reversed(steps) if each.kind == kind), None)
        if step is not None:
            found.append({"stage": stage, "from_step": step.retry_boundary or step.id})
    return found


def _columns(load: Load) -> tuple[MovedColumn, ...]:
    return () if isinstance(load.decisions.columns, Undecided) else load.decisions.columns


def _transport(context: Context, format_: str) -> dict[str, Any]:
    transport = TRANSPORTS[format_]
    lossy = [{"column": each.target.name, "may_lose": each.loss} for each in _columns(context.load) if each.loss]
    return {
        "route": f"{context.source.name}->{context.sink.name}",
        "wire_format": format_,
        "source_encoding": transport.encoding,
        "ingest_mode": "staging_first",
        "null_policy": transport.nulls,
        "empty_string_policy": transport.empty_text,
        "text_codec": transport.text_codec,
        "compression": "none",
        "lossless": not lossy,
        "lossy_columns": lossy,
    }


def _replay(context: Context, steps: Sequence[StepDoc]) -> dict[str, Any]:
    commit = next((each for each in steps if each.kind == "commit_state"), None)
    together = commit is not None and bool(commit.transaction)
    contract = to_plain(context.plan.contract)
    return {
        "state_boundary": "the state row of the target",
        "state_commit": "in the transaction of the data" if together else "after the data, repeated by the next run",
        "delete_mode": contract["deletes"],
        "idempotency": contract["replay"],
        "lossless_replay": True,
        "artifacts": ["replay/", "plan.json"],
    }
