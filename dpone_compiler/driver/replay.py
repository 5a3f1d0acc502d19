"""What plan.json says of a second try: the stages to resume from, and the resync sequence or what to do instead of one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dpone_compiler.artifacts.bundle import sha256
from dpone_compiler.artifacts.plan_codec import canonical_json, step_fields
from dpone_compiler.artifacts.plan_doc import ParamDoc, StepDoc
from dpone_compiler.ir.decision import decided
from dpone_compiler.ir.load import Load
from dpone_compiler.planning.lower import LoweredStep, NotLowered, lower_plan
from dpone_compiler.planning.resync import plan_resync
from dpone_compiler.source.value import value
from dpone_compiler.spi.backend import Context
from dpone_compiler.spi.strategy import NotViable, Setting, Strategy
from dpone_compiler.sql.predicates import PARTITION_FORMS

# The run's id is known when it has failed; the journal knows the bundle of a run.
_RUN = "RUN_ID"
_AGAIN = {  # where a failed stage is gone on from: a proof is only as good as the staging that was just filled
    "open": ("new", "nothing was written: the same run again"),
    "extract": ("extract", "the target is untouched; staging is filled again from the frozen window"),
    "validate": ("extract", "the target is untouched; mend the source or the policy, then staging is filled again"),
    "cleanup": ("cleanup", "data and state are in; only staging and the lease are left"),
}
_MADE = "at most the empty target was made, and it stays: the same run again"
_ADDED = "at most columns of NULLs were added to the target, and they stay: the same run again"
_PROOF_AGAIN = "a failed proof says that the changes are not whole; they are made again from the proved staging"
_IN_TRANSACTION = "the transaction was rolled back, the target is as before; staging is proved and not read again"
_IN_PLACE = "some changes may be in, and each can be repeated; staging is proved and not read again"


@value
class Resync:
    """The lowered resync sequence, or why there is none."""

    context: Context | None
    lowered: tuple[LoweredStep, ...]
    why: str


@value
class Written:
    """The resync as it stands in the bundle; all empty when there is none."""

    steps: tuple[StepDoc, ...]
    params: tuple[ParamDoc, ...]
    files: Mapping[str, str]


def lower_resync(context: Context, strategy: Strategy) -> Resync:
    """The resync of a load whose main plan is `context.plan`."""
    setting = Setting(facts=context.facts, source=context.source, sink=context.sink)
    plan = plan_resync(context.load, strategy, setting)
    if isinstance(plan, NotViable):
        return Resync(None, (), plan.reason)
    own = replace(context, plan=plan)
    try:
        return Resync(own, lower_plan(own, plan), "")
    except NotLowered as error:
        return Resync(None, (), error.why)


def replay_document(load: Load, steps: Sequence[StepDoc], resync: Resync, written: Written) -> dict[str, Any]:
    """`replay` of plan.json. `steps`: of the main plan; `written`: the resync as it stands in the bundle."""
    return {"resume": _resume(steps), "resync": _resync(load, resync, written)}


def stages_of(steps: Sequence[StepDoc]) -> dict[str, tuple[str, ...]]:
    """Stage -> its steps, in order; every step is in one stage. A transaction that spans several is one stage."""
    first = {kind: at for at, kind in reversed(list(enumerate(step.kind for step in steps)))}

    def start(kind: str) -> int:
        at = first.get(kind, len(steps))
        group = steps[at].transaction if at < len(steps) else ""
        return next((i for i, step in enumerate(steps) if group and step.transaction == group), at)

    commit = first.get("commit_state", len(steps))
    ends = {
        "open": first.get("open_attempt", -1) + 1,
        "extract": start("check_staged_rows"),
        "validate": first.get("record_staged", -1) + 1,
        "finalize": commit + 1 if start("commit_state") != commit else first.get("reconcile", commit),
        "reconcile": min(commit, first.get("record_slice", commit)),
        "commit_state": commit + 1,
        "cleanup": len(steps),
    }
    found: dict[str, tuple[str, ...]] = {}
    at = 0
    for stage, end in ends.items():
        if end > at:
            found[stage] = tuple(step.id for step in steps[at:end])
            at = end
    return found


def _resume(steps: Sequence[StepDoc]) -> dict[str, Any]:
    stages = stages_of(steps)
    transactional = any(step.kind == "commit_state" and step.transaction for step in steps)
    kinds = {step.kind for step in steps}
    told = [said for kind, said in (("create_target", _MADE), ("add_columns", _ADDED)) if kind in kinds]
    again = {**_AGAIN, "open": ("new", told[0])} if told else _AGAIN
    found = {}
    for stage, ids in stages.items():
        go_on, state = again.get(stage, (stage, _IN_TRANSACTION if transactional else _IN_PLACE))
        if stage == "reconcile":
            go_on, state = "finalize", _PROOF_AGAIN
        command = "dponec run BUNDLE" if go_on == "new" else f"dponec resume {_RUN} --from-stage {go_on} --yes"
        found[stage] = {"steps": list(ids), "target": state, "next": command}
    return {"stages": found}


def _resync(load: Load, resync: Resync, written: Written) -> dict[str, Any]:
    partition = load.write.partition
    if resync.why or partition is None:
        return {"steps": [], "why": resync.why, "instead": list(_instead(load))}
    steps = [step_fields(step) for step in written.steps]
    form = {"column": partition.column, "by": partition.unit.value, "form": PARTITION_FORMS[partition.unit.value]}
    digests = {path: sha256(text) for path, text in sorted(written.files.items())}
    return {
        "steps": steps,
        "params": [vars(param) for param in written.params],
        "partition": form,
        "stages": _resume(written.steps)["stages"],
        # An attempt of its own: `dponec run` must not go on with the steps of the main plan where a resync stopped.
        "fingerprint": sha256(canonical_json({"resync": steps, "files": digests})),
        "next": f"dponec resync --run-id {_RUN} --partition VALUE --yes",
    }


def _instead(load: Load) -> tuple[str, ...]:
    if load.read.cursor is None or load.write.slices or decided(load.decisions.strategy) == "full_refresh":
        return ("dponec run BUNDLE",)
    return (f"dponec state rewind {shlex.quote(load.name)} WATERMARK", "dponec run BUNDLE")
