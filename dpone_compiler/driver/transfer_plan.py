"""`native_transfer_plan`: how the rows travel, under the field names that users of dpone know. It says what the plan does, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dpone_compiler import registry
from dpone_compiler.artifacts.plan_doc import StepDoc
from dpone_compiler.driver.evidence import contract_evidence
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.ir.decision import Undecided, decided
from dpone_compiler.ir.load import Load, MovedColumn
from dpone_compiler.spi.backend import Context
from dpone_compiler.spi.strategy import NativePath, streaming
from dpone_compiler.spi.transport import TRANSPORTS

_CHECKS = {
    "counts": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied"),
    "keys": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "keys_both_ways"),
    "content": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "every_value"),
    "full": ("rows_sent_equal_rows_staged", "rows_staged_equal_rows_applied", "every_value", "whole_target"),
}


def path_of(load: Load) -> NativePath:
    """The path that was chosen, native or streaming."""
    name = decided(load.decisions.native_path)
    registered = (path for path in registry.native_paths() if path.name == name)
    return next(registered, streaming(load.read.endpoint.engine, load.write.endpoint.engine))


def transfer_plan(context: Context, steps: Sequence[StepDoc], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a planned load. `settings`: what the sink's load statement tells the engine."""
    return {
        **transfer_outline(context.load),
        "native_ingest_settings": dict(settings),
        "retry_boundaries": _boundaries(steps),
        "replay_contract": _replay(context, steps),
    }


def transfer_outline(load: Load) -> dict[str, Any]:
    """What follows from the decisions alone; all that there is of a load whose tables nobody knows."""
    path = path_of(load)
    wire = decided(load.decisions.wire)
    chosen = load.decisions.native_path
    return {
        "fast_path_id": path.name,
        "wire": wire,
        "why": "" if isinstance(chosen, Undecided) else chosen.reason,
        "fallback": path.fallback,
        "export_method": path.export,
        "ingest_method": path.ingest,
        "finalizer": decided(load.decisions.finalizer),
        "partitioning": _partitioning(load),
        "transport_contract": _transport(load, path, wire),
        "evidence_contract": {
            "required_artifacts": ["plan.json", "journal.jsonl", "receipt.json"],
            "required_checks": list(_CHECKS[decided(load.decisions.reconcile)]),
            "round_trip_tests": list(path.proofs),
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


def _transport(load: Load, path: NativePath, format_: str) -> dict[str, Any]:
    transport = TRANSPORTS[format_]
    source, sink = load.read.endpoint.engine, load.write.endpoint.engine
    lossy = [{"column": each.target.name, "may_lose": each.loss} for each in _columns(load) if each.loss]
    lossless, why = _lossless(lossy, path, sink)
    return {
        "route": f"{source}->{sink}",
        "wire_format": format_,
        "source_encoding": transport.encoding,
        "ingest_mode": "staging_first",
        "null_policy": transport.nulls,
        "empty_string_policy": transport.empty_text,
        "text_codec": transport.text_codec,
        "compression": "none",
        "lossless": lossless,
        "lossless_because": why,
        "lossy_columns": lossy,
    }


def _lossless(lossy: Sequence[object], path: NativePath, sink: str) -> tuple[bool, str]:
    """A claim needs both: types that lose nothing, and tests that sent every type through this path to a real engine."""
    if lossy:
        return (
            False,
            "lossy_columns names the values that do not survive; they are counted and refused before anything is sent",
        )
    if not path.proofs:
        return False, f"no loss is known, but nothing has gone through this path to a real {sink} and been compared"
    return True, f"every type of these columns survives, and round_trip_tests passed on a real {sink}"


def _replay(context: Context, steps: Sequence[StepDoc]) -> dict[str, Any]:
    commit = next((each for each in steps if each.kind == "commit_state"), None)
    together = commit is not None and bool(commit.transaction)
    contract = to_plain(context.plan.contract)
    proofs = contract_evidence({"replay": contract["replay"]}, context.sink.name)["replay"]
    return {
        "state_boundary": "the state row of the target",
        "state_commit": "in the transaction of the data" if together else "after the data, repeated by the next run",
        "delete_mode": contract["deletes"],
        "idempotency": contract["replay"],
        # True as far as tests have killed runs of such a plan on that engine and finished them.
        "lossless_replay": all(each["tests"] for each in proofs),
        "artifacts": ["replay/", "plan.json"],
    }
