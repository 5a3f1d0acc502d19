"""From a proved, lowered plan to the files of its bundle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dpone_compiler.artifacts.bundle import SOURCEMAP, Bundle, folder_name, sha256
from dpone_compiler.artifacts.plan_codec import canonical_json, encode_plan, plain_plan, plan_fingerprint
from dpone_compiler.artifacts.plan_doc import GuardDoc, StepDoc
from dpone_compiler.driver.document import action_kind, build_document, parameters
from dpone_compiler.driver.evidence import contract_evidence
from dpone_compiler.driver.replay import Resync, Written, replay_document
from dpone_compiler.driver.report import render_plan_md
from dpone_compiler.driver.shell import render_run_sh
from dpone_compiler.driver.sourcemap import build_sourcemap
from dpone_compiler.ir.codec import to_plain
from dpone_compiler.planning.lower import LoweredStep
from dpone_compiler.spi.backend import Backend, Context
from dpone_compiler.spi.cost import Costing

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SUFFIX = {"main": "", "heartbeat": ".heartbeat", "giveback": ".giveback"}


def emit_bundle(
    context: Context,
    lowered: tuple[LoweredStep, ...],
    resync: Resync,
    inputs: Mapping[str, str],
    compiler: str,
    *,
    costing: Costing,
) -> Bundle:
    """The bundle of one load: every byte a function of the arguments."""
    steps, files = _sequence(context, lowered, "steps")
    again, replayed = _sequence(context, resync.lowered, "replay")
    params = parameters(resync.context, again) if resync.context is not None else ()
    replay = replay_document(context.load, steps, resync, Written(again, params, replayed))
    files.update(replayed)
    lock = context.lock.lease_setup(context) if context.lock is not None else ()
    for setup in (
        *context.sink.setup(context),
        *(each for each in context.source.setup(context) if each.side == "source"),
        *lock,
    ):
        head = _comment(
            (
                f"dponec setup for load {context.load.name}",
                setup.purpose,
                "run once by a DBA; `dponec run` never does it silently",
            )
        )
        files[f"setup/{setup.name}"] = f"{head}\n{setup.body.rstrip()}\n"
    commands = {name: f"replay/state-{name}.sql" for name in sorted(context.sink.state_commands(context))}
    for name, body in context.sink.state_commands(context).items():
        files[commands[name]] = _comment((f"dponec state {name}: load {context.load.name}",)) + f"\n{body.rstrip()}\n"
    for name, body in context.source.replay_files(context).items():
        files[f"replay/{name}"] = (
            _comment((f"{name} of load {context.load.name}, on the source",)) + f"\n{body.rstrip()}\n"
        )
    files["intent.json"] = canonical_json({"load": to_plain(context.load), "facts": to_plain(context.facts)})
    settings = next((item.lowered.settings for item in lowered if item.lowered.settings), {})
    doc = build_document(context, steps, inputs, compiler, commands, replay=replay, settings=settings)
    doc = replace(doc, setup=tuple(path for path in sorted(files) if path.startswith("setup/")))
    doc = replace(
        doc,
        fingerprint=plan_fingerprint({**plain_plan(doc), "files": {p: sha256(t) for p, t in files.items()}}),
    )
    # Behind the fingerprint: a newer server on which the tests have passed is no other plan.
    doc = replace(doc, contract_evidence=contract_evidence(doc.contract, context.sink.name))
    files["run.sh"] = render_run_sh(doc)
    files["plan.md"] = render_plan_md(context, doc, costing)
    doc = replace(doc, files={path: sha256(text) for path, text in sorted(files.items())})
    files["plan.json"] = encode_plan(doc)
    files[SOURCEMAP] = canonical_json(build_sourcemap(context, lowered, doc))
    return Bundle(folder_name(context.load.name), files)


def _comment(lines: tuple[str, ...]) -> str:
    """Lines as SQL comments; a control character in a name must not end the comment."""
    return "\n".join("-- " + _CONTROL.sub("\N{REPLACEMENT CHARACTER}", line) for line in lines if line)


def _sequence(
    context: Context, lowered: tuple[LoweredStep, ...], folder: str
) -> tuple[tuple[StepDoc, ...], dict[str, str]]:
    """The steps as plan.json tells them, and their files below `folder`."""
    steps: list[StepDoc] = []
    files: dict[str, str] = {}
    for number, item in enumerate(lowered, start=1):
        steps.append(_step_doc(context, item, f"{folder}/{number:02d}-{item.step.id}"))
        files.update(_step_files(context, item, steps[-1]))
    return tuple(steps), files


def _step_doc(context: Context, item: LoweredStep, stem: str) -> StepDoc:
    step, lowered = item.step, item.lowered
    backend, connection = _end(context, item.side)
    paths = {role: f"{stem}{_SUFFIX.get(role, '.' + role)}{_kind_of(role)}" for role in lowered.bodies}
    guard_file = f"{stem}.guard.sql" if lowered.guard else ""
    return StepDoc(
        id=step.id,
        kind=action_kind(step.action),
        op=lowered.op,
        side=item.side,
        engine=backend.name,
        connection=connection,
        purpose=step.purpose,
        why=step.why,
        file=paths.get("main", ""),
        files={role: path for role, path in sorted(paths.items()) if role != "main"},
        params=lowered.params,
        captures=lowered.captures,
        after=step.after,
        transaction=step.transaction,
        snapshot=step.snapshot,
        wire=getattr(step.action, "wire", ""),
        max_items=lowered.max_items,
        max_seconds=lowered.max_seconds,
        idempotency=step.idempotency.value,
        guard=GuardDoc(kind=step.guard.kind, phase=step.guard.phase, file=guard_file, why=step.guard.why),
        retry_boundary=step.retry_boundary,
        locks=lowered.locks,
        visibility=dict(lowered.visibility),
        origin=step.source_path,
    )


def _end(context: Context, side: str) -> tuple[Backend, str]:
    """The engine of a side and the id of its connection."""
    write = context.load.write
    if side == "lock" and context.lock is not None:
        return context.lock, write.lock_connection
    if side == "source":
        return context.source, context.load.read.endpoint.connection
    return context.sink, write.endpoint.connection


def _kind_of(role: str) -> str:
    return ".json" if role == "spec" else ".sql"


def _step_files(context: Context, item: LoweredStep, step: StepDoc) -> dict[str, str]:
    engines = dict.fromkeys(("extract", "queryout"), f"{context.source.name} (source)")
    where = f"{step.engine} ({item.side})"
    paths = {"main": step.file, **step.files} if step.file else dict(step.files)
    files = {
        path: item.lowered.bodies[role]
        if role == "spec"
        else _headed(item.lowered.bodies[role], step, engines.get(role, where), role)
        for role, path in sorted(paths.items())
        if path
    }
    if item.lowered.guard:
        files[step.guard.file] = _headed(
            item.lowered.guard, step, where, "guard: answers 1 when the step is already done"
        )
    return files


def _headed(body: str, step: StepDoc, engine: str, role: str) -> str:
    head = _comment(
        (
            f"step {step.id}" + (f" ({role})" if role != "main" else ""),
            f"purpose: {step.purpose}",
            f"engine: {engine}" + (f", transaction {step.transaction}" if step.transaction else ""),
            f"idempotency: {step.idempotency}"
            + (f", repeat from {step.retry_boundary}" if step.retry_boundary else ""),
            f"why: {step.why}",
            f"params: {', '.join(step.params)}" if step.params else "",
        )
    )
    return f"{head}\n{body.rstrip()}\n"
