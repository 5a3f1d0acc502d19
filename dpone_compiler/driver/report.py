"""plan.md: the plan for a reviewer. The summary line comes first, then what would make a DBA say no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from dpone_compiler.artifacts.evidence import evidence_summary
from dpone_compiler.artifacts.plan_doc import PlanDoc, StepDoc
from dpone_compiler.artifacts.session_settings import SESSION_LIMITS
from dpone_compiler.driver.costs import cost_table
from dpone_compiler.spi.backend import Context
from dpone_compiler.spi.cost import Costing

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CELLS = ("atomicity", "replay", "deletes", "late_data", "null_keys", "staging_duplicates", "concurrency")


def render_plan_md(context: Context, doc: PlanDoc, costing: Costing) -> str:
    """The Markdown text, deterministic."""
    sections = (
        _summary,
        _warnings,
        _decision,
        _new_target,
        _new_columns,
        _slices,
        partial(_cost, costing),
        _contract,
        _meetings,
        _steps,
        _flow,
        _readers,
        _types,
        _limits,
        _run,
        _replay,
    )
    return "\n".join(line for section in sections for line in section(context, doc)).rstrip() + "\n"


def _text(value: object) -> str:
    """A manifest's value inside Markdown: one line, nothing that Markdown would read as markup."""
    return _SPECIAL.sub(r"\\\1", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def _code(value: object) -> str:
    """A value as inline code; longer fences where it holds backticks."""
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value)).replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _summary(context: Context, doc: PlanDoc) -> Iterator[str]:
    source, target = doc.route["source"], doc.route["target"]
    decision = doc.decision
    policy = f" by {decision['merge_policy']}" if decision["merge_policy"] else f" by {decision['finalizer']}"
    outer = "backfill of " if "slices" in decision else ""
    yield f"# {_text(doc.name)}: {outer}{decision['strategy']}{policy}"
    yield ""
    yield (
        f"{_code(source['table'])} ({source['engine']}, {_code(source['connection'])}) into {_code(target['table'])} "
        f"({target['engine']}, {_code(target['connection'])}), {len(doc.types)} columns, "
        f"{len(doc.steps)} steps, reconciled at level **{_level(context)}**, "
        f"{_lossy(doc)}."
    )
    yield ""


def _level(context: Context) -> str:
    choice = context.load.decisions.reconcile
    return str(getattr(choice, "value", ""))


def _lossy(doc: PlanDoc) -> str:
    lossy = [item for item in doc.types if item["may_lose"]]
    if not lossy:
        return "every value arrives exactly"
    kept = [item for item in lossy if item["policy"] in ("fail", "text")]
    changed = len(lossy) - len(kept)
    told = f"values that {len(lossy)} columns cannot hold are counted before the load and stop it"
    return f"**{told}{f'; in {changed} columns others are put in their place' if changed else ''}**"


def _warnings(context: Context, doc: PlanDoc) -> Iterator[str]:
    lines = [f"- {_text(note)}" for note in doc.notes]
    lines += [f"- {_code(w['code'])} {_text(w['message'])}" for w in doc.decision["warnings"]]
    lines += _unchecked(context)
    if lines:
        yield from ("## Read this first", "", *lines, "")


def _unchecked(context: Context) -> list[str]:
    return [
        f"- no catalog snapshot of the {side}: its columns and types are taken on trust, and `run` cannot check them for drift"
        for side, facts in (("source", context.facts.source_table), ("target", context.facts.target_table))
        if facts is None
    ]


