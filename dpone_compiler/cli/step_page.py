"""The page of one step, from plan.json alone: why it is there, what it locks, what readers see, what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc

# The codes that a step of this kind can stop with, besides those of its engine.
CODES = {
    "check_table": ("DP420",),
    "read_state": ("DP411", "DP412", "DP416"),
    "acquire_lease": ("DP413",),
    "freeze_window": ("DP430",),
    "transfer": ("DP431",),
    "find_partitions": ("DP502", "DP505"),
    "check_staged_rows": ("DP501",),
    "check_not_empty": ("DP502",),
    "check_null_keys": ("DP503",),
    "check_duplicate_keys": ("DP504",),
    "check_partition_values": ("DP505", "DP506"),
    "fence": ("DP410",),
    "reconcile": ("DP510",),
    "commit_state": ("DP511",),
}
_TWICE = {
    "pure": "nothing: it only reads",
    "idempotent": "the same as once",
    "transactional": "its transaction is all or nothing, and the state row in it says whether it is in",
    "idempotent-as-a-unit": "it is repeated together with the steps before it",
}
_GUARDS = {
    "rerun": "a continued run does it again, which is harmless",
    "phase": "a continued run asks the state row: done from phase",
    "query": "a continued run asks the target whether it is done",
}


def render_step(doc: PlanDoc, step: StepDoc) -> str:
    """The page as plain text that is Markdown as well."""
    return "\n".join((f"{step.id}: {step.purpose}", "", *_body(doc, step))) + "\n"


def _body(doc: PlanDoc, step: StepDoc) -> Iterator[str]:
    yield f"Why: {step.why}"
    yield f"Where: {step.engine} ({step.side}), connection {step.connection or 'none'}"
    yield f"Files: {', '.join(_files(step)) or 'none: the executor does it'}"
    if step.params:
        yield f"Reads: {', '.join(step.params)}"
    if step.captures:
        yield f"Gives: {', '.join(step.captures)}"
    if step.after:
        yield f"After: {', '.join(step.after)}"
    if step.transaction:
        others = [other.id for other in doc.steps if other.transaction == step.transaction and other.id != step.id]
        yield f"In one transaction ({step.transaction}) with: {', '.join(others) or 'no other step'}"
    if step.snapshot:
        yield f"In the source's snapshot {step.snapshot}"
    if step.origin:
        yield f"Asked for by: {step.origin} of the manifest"
    yield ""
    yield "Locks:"
    yield from (f"- {lock}" for lock in step.locks or ("none that others would notice",))
    yield ""
    yield "Readers of the target see meanwhile:"
    if step.visibility:
        yield from (f"- {level}: {seen}" for level, seen in sorted(step.visibility.items()))
    else:
        yield "- no change by this step"
    yield ""
    yield f"Done twice: {_TWICE.get(step.idempotency, step.idempotency)}"
    yield f"Resumed: {_GUARDS.get(step.guard.kind, step.guard.kind)}{' ' + step.guard.phase if step.guard.phase else ''}"
    yield ""
    yield "When it fails:"
    yield from (f"- {line}" for line in _when_it_fails(doc, step))


def _files(step: StepDoc) -> list[str]:
    return [path for path in (step.file, *step.files.values(), step.guard.file) if path]


def _when_it_fails(doc: PlanDoc, step: StepDoc) -> Iterator[str]:
    codes = CODES.get(step.kind, ())
    if codes:
        yield f"codes: {', '.join(codes)}; `dponec explain {codes[0]}` says what to do"
    if step.transaction:
        yield "the transaction is rolled back: what it had changed is as before"
    elif step.side == "target" and step.idempotency not in ("pure",):
        yield "what it did so far stays; the next run knows it from the state row and goes on"
    if step.retry_boundary:
        yield f"a passing fault (deadlock, lock timeout) is repeated from {step.retry_boundary}, twice"
    if _before_apply(doc, step):
        yield "the target's rows have not been touched"
    yield "cure the cause, then the same `dponec run` again: it finishes this attempt with its own window"


def _before_apply(doc: PlanDoc, step: StepDoc) -> bool:
    """Everything up to the record of proved staging leaves the target's rows alone."""
    ids = [each.id for each in doc.steps]
    staged = [each.id for each in doc.steps if each.kind == "record_staged"]
    return bool(staged) and ids.index(step.id) <= ids.index(staged[0])
