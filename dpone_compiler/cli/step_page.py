"""The page of one step, from plan.json alone: why it is there, what it locks, what readers see, what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator

from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.runtime.what_now import lines, what_now

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


def render_step(doc: PlanDoc, step: StepDoc, bundle: str) -> str:
    """The page as plain text that is Markdown as well. `bundle`: the path of the plan as typed, for the commands."""
    return "\n".join((f"{step.id}: {step.purpose}", "", *_body(doc, step, bundle))) + "\n"


def _body(doc: PlanDoc, step: StepDoc, bundle: str) -> Iterator[str]:
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
    if step.retry_boundary:
        yield f"A passing fault (deadlock, lock timeout) is repeated from {step.retry_boundary}, twice, before the run gives up. Then:"
    yield from lines(what_now(doc, step, bundle))


def _files(step: StepDoc) -> list[str]:
    return [path for path in (step.file, *step.files.values(), step.guard.file) if path]
