"""A plan as a compact summary for a terminal: plain text, no color, so that it can be piped and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dpone_compiler.artifacts.evidence import evidence_summary
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc

_CELLS = ("atomicity", "replay", "deletes", "late_data", "null_keys", "staging_duplicates", "concurrency")


def render_plan_text(doc: PlanDoc, *, explain: bool) -> str:
    """Summary line, what it guarantees, numbered steps; with `explain` the decision in full."""
    told = (*_decision(doc), *_transfer(doc)) if explain else ()
    parts = (_summary(doc), told, _contract(doc), _steps(doc))
    return "\n".join(line for part in parts for line in part) + "\n"


def _summary(doc: PlanDoc) -> Iterator[str]:
    source, target, decision = doc.route["source"], doc.route["target"], doc.decision
    policy = decision.get("merge_policy") or decision.get("finalizer")
    lossy = sum(bool(item["may_lose"]) for item in doc.types)
    yield f"{doc.name}: {decision['strategy']}{f' by {policy}' if policy else ''}"
    yield (
        f"  {source['table']} ({source['engine']}, {source['connection']}) into {target['table']} "
        f"({target['engine']}, {target['connection']}), {len(doc.types)} columns"
        f"{f', {lossy} may lose values' if lossy else ''}, {len(doc.steps)} steps"
    )
    yield from (f"  note: {note}" for note in doc.notes)
    yield from (f"  {each['severity']} {each['code']}: {each['message']}" for each in decision["warnings"])


def _decision(doc: PlanDoc) -> Iterator[str]:
    decision = doc.decision
    yield "decision:"
    for item in decision["reasons"]:
        facts = ", ".join(f"{name} = {value}" for name, value in sorted(item["facts"].items()))
        yield f"  {item['choice']}: {item['reason']} [{item['code']}]{f' from {facts}' if facts else ''}"
    yield from (f"  not {item['choice']} {item['value']}: {item['reason']}" for item in decision["rejected"])
    yield from (f"  gate {gate['severity']} {gate['code']}: {gate['message']}" for gate in decision["safety_gates"])


def _transfer(doc: PlanDoc) -> Iterator[str]:
    """How the rows travel: export, ingest, finalizer and partitioning, and what the wire keeps."""
    transfer = doc.native_transfer_plan
    if "export_method" not in transfer:
        return
    yield f"transfer: {transfer['fast_path_id']} ({transfer['wire']})"
    yield f"  export: {transfer['export_method']}"
    yield f"  ingest: {transfer['ingest_method']}"
    yield f"  finalizer: {transfer['finalizer']}"
    partitioning = transfer["partitioning"]
    yield f"  partitioning: {partitioning['strategy']}, {partitioning['num_partitions']} at a time"
    contract = transfer["transport_contract"]
    yield f"  settings: {', '.join(_settings(transfer['native_ingest_settings'])) or 'none'}"
    yield f"  lossless: {'yes' if contract['lossless'] else 'not claimed'}: {contract['lossless_because']}"
    yield f"  NULL: {contract['null_policy']}; empty text: {contract['empty_string_policy']}"
    replay = transfer["replay_contract"]
    yield f"  replay: state {replay['state_commit']}; {replay['idempotency']}"
    boundaries = [f"{each['stage']} from {each['from_step']}" for each in transfer["retry_boundaries"]]
    yield f"  repeated: {', '.join(boundaries)}"
    yield f"  evidence: {', '.join(transfer['evidence_contract']['required_checks'])}"
    yield from (f"  warning {each}" for each in transfer["warnings"])


def _settings(told: Mapping[str, Any]) -> Iterator[str]:
    """The vendor's own names and values, whatever group they are in."""
    for name, said in told.items():
        if isinstance(said, Mapping):
            yield from _settings(said)
        else:
            yield f"{name} = {said}"


def _contract(doc: PlanDoc) -> Iterator[str]:
    yield "contract:"
    for cell in (cell for cell in _CELLS if cell in doc.contract):
        evidence = evidence_summary(doc, cell)
        yield f"  {cell.replace('_', ' ')}: {doc.contract[cell]}{f' [{evidence}]' if evidence else ''}"


def _steps(doc: PlanDoc) -> Iterator[str]:
    yield "steps:"
    width = max((len(step.id) for step in doc.steps), default=0)
    for number, step in enumerate(doc.steps, start=1):
        yield f"  {number:>2}. {step.id:<{width}}  {step.purpose} {_place(step)}".rstrip()


def _place(step: StepDoc) -> str:
    group = f", transaction {step.transaction}" if step.transaction else ""
    return f"({step.engine} {step.side}{group})"