def _decision(context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from ("## Decision", "", "| choice | value | why | rule | facts |", "| --- | --- | --- | --- | --- |")
    values = {
        "native_path": doc.decision["native_fast_path"],
        "batching": "",
        "wire": doc.native_transfer_plan["wire"],
        "reconcile": _level(context),
    }
    for item in doc.decision["reasons"]:
        value = values.get(item["choice"], doc.decision.get(item["choice"]))
        if item["choice"] == "batching":
            batching = doc.decision["adaptive_batching"]
            value = f"{batching['initial_batch_size']} rows, {batching['parallel_workers']} workers"
        facts = ", ".join(f"{name} = {fact}" for name, fact in sorted(item["facts"].items()))
        yield f"| {item['choice']} | {_code(value)} | {_text(item['reason'])} | {_code(item['code'])} | {_text(facts)} |"
    yield ""
    rejected = doc.decision["rejected"]
    if rejected:
        yield from ("Not chosen:", "")
        yield from (f"- {item['choice']} {_code(item['value'])}: {_text(item['reason'])}" for item in rejected)
        yield ""
    yield from ("Safety gates:", "")
    yield from (
        f"- {gate['severity']} {_code(gate['code'])}: {_text(gate['message'])}" for gate in doc.decision["safety_gates"]
    )
    yield ""


def _new_target(context: Context, doc: PlanDoc) -> Iterator[str]:
    """How a target is made that no snapshot has."""
    new = context.load.decisions.new_target
    if new is None or new.structure is None:
        return
    made = next(step.file for step in doc.steps if step.kind == "create_target")
    yield from (
        "## The target is made where it is missing",
        "",
        f"No snapshot has it (create_target: if_missing), so [{made}]({made}) makes it with {len(new.structure.columns)} columns. A "
        "table that is there is not touched, and is refused where it is not what this plan was made for.",
        "",
        "| | how | why |",
        "| --- | --- | --- |",
        *(f"| {each.part} | {_code(each.how)} | {_text(each.why)} |" for each in new.design),
        "",
    )


def _new_columns(context: Context, doc: PlanDoc) -> Iterator[str]:
    """What is added to a target that lacks columns."""
    added = context.load.decisions.added
    if not added:
        return
    step = next(step.file for step in doc.steps if step.kind == "add_columns")
    yield from (
        "## The target gets new columns",
        "",
        f"Its snapshot lacks them (schema_evolution: additive), so [{step}]({step}) adds them where they are missing, all in one "
        "statement or transaction, under the lease and before anything is read. Nothing else is changed in the table, a table with "
        "another change is refused, and what was added stays when the run fails.",
        "",
        "| column | type | rows that are there |",
        "| --- | --- | --- |",
        *(f"| {_code(column.name)} | {_code(column.native)} | NULL |" for column in added),
        "",
    )


def _slices(context: Context, doc: PlanDoc) -> Iterator[str]:
    """What a backfill loads, in which pieces, and what it costs to stop it."""
    slices = context.load.write.slices
    if slices is None:
        return
    pairs = slices.pairs()
    unit = {"integer": "", "date": " days", "timestamp": " seconds"}[slices.kind]
    shown = [(1, pairs[0]), (len(pairs), pairs[-1])] if len(pairs) > 1 else [(1, pairs[0])]
    listed = next(step.file for step in doc.steps if step.kind == "next_slice")
    yield from (
        "## Slices",
        "",
        f"{len(pairs)} of {_code(slices.column)}, {slices.step}{unit} each, one after another; all of them stand in "
        f"[{listed}]({listed}). Rows with NULL there lie in no slice.",
        "",
        "| | from | up to, without |",
        "| ---: | --- | --- |",
        *(f"| {number} | {_code(low)} | {_code(high)} |" for number, (low, high) in shown),
        "",
        "- Each slice is a run of its own: staged, proved, committed and recorded as loaded; readers see the slices before it.",
        "- Stopped, it goes on with the slice that it stopped in, from any folder and without a journal: what is recorded stands "
        f"beside {_code(doc.state['table'])}. A slice that was staged is not read again; one that was not costs one slice of reading.",
        "- Repeated when all are loaded, it changes nothing. To load a slice again, delete its row in `dponec_slices`.",
        "- The watermark of the load stays where it is. A declared `source.cursor` is not used.",
        *_partitions_read_again(context),
        "",
    )


def _partitions_read_again(context: Context) -> Iterator[str]:
    if context.load.write.strategy == "partition_replace":
        yield "- Partitions are read whole: one that several slices lie in is read and replaced with each of them."


def _cost(costing: Costing, _context: Context, _doc: PlanDoc) -> Iterator[str]:
    lines = tuple(cost_table(costing))
    if lines:
        yield from ("## What the ways of loading it would cost a run", "")
        how_good = "Estimates, good for the order of the ways: docs/reference/cost-model.md says how good."
        yield from (*lines, "", *((how_good, "") if costing.known else ()))


def _contract(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from ("## What it guarantees", "", "| | | |", "| --- | --- | --- |")
    for cell in _CELLS:
        yield f"| {cell.replace('_', ' ')} | {_text(doc.contract[cell])} | {evidence_summary(doc, cell)} |"
    yield from (
        "",
        "Proved by tests that passed on real engines, each with a fault or a rival where the sentence speaks of one:",
        "",
    )
    for cell in _CELLS:
        for claim in doc.contract_evidence[cell]:
            tests = ", ".join(_code(test) for test in claim["tests"]) or f"no test on {claim['engine']}"
            yield f"- {cell.replace('_', ' ')} ({claim['claim'].replace('_', ' ')}): {tests}"
    yield ""


def _meetings(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from (
        "## Side by side",
        "",
        "Every order in which the statements of two sessions can meet, on a model of transactions, locks and snapshots:",
        "",
        "| | orders | the worst of them | because |",
        "| --- | ---: | --- | --- |",
    )
    yield from (f"| {m['pair']} | {m['orders']} | {m['worst']} | {m['why']} |" for m in doc.interleavings)
    yield ""


def _steps(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from (
        "## Steps",
        "",
        "| | step | what | where | in transaction | if it is done twice | locks |",
        "| ---: | --- | --- | --- | --- | --- | --- |",
    )
    for number, step in enumerate(doc.steps, start=1):
        where = f"{step.engine} {step.side}"
        group = step.transaction or (f"snapshot {step.snapshot}" if step.snapshot else "")
        locks = "; ".join(_text(lock) for lock in step.locks)
        link = f"[{step.id}]({_main_file(step)})" if _main_file(step) else step.id
        yield f"| {number} | {link} | {_text(step.purpose)}: {_text(step.why)} | {where} | {group} | {step.idempotency} | {locks} |"
    yield ""


def _main_file(step: StepDoc) -> str:
    return step.file or next(iter(step.files.values()), "")


def _flow(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from ("```mermaid", "flowchart TD")
    names = {step.id: f"s{number}" for number, step in enumerate(doc.steps, start=1)}
    groups: dict[str, list[StepDoc]] = {}
    for step in doc.steps:
        groups.setdefault(step.transaction, []).append(step)
    for group, steps in groups.items():
        if group:
            yield f'  subgraph {group.replace("-", "_")}["transaction {group}"]'
        for step in steps:
            pad = "    " if group else "  "
            shape = ('["', '"]') if step.side == "target" else ('(["', '"])')
            yield f"{pad}{names[step.id]}{shape[0]}{step.id}{shape[1]}"
        if group:
            yield "  end"
    for step in doc.steps:
        yield from (f"  {names[before]} --> {names[step.id]}" for before in step.after)
    yield from ("```", "")


def _readers(_context: Context, doc: PlanDoc) -> Iterator[str]:
    rows = [(step, level, seen) for step in doc.steps for level, seen in sorted(step.visibility.items())]
    if rows:
        yield from ("## What readers of the target see", "", "| step | isolation | sees |", "| --- | --- | --- |")
        yield from (f"| {step.id} | {level} | {_text(seen)} |" for step, level, seen in rows)
        yield ""


_LEDGER = (
    "`check-values` counts what does not survive in the snapshot of the extraction, before a row is sent. Policies: fail stops the run, "
    "null sends NULL, clamp the nearest value that survives, text keeps the value as text. A loss that the target's own conversion "
    "refuses is not counted: it stops the transfer."
)


def _types(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from (
        "## Columns",
        "",
        "| source | type | target | type | values that do not survive | policy | every value |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    for item in doc.types:
        name = _code(item["expression"]) if item["expression"] else _code(item["source"])
        loss, policy = _text(item["may_lose"]) or "none", item["policy"] if item["may_lose"] else ""
        ends = f"{_code(item['source_type'])} | {_code(item['target'])} | {_code(item['target_type'])}"
        yield f"| {name} | {ends} | {loss} | {policy} | {_text(item['changes']) or 'as it is'} |"
    yield from ("", _LEDGER, "")


def _limits(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from ("## Limits", "")
    names = {
        "lock_timeout": "seconds to wait for a lock",
        "statement_timeout": "seconds that a statement may take",
        "lease_seconds": "seconds until a silent run loses its lease",
        "max_snapshot_age": "seconds that a snapshot of the source may be held, which holds back vacuum there; statement_timeout bounds "
        "each statement in it",
        "max_staging_bytes": "bytes that staging may take; the cost section estimates them",
        "max_delete_ratio": "largest share of the target that may be deleted",
        "max_delete_rows": "most rows of the target that may be deleted",
        "max_partitions": "partitions that one run may change",
    }
    for name, what in names.items():
        bound = doc.limits[name]
        # In the engines' own settings a timeout of 0 is no bound; no row that may be deleted is one.
        unbound = bound is None or (bound == 0 and name.endswith("_timeout"))
        yield f"- {name}: {'none' if unbound else bound} ({what}){_not_kept(doc, name)}"
    yield ""


def _not_kept(doc: PlanDoc, name: str) -> str:
    """The engines of the plan on which nothing ends a statement that takes longer."""
    if name != "statement_timeout" or not doc.limits[name]:
        return ""
    deaf = sorted(
        {step.engine for step in doc.steps if step.engine and name not in SESSION_LIMITS.get(step.engine, ())}
    )
    return f"; not kept on {', '.join(deaf)}" if deaf else ""


def _run(_context: Context, doc: PlanDoc) -> Iterator[str]:
    yield from (
        "## How to run it",
        "",
        "- once, by a DBA: the files under `setup/`",
        "- `dponec run` with this folder, or `./run.sh` with the vendors' clients alone; both read `DPONE_CONN_…`",
        "- after a crash: the same command again; it finishes the unfinished attempt with its own window",
        "",
    )


def _replay(_context: Context, doc: PlanDoc) -> Iterator[str]:
    """What to type when a stage fails, and how a partition is loaded again: from plan.json's `replay`."""
    yield from (
        "## If it fails",
        "",
        "Nothing else is needed: `dponec run` goes on by itself. To go on from a stage (RUN_ID is printed by the run that failed):",
        "",
        "| fails in | steps | the target then | next |",
        "| --- | --- | --- | --- |",
    )
    for stage, told in doc.replay["resume"]["stages"].items():
        ids = told["steps"]
        steps = ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
        yield f"| {stage} | {steps} | {_text(told['target'])} | {_code(told['next'])} |"
    yield from (
        "",
        "What a single step can leave behind, how to tell, and what to type: `dponec explain` with this folder and the step.",
    )
    yield from ("", "## To load a part again", "")
    yield from _resync(doc)
    yield from (
        "",
        f"Fingerprint {_code(doc.fingerprint[:16])}, effects {_code(doc.effects[:16])}, compiled by {doc.compiler}.",
    )


def _resync(doc: PlanDoc) -> Iterator[str]:
    resync = doc.replay["resync"]
    if not resync["steps"]:
        yield f"There is no resync by partition: {_text(resync['why'])}. Instead: " + ", then ".join(
            _code(line) for line in resync["instead"]
        )
        return
    at = resync["partition"]
    yield (
        f"{_code(resync['next'])} loads partitions of {_code(at['column'])} by {at['by']} again, whole, from the source; "
        f"`--partition` may be repeated ({_text(at['form'])}). The watermark stays where it is. A resync that stopped is "
        "finished like a run, with its own RUN_ID."
    )
    yield ""
    files = ((step["id"], step["file"] or next(iter(step["files"].values()), "")) for step in resync["steps"])
    yield "Its steps: " + ", ".join(f"[{name}]({path})" if path else name for name, path in files) + "."
